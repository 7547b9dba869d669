"""The expected-level ledger, read by read: what nothing explains is subtracted and remembered, until explained or expired."""

import random
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from contract.frames import empty, from_rows
from contract.tables import TABLES
from domain.expected_levels import advance, forget, rebase

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
PATIENCE = timedelta(hours=24)
PAIR = {"shop_code": "ONE", "sku": "X", "location_code": "A"}


def levels(*rows):
    """Return `core_levels` of {free, committed, held, at} rows: `free` is on hand less committed."""
    made = []
    for row in rows:
        committed, held = row.get("committed", 0), row.get("held", 0)
        blank = {c: 0 if c.endswith("_qty") else "i" for c in TABLES["core_levels"].columns}
        given = {"on_hand_qty": row["free"] + committed, "committed_qty": committed, "reserved_qty": held}
        given |= {"available_qty": row["free"] - held, "read_at_utc": row["at"]}
        made.append(blank | PAIR | given | row.get("pair", {}))
    return from_rows("core_levels", made)


def lines(*rows):
    """Return `core_order_lines` of {line, left, back, open, at} rows."""
    made = []
    for number, row in enumerate(rows):
        blank = {c: 0 if c.endswith("_qty") else "o" for c in TABLES["core_order_lines"].columns}
        given = {
            "order_line_id_shopify": row.get("line", f"l{number}"),
            "left_qty": row.get("left", 0),
            "back_qty": row.get("back", 0),
        }
        given |= {"open_qty": row.get("open", 0), "unrouted_qty": row.get("unrouted", 0)}
        given |= {"event_at_utc": row.get("at", START), "placed_at_utc": START}
        made.append(blank | PAIR | given | row.get("pair", {}))
    return from_rows("core_order_lines", made)


class Reads:
    """A ledger, read after read, of one pair."""

    def __init__(self):
        self.known, self.counted = empty("core_expected_levels"), empty("core_counted_events")
        self.expired = []

    def read(self, free, *orders, hours=0.0, shuffle=None, **more):
        """Read the level and the orders some hours after the start; return (drop, rise)."""
        at = START + timedelta(hours=hours)
        told = list(orders)
        if shuffle:
            shuffle.shuffle(told)
        ledger = advance(self.known, self.counted, levels({"free": free, "at": at, **more}), lines(*told), PATIENCE)
        self.known, self.counted = ledger.levels, ledger.counted
        self.expired.append((int(ledger.expired["drop_qty"].sum()), int(ledger.expired["rise_qty"].sum())))
        row = self.known.set_index("location_code").loc["A"]
        return int(row["drop_qty"]), int(row["rise_qty"])


def order(line, left=0, back=0, **more):
    return {"line": line, "left": left, "back": back, **more}


# Each case: reads one after the other, every one (level, orders) -> (drop, rise)
SPEC = {
    "first sight: no base, no drop": [((10, []), (0, 0))],
    "nothing happens": [((10, []), (0, 0)), ((10, []), (0, 0))],
    "a drop that nothing explains": [((10, []), (0, 0)), ((7, []), (3, 0))],
    "a drop is remembered while the level stands": [((10, []), (0, 0)), ((7, []), (3, 0)), ((7, []), (3, 0))],
    "a drop that the order explains at once": [((10, []), (0, 0)), ((7, [order("a", 3)]), (0, 0))],
    "a drop that an order explains in part": [((10, []), (0, 0)), ((5, [order("a", 3)]), (2, 0))],
    "an order that the search shows later explains its drop": [
        ((10, []), (0, 0)),
        ((7, []), (3, 0)),
        ((7, [order("a", 3)]), (0, 0)),
    ],
    "an order explains no more than once": [
        ((10, []), (0, 0)),
        ((7, [order("a", 3)]), (0, 0)),
        ((4, [order("a", 3)]), (3, 0)),
    ],
    "a second drop beside the first": [((10, []), (0, 0)), ((7, []), (3, 0)), ((6, []), (4, 0))],
    "the level below zero is a level like any other": [((1, []), (0, 0)), ((-2, [order("a", 2)]), (1, 0))],
    "a rise is remembered and adds nothing": [((10, []), (0, 0)), ((12, []), (0, 2)), ((12, []), (0, 2))],
    "a rise does not pay for a drop": [((10, []), (0, 0)), ((12, []), (0, 2)), ((10, []), (2, 2))],
    "a return that is known explains its rise": [
        ((10, [order("a", 1)]), (0, 0)),
        ((11, [order("a", 1, 1)]), (0, 0)),
    ],
    "a return that becomes known later cancels its rise": [
        ((10, [order("a", 1)]), (0, 0)),
        ((11, [order("a", 1)]), (0, 1)),
        ((11, [order("a", 1, 1)]), (0, 0)),
    ],
    "a return that the level never shows is subtracted": [
        ((10, [order("a", 1)]), (0, 0)),
        ((10, [order("a", 1, 1)]), (1, 0)),
    ],
    "a return larger than the rise": [
        ((10, [order("a", 3)]), (0, 0)),
        ((11, [order("a", 3)]), (0, 1)),
        ((13, [order("a", 3, 3)]), (0, 0)),
    ],
    "placed and cancelled between two reads": [((10, []), (0, 0)), ((10, [order("a", 2, 2)]), (0, 0))],
    "placed unseen, then known and cancelled": [
        ((10, []), (0, 0)),
        ((8, []), (2, 0)),
        ((10, [order("a", 2, 2)]), (0, 0)),
    ],
    "an order edited upwards": [((8, [order("a", 2)]), (0, 0)), ((7, [order("a", 3)]), (0, 0))],
    "units that left a line without coming back are a return": [((8, [order("a", 2)]), (0, 0)), ((9, [order("a", 1)]), (0, 0))],
    "a buyer's order and a return meet in one level": [
        ((10, [order("a", 1)]), (0, 0)),
        ((10, [order("a", 1, 1)]), (1, 0)),
        ((10, [order("a", 1, 1), order("b", 1)]), (0, 0)),
    ],
}


@pytest.mark.parametrize("case", SPEC, ids=str)
def test_what_is_remembered(case):
    reads = Reads()
    assert [reads.read(free, *orders, hours=n / 10) for n, ((free, orders), _) in enumerate(SPEC[case])] == [
        expected for _, expected in SPEC[case]
    ]


@pytest.mark.parametrize(
    ("committed", "orders", "drop"),
    [
        (0, [], 0),
        (3, [], 3),
        (3, [{"open": 3}], 0),
        (3, [{"open": 1}, {"unrouted": 1}], 1),
        (3, [{"open": 5}], 0),
        (3, [{"open": 3, "pair": {"shop_code": "TWO"}}], 3),
    ],
)
def test_on_first_sight_what_is_committed_above_the_open_units_is_the_first_drop(committed, orders, drop):
    assert Reads().read(10, *orders, committed=committed) == (drop, 0)


def test_a_move_into_reserved_is_no_sale():
    reads = Reads()
    reads.read(10)
    assert reads.read(10, held=4, hours=1) == (0, 0)


@pytest.mark.parametrize(("seconds", "drop"), [(-1, 0), (0, 0), (1, 3)], ids=["before the read", "at the read", "after it"])
def test_an_event_counts_only_if_it_is_not_after_the_level_was_read(seconds, drop):
    reads = Reads()
    reads.read(10)
    at = START + timedelta(hours=1, seconds=seconds)
    assert reads.read(7, order("a", 3, at=at), hours=1) == (drop, 0)
    assert reads.read(7, order("a", 3, at=at), hours=2) == (0, 0)


def test_an_event_that_waits_is_not_counted_before_its_level_is_read():
    reads = Reads()
    reads.read(10)
    at = START + timedelta(hours=1, seconds=1)
    assert reads.read(10, order("a", 3, at=at), hours=1) == (0, 0)
    assert reads.counted.empty
    assert reads.read(7, order("a", 3, at=at), hours=2) == (0, 0)


# hours of each read after the first drop of 3, and its level -> what is remembered, and what expired by then
AGES = {
    "just before its age": ([(23.99, 7)], (3, 0), (0, 0)),
    "at its age": ([(24, 7)], (0, 0), (3, 0)),
    "after it": ([(30, 7)], (0, 0), (3, 0)),
    "a later drop lives on when the first one ends": ([(23, 6), (24, 6)], (1, 0), (3, 0)),
    "a later drop ends at its own age": ([(23, 6), (24, 6), (47, 6)], (0, 0), (4, 0)),
    "not a moment before": ([(23, 6), (24, 6), (46.99, 6)], (1, 0), (3, 0)),
    "both over at one read": ([(23, 6), (60, 6)], (0, 0), (4, 0)),
    "a drop at the very read that ends the first": ([(24, 6)], (1, 0), (3, 0)),
    "a rise beside it has its own age": ([(20, 9), (24, 9)], (0, 2), (3, 0)),
    "and ends at it": ([(20, 9), (44, 9)], (0, 0), (3, 2)),
}


@pytest.mark.parametrize("case", AGES, ids=str)
def test_what_nothing_explains_expires(case):
    then, remembered, expired = AGES[case]
    reads = Reads()
    reads.read(10, hours=-1)
    assert reads.read(7) == (3, 0)
    told = [reads.read(free, hours=hours) for hours, free in then]
    assert told[-1] == remembered
    assert (sum(drop for drop, _ in reads.expired), sum(rise for _, rise in reads.expired)) == expired


def test_an_order_explains_the_newest_drop_and_leaves_the_older_its_age():
    reads = Reads()
    reads.read(10, hours=-1)
    reads.read(7)
    assert reads.read(6, hours=20) == (4, 0)
    assert reads.read(6, order("a", 1), hours=21) == (3, 0)
    assert reads.read(6, order("a", 1), hours=24) == (0, 0)


def test_a_rise_long_past_hides_no_order_beside_a_return():
    reads = Reads()
    reads.read(10, order("a", 1))
    assert reads.read(15, order("a", 1), hours=1) == (0, 5)
    assert reads.read(15, order("a", 1), hours=25) == (0, 0)
    assert reads.read(15, order("a", 1, 1), hours=26) == (1, 0), "one came back, so one has gone unseen"


def test_our_own_write_is_no_drop_and_no_rise():
    reads = Reads()
    reads.read(10)
    reads.known = rebase(reads.known, pd.DataFrame([{**PAIR, "expected_qty": 10, "desired_qty": 4}]))
    assert reads.read(4, hours=1) == (0, 0)
    assert reads.read(3, hours=2) == (1, 0)


def test_a_pair_that_is_not_read_keeps_what_is_remembered():
    reads = Reads()
    reads.read(10)
    reads.read(7, hours=1)
    other = levels({"free": 1, "at": START + timedelta(hours=2), "pair": {"location_code": "B"}})
    told = advance(reads.known, reads.counted, other, lines(), PATIENCE).levels
    assert told.set_index("location_code")["drop_qty"].to_dict() == {"A": 3, "B": 0}


def test_units_that_move_to_another_location_come_back_here_and_leave_there():
    both = [{"free": 10, "at": START}, {"free": 10, "at": START, "pair": {"location_code": "B"}}]
    there = {"pair": {"location_code": "B"}}
    first = advance(empty("core_expected_levels"), empty("core_counted_events"), levels(*both), lines(order("a", 2)), PATIENCE)
    later = START + timedelta(hours=1)
    moved = levels({"free": 12, "at": later}, {"free": 8, "at": later, **there})
    told = advance(first.levels, first.counted, moved, lines(order("a", 2, **there)), PATIENCE).levels
    assert told[["drop_qty", "rise_qty"]].to_numpy().sum() == 0


def test_events_are_forgotten_only_before_the_instant_given():
    reads = Reads()
    reads.read(10, order("a", 1))
    assert len(forget(reads.counted, START)) == 1
    assert forget(reads.counted, START + timedelta(seconds=1)).empty


# --- laws

small = st.integers(0, 3)
histories = st.lists(
    st.tuples(st.integers(-3, 12), st.lists(st.tuples(small, small), min_size=3, max_size=3)), min_size=2, max_size=5
)


def follow(history, *, shuffle=None, twice=False):
    """Return what is remembered after each read of cumulative orders; with `twice`, every read is done twice."""
    reads, told, totals = Reads(), [], [[0, 0] for _ in range(3)]
    for number, (free, steps) in enumerate(history):
        for total, (left, back) in zip(totals, steps, strict=True):
            total[0] += left
            total[1] += back
        orders = [order(f"l{place}", left, back) for place, (left, back) in enumerate(totals)]
        for _ in range(2 if twice else 1):
            found = reads.read(free, *orders, hours=number / 10, shuffle=shuffle)
        told.append(found)
    return told


@settings(derandomize=True, deadline=None, max_examples=4, phases=[Phase.generate])
@given(histories, st.integers(0, 99))
def test_the_order_of_rows_is_irrelevant_and_the_same_events_count_once(history, seed):
    told = follow(history)
    assert follow(history, shuffle=random.Random(seed)) == told
    assert follow(history, twice=True) == told


@settings(derandomize=True, deadline=None, max_examples=6, phases=[Phase.generate])
@given(histories)
def test_every_unit_of_a_level_is_explained_or_remembered(history):
    told = follow(history)
    assert all(drop >= 0 and rise >= 0 for drop, rise in told)
    base, left, back = history[0][0], 0, 0
    for (free, steps), (drop, rise) in zip(history[1:], told[1:], strict=True):
        left += sum(step[0] for step in steps)
        back += sum(step[1] for step in steps)
        assert free == base - left + back - drop + rise
