"""The suites of a run, made of the frame catalogue and the contract: what the data team reviews in the Data Docs.

Of every frame: its columns, their types, what may not be missing, its key; accepted values, ranges, references to other frames; row
counts and freshness against the last run; and the laws (quantity identity, split pools, document equality, serial numbers).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pandas as pd

from contract.fields import kind_of
from contract.frames import dtype_of
from contract.models import Contract
from contract.table import Table
from contract.tables import TABLES
from domain.atp import TERMS
from domain.reconcile_stock import NETSUITE
from expectations.engine import BETWEEN, IN_SET, Law, Suite, joined
from expectations.evidence import document_suite, serial_suite
from expectations.inventory import inventory_suites

REVIEWED = (
    "raw_shopify__orders",
    "core_items",
    "core_components",
    "core_stock",
    "core_levels",
    "core_order_lines",
    "core_ledger",
    "out_atp",
    "out_channel_quantities",
    "out_netsuite_documents",
    "out_stock_differences",
    "out_order_differences",
    "out_money_totals",
    "out_field_differences",
)
"""The frames that have a suite of their own."""
_COUNTED = ("core_items", "core_stock", "core_levels")
_READ_AT = {"core_stock": "read_at_utc", "core_levels": "read_at_utc", "out_atp": "oldest_input_at_utc"}
_NEVER_NEGATIVE = ("ordered_qty", "open_qty", "fulfilled_qty", "demand_qty", "reflected_qty", "publish_qty", "orders_count")
_SOLD = (("core_items", ("sku",)), ("core_components", ("kit_sku",)))
_STOCKED = (("core_items", ("sku",)),)
_ORDERED = (("raw_shopify__orders", ("shop_code", "order_id_shopify")),)
_REFERENCES: Mapping[str, Sequence[tuple[tuple[str, ...], Sequence[tuple[str, tuple[str, ...]]]]]] = {
    "core_components": ((("sku",), _STOCKED),),
    "core_stock": ((("sku",), _STOCKED),),
    "core_levels": ((("sku",), _SOLD),),
    "core_order_lines": ((("sku",), _SOLD), (("shop_code", "order_id_shopify"), _ORDERED)),
    "core_ledger": (
        (("sku",), _STOCKED),
        (("shop_code", "order_line_id_shopify"), (("core_order_lines", ("shop_code", "order_line_id_shopify")),)),
    ),
    "out_atp": ((("sku",), _STOCKED),),
    "out_channel_quantities": ((("sku",), _SOLD),),
    "out_netsuite_documents": ((("shop_code", "order_id_shopify"), _ORDERED),),
    "out_field_differences": ((("shop_code", "order_id_shopify"), _ORDERED),),
}
"""Frame to what its rows refer to: columns, and the frames (with their columns) of which one must have them.

Differences of stock and orders name what the other system alone has: they refer to nothing but the contract's codes.
"""
Frames = Mapping[str, pd.DataFrame]


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


def make_suites(frames: Frames, given: Given) -> list[Suite]:
    """Return a suite for every reviewed frame that is there, and the laws."""
    made: list[Suite | None] = [_suite(name, frames, given) for name in REVIEWED if name in frames]
    made += [replace(suite, name=f"law_{suite.name}") for suite in inventory_suites(frames, given.contract)]
    if {"out_netsuite_documents", "raw_netsuite__documents"} <= frames.keys():
        made.append(document_suite(frames))
    if {"out_serial_lineage", "out_serial_findings"} <= frames.keys():
        made.append(serial_suite(frames))
    return [suite for suite in made if suite is not None]


def _suite(name: str, frames: Frames, given: Given) -> Suite:
    table, frame = TABLES[name], frames[name]
    more: dict[str, Any] = {}
    laws = [*_shape(table), *_accepted(name, given), *_ranges(table.columns)]
    for columns, others in _REFERENCES.get(name, ()):
        known = {key for other, theirs in others for key in joined(frames[other], theirs)}
        more[f"is_known_{columns[-1]}"] = joined(frame, columns).isin(known)
        told = f"Every {columns[-1]} is in {' or '.join(other for other, _ in others)}."
        laws.append(Law(f"reference {columns[-1]}", told, IN_SET, {"column": f"is_known_{columns[-1]}", "value_set": [True]}))
    if name in _READ_AT and len(frame):
        minutes = (pd.Timestamp(given.at) - frame[_READ_AT[name]]).dt.total_seconds() / 60
        more["age_minutes"] = minutes.round(1)
        most = given.contract.tolerances.publish_within_minutes
        laws.append(Law("fresh", f"Read within {most} minutes.", BETWEEN, {"column": "age_minutes", "max_value": most}))
    if name in _COUNTED and name in given.before:
        least = -(-given.before[name] * given.contract.tolerances.least_rows_percent // 100)
        told = f"At least {least} rows: {given.contract.tolerances.least_rows_percent} % of the last run's."
        laws.append(Law("row_count", told, "ExpectTableRowCountToBeBetween", {"min_value": least}))
    if name == "out_atp":
        equation = {"column_list": ["atp_qty", *TERMS], "signs": list(TERMS.values())}
        told = "The terms of the equation come to the number that can be promised."
        laws.append(Law("quantity_identity", told, "ExpectTermsToAddUp", equation))
    return Suite(name, frame[list(table.columns)].assign(**more, key=joined(frame, table.key)), tuple(laws))


def _columns(names: Sequence[str]) -> dict[str, Any]:
    # Columns that a check adds beside the catalogue's own are no drift.
    return {"column_set": list(names), "exact_match": False}


def _shape(table: Table) -> Iterator[Law]:
    """Yield the laws of a frame's columns: which there are, of which types, what is filled, what is the key."""
    yield Law("columns", "The columns are those of the catalogue.", "ExpectTableColumnsToMatchSet", _columns(table.columns))
    types = {column: str(dtype_of(table, column)) for column in table.columns}
    yield Law("types", "Every column has the type of its kind.", "ExpectColumnTypes", {"column_types": types})
    for column in table.columns if not table.is_raw else ():
        if kind_of(column) == "amount":
            told, given = f"{column} is exact money.", {"column": column, "type_list": ["Decimal"]}
            yield Law(f"money {column}", told, "ExpectColumnValuesToBeInTypeList", given)
    filled = [column for column in table.columns if column not in table.nullable and not (table.is_raw and column not in table.key)]
    # Two columns at least make a multi-column expectation: the key stands for a second one.
    yield Law("filled", "What may not be missing is there.", "ExpectColumnsToBeFilled", {"column_list": [*filled, "key"]})
    yield Law("unique_key", f"One row per {', '.join(table.key)}.", "ExpectColumnValuesToBeUnique", {"column": "key"})


def _accepted(name: str, given: Given) -> Iterator[Law]:
    contract, columns = given.contract, TABLES[name].columns
    shops = sorted(shop.shop_code for shop in contract.shops)
    known = {"shop_code": shops}
    if "channel_code" in columns:
        known["channel_code"] = sorted({*(one.channel_code for one in contract.channels), *shops, NETSUITE})
    else:
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
