"""NetSuite's own documents over real HTTP: builds, transfers, bins, counts and kits; what became of what, and who has it."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from flows.wiring import open_context
from sandbox.worlds.numbered import BOARD, HANDSET, MILK, PHONE, built_world
from tests.e2e.order_world import place
from tests.e2e.serial_world import (
    SECTION,
    balanced,
    keep_numbers,
    left_with,
    life,
    netsuite,
    outcomes_of,
    shipped,
    stages,
    told,
    traced,
    whole,
    write_section,
)
from tests.e2e.steps import sync


@pytest.fixture
def world_made_by():
    return built_world


@pytest.fixture
def books(world, tmp_path, bodies):
    return keep_numbers(world, tmp_path)


def build(books, *numbers):
    boards = {BOARD: [{"number": "B-1", "quantity": len(numbers)}]}
    body = {"item": HANDSET, "location": "1", "quantity": len(numbers), "numbers": list(numbers), "components": boards}
    return netsuite(books, "build", **body)["transaction"]


def of_milk(units, lot):
    return {"item": MILK, "location": "1", "quantity": units, "numbers": [{"number": lot, "quantity": abs(units)}]}


def where(number, sku="PHONE"):
    row = life(number, sku)
    return row["status_code"], row["location_code"], row["on_hand_qty"]


def test_what_documents_move_is_traced_and_taken_back_where_they_are_edited_or_deleted(books, run):
    made = build(books, "H-1", "H-2")
    place_to_place = {"item": PHONE, "from_location": "1", "to_location": "11", "quantity": 1}
    moved = netsuite(books, "transfer_stock", **place_to_place, numbers=["PH-0001"])["transaction"]
    bins = {"item": PHONE, "location": "1", "quantity": 1, "from_bin": 5, "to_bin": 6}
    binned = netsuite(books, "move_bins", **bins, numbers=["PH-0002"])["transaction"]
    traced(run)
    assert whole(books)
    assert (where("H-1", "HANDSET"), where("B-1", "BOARD")) == (("on_hand", "WAREHOUSE", 1), ("on_hand", "WAREHOUSE", 8))
    assert (stages("H-1", "HANDSET"), stages("B-1", "BOARD")) == ({"built"}, {"received", "consumed"})
    assert (where("PH-0001"), stages("PH-0001")) == (("on_hand", "STORE_406", 1), {"received", "moved_out", "moved_in"})
    assert (where("PH-0002"), stages("PH-0002")) == (("on_hand", "WAREHOUSE", 1), {"received", "left_bin", "put_away"})

    netsuite(books, "edit_numbers", transaction=made, line=0, numbers=["H-1", "H-9"])
    netsuite(books, "edit_numbers", transaction=moved, line=1, numbers=["PH-0004"])
    netsuite(books, "edit_numbers", transaction=binned, line=1, numbers=["PH-0003"])
    traced(run)
    assert whole(books)
    assert (stages("H-2", "HANDSET"), where("H-9", "HANDSET")) == ({"built", "built!"}, ("on_hand", "WAREHOUSE", 1))
    assert (where("PH-0001")[1], where("PH-0004")[1]) == ("WAREHOUSE", "STORE_406")
    assert stages("PH-0002") == {"received", "left_bin", "left_bin!", "put_away", "put_away!"}

    for document in (made, moved, binned):
        netsuite(books, "delete", transaction=document)
    traced(run)
    assert whole(books)
    assert (where("B-1", "BOARD"), life("H-9", "HANDSET")["on_hand_qty"]) == (("on_hand", "WAREHOUSE", 10), 0)
    assert [where(f"PH-000{number}") for number in (1, 2, 3, 4)] == [("on_hand", "WAREHOUSE", 1)] * 4


def test_counts_unbuilds_splits_and_transfer_orders_are_traced(books, run):
    build(books, "H-1", "H-2")
    apart = {"item": HANDSET, "location": "1", "quantity": 1, "numbers": ["H-2"], "components": {BOARD: ["B-1"]}}
    unbuilt = netsuite(books, "unbuild", **apart)["transaction"]
    started = {"item": PHONE, "location": "11", "quantity": 0, "approve": False}
    netsuite(books, "count_stock", **started)
    counted = netsuite(books, "count_stock", item=PHONE, location="11", quantity=1, numbers=["PH-0900"])["transaction"]
    lots = [(-6, "M-1"), (4, "M-1A"), (2, "M-1B")]
    netsuite(books, "adjust_stock", lines=[of_milk(units, lot) for units, lot in lots])
    sent = netsuite(
        books, "ship_transfer", item=PHONE, from_location="1", to_location="11", quantity=2, numbers=["PH-0001", "PH-0002"]
    )
    netsuite(books, "receive", item=PHONE, location="11", quantity=1, transfer=sent["transaction"], numbers=["PH-0002"])
    traced(run)
    assert whole(books)
    assert (where("H-2", "HANDSET")[0], stages("H-2", "HANDSET")) == ("taken_apart", {"built", "taken_apart"})
    assert (where("B-1", "BOARD")[2], stages("B-1", "BOARD")) == (9, {"received", "consumed", "recovered"})
    assert (where("PH-0101")[0], stages("PH-0101")) == ("scrapped", {"received", "scrapped"})
    assert (where("PH-0900"), stages("PH-0900")) == (("on_hand", "STORE_406", 1), {"counted", "found"})
    assert (where("M-1", "MILK")[0], where("M-1A", "MILK")[2], where("M-1B", "MILK")[2]) == ("scrapped", 4, 2)
    assert (where("PH-0001")[0], where("PH-0002")) == ("in_transit", ("on_hand", "STORE_406", 1))
    netsuite(books, "delete", transaction=counted)
    netsuite(books, "delete", transaction=unbuilt)
    netsuite(books, "adjust_stock", lines=[of_milk(-4, "M-1A"), of_milk(4, "M-1")])
    traced(run)
    assert (whole(books), where("PH-0101"), where("H-2", "HANDSET")) == (
        True, ("on_hand", "STORE_406", 1), ("on_hand", "WAREHOUSE", 1)
    )  # fmt: skip
    into = [(row["number"], row["units"], row["path"].count(">")) for row in told(run, "lot", "M-1")["went_into"]]
    assert into == [("M-1A", 4, 1), ("M-1B", 2, 1), ("M-1", 4, 2)]


def test_a_kit_that_netsuite_ships_is_shipped_in_the_shop(books, run):
    order = place(books, [("GIFTBOX", 2, {"unit_price": "205.00", "properties": {"Serial": "PH-0001, PH-0003"}})])
    with open_context() as context:
        sync(context)
    sql = (
        'SELECT l."transaction", l.kitmemberof, l.id FROM ns_transactionline l JOIN ns_transaction t ON t.id = l."transaction" '
        "WHERE t.type = 'SalesOrd' AND l.kitmemberof IS NOT NULL AND l.item IN (?, ?) ORDER BY l.item"
    )
    (document, kit, phone), (_, _, milk) = books.world.db.execute(sql, (PHONE, MILK)).fetchall()
    members = {str(phone): ["PH-0001"], str(milk): [{"number": "M-2", "quantity": 2}]}
    netsuite(books, "fulfil", transaction=document, line=kit, quantity=1, members=members)
    with open_context() as context:
        sync(context)
    (told_of,) = books.world.shops["GROCER"].orders[order["id"]]["fulfillments"]
    traced(run)
    assert ([row["quantity"] for row in told_of["lines"]], whole(books)) == ([1], True)
    assert (where("PH-0001")[0], where("PH-0003")[0], where("M-2", "MILK")[2]) == ("left", "promised", 2)


def test_a_kit_and_an_assembly_are_sold_shipped_and_recalled(books, run, tmp_path):
    build(books, "H-1", "H-2")
    lines = [
        ("GIFTBOX", 1, {"unit_price": "205.00", "properties": {"Serial": "ph-0002"}}),
        ("HANDSET", 1, {"unit_price": "299.00", "properties": {"Serial": "H-1"}}),
    ]
    order = place(books, lines)
    shipped(books, order)
    with open_context() as context:
        rows = sync(context)
    (aside,) = rows.loc[rows["outcome"].eq("set_aside")].to_dict("records")
    assert (aside["reason_code"], "2 of MILK leave, and 0 numbers are there" in aside["reason"]) == ("numbers_missing", True)
    write_section(tmp_path / "contract" / "contract.yaml", SECTION | {"assign": "fefo"})
    with open_context() as context:
        found = outcomes_of(context, order)
    assert {kind: found[kind][0] for kind in ("itemFulfillment", "invoice")} == dict.fromkeys(
        ("itemFulfillment", "invoice"), "written"
    )
    assert left_with(books) == [("H-1", -1), ("M-1", -2), ("PH-0002", -1)]
    traced(run)
    key = f"GROCER/{order['id'].rsplit('/', 1)[1]}"
    assert (whole(books), life("PH-0002")["order_key"], where("M-1", "MILK")[2]) == (True, key, 4)

    csv = tmp_path / "recall.csv"
    recall = told(run, "lot", "B-1", "--csv", str(csv))
    went = {(row["number"], row["stage_code"], row["order"], row["path"]) for row in recall["went"]}
    assert ("H-1", "fulfilled", key, "BOARD B-1 > HANDSET H-1") in went
    assert {row["number"] for row in recall["went_into"]} == {"H-1", "H-2"}
    assert f"{key},WAREHOUSE,BOARD B-1 > HANDSET H-1" in csv.read_text()
    assert "BOARD B-1 > HANDSET H-1" in run("lot", "B-1")[1]
    (handset,) = told(run, "serial", "H-1")
    assert [(row["number"], row["units"], row["path"]) for row in handset["made_of"]] == [("B-1", 2, "HANDSET H-1 > BOARD B-1")]
    assert run("serial", "H-1", "--page", str(tmp_path / "pages"))[0] == 0
    page = (tmp_path / "pages" / "HANDSET-H-1" / "index.html").read_text()
    assert ("Made of" in page, "HANDSET H-1 &gt; BOARD B-1" in page or "HANDSET H-1 > BOARD B-1" in page) == (True, True)


def random_step(rng, number):
    """Return an action on one of the numbers of the world, as likely refused as done."""
    phone, handset = f"PH-000{rng.randint(1, 4)}", f"H-{rng.randint(1, 4)}"
    (place, other), lot = rng.choice((("1", "11"), ("11", "1"))), rng.choice(("M-1", "M-2", "M-3"))
    goods = {"item": PHONE, "location": place, "quantity": 1, "numbers": [phone]}
    made = {"item": HANDSET, "location": "1", "quantity": 1, "numbers": [handset], "components": {BOARD: ["B-1"]}}
    split = [
        {"item": MILK, "location": place, "quantity": sign, "numbers": [one]}
        for sign, one in ((-1, lot), (1, f"M-{rng.randint(1, 3)}"))
    ]
    return rng.choice(
        (
            ("build", made),
            ("unbuild", made),
            ("transfer_stock", goods | {"from_location": place, "to_location": other}),
            ("transfer_stock", goods | {"item": MILK, "from_location": place, "to_location": other, "numbers": [lot]}),
            ("move_bins", goods | {"from_bin": 5, "to_bin": 6}),
            ("count_stock", goods),
            ("adjust_stock", {"lines": split}),
            ("adjust_stock", goods | {"quantity": rng.choice((1, -1))}),
            ("ship_transfer", goods | {"from_location": place, "to_location": other}),
            ("receive", goods | {"transfer": rng.randint(1, number)}),
            (
                "edit_numbers",
                {"transaction": rng.randint(1, number), "line": rng.randint(0, 2), "numbers": [rng.choice((phone, handset))]},
            ),
            ("delete", {"transaction": rng.randint(1, number)}),
        )
    )


def test_whatever_is_done_every_number_is_where_netsuite_says(books, run):
    rng, now = random.Random(5), datetime.now(UTC) - timedelta(minutes=6)
    for round_of in range(2):
        done = 0
        for _ in range(70):
            now += timedelta(seconds=2)
            books.world.clock.set(now, frozen=True)
            (number,) = books.world.db.execute("SELECT MAX(id) FROM ns_transaction").fetchone()
            action, body = random_step(rng, number)
            try:
                netsuite(books, action, **body)
            except ValueError:
                continue
            done += 1
        books.world.clock.set(None)
        traced(run)
        # A document deleted beneath those that rest on it may leave a law broken, but never a balance.
        assert (balanced(books), done > 10) == (True, True), round_of
    again = traced(run, "--full")
    assert (again["counts"]["events recorded"], again["counts"]["events reversed"]) == (0, 0)
