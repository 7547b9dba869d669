"""The suites of a run, made of the frame catalogue and the contract: what the data team reviews in the Data Docs.

Types and keys are settled where a frame is conformed (`contract/tables.py`); the suites say so in the data team's words, and
add what needs the contract or another frame: accepted values, ranges, references, row counts, freshness, and the laws.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd

from contract.fields import kind_of
from contract.models import Contract
from contract.tables import TABLES
from expectations.engine import BETWEEN, IN_SET, Law, Suite, joined
from expectations.inventory import inventory_suites

REVIEWED = (
    "core_items",
    "core_stock",
    "core_levels",
    "core_order_lines",
    "core_ledger",
    "out_atp",
    "out_channel_quantities",
    "out_stock_differences",
    "out_order_differences",
    "out_money_totals",
    "out_field_differences",
)
"""The frames that have a suite of their own."""
_COUNTED = ("core_items", "core_stock", "core_levels")
_READ_AT = {"core_stock": "read_at_utc", "core_levels": "read_at_utc", "out_atp": "oldest_input_at_utc"}
_NEVER_NEGATIVE = ("ordered_qty", "open_qty", "fulfilled_qty", "demand_qty", "reflected_qty", "publish_qty", "orders_count")
_REFERENCES = {
    "core_ledger": ("core_order_lines", ("shop_code", "order_line_id_shopify")),
    "core_stock": ("core_items", ("sku",)),
}
"""Frame to the frame that its rows refer to, by these columns."""


@dataclass(frozen=True)
class Given:
    """What suites are made of beside the frames.

    Args:
        contract: codes, and how much may be missing or old.
        at: the run's instant.
        before: row counts of the last run; empty where there is none.
        codes: accepted values of a frame's column, as `frame.column`.
    """

    contract: Contract
    at: datetime
    before: Mapping[str, int] = field(default_factory=dict)
    codes: Mapping[str, Sequence[str]] = field(default_factory=dict)


def make_suites(frames: Mapping[str, pd.DataFrame], given: Given) -> list[Suite]:
    """Return a suite for every reviewed frame that is there, and the laws of the numbers."""
    made = [_suite(name, frames, given) for name in REVIEWED if name in frames]
    return made + [
        Suite(f"law_{suite.name}", suite.frame, suite.laws, suite.severity) for suite in inventory_suites(frames, given.contract)
    ]


def _suite(name: str, frames: Mapping[str, pd.DataFrame], given: Given) -> Suite:
    table, frame = TABLES[name], frames[name]
    prepared = frame[list(table.columns)].assign(key=joined(frame, table.key))
    laws = [
        Law("columns", "The columns are those of the catalogue.", "ExpectTableColumnsToMatchSet", _columns(table.columns)),
        Law("unique_key", f"One row per {', '.join(table.key)}.", "ExpectColumnValuesToBeUnique", {"column": "key"}),
        *_not_null(name),
        *_accepted(name, given),
        *_ranges(table.columns),
    ]
    if name in _REFERENCES:
        other, columns = _REFERENCES[name]
        known = set(joined(frames[other], columns))
        prepared = prepared.assign(is_known=joined(frame, columns).isin(known))
        told = f"Every {columns[-1]} is in {other}."
        laws.append(Law("reference", told, IN_SET, {"column": "is_known", "value_set": [True]}))
    if name in _READ_AT and len(frame):
        minutes = (pd.Timestamp(given.at) - frame[_READ_AT[name]]).dt.total_seconds() / 60
        prepared = prepared.assign(age_minutes=minutes.round(1))
        most = given.contract.tolerances.publish_within_minutes
        laws.append(Law("fresh", f"Read within {most} minutes.", BETWEEN, {"column": "age_minutes", "max_value": most}))
    if name in _COUNTED and name in given.before:
        least = -(-given.before[name] * given.contract.tolerances.least_rows_percent // 100)
        told = f"At least {least} rows: {given.contract.tolerances.least_rows_percent} % of the last run's."
        laws.append(Law("row_count", told, "ExpectTableRowCountToBeBetween", {"min_value": least}))
    return Suite(name, prepared, tuple(laws))


def _columns(names: Sequence[str]) -> dict[str, Any]:
    # Columns that a check adds beside the catalogue's own are no drift.
    return {"column_set": list(names), "exact_match": False}


def _not_null(name: str) -> Iterator[Law]:
    table = TABLES[name]
    for column in table.columns:
        if column not in table.nullable and kind_of(column) in ("qty", "amount", "code"):
            yield Law(f"filled {column}", f"{column} is never missing.", "ExpectColumnValuesToNotBeNull", {"column": column})


def _accepted(name: str, given: Given) -> Iterator[Law]:
    contract, columns = given.contract, TABLES[name].columns
    known = {"shop_code": sorted(shop.shop_code for shop in contract.shops)}
    if "channel_code" not in columns:
        known["location_code"] = sorted(place.location_code for place in contract.locations)
    known |= {key.split(".")[1]: list(values) for key, values in given.codes.items() if key.startswith(f"{name}.")}
    for column, values in known.items():
        if column in columns:
            told = f"{column} is one that is known."
            yield Law(f"accepted {column}", told, IN_SET, {"column": column, "value_set": list(values)})


def _ranges(columns: Sequence[str]) -> Iterator[Law]:
    for column in columns:
        if column in _NEVER_NEGATIVE:
            yield Law(f"range {column}", f"{column} is never negative.", BETWEEN, {"column": column, "min_value": 0})
