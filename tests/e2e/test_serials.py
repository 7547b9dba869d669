"""Serials and lots over real HTTP: every number's life across both systems, what breaks a law, and what is done about it."""

import json

import pytest

from flows.wiring import open_context
from sandbox.worlds.numbered import PHONE, numbered_world
from store import serials
from tests.e2e.order_world import act as in_shop
from tests.e2e.order_world import place
from tests.e2e.serial_world import (
    SECTION,
    breaches,
    fulfil_in_netsuite,
    keep_numbers,
    leave_instead,
    left_with,
    life,
    netsuite,
    outcomes_of,
    shipped,
    stages,
    told,
    traced,
    write_section,
)
from tests.e2e.steps import sync


@pytest.fixture
def world_made_by():
    return numbered_world


@pytest.fixture
def books(world, tmp_path, bodies):
    """The numbered world, its contract following orders to their settlement and numbers where `SECTION` says."""
    return keep_numbers(world, tmp_path)


def test_what_was_received_is_on_hand(books, run):
    summary = traced(run)
    assert summary["counts"]["numbers traced"] == 7
    row = life("PH-0001")
    assert (row["status_code"], row["location_code"], row["is_complete"]) == ("on_hand", "WAREHOUSE", True)
    assert life("M-1", "MILK")["on_hand_qty"] == 6
    assert breaches() == set()
    again = traced(run)
    assert again["counts"]["events recorded"] == 0


def test_a_phone_is_sold_shipped_and_invoiced(books, run):
    traced(run)
    order = place(books, [("PHONE", 1, {"unit_price": "199.00", "properties": {"Serial": "s/n: ph-0002"}})])
    traced(run)
    row = life("PH-0002")
    assert (row["status_code"], row["order_key"]) == ("promised", f"GROCER/{order['id'].rsplit('/', 1)[1]}")
    assert breaches() == set()
    with open_context() as context:
        sync(context)
    fulfil_in_netsuite(books, order, ["PH-0002"])
    traced(run)
    assert stages("PH-0002") == {"received", "sold", "fulfilled"}
    assert life("PH-0002")["status_code"] == "left"


def test_a_garbled_number_is_told_with_the_likely_one(books, run):
    place(books, [("PHONE", 1, {"unit_price": "199.00", "properties": {"Serial": "PH-O0O3"}})])
    traced(run)
    with open_context() as context:
        (row,) = serials.findings(context.engine).to_dict("records")
    assert (row["law_code"], row["serial_number"]) == ("unknown_number", "PH-O0O3")
    assert row["suggestions"].startswith("PH-0003 (the same but for look-alike characters")
    netsuite(books, "receive", item=PHONE, location="1", quantity=1, numbers=["PH-O0O3"])
    traced(run)
    assert breaches() == set()


def test_a_certain_repair_outlives_the_leaving_of_the_unit(books, run, tmp_path):
    write_section(tmp_path / "contract" / "contract.yaml", SECTION | {"repair": "certain"})
    order = place(books, [("PHONE", 1, {"unit_price": "199.00", "properties": {"Serial": "PH-O0O3"}})])
    traced(run)
    shipped(books, order)
    with open_context() as context:
        found = outcomes_of(context, order)
    assert (found["itemFulfillment"][0], left_with(books)) == ("written", [("PH-0003", -1)])
    for more in ((), ("--full",)):
        traced(run, *more)
        assert (stages("PH-0003"), breaches()) == ({"received", "sold", "fulfilled", "invoiced"}, set())


def test_a_clerk_looks_a_serial_up_and_a_lot(books, run, tmp_path):
    order = place(books, [("PHONE", 2, {"unit_price": "199.00", "properties": {"Serial": "PH-0001, PH-0002"}})])
    with open_context() as context:
        sync(context)
    fulfil_in_netsuite(books, order, ["PH-0001", "PH-0002"])
    traced(run)
    (life,) = told(run, "serial", " ph-0002")
    assert told(run, "serial", "PH-0 002") == [life], "found by its plain form too"
    assert [row["what"] for row in life["events"]] == ["received", "sold in Shopify", "left for a customer"]
    assert run("serial", "PH-0002", "--page", str(tmp_path / "pages"))[0] == 0
    assert "Serial PH-0002 of PHONE" in (tmp_path / "pages" / "PHONE-PH-0002" / "index.html").read_text()
    assert "left for a customer" in (tmp_path / "pages" / "PHONE-PH-0002" / "timeline.csv").read_text()
    likely = told(run, "serial", "PH-00O2")
    assert likely[0]["number"] == "PH-0002"
    assert run("serial", "QQQQQQQQ")[0] == 4
    (found,) = told(run, "order", order["name"])
    assert {(row["number"], row["what"]) for row in found["serials"]} == {
        (number, what) for number in ("PH-0001", "PH-0002") for what in ("sold in Shopify", "left for a customer")
    }
    csv = tmp_path / "recall.csv"
    recall = told(run, "lot", "PH-0001", "--csv", str(csv))
    assert [(row["order"], row["units"]) for row in recall["went"]] == [(life["order_key"], 1)] * 2, "one of a line of two"
    assert csv.read_text().splitlines()[0].startswith("number,sku,happened_at_utc")
    assert run("lot", "NOPE")[0] == 4


def test_sold_to_two_orders(books, run):
    for _ in range(2):
        place(books, [("PHONE", 1, {"unit_price": "199.00", "properties": {"Serial": "PH-0004"}})])
    traced(run)
    assert breaches() == {("PHONE", "PH-0004", "sold_twice")}
    summary = json.loads(run("reconcile", "--json")[1])
    from pathlib import Path

    assert "Sold to two orders" in Path(summary["page"]).read_text()


def test_another_unit_left_than_the_order_names(books, run):
    order = place(books, [("PHONE", 1, {"unit_price": "199.00", "properties": {"Serial": "PH-0001"}})])
    with open_context() as context:
        sync(context)
    made = fulfil_in_netsuite(books, order, ["PH-0002"])
    traced(run)
    assert breaches() == {("PHONE", "PH-0002", "not_as_promised")}
    netsuite(books, "edit_numbers", transaction=made["fulfilment"], line=1, numbers=["PH-0001"])
    traced(run)
    assert breaches() == set()
    assert stages("PH-0002") == {"received", "fulfilled", "fulfilled!"}
    netsuite(books, "delete", transaction=made["fulfilment"])
    traced(run)
    assert stages("PH-0001") == {"received", "sold", "fulfilled", "fulfilled!"}
    assert life("PH-0001")["status_code"] == "promised"


def test_numbers_that_a_cancelled_order_names_are_free(books, run):
    order = place(books, [("PHONE", 1, {"unit_price": "199.00", "properties": {"Serial": "PH-0001"}})])
    traced(run)
    assert life("PH-0001")["status_code"] == "promised"
    in_shop(books, "cancel", order_id=order["id"])
    traced(run)
    assert (life("PH-0001")["status_code"], stages("PH-0001")) == ("on_hand", {"received", "sold", "sold!"})


def test_an_incremental_run_ends_where_a_full_one_does(books, run):
    traced(run)
    order = place(books, [("PHONE", 1, {"unit_price": "199.00", "properties": {"Serial": "PH-0001"}})])
    with open_context() as context:
        sync(context)
    traced(run)
    fulfil_in_netsuite(books, order, ["PH-0001"])
    netsuite(books, "receive", item=PHONE, location="11", quantity=1, numbers=["PH-0999"])
    traced(run)
    with open_context() as context:
        before = serials.lineage(context.engine).drop(columns=["events_count"])
    again = traced(run, "--full")
    assert (again["counts"]["events recorded"], again["counts"]["events reversed"]) == (0, 0)
    with open_context() as context:
        assert serials.lineage(context.engine).drop(columns=["events_count"]).equals(before)


def numbers_of(run, sku, channel="GROCER_SHOP"):
    summary = json.loads(run("publish-inventory", "--json")[1])
    from pathlib import Path

    from store.snapshots import load_snapshot

    rows = load_snapshot(Path(summary["snapshot"]))[0]["out_channel_quantities"]
    mine = rows.loc[rows["sku"].eq(sku) & rows["channel_code"].eq(channel)]
    return {row["location_code"]: row["publish_qty"] for row in mine.to_dict("records")}


def test_a_doubtful_unit_is_not_offered_and_explained(books, run, tmp_path):
    write_section(tmp_path / "contract" / "contract.yaml", SECTION | {"expires_within_days": 7})
    books.world.db.execute("UPDATE ns_stock SET quantityonhand = 4 WHERE item = 201 AND location = 1")
    books.world.db.execute("UPDATE ns_stock SET quantityonhand = 10 WHERE item = 202 AND location = 1")
    books.world.db.commit()
    before = numbers_of(run, "MILK"), numbers_of(run, "PHONE")
    traced(run)
    assert breaches() == {("MILK", "M-1", "expired")}
    books.world.db.execute("UPDATE ns_inventorynumber SET isinactive = 'T' WHERE inventorynumber = 'PH-0001'")
    books.world.db.commit()
    traced(run)
    assert breaches() == {("MILK", "M-1", "expired"), ("PHONE", "PH-0001", "inactive")}
    after = numbers_of(run, "MILK"), numbers_of(run, "PHONE")
    assert before[0]["WAREHOUSE"] - after[0]["WAREHOUSE"] == 6
    assert before[1]["WAREHOUSE"] - after[1]["WAREHOUSE"] == 1
    explained = json.loads(run("explain", "MILK", "--json")[1])
    assert [(row["serial_number"], row["blocked_qty"], row["laws"]) for row in explained["blocked"]] == [("M-1", 6, "expired")]


def test_what_the_order_names_goes_into_the_fulfilment(books):
    order = place(books, [("PHONE", 2, {"unit_price": "199.00", "properties": {"Serial": "ph-0003 , PH-0001"}})])
    shipped(books, order)
    with open_context() as context:
        found = outcomes_of(context, order)
    assert found["itemFulfillment"][0] == "written", found
    assert left_with(books) == [("PH-0001", -1), ("PH-0003", -1)]


def test_a_fulfilment_without_its_numbers_waits_with_the_reason(books, run, tmp_path):
    order = place(books, [("PHONE", 2, {"unit_price": "199.00", "properties": {"Serial": "PH-0003"}})])
    shipped(books, order)
    with open_context() as context:
        found = outcomes_of(context, order)
        rows = sync(context)
    aside = rows.loc[rows["outcome"].eq("set_aside")].to_dict("records")
    assert found["salesOrder"][0] == "written"
    assert [row["reason_code"] for row in aside] == ["numbers_missing"]
    assert "2 of PHONE leave, and 1 numbers are there for them (PH-0003)" in aside[0]["reason"]
    write_section(tmp_path / "contract" / "contract.yaml", SECTION | {"assign": "fifo"})
    other = place(books, [("PHONE", 1, {"unit_price": "199.00", "properties": {"Serial": "PH-0001"}})])
    books.world.db.execute(
        "UPDATE ns_inventorynumberlocation SET quantityonhand = 2 WHERE quantityonhand = 1 AND inventorynumber = "
        "(SELECT id FROM ns_inventorynumber WHERE inventorynumber = 'PH-0002')"
    )
    books.world.db.commit()
    traced(run)
    assert life("PH-0001")["status_code"] == "promised"
    assert ("PHONE", "PH-0002", "balance_differs") in breaches()
    del books.world.shops["GROCER"].index[other["id"]]  # of another run than this one
    with open_context() as context:
        assert outcomes_of(context, order)["itemFulfillment"][0] == "written"
    assert left_with(books) == [("PH-0003", -1), ("PH-0004", -1)], "none that an order of before has, and none that is doubtful"


def test_lots_leave_first_expired_first(books, tmp_path):
    write_section(tmp_path / "contract" / "contract.yaml", SECTION | {"assign": "fefo"})
    order = place(books, [("MILK", 7, {"unit_price": "1.19"})])
    shipped(books, order)
    with open_context() as context:
        assert outcomes_of(context, order)["itemFulfillment"][0] == "written"
    assert left_with(books) == [("M-1", -6), ("M-2", -1)]


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        ("PH-0009", "unknown_number", "PH-0009 is no number of PHONE"),
        ("M-1", "unknown_number", "M-1 is no number of PHONE"),
        ("PH-0101", "number_not_there", "PH-0101 of PHONE is not on hand at NetSuite location 1; it is at 11"),
    ],
)
def test_a_number_that_cannot_leave_stops_the_fulfilment(books, given, code, says):
    order = place(books, [("PHONE", 1, {"unit_price": "199.00", "properties": {"Serial": given}})])
    shipped(books, order)
    with open_context() as context:
        rows = sync(context)
    (aside,) = rows.loc[rows["outcome"].eq("set_aside")].to_dict("records")
    assert (aside["reason_code"], says in aside["reason"]) == (code, True), aside["reason"]
    assert left_with(books) == []


def test_a_return_puts_the_same_serial_back(books, run):
    order = place(books, [("PHONE", 1, {"unit_price": "199.00", "properties": {"Serial": "PH-0003"}})])
    shipped(books, order)
    with open_context() as context:
        sync(context)
    traced(run)
    in_shop(
        books,
        "refund",
        order_id=order["id"],
        quantities={order["line_ids"][0]: 1},
        restock_type="RETURN",
        location_id="gid://shopify/Location/1001",
    )
    with open_context() as context:
        found = outcomes_of(context, order)
    assert found["itemReceipt"][0] == "written", found
    traced(run)
    row = life("PH-0003")
    assert (row["status_code"], row["location_code"]) == ("on_hand", "WAREHOUSE")
    assert stages("PH-0003") == {"received", "sold", "fulfilled", "invoiced", "refunded", "returned"}
    assert breaches() == set()


def test_a_transfer_on_its_way_and_arrived(books, run):
    sent = netsuite(books, "ship_transfer", item=PHONE, from_location="1", to_location="11", quantity=1, numbers=["PH-0004"])
    traced(run)
    assert (life("PH-0004")["status_code"], breaches()) == ("in_transit", set())
    netsuite(books, "receive", item=PHONE, location="11", quantity=1, transfer=sent["transaction"], numbers=["PH-0004"])
    traced(run)
    assert (life("PH-0004")["status_code"], life("PH-0004")["location_code"]) == ("on_hand", "STORE_406")
    assert (stages("PH-0004"), breaches()) == ({"received", "moved_out", "moved_in"}, set())


def test_the_shop_is_told_what_left_with_which_line(books, run, tmp_path):
    write_section(tmp_path / "contract" / "contract.yaml", SECTION | {"metafield": "truecount.left", "assign": "fifo"})
    order = place(
        books,
        [
            ("PHONE", 1, {"unit_price": "199.00"}),
            ("PHONE", 1, {"unit_price": "199.00", "properties": {"Serial": "PH-0001"}}),
            ("MILK", 2, {"unit_price": "1.19"}),
        ],
    )
    shipped(books, order)
    with open_context() as context:
        assert outcomes_of(context, order)["itemFulfillment"][0] == "written"
    traced(run)
    shop = books.world.shops["GROCER"]
    assert ("truecount", "left") not in shop.metafields.held.get(order["id"], {})
    assert traced(run, "--write")["counts"]["orders told their numbers"] == 1
    told = json.loads(shop.metafields.held[order["id"]]["truecount", "left"]["value"])
    lines = [one.rsplit("/", 1)[1] for one in order["line_ids"]]
    assert told == {lines[0]: ["PH-0002"], lines[1]: ["PH-0001"], lines[2]: ["M-1"]}
    assert traced(run, "--write")["counts"]["orders told their numbers"] == 0
    assert "sold" in stages("PH-0001")
    assert "sold" not in stages("PH-0002"), "what we tell is no promise"
    leave_instead(books, "PH-0002", "PH-0003")
    traced(run)
    assert traced(run, "--write")["counts"]["orders told their numbers"] == 1
    known = json.loads(shop.metafields.held[order["id"]]["truecount", "left"]["value"])
    assert known == told | {lines[0]: ["PH-0003"]}, "what we wrote is corrected"
    by_hand = json.dumps(known | {lines[0]: ["PH-0004"]})
    in_shop(books, "metafields", owner_id=order["id"], values={"truecount.left": {"value": by_hand, "type": "json"}})
    leave_instead(books, "PH-0003", "PH-0002")
    assert traced(run, "--write")["counts"]["orders told their numbers"] == 0, "what somebody else wrote stays"


def test_an_account_without_numbered_items_is_not_asked_for_numbers(books, run):
    books.world.db.execute("UPDATE ns_item SET isserialitem = 'F', islotitem = 'F'")
    books.world.db.execute("DROP TABLE ns_inventorynumberlocation")
    books.world.db.commit()
    assert traced(run)["counts"]["numbers traced"] == 0


def test_a_line_that_was_taken_off_names_nothing(books, run):
    order = place(books, [("PHONE", 1, {"unit_price": "199.00", "properties": {"Serial": "PH-0001"}}), ("BREAD", 1, {})])
    traced(run)
    assert life("PH-0001")["status_code"] == "promised"
    in_shop(books, "edit", order_id=order["id"], remove={order["line_ids"][0]: 1})
    traced(run)
    assert (life("PH-0001")["status_code"], stages("PH-0001")) == ("on_hand", {"received", "sold", "sold!"})


def test_a_full_run_keeps_what_orders_out_of_its_window_named(books, run, tmp_path):
    place(books, [("PHONE", 1, {"unit_price": "199.00", "properties": {"Serial": "PH-0001"}})])
    traced(run)
    books.world.shops["GROCER"].orders.clear()
    traced(run, "--full")
    assert stages("PH-0001") == {"received", "sold"}


def test_a_deleted_record_with_the_number_of_a_document_takes_nothing_back(books, run):
    traced(run)
    (receipt,) = books.world.db.execute("SELECT MIN(id) FROM ns_transaction WHERE type = 'ItemRcpt'").fetchone()
    books.world.db.execute(
        f"INSERT INTO ns_deletedrecord (recordid, type, deleteddate) VALUES ({receipt}, 'inventoryItem', '2999-01-01 00:00:00')"
    )
    books.world.db.commit()
    assert traced(run)["counts"]["events reversed"] == 0
