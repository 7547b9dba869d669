"""Spec table of the ledger: what NetSuite's balances already net of an order line, and why what is left is left."""

import pandas as pd
import pytest

from domain.ledger import build_ledger, reflected_units, steady_units
from tests.domain.channel_world import make_contract
from tests.domain.raw_rows import rows

CONTRACT = make_contract({"ONE": {}})
SKUS = pd.Series({"7": "SHIRT", "8": "SOCKS"})
LINE = {"transaction_id_netsuite": "1", "line_id_netsuite": "1", "item_id_netsuite": "7", "location_id_netsuite": "1"}
ORDER = {"transaction_type": "SalesOrd", "is_closed": "F", "status_code": "B"}
SHIPMENT = {"transaction_type": "ItemShip", "status_code": "C", "created_from_id_netsuite": "1"}
CASH = {"transaction_type": "CashSale"}


def lines(*given):
    return rows("raw_netsuite__order_lines", *({**LINE, **row} for row in given))


REFLECTED = {
    "committed": ({**ORDER, "ordered_qty": "3", "committed_qty": "3"}, 3),
    "backordered": ({**ORDER, "ordered_qty": "3", "backordered_qty": "3"}, 3),
    "part committed, part backordered": ({**ORDER, "ordered_qty": "3", "committed_qty": "2", "backordered_qty": "1"}, 3),
    "part shipped: the order line holds what is left": ({**ORDER, "ordered_qty": "3", "committed_qty": "1", "shipped_qty": "2"}, 1),
    "pending approval commits nothing": ({**ORDER, "status_code": "A", "ordered_qty": "3"}, 0),
    "closed line": ({**ORDER, "is_closed": "T", "ordered_qty": "3", "committed_qty": "3"}, 0),
    "nothing said": (ORDER, 0),
    "zero": ({**ORDER, "ordered_qty": "0", "committed_qty": "0"}, 0),
    "below zero counts as zero": ({**ORDER, "committed_qty": "-2"}, 0),
    "shipped": ({**SHIPMENT, "ordered_qty": "2"}, 2),
    "picked: still on hand": ({**SHIPMENT, "status_code": "A", "ordered_qty": "2"}, 0),
    "packed: still on hand": ({**SHIPMENT, "status_code": "B", "ordered_qty": "2"}, 0),
    "cash sale by itself": ({**CASH, "ordered_qty": "2"}, 2),
    "cash sale of a sales order: its shipments count, not it": ({**CASH, "ordered_qty": "2", "created_from_id_netsuite": "1"}, 0),
}


@pytest.mark.parametrize("case", REFLECTED)
def test_what_a_netsuite_line_nets(case):
    given, units = REFLECTED[case]
    found, aside = reflected_units(lines(given))
    assert list(found["reflected_qty"]) == [units]
    assert aside.empty


@pytest.mark.parametrize(("value", "reason"), [("1.5", "fractional_quantity"), ("many", "not_a_number")])
def test_a_quantity_that_is_no_whole_number_nets_nothing_and_is_told(value, reason):
    found, aside = reflected_units(lines({**ORDER, "ordered_qty": "3", "committed_qty": value}))
    assert list(found["reflected_qty"]) == [0]
    assert list(aside["reason_code"]) == [reason]


AGAIN = {
    "the same twice": ({}, {}, 3),
    "less the second time": ({}, {"committed_qty": "1"}, 1),
    "more the second time": ({"committed_qty": "1"}, {}, 1),
    "gone the second time": ({}, None, 0),
    "its transaction was touched": ({}, {"transaction_modified_at_utc": "2026-03-02T00:00:01Z"}, 0),
    "its line was touched": ({}, {"line_modified_at_utc": "2026-03-02T00:00:01Z"}, 0),
    "moved to another location": ({}, {"location_id_netsuite": "2"}, 0),
}


@pytest.mark.parametrize("case", AGAIN)
def test_both_readings_must_agree(case):
    first, second, units = AGAIN[case]
    base = {**ORDER, "ordered_qty": "3", "committed_qty": "3", "transaction_modified_at_utc": "2026-03-02T00:00:00Z"}
    before, _ = reflected_units(lines({**base, **first}))
    after, _ = reflected_units(lines(*([{**base, **first, **second}] if second is not None else [])))
    steady = steady_units(before, after)
    assert list(steady["reflected_qty"]) == [units]


def demand(*given):
    """Return order lines in stock SKUs: (line, sku, place, units)."""
    named = [dict(zip(("order_line_id_shopify", "sku", "location_code", "demand_qty"), row, strict=True)) for row in given]
    return pd.DataFrame(named).assign(shop_code="ONE", order_id_shopify="gid://shopify/Order/1")


def ledger(demanded, *reflected):
    """Return {(line, sku, place): (unreflected, reason)} of reflected (line, item, place, units)."""
    columns = ["order_line_id_shopify", "item_id_netsuite", "location_id_netsuite", "reflected_qty"]
    found = pd.DataFrame(list(reflected), columns=columns).assign(transaction_id_netsuite="1")
    found["line_id_netsuite"] = [str(place) for place in range(len(found))]
    links = found[["transaction_id_netsuite", "line_id_netsuite", "order_line_id_shopify"]].assign(shop_code="ONE")
    told = build_ledger(demand(*demanded), found.drop(columns="order_line_id_shopify"), links, SKUS, CONTRACT)
    key = ["order_line_id_shopify", "sku", "location_code"]
    return {tuple(row[:3]): tuple(row[3:]) for row in told[[*key, "unreflected_qty", "reason_code"]].itertuples(index=False)}


LEDGER = {
    "NetSuite has all of it": (3, 3, 0, "reflected"),
    "NetSuite has a part": (3, 1, 2, "partly_reflected"),
    "NetSuite has the line and commits nothing": (3, 0, 3, "not_committed_in_netsuite"),
    "NetSuite has more: a release is not given back": (3, 5, -2, "release_not_given_back"),
    "nothing is wanted, nothing is there": (0, 0, 0, "reflected"),
    "cancelled in Shopify only": (0, 3, -3, "release_not_given_back"),
}


@pytest.mark.parametrize("case", LEDGER)
def test_what_is_left_of_a_line_and_why(case):
    wanted, there, left, reason = LEDGER[case]
    assert ledger([("L1", "SHIRT", "A", wanted)], ("L1", "7", "1", there)) == {("L1", "SHIRT", "A"): (left, reason)}


def test_a_line_that_netsuite_does_not_have_is_unreflected_whole():
    assert ledger([("L1", "SHIRT", "A", 3)]) == {("L1", "SHIRT", "A"): (3, "order_not_in_netsuite")}


def test_committed_here_and_shipped_there_is_a_gap_there_and_a_release_here():
    told = ledger([("L1", "SHIRT", "B", 3)], ("L1", "7", "1", 3))
    assert told == {
        ("L1", "SHIRT", "A"): (-3, "release_not_given_back"),
        ("L1", "SHIRT", "B"): (3, "not_committed_in_netsuite"),
    }


def test_a_kits_members_are_matched_each_by_its_own_item():
    told = ledger([("L1", "SHIRT", "A", 1), ("L1", "SOCKS", "A", 2)], ("L1", "7", "1", 1), ("L1", "8", "1", 1))
    assert told == {("L1", "SHIRT", "A"): (0, "reflected"), ("L1", "SOCKS", "A"): (1, "partly_reflected")}


def test_order_line_and_its_shipment_add_up():
    assert ledger([("L1", "SHIRT", "A", 3)], ("L1", "7", "1", 1), ("L1", "7", "1", 2)) == {("L1", "SHIRT", "A"): (0, "reflected")}


def test_a_line_removed_and_added_again_by_hand_counts_as_it_is_now():
    """The old line is gone from NetSuite; the new one, matched by item, commits what it commits."""
    assert ledger([("L1", "SHIRT", "A", 2)], ("L1", "7", "1", 1)) == {("L1", "SHIRT", "A"): (1, "partly_reflected")}


def test_what_netsuite_has_at_a_place_or_of_an_item_we_do_not_know_nets_nothing():
    told = ledger([("L1", "SHIRT", "A", 2)], ("L1", "7", "99", 2), ("L1", "99", "1", 2))
    assert told == {("L1", "SHIRT", "A"): (2, "not_committed_in_netsuite")}


def test_what_belongs_to_an_order_that_was_not_read_is_left_out():
    assert ledger([("L1", "SHIRT", "A", 1)], ("L2", "7", "1", 4)) == {("L1", "SHIRT", "A"): (1, "order_not_in_netsuite")}
