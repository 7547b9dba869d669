"""Which orders a run captures, what it leaves of each in the store, and what a person does with those set aside."""

import json
from datetime import timedelta

import pytest
from ruamel.yaml import YAML

from connectors.netsuite.records import create_or_adopt
from flows.wiring import open_context
from sandbox.netsuite.account import account_of
from sandbox.netsuite.actions import act as in_netsuite
from store import orders, quarantine, watermarks
from store.expected_levels import load_expected_levels, save_expected_levels
from tasks.sync_orders import Window, regular_window, stream
from tests.e2e.order_world import act, made, of, place
from tests.e2e.steps import sync

ONE_APPLE = [("APPLE", 1, {"unit_price": "10.00"})]


def number(order):
    return order["id"].rsplit("/", 1)[1]


def state(context, order):
    (row,) = orders.find_orders(context.engine, order["id"]).to_dict("records")
    return row["state_code"], row["next_action"]


def age(world, external_id, days):
    """Let a document be closed, and untouched for so many days."""
    then = (world.world.clock.now() - timedelta(days=days)).isoformat()
    with world.world.lock:
        world.world.db.execute(
            "UPDATE ns_transaction SET status = 'H', lastmodifieddate = ?, createddate = ? WHERE externalid = ?",
            (then, then, external_id),
        )
        world.world.db.commit()


@pytest.mark.parametrize("reference", ["CELIGO_{number}", "{name}"], ids=["by external id", "by other reference"])
def test_an_order_that_netsuite_closed_long_ago_is_never_booked_again(books, reference):
    order = place(books, ONE_APPLE)
    name = books.world.shops["GROCER"].orders[order["id"]]["name"]
    external = "CELIGO_" + number(order) if "CELIGO" in reference else "IMPORT-7"
    with open_context() as context:
        item = books.world.db.execute("SELECT id FROM ns_item WHERE itemid = 'APPLE'").fetchone()[0]
        line = {"item": {"id": str(item)}, "quantity": 1, "location": {"id": "1"}, "rate": 10}
        body = {"externalId": external, "entity": {"id": context.contract.shop("GROCER").customer_id}, "item": {"items": [line]}}
        create_or_adopt(context.netsuite, "salesOrder", body | ({} if "CELIGO" in reference else {"otherRefNum": name}))
        age(books, external, days=100)
        assert [outcome for _, outcome in of(sync(context), order)] == ["adopted"]
        assert state(context, order)[0] == "adopted"
    assert made(books, order) == {}


def test_the_state_of_an_order_follows_its_life(books):
    order = place(books, ONE_APPLE)
    with open_context() as context:
        sync(context)
        assert state(context, order) == ("written", "1 units to ship")
        act(books, "fulfil", order_id=order["id"])
        sync(context)
        assert state(context, order) == ("settled", "nothing: it is done")


def test_a_shipment_that_does_not_fit_waits_in_quarantine_and_leaves_it_by_itself(books):
    order = place(books, ONE_APPLE)
    with open_context() as context:
        sync(context)
        act(books, "move", order_id=order["id"], location_id="gid://shopify/Location/1002")
        with books.world.lock:
            in_netsuite(books.world, "fulfil", {"external_id": f"SHOPIFY-GROCER-{number(order)}", "line": 1, "quantity": 1})
        told = sync(context)
        assert ("shopifyFulfillment", "set_aside") in of(told, order)
        (row,) = quarantine.open_rows(context.engine, entity_type="order").to_dict("records")
        assert (row["reason_code"], row["entity_key"]) == ("fulfillment_does_not_fit", order["id"])
        assert "move the fulfilment order there" in row["reason"]
        assert row["payload"]["shopify"]["raw_shopify__orders"][0]["order_id_shopify"] == order["id"]
        assert state(context, order)[0] == "quarantined"
        act(books, "move", order_id=order["id"], location_id="gid://shopify/Location/1001")
        sync(context)
        assert quarantine.open_rows(context.engine, entity_type="order").empty


def test_orders_asked_for_by_number_are_booked_however_old_and_move_no_watermark(books, run, bodies):
    old, other = place(books, ONE_APPLE), place(books, ONE_APPLE)
    books.world.clock.set(books.world.clock.now() + timedelta(days=50))
    with open_context() as context:
        watermarks.advance(context.engine, stream("GROCER"), context.now(), "r")
        before = watermarks.get(context.engine, stream("GROCER"))
    code, out, _ = run("sync-orders", "--write", "--order", f"GROCER/{number(old)}", "--json")
    assert (code, json.loads(out)["counts"]["orders captured"]) == (0, 1)
    assert made(books, old)
    assert not made(books, other)
    with open_context() as context:
        assert watermarks.get(context.engine, stream("GROCER")) == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--order", "GROCER/1", "--since", "2026-01-01"], "not both"),
        (["--order", "GROCER/#1001"], "match pattern"),
        (["--until", "2026-01-01"], "both ends"),
        (["--since", "2026-01-02", "--until", "2026-01-02"], "the first before the second"),
    ],
)
def test_what_cannot_be_asked_for_together_is_a_usage_error(world, run, arguments, told):
    code, _, err = run("sync-orders", *arguments)
    assert code == 2
    assert told in " ".join(err.split())


def test_a_shop_that_is_not_in_the_contract_is_named(world, run, bodies):
    code, _, err = run("sync-orders", "--order", "NOWHERE/1")
    assert code == 3
    assert "NOWHERE: no such shop" in err


def test_the_window_reaches_back_to_a_drop_that_no_order_explains(books):
    with open_context() as context:
        sync(context)
        overlap = timedelta(minutes=context.contract.orders.overlap_minutes)
        usual = regular_window(context).since
        levels, counted = load_expected_levels(context.engine, ["GROCER"])
        at = context.now() - timedelta(hours=5)
        row = {"shop_code": "GROCER", "sku": "APPLE", "location_code": "STORE1", "base_qty": 1, "drop_qty": 2, "rise_qty": 0}
        row |= {"first_seen_at_utc": at, "level_read_at_utc": at, "late_qty": 0}
        dropped = levels.iloc[:0].reindex([0]).assign(**row)
        save_expected_levels(context.engine, dropped, counted)
        assert regular_window(context).since == at - overlap < usual
        save_expected_levels(context.engine, dropped.assign(drop_qty=0), counted)
        assert regular_window(context).since >= usual


def test_a_dismissed_order_is_left_alone_until_it_is_released(books, run, bodies):
    order = place(books, ONE_APPLE, source_name="a marketplace that nobody mapped")
    key = f"GROCER/{number(order)}"
    with open_context() as context:
        sync(context)
        assert state(context, order)[0] == "quarantined"
    code, out, _ = run("quarantine", "list", "--json")
    assert (code, [row["order"] for row in json.loads(out)]) == (0, [key])
    assert run("quarantine", "dismiss", key, "--note", "booked by hand")[0] == 0
    assert run("quarantine", "dismiss", key, "--note", "again")[0] == 1
    assert json.loads(run("quarantine", "list", "--json")[1]) == []
    (dismissed,) = json.loads(run("quarantine", "list", "--dismissed", "--json")[1])
    assert (dismissed["order"], dismissed["note"]) == (key, "booked by hand")
    with open_context() as context:
        sync(context, Window(context.now() - timedelta(days=5), is_regular=False))
        assert state(context, order)[0] == "dismissed"
    assert run("quarantine", "release", key, "--note", "a mistake")[0] == 0
    with open_context() as context:
        sync(context)
        assert state(context, order)[0] == "quarantined"
    shown = run("order", order["name"])[1]
    assert "quarantined" in shown
    assert run("quarantine", "show", key)[0] == 0
    assert run("quarantine", "retry", key)[0] == 1
    assert run("quarantine", "show", "GROCER/1")[0] == 4


def test_fields_of_the_journey_and_of_the_buyers_own_customer(books, tmp_path):
    path = tmp_path / "contract" / "contract.yaml"
    yaml = YAML()
    contract = yaml.load(path)
    fields = contract["orders"]["fields"]
    next(field for field in fields if field["target"] == "custbody_utm_source")["source"] = "order.utm.source"
    fields.append({"level": "customer", "source": "customer.id", "target": "custentity_shopify_id", "purpose": "reporting"})
    contract["orders"]["customers"] = "own"
    yaml.dump(contract, path)
    with books.world.lock:
        books.world.db.execute(
            "INSERT INTO ns_customfield (scriptid, name, fieldtype) VALUES ('custentity_shopify_id', 'Shopify', 'text')"
        )
        books.world.db.commit()
    account_of(books.world)._fields = None
    tracked = place(books, ONE_APPLE, utm={"source": "mail"}, customer={"id": "gid://shopify/Customer/77"}, email="a@b.example")
    untracked = place(books, ONE_APPLE, kind="draft")
    again = [place(books, ONE_APPLE, customer={"id": "gid://shopify/Customer/77"}, email="a@b.example") for _ in range(3)]
    with open_context() as context:
        outcomes = sync(context)
        made_of = outcomes.loc[outcomes["order_id_shopify"].isin([order["id"] for order in again])]
        assert set(made_of["outcome"]) == {"written"}
        assert list(outcomes["record_type"]).count("customer") == 1, "a buyer of several orders is made once"
        assert set(outcomes.loc[outcomes["order_id_shopify"].isin([tracked["id"], untracked["id"]]), "outcome"]) == {"written"}
    sources = [
        _custom(books, "ns_transaction", f"SHOPIFY-GROCER-{number(order)}")["custbody_utm_source"] for order in (tracked, untracked)
    ]
    assert sources == ["mail", "direct"]
    assert _custom(books, "ns_customer", "SHOPCUST-GROCER-77") == {"custentity_shopify_id": "77"}


def _custom(books, table, external_id):
    query = f"SELECT custom FROM {table} WHERE externalid = ?"
    return json.loads(books.world.db.execute(query, (external_id,)).fetchone()[0])
