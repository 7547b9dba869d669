"""The worst interleavings of the read-order model, over real HTTP: never a unit too many, and the truth after quiet.

30 EGGS are in the warehouse and nobody has ordered any; one of them covers for a store that is oversold. Each case says what happens before the run, what happens just
before one of its steps, and what is left in truth afterwards; then what a quiet run needs to come to the truth.
"""

import pytest
import requests

from domain.publishing import oldest_read
from flows.parameters import PublishParameters
from flows.publish_inventory import publish_all
from flows.publish_skus import WHOLE
from flows.wiring import open_context
from store.runs import newest_runs
from store.snapshots import load_snapshot, snapshot_folder
from tests.e2e.order_world import variant
from tests.e2e.steps import sync

PLACE, UNITS, STOCK, COVER = "gid://shopify/Location/1001", 3, 30, 1


class Eggs:
    """The world as its people and its customers change it, by the control endpoint."""

    def __init__(self, world, context):
        self.world, self.context, self.order = world, context, None

    def act(self, path, **body):
        answer = requests.post(f"{self.world.urls['control']}/{path}", json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    @property
    def external_id(self):
        return f"SHOPIFY-GROCER-{self.order['id'].rsplit('/', 1)[1]}"

    def place(self):
        line = {"variant_id": variant(self.world.world.shops["GROCER"], "EGGS"), "quantity": UNITS}
        self.order = self.act("shopify/GROCER/orders", lines=[line], location_id=PLACE)

    def write(self):
        sync(self.context)

    def write_unapproved(self):
        self.write()
        self.unapprove()

    def approve(self):
        self.act("netsuite/approve", external_id=self.external_id)

    def unapprove(self):
        self.act("netsuite/unapprove", external_id=self.external_id)

    def delete(self):
        self.act("netsuite/delete", external_id=self.external_id)

    def ship(self):
        self.act("netsuite/fulfil", external_id=self.external_id, line=1, quantity=UNITS)
        self.act("shopify/GROCER/fulfil", order_id=self.order["id"])

    def cancel(self):
        self.act("shopify/GROCER/cancel", order_id=self.order["id"])

    def close(self):
        self.act("netsuite/close_line", external_id=self.external_id, line=1)

    def lag(self):
        self.act("shopify/GROCER/lag", seconds=3600)

    def catch_up(self):
        self.act("shopify/GROCER/lag", seconds=0)

    def carry_off(self):
        self.act("netsuite/ship_transfer", item=self.item, quantity=UNITS, from_location=1, to_location=11)

    @property
    def item(self):
        return self.world.world.db.execute("SELECT id FROM ns_item WHERE itemid = 'EGGS'").fetchone()[0]

    def shown(self):
        shop = self.world.world.shops["GROCER"]
        item = shop.variants[variant(shop, "EGGS")]["inventory_item_id"]
        return shop.levels[item, PLACE]["available"]


STEPS = {
    "lines": "read_netsuite_lines",
    "balances": "read_netsuite_balances",
    "lines again": "reread_netsuite_lines",
    "orders": "read_shopify_orders",
    "levels": "read_shopify_levels",
    "writing": "publish",
}
LEFT = STOCK - UNITS
CASES = {
    # what happened before, then just before which step, what happens; units left; what quiet needs
    "approved between the order lines and the balances": (["place", "write_unapproved"], "balances", ["approve"], LEFT, []),
    "un-approved between the order lines and the balances": (["place", "write"], "balances", ["unapprove"], LEFT, []),
    "un-approved between the balances and the second read": (["place", "write"], "lines again", ["unapprove"], LEFT, []),
    "deleted between the order lines and the balances": (["place", "write"], "balances", ["delete"], LEFT, []),
    "deleted between the balances and the second read": (["place", "write"], "lines again", ["delete"], LEFT, []),
    "written between the order lines and the balances": (["place"], "balances", ["write"], LEFT, []),
    "written between the balances and the second read": (["place"], "lines again", ["write"], LEFT, []),
    "shipped between the order lines and the balances": (["place", "write"], "balances", ["ship"], LEFT, []),
    "shipped between the balances and the second read": (["place", "write"], "lines again", ["ship"], LEFT, []),
    "sold between the orders and the levels": ([], "levels", ["place"], LEFT, []),
    "sold before the run, the search lags": (["lag", "place"], "lines", [], LEFT, ["catch_up"]),
    "sold in the run, the search lags": (["lag"], "orders", ["place"], LEFT, ["catch_up"]),
    "sold between the levels and the writing": ([], "writing", ["place"], LEFT, []),
    "cancelled between the orders and the levels": (["place", "write"], "levels", ["cancel"], STOCK, ["close"]),
    "cancelled before the run, the search lags": (["place", "write", "lag", "cancel"], "lines", [], STOCK, ["catch_up", "close"]),
    "carried off between the order lines and the balances": ([], "balances", ["carry_off"], LEFT, []),
}


@pytest.mark.parametrize("case", CASES)
def test_never_a_unit_too_many_and_the_truth_after_quiet(world, bodies, monkeypatch, case):
    before, step, meanwhile, left, quiet = CASES[case]
    import flows.publish_inventory as flow

    with open_context() as context:
        eggs = Eggs(world, context)
        publish_all(context, PublishParameters(dry_run=False))
        assert eggs.shown() == STOCK - COVER
        for act in before:
            getattr(eggs, act)()
        real, happened = getattr(flow, STEPS[step]), []

        def interrupted(*given):
            for act in meanwhile if not happened else ():
                getattr(eggs, act)()
            happened.append(step)
            return real(*given)

        with monkeypatch.context() as patched:
            patched.setattr(flow, STEPS[step], interrupted)
            publish_all(context, PublishParameters(dry_run=False))
        assert happened == [step]
        assert eggs.shown() <= left - COVER
        assert atp(context) <= left + (UNITS if step == "writing" else 0)
        for act in quiet:
            getattr(eggs, act)()
        publish_all(context, PublishParameters(dry_run=False))
        assert atp(context) == left
        assert eggs.shown() == left - COVER


def atp(context):
    run = newest_runs(context.engine, [WHOLE])[0]
    frames = load_snapshot(snapshot_folder(context.state_folder, run.run_id))[0]
    assert oldest_read(frames) <= run.finished_at_utc
    rows = frames["out_atp"].set_index(["sku", "location_code"])
    return int(rows.loc[("EGGS", "WAREHOUSE"), "atp_qty"])
