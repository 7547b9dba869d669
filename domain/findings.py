"""Findings: what a check found, in one shape, each with its severity, its count, and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from contract.frames import from_rows
from contract.models import Contract

Severity = Literal["ignore", "warn", "quarantine", "halt"]
STREAMS = ("orders", "inventory")
MOST_EXAMPLES = 5


@dataclass(frozen=True)
class Check:
    """What is looked for: which stream it harms, how severe it is by itself, and what to do."""

    stream: str
    severity: Severity
    told: str
    action: str


CHECKS: Mapping[str, Check] = {
    # schema
    "field_removed": Check(
        "orders", "halt", "A field of the contract is no longer in NetSuite.", "Create it again, or take it out of orders.fields."
    ),
    "field_renamed": Check(
        "orders", "halt", "A field of the contract has another script id now.", "Set its new id as the target in orders.fields."
    ),
    "field_hidden": Check(
        "orders",
        "halt",
        "A field of the contract is in NetSuite, but not in what our role may write.",
        "Give the role access to it, and put it on the role's form.",
    ),
    "field_retyped": Check(
        "orders",
        "halt",
        "A field of the contract has another type now.",
        "Set its type in orders.fields, with its values for a list.",
    ),
    "field_relabelled": Check(
        "orders", "warn", "A field of the contract has another label now.", "Ask why: a new label often means a new meaning."
    ),
    "field_mandatory": Check(
        "orders",
        "warn",
        "A field became mandatory, and the contract does not always fill it.",
        "Map it with a default, or make it optional again: NetSuite will refuse orders without it.",
    ),
    "list_value_gone": Check(
        "orders",
        "quarantine",
        "A list value of a field's mapping is removed or switched off in NetSuite.",
        "Switch it on again, or set another in that field's values: NetSuite refuses orders that carry it.",
    ),
    "list_value_renamed": Check(
        "orders",
        "warn",
        "A list value of a field's mapping has another name now.",
        "Ask if it still means the same; else set another in that field's values.",
    ),
    "definition_removed": Check(
        "orders", "warn", "A metafield of the contract has no definition in the shop.", "Define it again, or map another source."
    ),
    "definition_retyped": Check(
        "orders", "warn", "A metafield of the contract has another type now.", "Check what it becomes in NetSuite."
    ),
    "scope_missing": Check(
        "inventory", "halt", "The app lacks a scope that a run needs.", "Grant it to the app, and install it again."
    ),
    "scope_lost": Check("inventory", "warn", "The app lost a scope.", "Ask who took it, and if a read misses it."),
    "api_version_unsupported": Check(
        "inventory", "halt", "The shop no longer supports the API version that we speak.", "Update Truecount."
    ),
    "api_version_ends": Check("inventory", "warn", "The API version that we speak ends soon.", "Update Truecount before that day."),
    "location_gone": Check(
        "inventory",
        "halt",
        "A location of the contract is no longer in the system.",
        "Take it out of the contract, or create it again.",
    ),
    "location_inactive": Check(
        "inventory",
        "warn",
        "A location of the contract is switched off in the system.",
        "Switch it on, or take it out of the contract.",
    ),
    "location_renamed": Check(
        "inventory", "warn", "A location of the contract has another name now.", "Ask if it is still the same place."
    ),
    # coverage
    "unmapped_gateway": Check(
        "orders", "quarantine", "Orders were paid through a gateway without a mapping.", "Add it to orders.gateways."
    ),
    "unmapped_location": Check(
        "orders", "quarantine", "Orders are at a location that the contract does not have.", "Add it to locations."
    ),
    "unmapped_value": Check(
        "orders", "quarantine", "Orders carry a value that a field's mapping does not have.", "Add it to that field's values."
    ),
    "unmapped_tax": Check("orders", "quarantine", "Orders carry a tax title without a tax code.", "Add it to orders.tax_codes."),
    "unmapped_currency": Check(
        "orders", "quarantine", "Orders are in a currency without a mapping.", "Add it to account.currencies."
    ),
    "unmapped_sku": Check(
        "orders", "quarantine", "Orders sell SKUs that NetSuite has no stock item for.", "Create or rename the items."
    ),
    # distribution
    "volume_shift": Check("orders", "warn", "Far more or fewer rows than on the days before.", "Ask what changed that day."),
    "null_shift": Check("orders", "warn", "A field is empty far more or less often than before.", "Look at who fills it."),
    "share_shift": Check("orders", "warn", "A value's share is far from what it was.", "Look at what sends it."),
    "cardinality_shift": Check(
        "orders", "warn", "A field has far more or fewer different values than before.", "Look at who fills it."
    ),
    # round trip
    "overwritten": Check(
        "orders",
        "warn",
        "Fields that we wrote were overwritten in NetSuite.",
        "truecount repair shows them, and --write writes them again.",
    ),
    "mapping_changed": Check(
        "orders",
        "warn",
        "Booked orders carry what an earlier mapping said.",
        "truecount remap shows them, and --write writes them anew.",
    ),
    "not_as_mapped": Check(
        "orders", "warn", "Fields of orders that another hand booked are not what the contract says.", "Look, then truecount remap."
    ),
    # contract
    "contract_changed": Check(
        "orders", "warn", "The contract changed since the last run.", "Review the difference; truecount contract apply accepts it."
    ),
    # reconciliation
    "stock_differs": Check("inventory", "warn", "A channel shows another number than ours.", "See its cause in the report."),
    "order_differs": Check("orders", "warn", "An order differs between the systems.", "See its cause in the report."),
    "money_differs": Check("orders", "warn", "A day's sum differs between the systems.", "See the orders behind it in the report."),
    "tax_unreadable": Check(
        "orders",
        "warn",
        "What NetSuite has of tax cannot be read: money by tax title is left out.",
        "Let the role see the record TransactionTaxDetail.",
    ),
    "serial_law": Check("inventory", "warn", "A serial or lot breaks a law.", "See its history: truecount serial."),
    "check_failed": Check("inventory", "warn", "Rows break an expectation.", "Open the Data Docs of the run."),
}
"""Every check by its code."""


def finding(  # noqa: PLR0913 - keyword-only, the columns of a finding
    code: str,
    object_key: str,
    *,
    field: str = "",
    expected: object = "",
    found: object = "",
    units: int = 0,
    rows: int = 1,
    examples: Sequence[str] = (),
) -> dict[str, Any]:
    """Return one row of `out_findings`, before its severity is settled.

    Args:
        code: a code of `CHECKS`.
        object_key: what it is about: a field's id, a shop's code, an order's key.
        field: the field at fault, where there is one.
        expected: what should be there.
        found: what is there.
        units: units at stake.
        rows: how many rows it concerns.
        examples: some of them, by name.
    """
    check = CHECKS[code]
    return {
        "check_code": code,
        "object_key": object_key,
        "field": field,
        "stream_code": check.stream,
        "severity_code": check.severity,
        "expected": str(expected),
        "found": str(found),
        "units_qty": units,
        "rows_count": rows,
        "examples": json.dumps(list(examples)[:MOST_EXAMPLES], ensure_ascii=False),
        "told": check.told,
        "action": check.action,
    }


def settle(rows: Iterable[Mapping[str, Any]], contract: Contract) -> pd.DataFrame:
    """Return `out_findings`: severities as the contract has them, those that it ignores left out, each key once."""
    wanted = contract.drift.severities
    settled = [{**row, "severity_code": wanted.get(str(row["check_code"]), row["severity_code"])} for row in rows]
    kept = {(row["check_code"], row["object_key"], row["field"]): row for row in settled if row["severity_code"] != "ignore"}
    return from_rows("out_findings", kept.values())


def halting(out_findings: pd.DataFrame, stream: str) -> pd.DataFrame:
    """Return the findings that halt a stream."""
    return out_findings.loc[out_findings["severity_code"].eq("halt") & out_findings["stream_code"].eq(stream)]


def sentence(row: Mapping[str, Any]) -> str:
    """Return a finding as one sentence: what it is about, what should be, what is, what to do.

    >>> sentence(finding("field_removed", "custbody_x", expected="text"))
    'custbody_x: A field of the contract is no longer in NetSuite. Expected text. Create it again, or take it out of orders.fields.'
    """
    where = f"{row['object_key']} {row['field']}".strip()
    compared = [f"{name} {row[key]}" for name, key in (("Expected", "expected"), ("found", "found")) if row[key]]
    text = ", ".join(compared)
    return f"{where}: {row['told']} {text[:1].upper()}{text[1:]}{'. ' if text else ''}{row['action']}"
