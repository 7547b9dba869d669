"""Custom fields after the write: what was written, what the contract would write now, what is there, and who of them differ."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import pandas as pd

from contract.frames import Frames, from_rows
from contract.models import Contract
from domain.custom_fields import map_fields
from domain.order_facts import read_facts

CAUSES = {
    "overwritten": "Somebody or something changed it in NetSuite after it was written: truecount repair writes it again.",
    "mapping_changed": "The contract, or the order in Shopify, says otherwise than it did then: truecount remap writes it anew.",
    "not_as_mapped": "Truecount does not know what it wrote there, and it is not what the contract says: look, then remap.",
}
"""Why a field differs, and what to do."""
Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Patch:
    """A change of one document that sets the custom fields that differ.

    Args:
        record_type: the document's name in REST.
        record_id: its internal id.
        external_id: its external id.
        body: the values of its body, as REST takes them.
        lines: the values of its lines, by Shopify line id.
    """

    record_type: str
    record_id: str
    external_id: str
    body: Fields
    lines: dict[str, Fields]


def fields_of(payload: Mapping[str, Any], line_id_field: str) -> tuple[Fields, dict[str, Fields]]:
    """Return the custom fields of a body that is sent: of the document, and of each line by its Shopify line id."""
    body = {name: _text(value) for name, value in payload.items() if name.startswith("custbody_")}
    rows = (payload.get("item") or {}).get("items", [])
    lines = {
        str(row[line_id_field]): {n: _text(v) for n, v in row.items() if n.startswith("custcol_") and n != line_id_field}
        for row in rows
        if row.get(line_id_field)
    }
    return body, lines


def expected_fields(raw: Frames, contract: Contract) -> dict[tuple[str, str], tuple[Fields, dict[str, Fields]]]:
    """Return what the contract says of every order's fields now: of its document, and of each line; by shop and order.

    A field that cannot be filled is left out: that is told when orders are booked.
    """
    found: dict[tuple[str, str], tuple[Fields, dict[str, Fields]]] = {}
    for facts in read_facts(raw):
        body, _ = map_fields("body", facts.order, None, contract)
        lines = {key: map_fields("line", facts.order, line, contract)[0] for key, line in facts.lines.items()}
        found[facts.key] = _texts(body), {key: _texts(fields) for key, fields in lines.items()}
    return found


def compare_fields(
    documents: pd.DataFrame,
    expected: Mapping[tuple[str, str], tuple[Fields, dict[str, Fields]]],
    raw_netsuite__order_fields: pd.DataFrame,
    contract: Contract,
) -> pd.DataFrame:
    """Return `out_field_differences`: every field whose value in NetSuite is not what it should be, with its cause.

    Grain: one row per document, line (empty for the body) and field.

    Args:
        documents: orders' own documents as stored, with what was written into them.
        expected: `expected_fields`.
        raw_netsuite__order_fields: what is there.
        contract: the mappings, for their types.
    """
    kinds = {mapping.target: mapping.type for mapping in contract.orders.fields}
    stored = {str(row["netsuite_id"]): {str(k): v for k, v in row.items()} for row in documents.to_dict("records")}
    rows: list[Fields] = []
    there = raw_netsuite__order_fields.astype("object").where(raw_netsuite__order_fields.notna(), None)
    for row in there.to_dict("records"):
        document = stored.get(str(row["transaction_id_netsuite"]))
        wanted = expected.get((document["shop_code"], document["order_id_shopify"])) if document else None
        if document is None or wanted is None:
            continue
        difference = _difference({str(k): v for k, v in row.items()}, document, wanted, kinds)
        if difference is not None:
            rows.append(difference)
    return from_rows("out_field_differences", rows)


def _difference(
    row: Fields, document: Fields, expected: tuple[Fields, dict[str, Fields]], kinds: Mapping[str, str]
) -> Fields | None:
    field, line = row["field"], row["order_line_id_shopify"]
    kind = kinds[field]
    wanted = _spelled(kind, (expected[1].get(line, {}) if line else expected[0]).get(field))
    known = (document["line_fields"] or {}).get(line) if line else document["body_fields"]
    written = _spelled(kind, (known or {}).get(field))
    found = _spelled(kind, row["value"])
    if found == wanted:
        return None
    cause = "not_as_mapped" if known is None else "overwritten" if found != written else "mapping_changed"
    return {
        "external_id": document["external_id"],
        "order_line_id_shopify": line or "",
        "field": field,
        "shop_code": document["shop_code"],
        "order_id_shopify": document["order_id_shopify"],
        "record_type": document["record_type"],
        "transaction_id_netsuite": row["transaction_id_netsuite"],
        "line_id_netsuite": row["line_id_netsuite"] or "",
        "written_value": written,
        "expected_value": wanted,
        "found_value": found,
        "cause_code": cause,
        "modified_at_utc": row["modified_at_utc"],
        "changed_by": None,
    }


def with_authors(out_field_differences: pd.DataFrame, raw_netsuite__field_changes: pd.DataFrame) -> pd.DataFrame:
    """Return the differences with who changed each field last: name, through what, when; missing where nobody tells.

    Args:
        out_field_differences: as `compare_fields` returns them.
        raw_netsuite__field_changes: the changes of these fields.
    """
    notes = raw_netsuite__field_changes.sort_values("changed_at_utc", kind="stable")
    last: dict[tuple[str, str, str], str] = {}
    for row in notes.to_dict("records"):
        line = "" if pd.isna(row["line_id_netsuite"]) else str(row["line_id_netsuite"])
        told = ", ".join(str(row[name]) for name in ("changed_by", "context") if not pd.isna(row[name]))
        at = str(row["changed_at_utc"])[:16].replace("T", " ")
        last[str(row["transaction_id_netsuite"]), str(row["field"]), line] = f"{told}, {at} UTC"
    keys = zip(*(out_field_differences[name] for name in ("transaction_id_netsuite", "field", "line_id_netsuite")), strict=True)
    authors = [last.get((document, str(field).lower(), line)) for document, field, line in keys]
    return out_field_differences.assign(changed_by=pd.Series(authors, index=out_field_differences.index, dtype="str"))


def patches(out_field_differences: pd.DataFrame, raw: Frames, contract: Contract) -> Iterator[Patch]:
    """Yield, per document, the change that sets its fields that differ to what the contract says of them."""
    wanted = {facts.key: facts for facts in read_facts(raw)}
    for external_id, rows in out_field_differences.groupby("external_id", sort=True):
        first = rows.iloc[0]
        facts = wanted[first["shop_code"], first["order_id_shopify"]]
        body: Fields = {}
        lines: dict[str, Fields] = {}
        for line, differing in rows.groupby("order_line_id_shopify", sort=True):
            level, row = ("line", facts.lines.get(str(line))) if line else ("body", None)
            values, _ = map_fields(level, facts.order, row, contract)
            chosen = {name: values.get(name) for name in differing["field"]}
            if line:
                lines[str(line)] = chosen
            else:
                body |= chosen
        yield Patch(str(first["record_type"]), str(first["transaction_id_netsuite"]), str(external_id), body, lines)


def _texts(fields: Mapping[str, Any]) -> Fields:
    return {name: _text(value) for name, value in fields.items()}


def _text(value: Any) -> str | None:
    """Return a value as sent by REST as the text that SuiteQL has of it.

    >>> _text({"id": "3"}), _text({"items": [{"id": "2"}, {"id": "1"}]}), _text(True), _text(1.5)
    ('3', '1,2', 'T', '1.5')
    """
    if value is None:
        return None
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, Mapping):
        return ",".join(sorted(str(row["id"]) for row in value["items"])) if "items" in value else str(value["id"])
    return json.dumps(value) if isinstance(value, list) else str(value)


def _spelled(kind: str, text: str | None) -> str:
    """Return a value's text so that equal values are equal texts; empty where there is none.

    >>> _spelled("decimal", "1.50"), _spelled("multi_select", "2, 1"), _spelled("checkbox", None)
    ('1.5', '1,2', 'F')
    """
    if kind == "checkbox":
        return text or "F"
    if text is None:
        return ""
    if kind == "multi_select":
        return ",".join(sorted(part.strip() for part in text.split(",") if part.strip()))
    if kind in ("decimal", "integer"):
        try:
            return f"{Decimal(text).normalize():f}"
        except InvalidOperation:
            return text
    return text
