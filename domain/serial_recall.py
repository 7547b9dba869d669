"""The recall list: where a number went, and everything that was made of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from domain.serial_events import alive_of
from domain.serial_genealogy import Number

RECALL = ("number", "sku", "happened_at_utc", "stage_code", "units", "document", "order", "location", "path", "note")
WENT = ("sold", "notified", "fulfilled", "returned", "written_off", "scrapped", "consumed", "taken_apart")
"""Stages by which units went, or were promised or said to."""
CHAIN_ENDS = "the chain ends here: the document names no number of what was made of it"
_MADE_INTO = ("consumed", "taken_apart")


def recall_rows(
    core_serial_events: pd.DataFrame, lots: Collection[str], links: pd.DataFrame, ways: Mapping[Number, str]
) -> list[dict[str, Any]]:
    """Return where the numbers went, the oldest first, as rows of `RECALL`.

    A line of several serials names one unit each; of a lot, an order's line may name as many as it has.

    Args:
        core_serial_events: every event of these numbers.
        lots: the SKUs whose numbers are lots.
        links: `out_serial_genealogy` of what they went into.
        ways: in words the way to each number.
    """
    events = alive_of(core_serial_events)
    events = events.loc[events["stage_code"].isin(WENT)].sort_values(["happened_at_utc", "event_key"])
    linked = set(links[["parent_sku", "parent_number", "document_key"]].itertuples(index=False, name=None))
    return [_row(row, lots, linked, ways) for row in events.to_dict("records")]


def _row(row: Mapping[Any, Any], lots: Collection[str], linked: Collection[Any], ways: Mapping[Number, str]) -> dict[str, Any]:
    number = row["sku"], row["serial_number"]
    is_end = row["stage_code"] in _MADE_INTO and (*number, row["document_key"]) not in linked
    return {
        "number": row["serial_number"],
        "sku": row["sku"],
        "happened_at_utc": row["happened_at_utc"],
        "stage_code": row["stage_code"],
        "units": (abs(row["moved_qty"]) or row["line_qty"]) if row["sku"] in lots else 1,
        "document": row["document_name"],
        "order": row["order_key"],
        "location": row["location_code"],
        "path": ways[number],
        "note": CHAIN_ENDS if is_end else None,
    }
