"""Spec table of the expected-level ledger: drops and rises, what explains them, and when they expire."""

import random
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from contract.frames import empty, from_rows
from domain.expected_levels import advance, rebase

PATIENCE = timedelta(hours=24)
START = datetime(2026, 3, 2, tzinfo=UTC)
PAIR = {"shop_code": "ONE", "sku": "SHIRT", "location_code": "A"}


def at(hours):
    return START + timedelta(hours=hours)


def level(on_hand, committed=0, hours=0, **pair):
    states = dict.fromkeys(("reserved_qty", "damaged_qty", "safety_stock_qty", "quality_control_qty", "incoming_qty"), 0)
    row = {**PAIR, **pair, **states, "on_hand_qty": on_hand, "committed_qty": committed, "available_qty": on_hand - committed}
    more = {"inventory_item_id_shopify": "i", "location_id_shopify": "l", "read_at_utc": at(hours)}
    return row | more


def line(name, left, back=0, hours=0, open_qty=0, **pair):
    row = {**PAIR, **pair, "order_line_id_shopify": name, "order_id_shopify": name, "left_qty": left, "back_qty": back}
    units = {"ordered_qty": left, "current_qty": left, "demand_qty": left - back, "open_qty": open_qty, "fulfilled_qty": 0}
    return row | units | {"unrouted_qty": 0, "event_at_utc": at(hours), "placed_at_utc": at(hours)}


def play(*reads):
    """Advance over reads of (levels, lines); return the state after the last one and everything that expired."""
    known, counted, expired = empty("core_expected_levels"), empty("core_counted_events"), []
    for levels, lines in reads:
        frames = [
            from_rows(name, rows) if rows else empty(name) for name, rows in (("core_levels", levels), ("core_order_lines", lines))
        ]
        told = advance(known, counted, *frames, PATIENCE)
        known, counted = told.levels, told.counted
        expired += list(told.expired["drop_qty"])
    return known, counted, expired


def drop_and_rise(known):
    row = known.iloc[0]
    return int(row["drop_qty"]), int(row["rise_qty"])


FIRST = ([level(10)], [])
CASES = {
    # reads -> (drop, rise)
    "first sight, nothing committed": ([FIRST], (0, 0)),
    "first sight, all committed is known": ([([level(10, 3)], [line("L", 3, open_qty=3)])], (0, 0)),
    "first sight, more committed than known": ([([level(10, 3)], [line("L", 1, open_qty=1)])], (2, 0)),
    "first sight, less committed than known": ([([level(10, 1)], [line("L", 3, open_qty=3)])], (0, 0)),
    "nothing happened": ([FIRST, ([level(10, hours=1)], [])], (0, 0)),
    "a drop that nothing explains": ([FIRST, ([level(8, hours=1)], [])], (2, 0)),
    "a drop stays until it is explained": ([FIRST, ([level(8, hours=1)], []), ([level(8, hours=2)], [])], (2, 0)),
    "a drop that an order explains at once": ([FIRST, ([level(10, 2, hours=1)], [line("L", 2, hours=1)])], (0, 0)),
    "a drop that an order explains later": (
        [FIRST, ([level(10, 2, hours=1)], []), ([level(10, 2, hours=2)], [line("L", 2, hours=1)])],
        (0, 0),
    ),
    "a drop explained in part": (
        [FIRST, ([level(10, 3, hours=1)], []), ([level(10, 3, hours=2)], [line("L", 2, hours=1)])],
        (1, 0),
    ),
    "an order after the read waits": ([FIRST, ([level(10, hours=1)], [line("L", 2, hours=2)])], (0, 0)),
    "an order at the read's own instant counts": ([FIRST, ([level(8, hours=1)], [line("L", 2, hours=1)])], (0, 0)),
    "a rise is remembered, never added": ([FIRST, ([level(13, hours=1)], [])], (0, 3)),
    "a rise cancels a return that becomes known": (
        [([level(10)], [line("L", 2)]), ([level(12, hours=1)], [line("L", 2)]), ([level(12, hours=2)], [line("L", 2, 2, hours=1)])],
        (0, 0),
    ),
    "a return that the level shows": (
        [([level(10)], [line("L", 2)]), ([level(12, hours=1)], [line("L", 2, 2, hours=1)])],
        (0, 0),
    ),
    "a move into damaged is no sale: on hand less committed stays": (
        [FIRST, ([level(10, hours=1) | {"available_qty": 7}], [])],
        (0, 0),
    ),
    "an order placed and cancelled between two reads": ([FIRST, ([level(10, hours=1)], [line("L", 2, 2, hours=1)])], (0, 0)),
}


@pytest.mark.parametrize("case", CASES)
def test_drops_and_rises(case):
    reads, expected = CASES[case]
    known, _, expired = play(*reads)
    assert drop_and_rise(known) == expected
    assert expired == []


@pytest.mark.parametrize(("hours", "left", "gone"), [(24.9, 2, []), (25, 0, [2]), (26, 0, [2])], ids=["before", "exactly", "after"])
def test_what_nothing_explains_expires_and_is_told(hours, left, gone):
    known, _, expired = play(FIRST, ([level(8, hours=1)], []), ([level(8, hours=hours)], []))
    assert drop_and_rise(known)[0] == left
    assert expired == gone


def test_our_own_write_is_expected():
    known, counted, _ = play(FIRST)
    written = pd.DataFrame([{**PAIR, "expected_qty": 10, "desired_qty": 7}])
    told = advance(
        rebase(known, written), counted, from_rows("core_levels", [level(7, hours=1)]), empty("core_order_lines"), PATIENCE
    )
    assert drop_and_rise(told.levels) == (0, 0)


def test_a_pair_that_is_not_read_stays_as_it_was():
    known, _, _ = play(([level(10), level(5, sku="SOCKS")], []), ([level(8, hours=1)], []))
    assert dict(zip(known["sku"], known["base_qty"], strict=True)) == {"SHIRT": 8, "SOCKS": 5}


SALES = st.lists(st.tuples(st.sampled_from(["SHIRT", "SOCKS"]), st.integers(1, 3), st.integers(0, 3)), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(SALES, st.integers(0, 2**16))
def test_the_order_of_rows_is_irrelevant_and_a_second_look_counts_nothing_twice(sales, seed):
    rng = random.Random(seed)
    lines = [line(f"L{number}", units, min(back, units), hours=1, sku=sku) for number, (sku, units, back) in enumerate(sales)]
    first = ([level(50), level(50, sku="SOCKS")], [])
    then = [level(50 - rng.randint(0, 5), hours=2), level(50 + rng.randint(0, 2), hours=2, sku="SOCKS")]
    known, counted, _ = play(first, (then, lines))
    mixed, mixed_counted, _ = play((list(reversed(first[0])), []), (list(reversed(then)), rng.sample(lines, k=len(lines))))
    assert_frame_equal(known, mixed)
    assert_frame_equal(counted, mixed_counted)
    later = [{**row, "read_at_utc": at(3)} for row in then]
    again, _, _ = play(first, (then, lines), (later, lines))
    columns = ["sku", "base_qty", "drop_qty", "rise_qty"]
    assert_frame_equal(again[columns], known[columns])
