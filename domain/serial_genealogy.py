"""What numbers became: built into others, taken apart, split or merged by one adjustment; followed to the end in both directions.

A document does not say which of the numbers that it takes went into which that it makes: each is linked to all. A recall may so
name a number too many, never one too few.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from contract.frames import conform
from domain.serial_events import alive_of

TAKEN = frozenset({"consumed", "taken_apart", "scrapped"})
MADE = frozenset({"built", "recovered", "found"})
_TURNS = (  # what a document takes, what it makes of it, and whether only of the same item
    ("consumed", "built", False),
    ("taken_apart", "recovered", False),
    ("scrapped", "found", True),
)
_PARENT, _CHILD = ["parent_sku", "parent_number"], ["child_sku", "child_number"]
Number = tuple[str, str]


@dataclass(frozen=True)
class Relative:
    """A number that is reached from another: how many units of it one document made (or took), and the way to it."""

    sku: str
    number: str
    units: int
    document: str
    at: pd.Timestamp
    path: tuple[Number, ...]

    @property
    def way(self) -> str:
        """Return the path in words."""
        return tell_path(self.path)


def tell_path(path: Collection[Number]) -> str:
    """Return a path in words.

    >>> tell_path([("BOARD", "B-1"), ("PHONE", "P-7")])
    'BOARD B-1 > PHONE P-7'
    """
    return " > ".join(f"{sku} {number}" for sku, number in path)


def link_numbers(core_serial_events: pd.DataFrame) -> pd.DataFrame:
    """Return `out_serial_genealogy`: one row per number that a document took, number that it made, and document.

    Units are those of the whole document: `parent_qty` taken of the one, `child_qty` made of the other. What an adjustment puts
    back under the number that it took it off is no link.

    Args:
        core_serial_events: every event of these documents.
    """
    events = alive_of(core_serial_events.drop_duplicates("event_key"))
    events = events.loc[events["stage_code"].isin(TAKEN | MADE)].assign(units=events["moved_qty"].abs())
    rows = events.groupby(["document_key", "sku", "serial_number", "stage_code"], as_index=False).agg(
        units=("units", "sum"), document_name=("document_name", "first"), happened_at_utc=("happened_at_utc", "max")
    )
    parts = [_turned(rows, *turn) for turn in _TURNS]
    links = pd.concat(parts, ignore_index=True)
    return conform("out_serial_genealogy", links.sort_values(["document_key", *_PARENT, *_CHILD], ignore_index=True))


def follow(links: pd.DataFrame, start: Number, *, is_forward: bool) -> Iterator[Relative]:
    """Yield what was made of a number (or, backward, what it was made of), the nearest first; each link once, loops too.

    Args:
        links: `out_serial_genealogy` of everything that is reached.
        start: SKU and number.
        is_forward: to what it went into; else to what it was made of.
    """
    here, there = (_PARENT, _CHILD) if is_forward else (_CHILD, _PARENT)
    units = "child_qty" if is_forward else "parent_qty"
    by_number: dict[Number, list[dict[Hashable, Any]]] = {}
    for row in links.to_dict("records"):
        by_number.setdefault((str(row[here[0]]), str(row[here[1]])), []).append(row)
    ways: dict[Number, tuple[Number, ...]] = {start: (start,)}
    waiting = [start]
    while waiting:
        number = waiting.pop(0)
        for row in by_number.get(number, ()):
            reached = (str(row[there[0]]), str(row[there[1]]))
            if reached not in ways:
                ways[reached] = (*ways[number], reached)
                waiting.append(reached)
            path = (*ways[number], reached)
            yield Relative(*reached, int(row[units]), str(row["document_name"]), row["happened_at_utc"], path)


def _turned(rows: pd.DataFrame, taken: str, made: str, is_same_item: bool) -> pd.DataFrame:
    shared = rows.assign(same_sku=rows["sku"] if is_same_item else "")
    parents = shared.loc[shared["stage_code"].eq(taken)].drop(columns=["stage_code", "document_name", "happened_at_utc"])
    children = shared.loc[shared["stage_code"].eq(made)].drop(columns="stage_code")
    left = parents.rename(columns={"sku": "parent_sku", "serial_number": "parent_number", "units": "parent_qty"})
    right = children.rename(columns={"sku": "child_sku", "serial_number": "child_number", "units": "child_qty"})
    both = left.merge(right, on=["document_key", "same_sku"], how="inner", validate="many_to_many")
    is_itself = both["parent_sku"].eq(both["child_sku"]) & both["parent_number"].eq(both["child_number"])
    return both.loc[~is_itself]
