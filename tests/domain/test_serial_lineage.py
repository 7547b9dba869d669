"""The history of numbers: its laws by example, and the law that the order of arrival changes nothing."""

import random
from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.frames import conform
from domain.serial_events import alive_of, counted, journal, keyed, no_events
from domain.serial_laws import LAWS, blocked_units, find_breaches
from domain.serial_lineage import trace
from domain.serial_matching import Known, Matcher
from domain.serial_numbers import Formats

OUT = {"fulfilled", "moved_out", "scrapped", "consumed", "taken_apart"}
TOLD = {"sold", "notified", "listed", "reserved", "refunded", "invoiced", "left_bin", "put_away", "picked", "counted"}
NOBODY = Matcher([], Formats())


def event(
    stage, minute, document=None, number="S1", place="W", order=None, units=1, sku="PHONE", line="1", line_qty=None, problem=None
):
    sign = 0 if stage in TOLD else -1 if stage in OUT else 1
    return {
        "sku": sku,
        "serial_number": number,
        "given_number": number,
        "stage_code": stage,
        "happened_at_utc": pd.Timestamp("2026-11-01", tz="UTC") + pd.Timedelta(minutes=minute),
        "modified_at_utc": pd.Timestamp("2026-11-02", tz="UTC") + pd.Timedelta(minutes=minute),
        "location_code": place,
        "moved_qty": sign * units,
        "line_qty": units if line_qty is None else line_qty,
        "document_key": f"NETSUITE/{document or minute}",
        "document_name": f"doc {document or minute}",
        "line_key": line,
        "order_key": order,
        "problem_code": problem,
    }


def frame(*rows, lots=frozenset()):
    return keyed(counted(pd.DataFrame(list(rows)), lots)) if rows else no_events()


def stock(*rows):
    made = [
        {
            "sku": sku,
            "serial_number": number,
            "location_code": place,
            "on_hand_qty": units,
            "available_qty": units,
            "in_transit_qty": 0,
            "is_inactive": inactive,
            "expiration_date": expires,
        }
        for number, place, units, sku, expires, inactive in rows
    ]
    columns = [
        "sku", "serial_number", "location_code", "on_hand_qty", "available_qty", "in_transit_qty", "is_inactive", "expiration_date",
    ]  # fmt: skip
    return conform("core_serial_stock", pd.DataFrame(made, columns=columns))


def there(place="W", units=1, number="S1", sku="PHONE", expires=None, inactive=False):
    return (number, place, units, sku, expires, inactive)


def judged(rows, balance=(), lots=frozenset(), last_day="2026-11-10", matcher=NOBODY):
    events = conform("core_serial_events", frame(*rows, lots=lots))
    found = find_breaches(events, stock(*balance), lots, last_day, matcher)
    return set(found["law_code"])


RECEIVED = event("received", 1)
S2 = event("received", 1, number="S2", document=9)
CASES = {
    "nothing": ([], [], set()),
    "on hand": ([RECEIVED], [there()], set()),
    "sold and shipped": ([RECEIVED, event("sold", 2, order="G/1"), event("fulfilled", 3, order="G/1")], [there(units=0)], set()),
    "shipped, returned, shipped": (
        [RECEIVED, event("fulfilled", 2, order="G/1"), event("returned", 3), event("fulfilled", 4, order="G/2")], [], set(),
    ),
    "moved": ([RECEIVED, event("moved_out", 2, document=2), event("moved_in", 2, document=2, place="S")], [there("S")], set()),
    "in the same second out before in": (
        [RECEIVED, event("moved_in", 2, document=2, place="S", line="2"), event("moved_out", 2, document=2)], [there("S")], set(),
    ),
    "shipped twice": ([RECEIVED, event("fulfilled", 2), event("fulfilled", 3)], [], {"shipped_twice", "balance_differs"}),
    "never received": ([event("fulfilled", 2)], [], {"never_received", "balance_differs"}),
    "built, taken apart": ([event("built", 1), event("taken_apart", 2)], [], set()),
    "built in, taken out": ([RECEIVED, event("consumed", 2), event("recovered", 3)], [there()], set()),
    "built in, and shipped": (
        [RECEIVED, event("consumed", 2), event("fulfilled", 3)], [], {"balance_differs"},
    ),
    "received twice": ([RECEIVED, event("received", 2)], [there(units=2)], {"two_places"}),
    "left a place where it was not": (
        [RECEIVED, event("fulfilled", 2, place="S")], [], {"left_elsewhere", "balance_differs"},
    ),
    "balance": ([RECEIVED], [there(units=0)], {"balance_differs"}),
    "balance elsewhere": ([RECEIVED], [there("S")], {"balance_differs"}),
    "sold twice": ([RECEIVED, event("sold", 2, order="G/1"), event("sold", 3, order="G/2")], [there()], {"sold_twice"}),
    "sold, back, sold": (
        [RECEIVED, event("sold", 2, order="G/1"), event("fulfilled", 3, order="G/1"), event("refunded", 4, order="G/1"),
         event("returned", 5), event("sold", 6, order="G/2")],
        [there()], set(),
    ),
    "one order names it on two lines": (
        [RECEIVED, event("sold", 2, order="G/1"), event("sold", 2, order="G/1", line="2")], [there()], set(),
    ),
    "sold and gone to another": (
        [RECEIVED, event("fulfilled", 2, order="G/1"), event("sold", 3, order="G/2")], [], {"sold_but_gone"},
    ),
    "another unit left": (
        [RECEIVED, event("received", 1, number="S2", document=9), event("sold", 2, order="G/1"),
         event("fulfilled", 3, order="G/1", number="S2")],
        [there()], {"not_as_promised"},
    ),
    "a line names a unit, another line of the item names none": (
        [RECEIVED, S2, event("sold", 2, order="G/1"), event("fulfilled", 3, order="G/1"),
         event("fulfilled", 4, order="G/1", number="S2")], [], set(),
    ),
    "what is named left for another order": (
        [RECEIVED, S2, event("sold", 2, order="G/1"), event("fulfilled", 3, order="G/2"),
         event("fulfilled", 4, order="G/1", number="S2")], [], {"not_as_promised", "sold_but_gone"},
    ),
    "a notice names a unit more than the order": (
        [RECEIVED, S2, event("sold", 2, order="G/1"), event("notified", 3, order="G/1", line_qty=2),
         event("notified", 3, order="G/1", number="S2", line_qty=2)],
        [there(), there(number="S2")], set(),
    ),
    "a notice names the rest of what left elsewhere": (
        [event("received", 1, place="S"), S2, event("sold", 2, order="G/1"), event("fulfilled", 3, order="G/1", place="S"),
         event("notified", 4, order="G/1", number="S2")],
        [there(number="S2")], set(),
    ),
    "a notice names what left": (
        [RECEIVED, event("sold", 2, order="G/1"), event("notified", 3, order="G/1"), event("fulfilled", 4, order="G/1")], [], set(),
    ),
    "a notice names another than the order": (
        [RECEIVED, S2, event("sold", 2, order="G/1"), event("notified", 3, order="G/1", number="S2")],
        [there(), there(number="S2")], {"not_as_promised"},
    ),
    "another left than the notice names": (
        [RECEIVED, S2, event("notified", 2, order="G/1"), event("fulfilled", 3, order="G/1", number="S2")],
        [there()], {"not_as_promised"},
    ),
    "the notice of the rest is late": (
        [RECEIVED, S2, event("notified", 2, order="G/1"), event("fulfilled", 3, order="G/1"),
         event("fulfilled", 4, order="G/1", number="S2")], [], set(),
    ),
    "the rest left another place than the partner's": (
        [RECEIVED, event("received", 1, number="S2", document=9, place="S"), event("notified", 2, order="G/1"),
         event("fulfilled", 3, order="G/1", number="S2", place="S")],
        [there()], set(),
    ),
    "a notice of no order": ([RECEIVED, S2, event("notified", 2), event("fulfilled", 3, number="S2")], [there()], set()),
    "a notice names too few": ([RECEIVED, event("notified", 2, order="G/1", line_qty=2)], [there()], {"count_differs"}),
    "a notice names what nobody has": ([event("notified", 2, problem="unknown_number")], [], {"unknown_number"}),
    "a notice names another item's": ([event("notified", 2, problem="wrong_item")], [], {"wrong_item"}),
    "said to have come back, and nobody has it": ([event("refunded", 2, order="G/1", problem="unknown_number")], [], {"unknown_number"}),
    "too few named": ([RECEIVED, event("sold", 2, order="G/1", line_qty=2)], [there()], {"count_differs"}),
    "unknown": ([event("sold", 2, order="G/1", problem="unknown_number")], [], {"unknown_number"}),
    "of another item": ([event("sold", 2, order="G/1", problem="wrong_item")], [], {"wrong_item"}),
    "twice on a line": ([RECEIVED, event("sold", 2, order="G/1", problem="twice_on_line", line_qty=2)], [there()], {"twice_on_line"}),
    "expires on the last day": ([RECEIVED], [there(expires="2026-11-10")], {"expired"}),
    "expires the day after": ([RECEIVED], [there(expires="2026-11-11")], set()),
    "expired and gone": ([], [there(units=0, expires="2026-11-01")], set()),
    "inactive": ([RECEIVED], [there(inactive=True)], {"inactive"}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_law(name):
    rows, balance, codes = CASES[name]
    assert judged(rows, balance) == codes


def test_every_law_is_broken_by_a_case():
    lot = [event("received", 1, units=2, sku="MILK"), event("fulfilled", 2, units=3, sku="MILK")]
    found = judged(lot, [], lots=frozenset({"MILK"}))
    assert found == {"more_left_than_came", "balance_differs"}
    assert set().union(*(codes for _, _, codes in CASES.values())) | found == set(LAWS)


def test_a_lot_splits_and_runs_out():
    lots = frozenset({"MILK"})
    rows = [
        event("received", 1, units=10, sku="MILK", number="L"),
        event("moved_out", 2, document=2, units=4, sku="MILK", number="L"),
    ]
    rows += [
        event("moved_in", 3, place="S", units=4, sku="MILK", number="L"),
        event("fulfilled", 4, units=6, sku="MILK", number="L"),
    ]
    balance = [there("S", 4, "L", "MILK", "2027-01-01")]
    assert judged(rows, balance, lots) == set()
    (row,) = trace(conform("core_serial_events", frame(*rows, lots=lots)), stock(*balance), lots).to_dict("records")
    assert (row["on_hand_qty"], row["location_code"], row["status_code"], row["is_complete"]) == (4, "S", "on_hand", True)
    assert row["expiration_date"] == "2027-01-01"


@pytest.mark.parametrize(
    ("stages", "status"),
    [
        (["received"], "on_hand"),
        (["received", "sold"], "promised"),
        (["received", "sold", "refunded"], "on_hand"),
        (["received", "fulfilled"], "left"),
        (["received", "moved_out"], "in_transit"),
        (["received", "scrapped"], "scrapped"),
        (["received", "consumed"], "consumed"),
        (["received", "consumed", "recovered"], "on_hand"),
        (["built", "taken_apart"], "taken_apart"),
        (["received", "left_bin", "put_away", "counted"], "on_hand"),
        (["received", "fulfilled", "returned"], "on_hand"),
        (["sold"], "unknown"),
    ],
)
def test_where_a_number_is(stages, status):
    rows = [event(stage, minute, order="G/1") for minute, stage in enumerate(stages, start=1)]
    (row,) = trace(conform("core_serial_events", frame(*rows)), stock(), frozenset()).to_dict("records")
    assert row["status_code"] == status


def test_a_doubtful_unit_is_blocked_unless_an_order_has_it():
    rows = [event("received", 1), event("received", 2), event("received", 1, number="S2"), event("received", 2, number="S2")]
    rows += [event("sold", 3, number="S2", order="G/1")]
    events, balance = conform("core_serial_events", frame(*rows)), stock(there(), there(number="S2"), there(units=5, number="S3"))
    found = find_breaches(events, balance, frozenset(), "2026-11-10", NOBODY)
    blocked = blocked_units(found, balance, trace(events, balance, frozenset()))
    assert blocked[["serial_number", "blocked_qty"]].to_dict("records") == [
        {"serial_number": "S1", "blocked_qty": 1},
        {"serial_number": "S3", "blocked_qty": 5},
    ]


def test_an_unknown_number_is_told_with_the_likely_one():
    matcher = Matcher([Known("S1", "PHONE", frozenset({"W"}))], Formats())
    rows = conform("core_serial_events", frame(event("sold", 2, number="SI", order="G/1", problem="unknown_number")))
    (row,) = find_breaches(rows, stock(), frozenset(), "2026-11-10", matcher).to_dict("records")
    assert row["suggestions"].startswith("S1 (the same but for look-alike characters")


STEPS = ["received", "sold", "fulfilled", "returned", "moved_out", "moved_in", "scrapped", "refunded", "consumed", "recovered"]
lives = st.lists(
    st.tuples(st.sampled_from(STEPS), st.sampled_from(["S1", "S2"]), st.sampled_from(["W", "S"]), st.sampled_from(["G/1", "G/2"])),
    min_size=1, max_size=12,
)  # fmt: skip


def told_of(life):
    return [
        event(stage, minute, number=number, place=place, order=order)
        for minute, (stage, number, place, order) in enumerate(life, 1)
    ]


@settings(max_examples=25, deadline=None)
@given(lives, st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(life, chance):
    rows = told_of(life)
    whole = conform("core_serial_events", frame(*rows))
    shuffled = whole.sample(frac=1, random_state=chance.randint(0, 2**32 - 1)).reset_index(drop=True)
    assert trace(shuffled, stock(), frozenset()).equals(trace(whole, stock(), frozenset()))
    again = pd.concat([shuffled, whole.head(3)], ignore_index=True)
    assert trace(again, stock(), frozenset()).equals(trace(whole, stock(), frozenset()))
    one, other = (find_breaches(rows, stock(), frozenset(), "2026-11-10", NOBODY) for rows in (whole, again))
    assert one[["sku", "serial_number", "law_code"]].equals(other[["sku", "serial_number", "law_code"]])


def read_one_at_a_time(versions, chance):
    known = conform("core_serial_events", no_events())
    for told in versions:
        documents = list(dict.fromkeys([*told["document_key"].unique(), *(known["document_key"].unique())]))
        if chance:
            chance.shuffle(documents)
        for document in [*documents, *documents[:2]]:
            mine, theirs = told.loc[told["document_key"].eq(document)], known.loc[known["document_key"].eq(document)]
            new = journal(theirs, mine, {}, datetime(2026, 11, 5, tzinfo=UTC))
            known = pd.concat([known, new], ignore_index=True)
    return known


@settings(max_examples=25, deadline=None)
@given(lives, lives, st.randoms(use_true_random=False))
def test_documents_read_in_any_order_or_twice_leave_the_same_events_alive(before, after, chance):
    """Documents that change from one life to another, read one at a time, some twice, end where one reading of them ends."""
    last, seed = frame(*told_of(after)), chance.random()
    known, straight = (read_one_at_a_time([frame(*told_of(before)), last], one) for one in (random.Random(seed), None))
    assert trace(known, stock(), frozenset()).equals(trace(straight, stock(), frozenset()))
    content = ["document_key", "stage_code", "serial_number", "location_code", "moved_qty", "order_key"]
    alive = alive_of(known)[content].sort_values(content, ignore_index=True)
    assert alive.equals(last[content].sort_values(content, ignore_index=True).astype(alive.dtypes.to_dict()))
    assert known["event_key"].is_unique
    assert known.groupby("reverses_key").size().le(1).all()
