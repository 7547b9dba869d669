"""Builds, unbuilds, transfers, bin moves and counts as NetSuite has them: their lines, their numbers, and what they move."""

import pytest

from sandbox.netsuite import seed as seeds

from .conftest import RECORD, TBA, account_seed, detail, line, order
from .test_numbers import USER, issue, on_hand, transform

PART, SCREEN, PHONE, SCREW, SET = 104, 105, 106, 107, 108


@pytest.fixture
def client(client):
    """PHONE (serialized) is built of 1 PART (serialized), 2 SCREEN (lots) and 4 SCREW; SET is a kit of 1 PART and 1 SCREW."""
    world = client.sandbox.world
    keys = world.db.execute("SELECT client_id, certificate_id, public_key_pem FROM ns_m2m_client").fetchall()
    seed = account_seed("") | {
        "tba_tokens": [TBA],
        "m2m_clients": [dict(zip(("client_id", "certificate_id", "public_key_pem"), row, strict=True)) for row in keys],
    }
    seed["items"] += [
        {"id": PART, "itemid": "PART", "itemtype": "InvtPart", "isserialitem": "T"},
        {"id": SCREEN, "itemid": "SCREEN", "itemtype": "InvtPart", "islotitem": "T"},
        {"id": PHONE, "itemid": "PHONE", "itemtype": "Assembly", "isserialitem": "T"},
        {"id": SCREW, "itemid": "SCREW", "itemtype": "InvtPart"},
        {"id": SET, "itemid": "SET", "itemtype": "Kit"},
    ]
    seed["assembly_members"] = [
        {"parentitem": PHONE, "item": item, "quantity": count} for item, count in ((PART, 1), (SCREEN, 2), (SCREW, 4))
    ]
    seed["kit_members"] += [{"parentitem": SET, "item": item, "quantity": 1} for item in (PART, SCREW)]
    seed["stock"].append({"item": SCREW, "location": 1, "quantityonhand": 100})
    seed["receipts"] = [
        {"item": PART, "location": 1, "quantity": 3, "numbers": ["P1", "P2", "P3"]},
        {"item": SCREEN, "location": 1, "quantity": 6, "numbers": [{"number": "L1", "quantity": 6}]},
    ]
    seeds.load(world, seed)
    client.sign_in()
    return client


def lines(client, document):
    """Return (main line, item, location, quantity, number, its quantity) of every assignment."""
    sql = (
        "SELECT tl.mainline, tl.item, tl.location, tl.quantity, n.inventorynumber AS number, ia.quantity AS units, ia.bin "
        "FROM transactionline tl JOIN InventoryAssignment ia ON ia.transaction = tl.transaction AND ia.transactionline = tl.id "
        "JOIN InventoryNumber n ON n.id = ia.inventorynumber WHERE tl.transaction = ? AND tl.isinventoryaffecting = 'T' ORDER BY tl.id, n.id"
    )
    return [tuple(row.values()) for row in client.rows(sql, document)]


def build(client, *numbers, parts, lot="L1"):
    screens = [{"number": lot, "quantity": 2 * len(numbers)}]
    components = {str(PART): list(parts), str(SCREEN): screens}
    body = {"item": PHONE, "location": 1, "quantity": len(numbers), "numbers": list(numbers), "components": components}
    answer = client.act("build", **body)
    return answer.json()["transaction"] if answer.status_code == 200 else answer.json()["error"]


def test_a_build_has_the_assembly_on_its_main_line(client):
    made = build(client, "X1", "X2", parts=["P1", "P2"])
    assert client.rows("SELECT item, quantity FROM AssemblyItemMember WHERE parentitem = ? ORDER BY item", PHONE)[0] == {
        "item": str(PART), "quantity": "1"
    }  # fmt: skip
    assert lines(client, made) == [
        ("T", str(PHONE), "1", "2", "X1", "1"),
        ("T", str(PHONE), "1", "2", "X2", "1"),
        ("F", str(PART), "1", "-2", "P1", "-1"),
        ("F", str(PART), "1", "-2", "P2", "-1"),
        ("F", str(SCREEN), "1", "-4", "L1", "-4"),
    ]
    assert (set(on_hand(client, PHONE)), set(on_hand(client, PART)), on_hand(client, SCREEN)) == (
        {"X1", "X2"}, {"P3"}, {"L1": {"1": "2"}}
    )  # fmt: skip
    assert (client.balance(PHONE)[0], client.balance(SCREW)[0]) == ("2", "92")
    assert client.act("edit_numbers", transaction=made, line=0, numbers=["X1", "X9"]).status_code == 200
    assert set(on_hand(client, PHONE)) == {"X1", "X9"}
    assert client.act("delete", transaction=made).status_code == 200
    assert (client.balance(PHONE)[0], client.balance(SCREW)[0], len(on_hand(client, PART))) == ("0", "100", 3)


def test_a_build_without_the_right_numbers_is_refused(client):
    assert "inventory detail" in build(client, "X1", parts=[])
    assert "P9" in build(client, "X1", parts=["P9"])
    assert "The total inventory detail quantity must be 1." in build(client, "X1", parts=["P1", "P2"])
    assert client.act("build", item=SCREW, location=1, quantity=1).status_code == 400
    assert len(on_hand(client, PART)) == 3


def test_an_unbuild_turns_a_build_round(client):
    build(client, "X1", parts=["P1"])
    components = {str(PART): ["P1"], str(SCREEN): [{"number": "L1", "quantity": 2}]}
    body = {"item": PHONE, "location": 1, "quantity": 1, "numbers": ["X1"], "components": components}
    made = client.act("unbuild", **body).json()["transaction"]
    assert [row[:4] for row in lines(client, made)] == [
        ("T", str(PHONE), "1", "-1"), ("F", str(PART), "1", "1"), ("F", str(SCREEN), "1", "2")
    ]  # fmt: skip
    assert (on_hand(client, PHONE), on_hand(client, SCREEN), client.balance(SCREW)[0]) == ({}, {"L1": {"1": "6"}}, "100")
    client.act("delete", transaction=made)
    assert set(on_hand(client, PHONE)) == {"X1"}


def test_an_inventory_transfer_has_a_line_at_each_place(client):
    made = client.act("transfer_stock", item=PART, from_location=1, to_location=2, quantity=1, numbers=["P1"]).json()["transaction"]
    assert lines(client, made) == [("F", str(PART), "1", "-1", "P1", "-1"), ("F", str(PART), "2", "1", "P1", "1")]
    assert on_hand(client, PART)["P1"] == {"2": "1"}
    client.act("edit_numbers", transaction=made, line=1, numbers=["P2"])
    assert (on_hand(client, PART)["P1"], on_hand(client, PART)["P2"]) == ({"1": "1"}, {"2": "1"})
    assert client.act("transfer_stock", item=PART, from_location=1, to_location=2, quantity=1, numbers=["P2"]).status_code == 400
    client.act("delete", transaction=made)
    assert (on_hand(client, PART)["P2"], client.balance(PART)[0]) == ({"1": "1"}, "3")


def test_a_bin_transfer_changes_no_balance(client):
    made = client.act("move_bins", item=PART, location=1, quantity=1, numbers=["P1"], from_bin=5, to_bin=6).json()["transaction"]
    assert lines(client, made) == [("F", str(PART), "1", "-1", "P1", "-1", "5"), ("F", str(PART), "1", "1", "P1", "1", "6")]
    assert (on_hand(client, PART)["P1"], client.balance(PART)) == ({"1": "1"}, ("3", "0", "0", "3"))
    client.act("edit_numbers", transaction=made, line=2, numbers=["P2"])
    assert [row[4:] for row in lines(client, made)] == [("P2", "-1", "5"), ("P2", "1", "6")]
    client.act("delete", transaction=made)
    assert (len(on_hand(client, PART)), client.balance(PART)[0]) == (3, "3")


def test_a_count_corrects_what_is_there(client):
    started = client.act("count_stock", item=PART, location=1, quantity=1, numbers=["P1"], approve=False).json()["transaction"]
    assert (lines(client, started), len(on_hand(client, PART))) == ([], 3)
    made = client.act("count_stock", item=PART, location=1, quantity=3, numbers=["P1", "P3", "P8"]).json()["transaction"]
    assert lines(client, made) == [("F", str(PART), "1", "-1", "P2", "-1"), ("F", str(PART), "1", "1", "P8", "1")]
    assert set(on_hand(client, PART)) == {"P1", "P3", "P8"}
    counted = client.rows(
        "SELECT quantity, isinventoryaffecting FROM transactionline WHERE transaction = ? AND transactionlinetype = 'COUNTQUANTITY'",
        made,
    )
    assert counted == [{"quantity": "3", "isinventoryaffecting": "F"}]
    client.act("delete", transaction=made)
    assert set(on_hand(client, PART)) == {"P1", "P2", "P3"}
    client.act("count_stock", item=SCREW, location=1, quantity=98)
    client.act("count_stock", item=SCREEN, location=1, quantity=0)
    assert (client.balance(SCREW)[0], on_hand(client, SCREEN)) == ("98", {})


def test_an_adjustment_may_take_units_off_one_lot_and_add_them_to_others(client):
    rows = [(3, ["L2"]), (2, ["L3"]), (-5, ["L1"])]
    changes = [
        {"item": SCREEN, "location": 1, "quantity": units, "numbers": [{"number": lot[0], "quantity": abs(units)}]}
        for units, lot in rows
    ]
    made = client.act("adjust_stock", lines=changes).json()["transaction"]
    assert on_hand(client, SCREEN) == {"L1": {"1": "1"}, "L2": {"1": "3"}, "L3": {"1": "2"}}
    client.act("delete", transaction=made)
    assert on_hand(client, SCREEN) == {"L1": {"1": "6"}}


def test_a_transfer_order_has_its_lines_in_three(client):
    sent = client.act("ship_transfer", item=PART, from_location=1, to_location=2, quantity=2, numbers=["P1", "P2"]).json()
    client.act("receive", transfer=sent["transaction"], item=PART, location=2, quantity=1, numbers=["P2"])
    sql = (
        "SELECT transactionlinetype AS kind, location, quantityshiprecv AS done, transferorderitemlineid AS first "
        "FROM transactionline WHERE transaction = ? AND mainline = 'F' ORDER BY id"
    )
    assert [tuple(row.values()) for row in client.rows(sql, sent["transaction"])] == [
        ("ITEM", "1", "0"), ("SHIPPING", "1", "2", "1"), ("RECEIVING", "2", "1", "1")
    ]  # fmt: skip
    links = client.rows(
        "SELECT previousline, nexttype FROM PreviousTransactionLineLink WHERE previousdoc = ? ORDER BY nextdoc", sent["transaction"]
    )
    assert links == [{"previousline": "2", "nexttype": "ItemShip"}, {"previousline": "3", "nexttype": "ItemRcpt"}]
    assert client.rows("SELECT status FROM transaction WHERE id = ?", sent["transaction"]) == [{"status": "F"}]


def test_a_kit_ships_with_the_numbers_of_its_members(client):
    so = client.create("salesOrder", order(line(SET, 2)))
    shown = client.call("GET", f"{RECORD}/salesOrder/{so}?expandSubResources=true").json()["item"]["items"]
    members = client.rows("SELECT id, item FROM transactionline WHERE transaction = ? AND kitmemberof = 1 ORDER BY id", so)
    assert ([row["line"] for row in shown], [row["item"] for row in members]) == ([1], [str(PART), str(SCREW)])
    kit, member = {"orderLine": 1, "quantity": 1}, int(members[0]["id"])
    refused = transform(client, "salesOrder", so, "itemFulfillment", kit)
    assert detail(refused) == (400, "USER_ERROR", USER + "Please configure the inventory detail for this line.")
    refused = transform(client, "salesOrder", so, "itemFulfillment", kit, {"orderLine": member, **issue(client, "P1", "P2")})
    assert detail(refused)[2].endswith("The total inventory detail quantity must be 1.")
    alone = transform(client, "salesOrder", so, "itemFulfillment", {"orderLine": 1, "itemReceive": False}, {"orderLine": member})
    assert alone.status_code == 400
    made = transform(client, "salesOrder", so, "itemFulfillment", kit, {"orderLine": member, **issue(client, "P2")})
    items = client.call("GET", f"{RECORD}/itemFulfillment/{made}?expandSubResources=true").json()["item"]["items"]
    assert [(row["item"]["id"], row.get("kitMemberOf")) for row in items] == [(str(SET), None), (str(PART), 1), (str(SCREW), 1)]
    assert (set(on_hand(client, PART)), client.balance(SCREW)[0]) == ({"P1", "P3"}, "99")
    client.call("DELETE", f"{RECORD}/itemFulfillment/{made}")
    assert (len(on_hand(client, PART)), client.balance(SCREW)[0]) == (3, "100")
    client.act("fulfil", transaction=so, line=1, quantity=2, members={str(member): ["P1", "P3"]})
    assert set(on_hand(client, PART)) == {"P2"}
    assert client.rows("SELECT status FROM transaction WHERE id = ?", so) == [{"status": "F"}]
    back = transform(client, "salesOrder", so, "returnAuthorization", {"orderLine": 1}, orderStatus={"id": "B"})
    assert transform(client, "returnAuthorization", back, "itemReceipt", {"orderLine": 1}).status_code == 501
