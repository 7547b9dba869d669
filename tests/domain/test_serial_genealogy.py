"""What numbers became: its rules by example, and the laws that hold for any documents."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.frames import conform
from domain.serial_events import no_events
from domain.serial_genealogy import follow, link_numbers
from tests.domain.test_serial_lineage import event, frame


def took(number, units=1, sku="PART", document=5, stage="consumed"):
    return event(stage, 5, document=document, number=number, units=units, sku=sku, line=f"{sku}{number}{stage}")


def made(number, units=1, sku="PHONE", document=5, stage="built"):
    return event(stage, 5, document=document, number=number, units=units, sku=sku, line=f"{sku}{number}{stage}")


def links(*rows):
    return link_numbers(conform("core_serial_events", frame(*rows)))


def told(found):
    return sorted(
        (row["parent_number"], row["child_number"], row["document_key"][-1], row["parent_qty"], row["child_qty"])
        for row in found.to_dict("records")
    )


CASES = {
    "nothing": ([], []),
    "a build": ([took("L1", 4), made("P1"), made("P2")], [("L1", "P1", "5", 4, 1), ("L1", "P2", "5", 4, 1)]),
    "a build that names no component": ([made("P1")], []),
    "a build of two lots": ([took("L1"), took("L2", 3), made("P1")], [("L1", "P1", "5", 1, 1), ("L2", "P1", "5", 3, 1)]),
    "taken apart": ([took("P1", stage="taken_apart"), made("L1", 2, stage="recovered")], [("P1", "L1", "5", 1, 2)]),
    "a split": (
        [took("L1", 5, stage="scrapped"), made("L2", 3, "PART", stage="found"), made("L3", 2, "PART", stage="found")],
        [("L1", "L2", "5", 5, 3), ("L1", "L3", "5", 5, 2)],
    ),
    "a merge": (
        [took("L1", 2, stage="scrapped"), took("L2", 3, stage="scrapped"), made("L3", 5, "PART", stage="found")],
        [("L1", "L3", "5", 2, 5), ("L2", "L3", "5", 3, 5)],
    ),
    "an adjustment of two items": ([took("L1", stage="scrapped"), made("P1", stage="found")], []),
    "two adjustments": ([took("L1", stage="scrapped"), made("L2", 1, "PART", document=6, stage="found")], []),
    "taken off and put back": ([took("L1", 2, stage="scrapped"), made("L1", 2, "PART", stage="found")], []),
    "a lot on two lines": (
        [took("L1", 2), {**took("L1", 1), "line_key": "2"}, made("P1")], [("L1", "P1", "5", 3, 1)],
    ),
    "two builds of one lot": (
        [took("L1"), made("P1"), took("L1", document=6), made("P1", document=6)], [("L1", "P1", "5", 1, 1), ("L1", "P1", "6", 1, 1)],
    ),
    "a receipt": ([event("received", 5, document=5, number="L1", sku="PART")], []),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_link(name):
    rows, wanted = CASES[name]
    assert told(links(*rows)) == wanted


def test_a_document_that_was_taken_back_links_nothing():
    events = conform("core_serial_events", frame(took("L1"), made("P1")))
    back = events.assign(reverses_key=events["event_key"], event_key=events["event_key"] + "!", moved_qty=-events["moved_qty"])
    assert link_numbers(pd.concat([events, back], ignore_index=True)).empty
    assert link_numbers(conform("core_serial_events", no_events())).empty


def test_the_way_to_what_a_lot_went_into_and_back():
    rows = [took("L1"), made("B1", sku="BOARD"), took("B1", sku="BOARD", document=6), made("P1", document=6)]
    down = list(follow(links(*rows), ("PART", "L1"), is_forward=True))
    assert [(one.number, one.way) for one in down] == [
        ("B1", "PART L1 > BOARD B1"), ("P1", "PART L1 > BOARD B1 > PHONE P1")
    ]  # fmt: skip
    up = list(follow(links(*rows), ("PHONE", "P1"), is_forward=False))
    assert [(one.number, one.document, one.way) for one in up] == [
        ("B1", "doc 6", "PHONE P1 > BOARD B1"), ("L1", "doc 5", "PHONE P1 > BOARD B1 > PART L1")
    ]  # fmt: skip


def test_a_loop_ends():
    rows = [took("L1", stage="scrapped"), made("L2", 1, "PART", stage="found")]
    rows += [took("L2", stage="scrapped", document=6), made("L1", 1, "PART", document=6, stage="found")]
    found = [(one.number, one.way) for one in follow(links(*rows), ("PART", "L1"), is_forward=True)]
    assert found == [("L2", "PART L1 > PART L2"), ("L1", "PART L1 > PART L2 > PART L1")]


numbers = st.tuples(st.sampled_from(["A", "B"]), st.sampled_from(["1", "2", "3"]))
documents = st.lists(
    st.tuples(st.integers(1, 4), st.sampled_from([("consumed", "built"), ("scrapped", "found")]), numbers, numbers), max_size=12
)


@settings(max_examples=25, deadline=None)
@given(documents, numbers, numbers, st.randoms(use_true_random=False))
def test_who_is_reached_reaches_back_and_the_order_changes_nothing(turns, first, last, chance):
    rows = []
    for place, (document, (out, into), parent, child) in enumerate(turns):
        rows.append({**took(parent[1], sku=parent[0], document=document, stage=out), "line_key": f"{place}a"})
        rows.append({**made(child[1], sku=child[0], document=document, stage=into), "line_key": f"{place}b"})
    found = links(*rows)
    chance.shuffle(rows)
    assert links(*rows).equals(found)
    key = ["parent_sku", "parent_number", "child_sku", "child_number", "document_key"]
    assert not found.duplicated(key).any()
    down = {(one.sku, one.number) for one in follow(found, first, is_forward=True)}
    up = {(one.sku, one.number) for one in follow(found, last, is_forward=False)}
    assert (last in down) == (first in up)
    assert all(one.path[0] == first and one.path[-1] == (one.sku, one.number) for one in follow(found, first, is_forward=True))
