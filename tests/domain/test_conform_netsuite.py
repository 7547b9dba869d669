"""Conforming NetSuite, row by row: what becomes stock, and what is set aside with its reason."""

import pytest

from contract.frames import empty
from contract.models import Account, Location
from domain.conform_netsuite import conform_items, conform_stock
from tests.domain.channel_world import make_contract
from tests.domain.raw_rows import raw

CONTRACT = make_contract({"ONE": {}, "TWO": {}})
ITEM = {"item_type": "InvtPart", "is_serial": "F", "is_lot": "F", "is_inactive": "F"}
QUANTITIES = ("on_hand_qty", "available_qty", "committed_qty", "backordered_qty", "in_transit_qty", "on_order_qty")
ITEMS = {
    "a stock item": ([("1", "X", {})], ["X"], []),
    "an assembly is stock": ([("1", "X", {"item_type": "Assembly"})], ["X"], []),
    "a service is no stock": ([("1", "X", {"item_type": "Service"})], [], ["not_stocked"]),
    "a gift card is no stock": ([("1", "X", {"item_type": "GiftCert"})], [], ["not_stocked"]),
    "an item of no type is no stock": ([("1", "X", {"item_type": None})], [], ["not_stocked"]),
    "a kit is told by its members": ([("1", "X", {"item_type": "Kit"})], [], []),
    "an item without a code": ([("1", None, {})], [], ["no_sku"]),
    "two items of one code: neither": ([("1", "X", {}), ("2", "X", {}), ("3", "Y", {})], ["Y"], ["duplicate_sku", "duplicate_sku"]),
    "a service of the same code is no duplicate": ([("1", "X", {}), ("2", "X", {"item_type": "Service"})], ["X"], ["not_stocked"]),
    "codes that differ in case are two SKUs": ([("1", "X", {}), ("2", "x", {})], ["X", "x"], []),
    "an inactive item still has units that may have been sold": ([("1", "X", {"is_inactive": "T"})], ["X"], []),
    "nothing": ([], [], []),
}


def items(*rows):
    listed = [ITEM | {"item_id_netsuite": number, "item_code": code} | more for number, code, more in rows]
    return raw("raw_netsuite__items", *listed) if listed else empty("raw_netsuite__items")


@pytest.mark.parametrize("case", ITEMS, ids=str)
def test_what_is_a_stock_item(case):
    rows, skus, reasons = ITEMS[case]
    core, aside = conform_items(items(*rows))
    assert (core["sku"].to_list(), aside["reason_code"].to_list()) == (skus, reasons)


def balance(on_hand="5", place="1", item="1", **more):
    return {
        "item_id_netsuite": item,
        "location_id_netsuite": place,
        **dict.fromkeys(QUANTITIES, "0"),
        "on_hand_qty": on_hand,
        **more,
    }


NOTHING = dict.fromkeys(QUANTITIES)
# balances -> {(sku, location): on hand}, what cannot be read, reasons (with their fields)
STOCK = {
    "whole units": ([balance()], {("X", "A"): 5}, [], []),
    "written with decimals": ([balance("5.0")], {("X", "A"): 5}, [], []),
    "zero": ([balance("0")], {("X", "A"): 0}, [], []),
    "negative: oversold is a normal state": ([balance("-2")], {("X", "A"): -2}, [], []),
    "all missing: never stocked there": ([balance() | NOTHING], {("X", "A"): 0}, [], []),
    "on hand missing beside others": (
        [balance(None, committed_qty="1")],
        {},
        [("X", "A")],
        [("missing_quantity", "on_hand_qty")],
    ),
    "another quantity missing counts as zero": ([balance(committed_qty=None)], {("X", "A"): 5}, [], []),
    "a part of a unit": ([balance("1.5")], {}, [("X", "A")], [("fractional_quantity", "on_hand_qty")]),
    "a part of a unit committed": (
        [balance(committed_qty="0.25")],
        {},
        [("X", "A")],
        [("fractional_quantity", "committed_qty")],
    ),
    "no number": ([balance("many")], {}, [("X", "A")], [("not_a_number", "on_hand_qty")]),
    "no finite number": ([balance("inf")], {}, [("X", "A")], [("not_a_number", "on_hand_qty")]),
    "two faults of one row are two reasons": (
        [balance("1.5", committed_qty="some")],
        {},
        [("X", "A")],
        [("fractional_quantity", "on_hand_qty"), ("not_a_number", "committed_qty")],
    ),
    "two NetSuite locations of one code are added up": ([balance("5"), balance("3", "11")], {("X", "A"): 8}, [], []),
    "of two, one bad: the pair is left as it is": (
        [balance("5"), balance("0.5", "11")],
        {},
        [("X", "A")],
        [("fractional_quantity", "on_hand_qty")],
    ),
    "a bad location takes no other down": (
        [balance("0.5"), balance("3", "2")],
        {("X", "B"): 3},
        [("X", "A")],
        [("fractional_quantity", "on_hand_qty")],
    ),
    "a location of no contract": ([balance(place="99")], {}, [], []),
    "an item that is none of ours": ([balance(item="9")], {}, [], []),
    "nothing": ([], {}, [], []),
}


def stock(rows, sellable=(), statuses=()):
    first, *others = CONTRACT.locations
    places = (Location(**first.model_dump() | {"netsuite_locations": ("1", "11")}), *others)
    account = Account(**CONTRACT.account.model_dump() | {"sellable_statuses": statuses})
    contract = CONTRACT.model_copy(update={"locations": places, "account": account})
    core, _ = conform_items(items(("1", "X", {}), ("2", "Y", {})))
    frames = (
        raw(name, *given) if given else empty(name)
        for name, given in (("raw_netsuite__stock", rows), ("raw_netsuite__sellable", sellable))
    )
    return conform_stock(*frames, core, contract)


@pytest.mark.parametrize("case", STOCK, ids=str)
def test_what_is_on_hand(case):
    rows, on_hand, unreadable, reasons = STOCK[case]
    told = stock(rows)
    assert told.core.set_index(["sku", "location_code"])["on_hand_qty"].to_dict() == on_hand
    assert list(told.unreadable.itertuples(index=False, name=None)) == unreadable
    assert sorted(zip(told.aside["reason_code"], told.aside["field"], strict=True)) == sorted(reasons)


def row(units, place="1"):
    return {"item_id_netsuite": "1", "location_id_netsuite": place, "on_hand_qty": units}


SELLABLE = {
    "all of it": ([row("5")], {"A": 5}),
    "a part: units on hold are not on hand": ([row("2")], {"A": 2}),
    "none": ([row("0")], {"A": 0}),
    "no row of it: nothing may be sold": ([], {"A": 0}),
    "never more than the total": ([row("9")], {"A": 5}),
    "a part of a unit: the pair is left as it is": ([row("1.5")], {}),
}


@pytest.mark.parametrize("case", SELLABLE, ids=str)
def test_only_what_is_in_a_sellable_status_is_on_hand(case):
    rows, expected = SELLABLE[case]
    assert stock([balance()], rows, ("1",)).core.set_index("location_code")["on_hand_qty"].to_dict() == expected
