"""The recall list: how many units, and where the documents tell no further."""

import pandas as pd
import pytest

from contract.frames import conform
from domain.serial_genealogy import link_numbers
from domain.serial_recall import CHAIN_ENDS, RECALL, recall_rows
from tests.domain.test_serial_genealogy import made, took
from tests.domain.test_serial_lineage import event, frame

LOTS = frozenset({"PART"})
CASES = {  # what happened; stage, units and note of each row
    "one of three serials on a line": ([event("sold", 2, order="G/1", line_qty=3)], [("sold", 1, None)]),
    "one of three that left": ([event("fulfilled", 2, order="G/1", line_qty=3)], [("fulfilled", 1, None)]),
    "a lot that an order names": ([event("sold", 2, order="G/1", line_qty=3, sku="PART")], [("sold", 3, None)]),
    "units of a lot that left": ([event("fulfilled", 2, units=2, line_qty=5, sku="PART")], [("fulfilled", 2, None)]),
    "it stays": ([event("received", 1), event("moved_out", 2), event("moved_in", 3)], []),
    "built into something with a number": ([took("S1", 4), made("P1")], [("consumed", 4, None)]),
    "built into something without": ([took("S1", 4)], [("consumed", 4, CHAIN_ENDS)]),
    "issued to a work order, completed by another document": (
        [took("S1", 4, document=5), made("P1", document=6)], [("consumed", 4, CHAIN_ENDS)],
    ),
    "taken apart into parts without a number": ([took("S1", sku="PHONE", stage="taken_apart")], [("taken_apart", 1, CHAIN_ENDS)]),
    "twice built in, once without a number": (
        [took("S1", 4, document=5), made("P1", document=5), took("S1", 2, document=6)],
        [("consumed", 4, None), ("consumed", 2, CHAIN_ENDS)],
    ),
    "taken off": ([event("scrapped", 2)], [("scrapped", 1, None)]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_where_a_number_went(name):
    rows, expected = CASES[name]
    events = conform("core_serial_events", frame(*rows))
    mine = events.loc[events["serial_number"].eq("S1")]
    found = recall_rows(mine, LOTS, link_numbers(events), {("PART", "S1"): "PART S1", ("PHONE", "S1"): "PHONE S1"})
    assert [(row["stage_code"], row["units"], row["note"]) for row in found] == expected
    assert all(tuple(row) == RECALL for row in found)


def test_what_a_document_no_longer_says_is_no_row():
    events = conform("core_serial_events", frame(event("fulfilled", 2)))
    back = events.assign(reverses_key=events["event_key"], event_key=events["event_key"] + "!", moved_qty=1)
    both = conform("core_serial_events", pd.concat([events, back], ignore_index=True))
    assert recall_rows(both, LOTS, link_numbers(both), {("PHONE", "S1"): "PHONE S1"}) == []
