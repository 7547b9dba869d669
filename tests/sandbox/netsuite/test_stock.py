"""What documents do to the stock, told as tables of actions and balances."""

import random
from datetime import timedelta

import pytest

from sandbox.netsuite import seed as seeds
from sandbox.netsuite.actions import act

from .conftest import NOW, account_seed, line, order


def test_pending_approval_commits_nothing_until_approved(client):
    identifier = client.create("salesOrder", order(line(quantity=3), status="A"))
    assert client.balance(101) == ("10", "0", "0", "10")
    assert client.act("approve", transaction=identifier).status_code == 200
    assert client.balance(101) == ("10", "3", "0", "7")
    client.act("unapprove", transaction=identifier)
    assert client.balance(101) == ("10", "0", "0", "10")


def test_the_account_decides_where_the_order_does_not(client):
    client.create("salesOrder", order(line()))
    assert client.rows("SELECT status FROM transaction") == [{"status": "B"}]


def test_what_is_not_there_is_backordered_and_committed_when_it_comes(client):
    client.create("salesOrder", order(line(quantity=12)))
    assert client.balance(101) == ("10", "10", "2", "0")
    client.create("salesOrder", order(line(quantity=1)))
    assert client.balance(101) == ("10", "10", "3", "0")
    client.act("receive", item=101, location=1, quantity=2)
    assert client.balance(101) == ("12", "12", "1", "0")
    client.act("delete", transaction=1)
    assert client.balance(101) == ("12", "1", "0", "11")


def test_a_cash_sale_lowers_on_hand_at_once_and_below_zero(client):
    identifier = client.create("cashSale", order(line(quantity=7, location=2)))
    assert client.balance(101, 2) == ("-3", "0", "0", "0")
    client.call("PATCH", f"/services/rest/record/v1/cashSale/{identifier}", {"item": {"items": [{"line": 1, "quantity": 1}]}})
    assert client.balance(101, 2) == ("3", "0", "0", "3")
    client.act("delete", transaction=identifier)
    assert client.balance(101, 2) == ("4", "0", "0", "4")


def test_a_cash_sale_does_not_take_back_what_is_committed(client):
    client.create("salesOrder", order(line(quantity=4, location=2)))
    client.create("cashSale", order(line(quantity=1, location=2)))
    assert client.balance(101, 2) == ("3", "4", "0", "0")


def test_only_shipping_moves_stock(client):
    identifier = client.create("salesOrder", order(line(quantity=3), externalId="S"))
    made = client.act("fulfil", external_id="S", line=1, quantity=2, status="A").json()
    assert client.balance(101) == ("10", "3", "0", "7")
    client.act("advance_fulfilment", fulfilment=made["fulfilment"], status="B")
    assert client.balance(101) == ("10", "3", "0", "7")
    client.act("advance_fulfilment", fulfilment=made["fulfilment"], status="C")
    assert client.balance(101) == ("8", "1", "0", "7")
    names = "quantityshiprecv, quantitypicked, quantitypacked, quantitycommitted"
    found = client.rows(f"SELECT {names} FROM transactionline WHERE transaction = ? AND id = 1", identifier)
    assert [list(row.values()) for row in found] == [["2", "2", "2", "1"]]
    assert client.rows("SELECT status FROM transaction WHERE id = ?", identifier) == [{"status": "D"}]


def test_a_fulfilment_has_lines_and_a_location_of_its_own(client):
    identifier = client.create("salesOrder", order(line(quantity=3, custcol_line_id="L")))
    made = client.act("fulfil", transaction=identifier, line=1, quantity=3, location=2).json()["fulfilment"]
    assert client.balance(101, 1) == ("10", "0", "0", "10")
    assert client.balance(101, 2) == ("1", "0", "0", "1")
    goods = client.rows(
        "SELECT t.type, t.status, tl.location, tl.createdfrom, tl.quantity, tl.custcol_line_id FROM transaction t "
        "JOIN transactionline tl ON tl.transaction = t.id WHERE t.id = ? AND tl.mainline = 'F' AND tl.iscogs = 'F'",
        made,
    )
    assert goods == [
        {"type": "ItemShip", "status": "C", "location": "2", "createdfrom": identifier, "quantity": "-3", "custcol_line_id": "L"}
    ]
    links = client.rows("SELECT previousdoc, previousline, nextdoc, linktype FROM NextTransactionLineLink")
    assert links == [{"previousdoc": identifier, "previousline": "1", "nextdoc": made, "linktype": "ShipRcpt"}]
    assert client.rows("SELECT status FROM transaction WHERE id = ?", identifier) == [{"status": "F"}]
    client.act("delete", transaction=made)
    assert client.balance(101, 1) == ("10", "3", "0", "7")
    assert client.balance(101, 2) == ("4", "0", "0", "4")
    assert client.rows("SELECT status FROM transaction WHERE id = ?", identifier) == [{"status": "B"}]


def test_what_cannot_be_done_changes_nothing(client):
    identifier = client.create("salesOrder", order(line(quantity=3)))
    refused = [
        client.act("fulfil", transaction=identifier, line=1, quantity=4),
        client.act("fulfil", transaction=identifier, line=7, quantity=1),
        client.act("fulfil", transaction=99, line=1, quantity=1),
        client.act("fulfil", transaction=identifier),
        client.act("dance"),
        client.act("edit_field", transaction=identifier, field="custbody_nope", value="x"),
    ]
    assert [answer.status_code for answer in refused] == [400] * 6
    assert client.balance(101) == ("10", "3", "0", "7")
    assert client.rows("SELECT id FROM transaction") == [{"id": identifier}]


def test_a_fulfilled_order_can_be_neither_deleted_nor_unapproved(client):
    identifier = client.create("salesOrder", order(line(quantity=3)))
    client.act("fulfil", transaction=identifier, line=1, quantity=1)
    assert client.act("delete", transaction=identifier).status_code == 400
    assert client.act("unapprove", transaction=identifier).status_code == 400
    assert client.balance(101) == ("9", "2", "0", "7")


def test_closing_a_line_gives_back(client):
    identifier = client.create("salesOrder", order(line(quantity=3), line(102, quantity=1)))
    client.act("close_line", transaction=identifier, line=1)
    assert client.balance(101) == ("10", "0", "0", "10")
    assert client.balance(102) == ("3", "1", "0", "2")
    client.act("close_line", transaction=identifier, line=2)
    assert client.rows("SELECT status FROM transaction") == [{"status": "H"}]


def test_moving_a_line_moves_its_commitment(client):
    identifier = client.create("salesOrder", order(line(quantity=3)))
    client.act("edit_field", transaction=identifier, line=1, field="location", value={"id": "2"})
    assert client.balance(101, 1) == ("10", "0", "0", "10")
    assert client.balance(101, 2) == ("4", "3", "0", "1")


def test_a_kit_commits_and_ships_its_members(client):
    identifier = client.create("salesOrder", order(line(110, quantity=2)))
    assert client.balance(101) == ("10", "4", "0", "6")
    assert client.balance(102) == ("3", "2", "0", "1")
    members = client.rows("SELECT item, quantity, kitmemberof FROM transactionline WHERE kitmemberof IS NOT NULL ORDER BY id")
    assert [tuple(row.values()) for row in members] == [("101", "-4", "1"), ("102", "-2", "1")]
    client.act("edit_field", transaction=identifier, line=1, field="quantity", value=3)
    assert client.balance(101) == ("10", "6", "0", "4")
    client.act("fulfil", transaction=identifier, lines=[{"line": 2, "quantity": 6}, {"line": 3, "quantity": 3}])
    assert client.balance(101) == ("4", "0", "0", "4")
    assert client.rows("SELECT status FROM transaction WHERE id = ?", identifier) == [{"status": "F"}]
    client.create("cashSale", order(line(110, quantity=1)))
    assert client.balance(101) == ("2", "0", "0", "2")


@pytest.mark.parametrize(
    ("choice", "expected"), [("1", ("10", "10", "2", "0")), ("2", ("10", "0", "12", "10")), ("3", ("10", "0", "0", "10"))]
)
def test_commit_inventory(client, choice, expected):
    client.create("salesOrder", order(line(quantity=12, commitInventory={"id": choice})))
    assert client.balance(101) == expected


def test_transfers_leave_one_place_and_arrive_at_another(client):
    made = client.act("ship_transfer", item=101, from_location=1, to_location=2, quantity=3).json()["transaction"]
    assert client.balance(101, 1)[0] == "7"
    sql = "SELECT quantityonhand, quantityintransit FROM AggregateItemLocation WHERE item = 101 AND location = 2"
    assert [tuple(row.values()) for row in client.rows(sql)] == [("4", "3")]
    assert client.act("receive", transfer=made, item=101, location=2, quantity=4).status_code == 400
    client.act("receive", transfer=made, item=101, location=2, quantity=3)
    assert [tuple(row.values()) for row in client.rows(sql)] == [("7", "0")]
    assert client.rows("SELECT status FROM transaction WHERE id = ?", made) == [{"status": "G"}]


def test_set_and_adjust_leave_a_document(client):
    client.act("set_stock", item=102, location=2, quantity=5)
    client.act("adjust_stock", item=102, location=2, quantity=-2)
    assert client.balance(102, 2) == ("3", "0", "0", "3")
    quantities = client.rows("SELECT tl.quantity FROM transactionline tl WHERE tl.item = 102 ORDER BY tl.transaction")
    assert quantities == [{"quantity": "5"}, {"quantity": "-2"}]


def test_every_change_is_stamped(client):
    world = client.sandbox.world
    first = client.create("salesOrder", order(line(quantity=12)))
    client.create("salesOrder", order(line(102)))
    sql = (
        "SELECT TO_CHAR(SYS_EXTRACT_UTC(t.lastmodifieddate), 'HH24:MI') AS t, "
        "TO_CHAR(SYS_EXTRACT_UTC(tl.linelastmodifieddate), 'HH24:MI') AS l FROM transaction t "
        "JOIN transactionline tl ON tl.transaction = t.id AND tl.id = 1 ORDER BY t.id"
    )
    world.clock.set(NOW + timedelta(minutes=10), frozen=True)
    client.act("receive", item=101, location=1, quantity=1)  # commits one unit more of the first order
    found = [tuple(row.values()) for row in client.rows(sql)]
    assert found[0] == ("12:10", "12:10")
    assert found[1] == ("12:00", "12:00")
    world.clock.set(NOW + timedelta(minutes=20), frozen=True)
    client.act("fulfil", transaction=first, line=1, quantity=1)
    assert next(tuple(row.values()) for row in client.rows(sql)) == ("12:20", "12:20")


def test_balances_are_the_sums_of_the_lines_whatever_happens(client, account):
    """Random histories: after each step, balances agree with lines, on hand with every movement."""
    rng, world = random.Random(7), client.sandbox.world
    for number in range(250):
        _random_step(rng, client, world, number)
        wrong = account.rows(
            "SELECT s.item, s.location FROM ns_stock s WHERE s.quantitycommitted != (SELECT COALESCE(SUM(l.quantitycommitted), 0) "
            "FROM ns_transactionline l WHERE l.item = s.item AND l.location = s.location) OR s.quantitybackordered != "
            "(SELECT COALESCE(SUM(l.quantitybackordered), 0) FROM ns_transactionline l WHERE l.item = s.item "
            "AND l.location = s.location) OR s.quantitycommitted < 0 OR s.quantitybackordered < 0"
        )
        idle = account.rows(
            "SELECT item, location FROM ns_stock WHERE quantitybackordered > 0 AND quantityonhand > quantitycommitted"
        )
        unfilled = account.rows(
            "SELECT l.* FROM ns_transactionline l JOIN ns_transaction t ON t.id = l.\"transaction\" WHERE t.type = 'SalesOrd' "
            "AND l.item IN (101, 102) AND l.quantitycommitted + l.quantitybackordered != CASE WHEN t.status = 'A' OR "
            "l.isclosed = 'T' THEN 0 ELSE -l.quantity - l.quantityshiprecv END"
        )
        assert (wrong, idle, unfilled) == ([], [], []), number


def _random_step(rng, client, world, number):
    item, place = rng.choice((101, 102)), rng.choice((1, 2))
    ids = [row[0] for row in world.db.execute("SELECT id FROM ns_transaction").fetchall()]
    one = rng.choice(ids) if ids else 0
    steps = [
        lambda: client.create(
            "salesOrder", order(line(rng.choice((item, 110)), rng.randint(1, 4), place), status=rng.choice("AB"))
        ),
        lambda: client.create("cashSale", order(line(item, rng.randint(1, 2), place))),
        lambda: act(world, "approve", {"transaction": one}),
        lambda: act(world, "unapprove", {"transaction": one}),
        lambda: act(world, "delete", {"transaction": one}),
        lambda: act(world, "close_line", {"transaction": one, "line": 1}),
        lambda: act(world, "edit_field", {"transaction": one, "line": 1, "field": "quantity", "value": rng.randint(3, 5)}),
        lambda: act(world, "edit_field", {"transaction": one, "line": 1, "field": "location", "value": {"id": str(place)}}),
        lambda: act(world, "fulfil", {"transaction": one, "line": 1, "quantity": 1, "location": place, "status": rng.choice("AC")}),
        lambda: act(world, "advance_fulfilment", {"fulfilment": one, "status": "C"}),
        lambda: act(world, "receive", {"item": item, "location": place, "quantity": 2}),
    ]
    try:
        rng.choice(steps)()
    except (ValueError, StopIteration):
        return  # refused: the checks after it see that nothing changed


def test_seeded_transactions(client):
    seed = account_seed("") | {
        "transactions": [
            {"type": "salesOrder", "created_at": "2026-11-01T10:00:00Z", "body": order(line(quantity=3), externalId="#1 old"),
             "fulfil": [{"line": 1, "quantity": 1, "location": 2, "created_at": "2026-11-02T10:00:00Z"}]},
            {"type": "cashSale", "body": order(line(quantity=2)), "applies_to_stock": False},
            {"type": "cashSale", "body": order(line(quantity=2))},
        ]
    }  # fmt: skip
    seed["m2m_clients"] = []
    world = client.sandbox.world
    seeds.load(world, seed)
    rows = world.db.execute("SELECT quantityonhand, quantitycommitted FROM ns_stock WHERE item = 101 ORDER BY location")
    assert rows.fetchall() == [(8, 2), (3, 0)]
    stamps = world.db.execute("SELECT createddate, lastmodifieddate FROM ns_transaction WHERE id = 1").fetchone()
    assert stamps == ("2026-11-01 05:00:00", "2026-11-02 05:00:00")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"transactions": [{"type": "salesOrder", "body": order(line(9))}]}, "seeded transaction 0"),
        ({"stock": [{"item": 101, "location": 1, "onhand": 1}]}, "seeded row of stock"),
        ({"custom_fields": [{"scriptid": "body_x"}]}, "custom field body_x"),
    ],
)
def test_a_seed_that_does_not_fit_is_named(client, change, message):
    with pytest.raises(ValueError, match=message):
        seeds.load(client.sandbox.world, account_seed("") | change)
