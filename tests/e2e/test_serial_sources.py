"""Where numbers come from besides the order's lines, over real HTTP: partners' notices, variants, publications, what came back."""

import json

import pytest
from ruamel.yaml import YAML

from flows.wiring import open_context
from sandbox.netsuite.actions import act as in_netsuite
from sandbox.worlds.numbered import PHONE, numbered_world
from store import serials
from tests.e2e.order_world import act, place, variant
from tests.e2e.serial_world import breaches, keep_numbers, left_with, life, outcomes_of, stages, told, traced
from tests.e2e.steps import sync

SECTION = {
    "sources": [{"source": "line.property.Serial"}, {"source": "variant.metafield.ops.number"}],
    "returned": [{"source": "order.metafield.ops.returned"}],
    "formats": [{"skus": ["PHONE"], "pattern": "PH-[0-9]{4}", "prefixes": ["S/N:"]}],
}
COLUMNS = {name: name for name in ("notice", "order", "sku", "number", "quantity", "shipped_at", "tracking")}
SHOP_PLACE = "gid://shopify/Location/1001"


@pytest.fixture
def world_made_by():
    return numbered_world


@pytest.fixture
def books(world, tmp_path, bodies):
    """The numbered world, its contract following orders to their settlement and numbers where `SECTION` says."""
    return keep_numbers(world, tmp_path, SECTION)


@pytest.fixture
def notices(books, tmp_path):
    """Return what writes the notices of a partner at the warehouse."""
    path = tmp_path / "contract" / "contract.yaml"
    yaml = YAML()
    contract = yaml.load(path)
    partner = {"partner_code": "THREEPL", "location": "WAREHOUSE", "url": "stock.csv", "columns": {"sku": "s", "on_hand": "q"}}
    partner |= {"skus": ["NONE"], "max_age_minutes": 60, "shipments": {"url": "notices.csv", "columns": COLUMNS}}
    contract["partners"] = [partner]
    yaml.dump(contract, path)

    def write(*rows):
        lines = [",".join(COLUMNS), *(",".join(map(str, row)) for row in rows)]
        (path.parent / "notices.csv").write_text("\n".join(lines) + "\n")

    return write


def test_a_partner_says_what_left(books, run, notices):
    order = place(books, [("PHONE", 2, {"unit_price": "199.00", "properties": {"Serial": "PH-0001, PH-0002"}})])
    act(books, "fulfil", order_id=order["id"])
    when = "2026-01-05T10:00:00Z"
    first = ("77", order["name"], "PHONE", "s/n: ph-0003", 1, when, "1Z9")
    notices(first, ("77", order["name"], "PHONE", "PH-0002", 1, when, ""), ("78", order["name"], "PHONE", "PH-0004", "?", when, ""))
    with open_context() as context:
        assert outcomes_of(context, order)["itemFulfillment"][0] == "written"
    assert left_with(books) == [("PH-0002", -1), ("PH-0003", -1)], "what the partner says, against what was promised"
    summary = traced(run)
    assert summary["set_aside"] == {"no_quantity": 1, "not_as_promised": 1}
    assert breaches() == {("PHONE", "PH-0003", "not_as_promised")}
    assert stages("PH-0003") == {"received", "notified", "fulfilled", "invoiced"}
    (aside,) = told(run, "quarantine", "list")
    assert (aside["order"], aside["reason"].split(": ")[:2]) == (
        "THREEPL/78/1",
        ["shipment notices of partner THREEPL, notice 78, line 1", "quantity ?"],
    )
    (shown,) = told(run, "serial", "PH-0003")
    assert (shown["notified_by"], shown["order_key"]) == ("THREEPL notice 77 (1Z9)", f"GROCER/{order['id'].rsplit('/', 1)[1]}")
    assert "left, by a partner's word" in [row["what"] for row in shown["events"]]
    assert traced(run)["counts"]["events recorded"] == 0
    assert breaches() == {("PHONE", "PH-0003", "not_as_promised")}, "a run in which nothing happened heals nothing"
    notices(("77", order["name"], "PHONE", "PH-0002", 1, when, ""))
    assert traced(run)["counts"]["events reversed"] == 2, "the number's, and that the line has two units"
    assert stages("PH-0003") == {"received", "notified", "notified!", "fulfilled", "invoiced"}
    assert [row["order"] for row in told(run, "quarantine", "list")] == ["THREEPL/78/1"], "in no file any more, it is not healed"
    notices(("77", "half"))
    summary = traced(run)
    assert (summary["set_aside"]["partner_unreadable"], summary["counts"]["events reversed"]) == (1, 0)
    notices(("78", order["name"], "PHONE", "PH-0004", 0, when, ""))
    traced(run)
    assert told(run, "quarantine", "list") == []


def test_a_one_of_a_kind_variant_names_the_number_of_its_line(books, run):
    shop = books.world.shops["GROCER"]
    phone = next(key for key, row in shop.variants.items() if row["sku"] == "PHONE")
    shop.metafields.seed(phone, {"ops.number": "ph-0004"})
    order = place(books, [("PHONE", 1, {"unit_price": "199.00"}), ("APPLE", 1, {})])
    traced(run)
    assert (life("PH-0004")["status_code"], stages("PH-0004")) == ("promised", {"received", "sold"})
    act(books, "fulfil", order_id=order["id"])
    with open_context() as context:
        assert outcomes_of(context, order)["itemFulfillment"][0] == "written"
    assert left_with(books) == [("PH-0004", -1)]


def give_back(books, order, line=0):
    quantities = {order["line_ids"][line]: 1}
    act(books, "refund", order_id=order["id"], quantities=quantities, restock_type="RETURN", location_id=SHOP_PLACE)


def tell(books, order, *numbers):
    value = {"value": json.dumps({order["line_ids"][0].rsplit("/", 1)[1]: numbers}), "type": "json"}
    act(books, "metafields", owner_id=order["id"], values={"ops.returned": value})


def aside_of(context, order):
    rows = sync(context)
    mine = rows.loc[rows["order_id_shopify"].eq(order["id"]) & rows["outcome"].eq("set_aside")]
    return mine["reason_code"].tolist()


def test_partial_returns_bring_the_very_numbers_that_are_told(books, run):
    numbers = "PH-0001, PH-0002, PH-0003"
    order = place(books, [("PHONE", 3, {"unit_price": "199.00", "properties": {"Serial": numbers}})])
    act(books, "fulfil", order_id=order["id"])
    with open_context() as context:
        sync(context)
        give_back(books, order)
        assert aside_of(context, order) == ["numbers_unknown"]
        tell(books, order, "PH-0004")
        assert aside_of(context, order) == ["number_not_out"]
        tell(books, order, "ph-0002")
        assert outcomes_of(context, order)["itemReceipt"][0] == "written"
        traced(run)
        assert [life(f"PH-000{one}")["status_code"] for one in (1, 2, 3)] == ["left", "on_hand", "left"]
        assert stages("PH-0002") == {"received", "sold", "fulfilled", "invoiced", "refunded", "returned"}
        give_back(books, order)
        tell(books, order, "PH-0002", "PH-0002")
        assert aside_of(context, order) == ["number_not_out"]
        tell(books, order, "PH-0002", "PH-0001")
        assert outcomes_of(context, order)["itemReceipt"][0] == "written"
        give_back(books, order)
        assert outcomes_of(context, order)["itemReceipt"][0] == "written", "one is left that it can be"
    traced(run)
    assert [life(f"PH-000{one}")["status_code"] for one in (1, 2, 3)] == ["on_hand"] * 3
    assert (breaches(), "refunded" in stages("PH-0001")) == (set(), True)


@pytest.mark.parametrize("kind", ["web", "till"])
def test_an_exchange_takes_back_the_number_of_its_own_line(books, run, kind):
    line = {"unit_price": "199.00", "properties": {"Serial": "PH-0001"}}
    order = place(books, [("PHONE", 1, line)], kind=kind, gateway="shopify_payments" if kind == "web" else "cash")
    if kind == "web":
        act(books, "fulfil", order_id=order["id"])
    with open_context() as context:
        sync(context)
        other = {"variant_id": variant(books.world.shops["GROCER"], "PHONE"), "quantity": 1, "unit_price": "199.00"}
        added = act(books, "edit", order_id=order["id"], add=[other | {"properties": {"Serial": "PH-0002"}}])
        order["line_ids"] += added["line_ids"]
        act(books, "fulfil", order_id=order["id"])
        assert outcomes_of(context, order)["itemFulfillment" if kind == "web" else "cashSale"][0] == "written"
        give_back(books, order)
        assert outcomes_of(context, order)["itemReceipt"][0] == "written"
        traced(run)
        assert [life(f"PH-000{one}")["status_code"] for one in (1, 2)] == ["on_hand", "left"]
        give_back(books, order, line=1)
        assert outcomes_of(context, order)["itemReceipt"][0] == "written"
    traced(run)
    assert ([life(f"PH-000{one}")["status_code"] for one in (1, 2)], breaches()) == (["on_hand"] * 2, set())


def test_a_number_is_listed_when_a_channel_shows_its_item(books, run):
    traced(run)
    assert stages("PH-0001") == {"received"}
    assert run("publish-inventory", "--write", "--json")[0] in (0, 1)
    traced(run)
    row = life("PH-0001")
    assert stages("PH-0001") == {"received", "listed"}
    assert (row["listed_by"].split(" shows ")[0], row["status_code"], breaches()) == ("GROCER_SHOP", "on_hand", set())
    in_netsuite(books.world, "receive", {"item": PHONE, "location": "1", "quantity": 1, "numbers": ["PH-0200"]})
    books.world.db.commit()
    traced(run)
    assert life("PH-0200")["listed_at_utc"] == life("PH-0200")["received_at_utc"], "its item was on sale already"
    (shown,) = told(run, "serial", "PH-0200")
    assert [row["what"] for row in shown["events"]][:2] == ["received", "on sale in a channel"]
    with open_context() as context:
        before = serials.lineage(context.engine)
    assert traced(run, "--full")["counts"]["events recorded"] == 0
    with open_context() as context:
        assert serials.lineage(context.engine).equals(before)
