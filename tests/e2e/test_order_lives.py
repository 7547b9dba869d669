"""Orders' lives over real HTTP: whatever happens in Shopify, both systems end equal to the cent, and nothing is twice."""

import random

import pytest

from flows.wiring import open_context
from tests.e2e.order_world import act, in_balance, made, no_duplicates, of, place, variant
from tests.e2e.steps import sync


def test_a_web_order_is_shipped_in_two_parts_billed_and_paid(books):
    order = place(
        books,
        [("APPLE", 3, {"unit_price": "19.00", "discount": "5.00"}), ("BREAD", 1, {})],
        shipping="4.95",
        shipping_tax_rate="0.0825",
    )
    with open_context() as context:
        first = sync(context)
        assert of(first, order) == [("salesOrder", "written"), ("customerDeposit", "written")]
        act(books, "fulfil", order_id=order["id"], quantities={order["line_ids"][0]: 1}, tracking={"number": "1Z"})
        assert of(sync(context), order) == [("salesOrder", "unchanged"), ("itemFulfillment", "written"), ("invoice", "written")]
        act(books, "fulfil", order_id=order["id"])
        sync(context)
        assert [outcome for _, outcome in of(sync(context), order)] == ["unchanged"]
    in_balance(books, order)
    no_duplicates(books)
    status = books.world.db.execute(
        "SELECT status FROM ns_transaction WHERE externalid = ?", (f"SHOPIFY-GROCER-{order['id'].rsplit('/', 1)[1]}",)
    )
    assert status.fetchone()[0] == "G"


def test_a_return_elsewhere_and_a_kept_refund(books):
    order = place(books, [("APPLE", 3, {"unit_price": "10.00"})], shipping="5.00")
    act(books, "fulfil", order_id=order["id"])
    with open_context() as context:
        sync(context)
        line = order["line_ids"][0]
        act(
            books,
            "refund",
            order_id=order["id"],
            quantities={line: 1},
            restock_type="RETURN",
            location_id="gid://shopify/Location/1002",
        )
        told = of(sync(context), order)
        assert told == [
            (kind, "unchanged" if kind == "salesOrder" else "written")
            for kind in ("salesOrder", "returnAuthorization", "itemReceipt", "creditMemo", "customerRefund")
        ]
        act(books, "refund", order_id=order["id"], quantities={line: 1}, restock_type="NO_RESTOCK", shipping="5.00")
        told = of(sync(context), order)
        assert [kind for kind, _ in told] == ["salesOrder", "creditMemo", "customerRefund"]
    in_balance(books, order)
    at_store = books.world.db.execute("SELECT quantityonhand FROM ns_stock WHERE item = 101 AND location = 11").fetchone()[0]
    assert at_store == 1001


def test_units_are_cancelled_before_they_leave(books):
    order = place(books, [("APPLE", 3, {"unit_price": "10.00"}), ("BREAD", 2, {})])
    with open_context() as context:
        sync(context)
        act(books, "refund", order_id=order["id"], quantities={order["line_ids"][0]: 2, order["line_ids"][1]: 2})
        told = of(sync(context), order)
        assert told == [("salesOrder", "written"), ("customerRefund", "written")]
        act(books, "fulfil", order_id=order["id"])
        sync(context)
        in_balance(books, order)
        assert [outcome for _, outcome in of(sync(context), order)] == ["unchanged"]


def test_an_edit_adds_and_removes(books):
    order = place(books, [("APPLE", 3, {"unit_price": "10.00"})])
    with open_context() as context:
        sync(context)
        shop = books.world.shops["GROCER"]
        act(
            books,
            "edit",
            order_id=order["id"],
            add=[{"variant_id": variant(shop, "BREAD"), "quantity": 2}],
            remove={order["line_ids"][0]: 1},
        )
        sync(context)
        act(books, "fulfil", order_id=order["id"])
        sync(context)
        in_balance(books, order)


def test_a_moved_order_ships_from_its_new_location(books):
    order = place(books, [("APPLE", 2, {})])
    with open_context() as context:
        sync(context)
        act(books, "move", order_id=order["id"], location_id="gid://shopify/Location/1002")
        assert of(sync(context), order) == [("salesOrder", "written")]
        act(books, "fulfil", order_id=order["id"])
        sync(context)
        in_balance(books, order)
    assert books.world.db.execute("SELECT quantityonhand FROM ns_stock WHERE item = 101 AND location = 11").fetchone()[0] == 998


def test_a_till_sale_and_its_return(books):
    order = place(
        books, [("EGGS", 2, {})], kind="till", location_id="gid://shopify/Location/1002", gateway="cash", cash_rounding="-0.02"
    )
    with open_context() as context:
        assert of(sync(context), order) == [("cashSale", "written")]
        act(books, "refund", order_id=order["id"], quantities={order["line_ids"][0]: 1}, restock_type="RETURN")
        assert [kind for kind, _ in of(sync(context), order)] == ["returnAuthorization", "itemReceipt", "cashRefund"]


def test_every_extra_amount_has_its_item(books):
    shop = books.world.shops["GROCER"]
    gift = next(key for key, row in shop.variants.items() if row.get("is_gift_card"))
    lines = [
        {"variant_id": variant(shop, "APPLE"), "quantity": 3, "unit_price": "7.77"},
        {"variant_id": gift, "quantity": 1, "taxable": False},
        {"title": "Tip", "sku": None, "quantity": 1, "unit_price": "3.00", "is_tip": True, "taxable": False},
        {"title": "Engraving", "sku": None, "quantity": 2, "unit_price": "1.25"},
    ]
    body = {"lines": lines, "location_id": "gid://shopify/Location/1001", "duties": "2.10", "fee": "0.99", "shipping": "5.00"}
    body |= {"tax_lines": [{"title": "State", "rate": "0.04"}, {"title": "City", "rate": "0.045"}], "shipping_tax_rate": "0.085"}
    body |= {"tenders": [{"gateway": "gift_card", "amount": "10.00"}], "cash_rounding": "-0.02"}
    with books.world.lock:
        order = shop.place_order(body)
    act(books, "fulfil", order_id=order["id"])
    with open_context() as context:
        told = sync(context)
        assert {outcome for _, outcome in of(told, order)} == {"written"}, [x for x in told["message"] if x]
    found = made(books, order)
    assert sum(found["CustDep"]) == sum(found["CustInvc"])
    no_duplicates(books)


FAULTS = (
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 429},
    {"kind": "timeout_before", "seconds": 0.02},
    {"kind": "timeout_after", "seconds": 0.02},
    {"kind": "disconnect"},
    {"kind": "truncate"},
)


def order_faults(world, chance, count):
    """Let some of the coming calls that write fail, in every way."""
    for _ in range(count):
        operation = chance.choice(["POST /services/rest/record/v1/", "!transform", "PATCH /services"])
        world.world.faults.order({"system": "netsuite", "operation": operation, "times": 1, **chance.choice(FAULTS)})


def settle(context, world):
    """Run until nothing waits: what a fault stopped is done by the next run."""
    for _ in range(4):
        outcomes = sync(context)
        world.world.faults.clear()
        if not outcomes["outcome"].isin(["failed", "waiting"]).any():
            return outcomes
    raise AssertionError(outcomes.loc[outcomes["outcome"] == "failed", "message"].to_list())


@pytest.mark.parametrize(("seed", "faults"), [(0, 0), (1, 0), (2, 0), (3, 6), (4, 6), (5, 6), (6, 6)])
def test_random_lives_end_equal_in_both_systems(books, seed, faults):
    chance = random.Random(seed)
    orders = [
        place(
            books,
            [
                (sku, chance.randint(1, 4), {"unit_price": f"{chance.randint(1, 4000) / 100:.2f}"})
                for sku in chance.sample(["APPLE", "BREAD", "CHEESE"], chance.randint(1, 3))
            ],
            shipping=chance.choice(["0", "4.95"]),
        )
        for _ in range(4)
    ]
    with open_context() as context:
        for _ in range(4):
            for order in orders:
                happen(books, order, chance)
            order_faults(books, chance, faults)
            if chance.random() < 0.6:
                sync(context)
        for order in orders:
            act(books, "fulfil", order_id=order["id"])
        outcomes = settle(context, books)
        mine = outcomes.loc[outcomes["order_id_shopify"].isin([order["id"] for order in orders])]
        assert not (mine["outcome"] == "set_aside").any(), mine["message"].to_list()
    for order in orders:
        in_balance(books, order)
    no_duplicates(books)


def happen(world, order, chance):
    """Let one thing happen to an order, if it can."""
    from sandbox.shopify.order_actions import open_units

    state = world.world.shops["GROCER"].orders[order["id"]]
    line = chance.choice(state["lines"])
    open_now = open_units(state, line)
    shipped = line["quantity"] - line["removed"] - line["returned"] - open_now
    what = chance.choice(["fulfil", "cancel units", "return", "keep", "edit", "nothing"])
    if what == "fulfil" and open_now:
        act(world, "fulfil", order_id=order["id"], quantities={line["id"]: chance.randint(1, open_now)})
    elif what == "cancel units" and open_now:
        act(world, "refund", order_id=order["id"], quantities={line["id"]: chance.randint(1, open_now)})
    elif what == "return" and shipped > 0:
        spot = chance.choice(["gid://shopify/Location/1001", "gid://shopify/Location/1002"])
        act(
            world,
            "refund",
            order_id=order["id"],
            quantities={line["id"]: chance.randint(1, shipped)},
            restock_type="RETURN",
            location_id=spot,
        )
    elif what == "keep" and shipped > 0 and not open_now:
        act(world, "refund", order_id=order["id"], quantities={line["id"]: 1}, restock_type="NO_RESTOCK")
    elif what == "edit":
        sku = chance.choice(["DATES", "EGGS"])
        act(
            world,
            "edit",
            order_id=order["id"],
            add=[{"variant_id": variant(world.world.shops["GROCER"], sku), "quantity": chance.randint(1, 3)}],
        )


@pytest.mark.parametrize("kind", ["none", "timeout_after", "timeout_before", "disconnect"])
def test_a_fulfilment_of_netsuites_goes_to_shopify_once_and_its_echo_is_known(books, kind):
    from sandbox.netsuite.actions import act as do

    order = place(books, [("APPLE", 3, {"unit_price": "10.00"})])
    with open_context() as context:
        sync(context)
        name = f"SHOPIFY-GROCER-{order['id'].rsplit('/', 1)[1]}"
        with books.world.lock:
            do(books.world, "fulfil", {"external_id": name, "line": 1, "quantity": 2})
        act(books, "move", order_id=order["id"], location_id="gid://shopify/Location/1001")  # touches the order
        if kind != "none":
            books.world.faults.order(
                {"system": "shopify", "operation": "fulfillmentCreate", "kind": kind, "seconds": 0.02, "times": 1}
            )
        for _ in range(3):
            sync(context)
            act(books, "move", order_id=order["id"], location_id="gid://shopify/Location/1001")
    state = books.world.shops["GROCER"].orders[order["id"]]
    assert [sum(row["quantity"] for row in made["lines"]) for made in state["fulfillments"]] == [2]
    found = made(books, order)
    assert "ItemShip" not in found  # NetSuite's own stays the only one
    assert [str(x) for x in found["CustInvc"]] == ["21.65"]
    assert (
        books.world.db.execute("SELECT COUNT(*) FROM ns_transaction WHERE type = 'ItemShip' AND externalid IS NULL").fetchone()[0]
        == 1
    )
