"""Serial and lot numbers: received, sold, shipped, returned, moved and taken back; where each of them is."""

import itertools
import random

import pytest

from sandbox.netsuite import seed as seeds
from sandbox.netsuite.account import account_of
from sandbox.netsuite.actions import act

from .conftest import RECORD, TBA, account_seed, detail, line, order

SERIAL, LOT = 104, 105
USER = "Error while accessing a resource. "


@pytest.fixture
def client(client):
    """The account with a serialized item and a lot-numbered one, received at location 1."""
    world = client.sandbox.world
    keys = world.db.execute("SELECT client_id, certificate_id, public_key_pem FROM ns_m2m_client").fetchall()
    seed = account_seed("") | {
        "tba_tokens": [TBA],
        "m2m_clients": [dict(zip(("client_id", "certificate_id", "public_key_pem"), row, strict=True)) for row in keys],
    }
    seed["items"] += [
        {"id": SERIAL, "itemid": "PHONE", "itemtype": "InvtPart", "isserialitem": "T"},
        {"id": LOT, "itemid": "MILK", "itemtype": "InvtPart", "islotitem": "T"},
    ]
    lots = [{"number": "L1", "quantity": 6, "expiration_date": "2026-12-01"}, {"number": "L2", "quantity": 4}]
    seed["receipts"] = [
        {"item": SERIAL, "location": 1, "quantity": 3, "numbers": ["S1", "S2", "S3"], "created_at": "2026-11-01T12:00:00Z"},
        {"item": LOT, "location": 1, "quantity": 10, "numbers": lots},
    ]
    seeds.load(world, seed)
    client.sign_in()
    return client


def on_hand(client, item=SERIAL):
    """Return {number: {location: on hand}} of what is anywhere."""
    sql = (
        "SELECT n.inventorynumber AS number, l.location, l.quantityonhand FROM InventoryNumber n JOIN InventoryNumberLocation l "
        "ON l.inventorynumber = n.id WHERE n.item = ? AND l.quantityonhand <> 0"
    )
    found = {}
    for row in client.rows(sql, item):
        found.setdefault(row["number"], {})[row["location"]] = row["quantityonhand"]
    return found


def number_id(client, text):
    return client.rows("SELECT id FROM InventoryNumber WHERE inventorynumber = ?", text)[0]["id"]


def issue(client, *texts, **more):
    """Return an outbound inventory detail of numbers, one unit each, or of {number: units}."""
    units = dict.fromkeys(texts, 1) | more
    rows = [{"issueInventoryNumber": {"id": number_id(client, text)}, "quantity": count} for text, count in units.items()]
    return {"inventoryDetail": {"quantity": sum(units.values()), "inventoryAssignment": {"items": rows}}}


def arrive(*texts):
    rows = [{"receiptInventoryNumber": text, "quantity": 1} for text in texts]
    return {"inventoryDetail": {"quantity": len(texts), "inventoryAssignment": {"items": rows}}}


def transform(client, kind, identifier, target, *lines, **more):
    body = {"item": {"items": list(lines)}, **more}
    answer = client.call("POST", f"{RECORD}/{kind}/{identifier}/!transform/{target}", body)
    return answer if answer.status_code != 204 else answer.headers["Location"].rsplit("/", 1)[1]


def ship(client, identifier, **more):
    return transform(
        client,
        "salesOrder",
        identifier,
        "itemFulfillment",
        {"orderLine": 1, "location": {"id": "1"}, **more},
        shipStatus={"id": "C"},
    )


def assignments(client, document):
    sql = (
        "SELECT n.inventorynumber AS number, ia.quantity FROM InventoryAssignment ia JOIN transactionline tl ON tl.transaction = "
        "ia.transaction AND tl.id = ia.transactionline JOIN InventoryNumber n ON n.id = ia.inventorynumber WHERE ia.transaction = ?"
    )
    return sorted(tuple(row.values()) for row in client.rows(sql, document))


def test_what_was_received(client):
    assert on_hand(client) == {"S1": {"1": "1"}, "S2": {"1": "1"}, "S3": {"1": "1"}}
    assert on_hand(client, LOT) == {"L1": {"1": "6"}, "L2": {"1": "4"}}
    expires = client.rows(
        "SELECT TO_CHAR(expirationdate, 'YYYY-MM-DD') AS day FROM InventoryNumber WHERE item = ? ORDER BY id", LOT
    )
    assert expires == [{"day": "2026-12-01"}, {}]
    receipt = client.rows(
        "SELECT id, TO_CHAR(createddate, 'YYYY-MM-DD') AS day FROM transaction WHERE type = 'ItemRcpt' ORDER BY id"
    )[0]
    assert (assignments(client, receipt["id"]), receipt["day"]) == ([("S1", "1"), ("S2", "1"), ("S3", "1")], "2026-11-01")
    assert client.rows("SELECT isserialitem, islotitem FROM item WHERE id = ?", SERIAL) == [{"isserialitem": "T", "islotitem": "F"}]
    assert client.balance(SERIAL) == ("3", "0", "0", "3")


def test_a_shipment_takes_the_numbers_it_names(client):
    identifier = client.create("salesOrder", order(line(SERIAL, 2)))
    made = ship(client, identifier, quantity=2, **issue(client, "S1", "S3"))
    assert on_hand(client) == {"S2": {"1": "1"}}
    assert assignments(client, made) == [("S1", "-1"), ("S3", "-1")]
    assert client.balance(SERIAL) == ("1", "0", "0", "1")
    client.act("delete", transaction=made)
    assert on_hand(client) == {"S1": {"1": "1"}, "S2": {"1": "1"}, "S3": {"1": "1"}}
    assert assignments(client, made) == []


def test_a_picked_shipment_leaves_the_numbers_where_they_are(client):
    identifier = client.create("salesOrder", order(line(SERIAL)))
    made = client.act("fulfil", transaction=identifier, line=1, quantity=1, status="A", numbers=["S1"]).json()["fulfilment"]
    assert "S1" in on_hand(client)
    client.act("advance_fulfilment", fulfilment=made, status="C")
    assert "S1" not in on_hand(client)


def refusals(client):
    """Yield what refuses each wrong detail of a shipment of two phones."""
    yield {}, "Please configure the inventory detail for this line."
    yield issue(client, "S1"), "The total inventory detail quantity must be 2."
    yield issue(client, "S1", "S2", "S3"), "The total inventory detail quantity must be 2."
    yield issue(client, S1=2), "A serial number has a quantity of 1."
    without = issue(client, "S1", "S2")
    del without["inventoryDetail"]["quantity"]
    yield without, "Please configure the inventory detail for this line."
    twice = issue(client, "S1", "S2")
    twice["inventoryDetail"]["inventoryAssignment"]["items"][1] = twice["inventoryDetail"]["inventoryAssignment"]["items"][0]
    yield twice, "The same serial/lot number is entered twice."
    lot = number_id(client, "L1")
    twice["inventoryDetail"]["inventoryAssignment"]["items"][1] = {"issueInventoryNumber": {"id": lot}, "quantity": 1}
    yield twice, f"You have entered an Invalid Field Value {lot} for the following field: issueinventorynumber."
    twice["inventoryDetail"]["inventoryAssignment"]["items"][1] = {"issueInventoryNumber": {"id": "430"}, "quantity": 1}
    yield twice, "You have entered an Invalid Field Value 430 for the following field: issueinventorynumber."


def test_wrong_details_are_refused_and_change_nothing(client):
    identifier = client.create("salesOrder", order(line(SERIAL, 2)))
    for given, sentence in refusals(client):
        assert detail(ship(client, identifier, quantity=2, **given)) == (400, "USER_ERROR", USER + sentence)
    assert len(on_hand(client)) == 3
    assert client.rows("SELECT id FROM transaction WHERE type = 'ItemShip'") == []


def test_a_number_that_was_shipped_is_refused(client):
    first, second = (client.create("salesOrder", order(line(SERIAL))) for _ in range(2))
    ship(client, first, quantity=1, **issue(client, "S1"))
    told = detail(ship(client, second, quantity=1, **issue(client, "S1")))[2]
    assert told.endswith(f"Invalid Field Value {number_id(client, 'S1')} for the following field: issueinventorynumber.")


def test_an_orders_own_numbers_are_shipped_and_not_added_to(client):
    identifier = client.create("salesOrder", order(line(SERIAL, **issue(client, "S2"))))
    assert assignments(client, identifier) == [("S2", "-1")]
    assert "S2" in on_hand(client)
    told = detail(ship(client, identifier, quantity=1, **issue(client, "S3")))[2]
    assert told.endswith("The total inventory detail quantity must be 1.")
    made = ship(client, identifier, quantity=1)
    assert assignments(client, made) == [("S2", "-1")]
    assert "S2" not in on_hand(client)


def test_a_cash_sale_names_its_numbers(client):
    answer = client.call("POST", f"{RECORD}/cashSale", order(line(SERIAL)))
    assert detail(answer)[2].endswith("Please configure the inventory detail for this line.")
    identifier = client.create("cashSale", order(line(SERIAL, **issue(client, "S1"))))
    assert set(on_hand(client)) == {"S2", "S3"}
    change = {"item": {"items": [{"line": 1, **issue(client, "S2")}]}}
    assert client.call("PATCH", f"{RECORD}/cashSale/{identifier}", change).status_code == 204
    assert set(on_hand(client)) == {"S1", "S3"}
    assert assignments(client, identifier) == [("S2", "-1")]
    shown = client.call("GET", f"{RECORD}/cashSale/{identifier}?expandSubResources=true").json()["item"]["items"][0]
    assert shown["inventoryDetail"]["quantity"] == 1
    client.call("DELETE", f"{RECORD}/cashSale/{identifier}")
    assert set(on_hand(client)) == {"S1", "S2", "S3"}


def test_a_refund_of_a_cash_sale_brings_the_number_back(client):
    identifier = client.create("cashSale", order(line(SERIAL, **issue(client, "S1"))))
    assert detail(transform(client, "cashSale", identifier, "cashRefund", {"orderLine": 1}))[2].endswith(
        "inventory detail for this line."
    )
    made = transform(client, "cashSale", identifier, "cashRefund", {"orderLine": 1, **arrive("S1")})
    assert assignments(client, made) == [("S1", "1")]
    assert on_hand(client)["S1"] == {"1": "1"}


def returned(client, *numbers, restock=True):
    identifier = client.create("salesOrder", order(line(SERIAL, 1)))
    ship(client, identifier, quantity=1, **issue(client, "S1"))
    wanted = transform(client, "salesOrder", identifier, "returnAuthorization", {"orderLine": 1}, orderStatus={"id": "B"})
    given = {"orderLine": 1, "quantity": 1, "restock": restock, **arrive(*numbers)}
    return transform(client, "returnAuthorization", wanted, "itemReceipt", given), wanted


def test_a_return_brings_the_number_back_and_its_deletion_takes_it_away(client):
    made, wanted = returned(client, "S1")
    assert on_hand(client)["S1"] == {"1": "1"}
    assert client.call("DELETE", f"{RECORD}/itemReceipt/{made}").status_code == 204
    assert "S1" not in on_hand(client)
    assert client.balance(SERIAL)[0] == "2"
    assert client.rows("SELECT status FROM transaction WHERE id = ?", wanted) == [{"status": "B"}]


def test_a_serial_that_is_on_hand_cannot_come_back(client):
    answer, _ = returned(client, "S2")
    assert detail(answer)[2].endswith("The serial/lot number S2 is already on hand.")


def test_a_return_that_is_written_off_is_nowhere(client):
    made, _ = returned(client, "S1", restock=False)
    assert "S1" not in on_hand(client)
    assert assignments(client, made) == [("S1", "1")]


def test_lots_are_issued_in_parts(client):
    identifier = client.create("salesOrder", order(line(LOT, 7)))
    ship(client, identifier, quantity=7, **issue(client, L1=6, L2=1))
    assert on_hand(client, LOT) == {"L2": {"1": "3"}}
    again = client.create("salesOrder", order(line(LOT, 4)))
    assert ship(client, again, quantity=4, **issue(client, L2=4)).status_code == 400


def test_a_transfer_takes_numbers_along(client):
    wrong = client.act("ship_transfer", item=SERIAL, from_location=1, to_location=2, quantity=2, numbers=["S1", "S9"])
    assert wrong.status_code == 400
    sent = client.act("ship_transfer", item=SERIAL, from_location=1, to_location=2, quantity=2, numbers=["S1", "S2"]).json()
    made, shipped = sent["transaction"], sent["fulfilment"]
    assert (assignments(client, made), assignments(client, shipped)) == ([], [("S1", "-1"), ("S2", "-1")])
    assert set(on_hand(client)) == {"S3"}
    sql = "SELECT n.inventorynumber AS s, l.location FROM InventoryNumberLocation l JOIN InventoryNumber n ON n.id = l.inventorynumber WHERE l.quantityintransit > 0"
    assert sorted(tuple(row.values()) for row in client.rows(sql)) == [("S1", "2"), ("S2", "2")]
    assert client.act("receive", item=SERIAL, location=2, quantity=1, transfer=made, numbers=["S3"]).status_code == 400
    got = client.act("receive", item=SERIAL, location=2, quantity=1, transfer=made, numbers=["S2"]).json()["transaction"]
    assert on_hand(client)["S2"] == {"2": "1"}
    assert [client.act("delete", transaction=one).status_code for one in (made, shipped)] == [400, 400]
    client.act("delete", transaction=got)
    assert client.rows(sql + " AND n.inventorynumber = 'S2'") == [{"s": "S2", "location": "2"}]
    assert [client.act("delete", transaction=one).status_code for one in (shipped, made)] == [200, 200]
    assert on_hand(client) == {"S1": {"1": "1"}, "S2": {"1": "1"}, "S3": {"1": "1"}}
    assert client.balance(SERIAL, 1)[0] == "3"


def test_an_adjustment_writes_a_number_off_and_finds_another(client):
    off = client.act("adjust_stock", item=SERIAL, location=1, quantity=-1, numbers=["S3"]).json()["transaction"]
    client.act("adjust_stock", item=SERIAL, location=2, quantity=1, numbers=["S4"])
    assert on_hand(client) == {"S1": {"1": "1"}, "S2": {"1": "1"}, "S4": {"2": "1"}}
    assert client.act("adjust_stock", item=SERIAL, location=2, quantity=1).status_code == 400
    client.act("delete", transaction=off)
    assert on_hand(client)["S3"] == {"1": "1"}
    assert client.balance(SERIAL, 1)[0] == "3"


def test_the_numbers_of_a_shipment_are_changed_afterwards(client):
    identifier = client.create("salesOrder", order(line(SERIAL)))
    made = ship(client, identifier, quantity=1, **issue(client, "S1"))
    assert client.act("edit_numbers", transaction=made, line=1, numbers=["S2"]).status_code == 200
    assert set(on_hand(client)) == {"S1", "S3"}
    assert assignments(client, made) == [("S2", "-1")]
    assert client.act("edit_numbers", transaction=made, line=1, numbers=["S1", "S3"]).status_code == 400
    assert client.act("edit_numbers", transaction=identifier, line=1, numbers=["S1"]).status_code == 400
    assert set(on_hand(client)) == {"S1", "S3"}
    shown = client.call("GET", f"{RECORD}/itemFulfillment/{made}?expandSubResources=true").json()["item"]["items"][0]
    assert shown["inventoryDetail"]["inventoryAssignment"]["items"][0]["issueInventoryNumber"] == {"id": number_id(client, "S2")}


def test_a_garbled_receipt_is_put_right(client):
    receipt = client.rows("SELECT MIN(id) AS id FROM transaction WHERE type = 'ItemRcpt'")[0]["id"]
    client.act("edit_numbers", transaction=receipt, line=1, numbers=["S1", "S2", "S8"])
    assert set(on_hand(client)) == {"S1", "S2", "S8"}


def test_a_receipt_whose_number_was_sold_cannot_be_deleted(client):
    receipt = client.rows("SELECT MIN(id) AS id FROM transaction WHERE type = 'ItemRcpt'")[0]["id"]
    client.create("cashSale", order(line(SERIAL, **issue(client, "S1"))))
    answer = client.act("delete", transaction=receipt)
    assert (answer.status_code, "S1" in answer.json()["error"]) == (400, True)
    assert client.balance(SERIAL)[0] == "2"


def test_two_items_may_use_the_same_text(client):
    client.act("receive", item=LOT, location=1, quantity=1, numbers=["S1"])
    assert len(client.rows("SELECT id FROM InventoryNumber WHERE inventorynumber = 'S1'")) == 2


def test_whatever_happens_a_serial_is_at_one_place_and_the_numbers_are_what_is_on_hand(client):
    rng, world = random.Random(11), client.sandbox.world
    fresh = (f"R{number}" for number in itertools.count())
    account = account_of(world)
    for step in range(300):
        _random_step(rng, world, account, fresh)
        wrong = account.rows(
            "SELECT s.item, s.location FROM ns_stock s WHERE s.item IN (104, 105) AND (s.quantityonhand != (SELECT "
            "COALESCE(SUM(l.quantityonhand), 0) FROM ns_inventorynumberlocation l JOIN ns_inventorynumber n ON n.id = l.inventorynumber "
            "WHERE n.item = s.item AND l.location = s.location) OR s.quantityintransit != (SELECT COALESCE(SUM(l.quantityintransit), 0) "
            "FROM ns_inventorynumberlocation l JOIN ns_inventorynumber n ON n.id = l.inventorynumber WHERE n.item = s.item "
            "AND l.location = s.location))"
        )
        twice = account.rows(
            "SELECT l.inventorynumber FROM ns_inventorynumberlocation l JOIN ns_inventorynumber n ON n.id = l.inventorynumber "
            "WHERE n.item = 104 GROUP BY 1 HAVING SUM(l.quantityonhand + l.quantityintransit) > 1"
        )
        assert (wrong, twice) == ([], []), step


def _random_step(rng, world, account, fresh):
    places = account.rows(
        "SELECT n.inventorynumber AS text, l.* FROM ns_inventorynumberlocation l JOIN ns_inventorynumber n ON n.id = l.inventorynumber WHERE n.item = 104"
    )
    here = [row for row in places if row["quantityonhand"]] or [{"text": "S1", "location": 1}]
    way = [row for row in places if row["quantityintransit"]]
    one, old = rng.choice(here), rng.choice(places)
    ids = [row["id"] for row in account.rows("SELECT id FROM ns_transaction")]
    transfers = [row["id"] for row in account.rows("SELECT id FROM ns_transaction WHERE type = 'TrnfrOrd'")] or [0]
    known = {"item": SERIAL, "quantity": 1, "location": one["location"], "numbers": [one["text"]]}
    steps = [
        ("receive", known | {"numbers": [next(fresh)], "location": rng.choice((1, 2))}),
        ("receive", known | {"numbers": [old["text"]], "location": rng.choice((1, 2))}),
        ("adjust_stock", known | {"quantity": -1}),
        ("ship_transfer", known | {"from_location": one["location"], "to_location": 3 - one["location"]}),
        ("transfer_stock", known | {"from_location": one["location"], "to_location": 3 - one["location"]}),
        ("move_bins", known | {"from_bin": 1, "to_bin": 2}),
        ("count_stock", known | {"location": rng.choice((1, 2))}),
        (
            "receive",
            known
            | ({"numbers": [way[0]["text"]], "location": way[0]["location"]} if way else {})
            | {"transfer": rng.choice(transfers)},
        ),
        ("delete", {"transaction": rng.choice(ids)}),
    ]
    try:
        act(world, *rng.choice(steps))
    except ValueError:
        return  # refused: the checks after it see that nothing changed
