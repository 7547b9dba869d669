"""Custom fields: what the contract maps from an order or a line, converted to what NetSuite's field takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from contract.models import Contract, FieldMapping

_COLUMN_OF = {
    "created_at": "created_at_utc",
    "processed_at": "processed_at_utc",
    "retail_location": "retail_location_id_shopify",
    "email": "customer_email",
    "total": "total_amount",
}
_LISTS = frozenset({"tags", "discount_codes", "gateways"})


@dataclass(frozen=True)
class FieldProblem:
    """One mapping that cannot be filled: the reason code, and a sentence with source, target, value and what to do."""

    reason_code: str
    told: str


def map_fields(
    level: str, order: Mapping[str, Any], line: Mapping[str, Any] | None, contract: Contract
) -> tuple[dict[str, Any], list[FieldProblem]]:
    """Return NetSuite field to value for one order or line, and what cannot be filled.

    Args:
        level: body or line.
        order: a row of `raw_shopify__orders`, missing values as None.
        line: a row of `raw_shopify__order_lines`; None at body level.
        contract: the mappings.
    """
    values: dict[str, Any] = {}
    problems: list[FieldProblem] = []
    for mapping in contract.orders.fields:
        if mapping.level != level:
            continue
        found = read_source(mapping.source, order, line)
        text = found if found not in (None, "") else mapping.default
        if text is None:
            if mapping.is_required:
                told = f"{mapping.target} needs {mapping.source}, which this order lacks; fill it in, or give a default"
                problems.append(FieldProblem("missing_required_field", told))
            continue
        try:
            values[mapping.target] = convert(mapping, text)
        except KeyError:
            known = ", ".join(sorted(mapping.values))
            told = (
                f"{mapping.source} is {text!r}, which {mapping.target} has no entry for ({known}); add it to the contract's values"
            )
            problems.append(FieldProblem("unknown_list_value", told))
        except (ValueError, InvalidOperation):
            told = f"{mapping.source} is {text!r}, no {mapping.type} for {mapping.target}; mend the order or the mapping"
            problems.append(FieldProblem("unconvertible_value", told))
    return values, problems


def read_source(  # noqa: PLR0911 - one return a kind of source
    source: str, order: Mapping[str, Any], line: Mapping[str, Any] | None
) -> str | None:
    """Return the value at a mapping's source path, as text; None where the order has none.

    >>> read_source("order.name", {"name": "#1001"}, None)
    '#1001'
    >>> read_source("order.attribute.utm_source", {"custom_attributes": '[{"key":"utm_source","value":"mail"}]'}, None)
    'mail'
    """
    head, _, rest = source.partition(".")
    name, _, key = rest.partition(".")
    row = order if head == "order" else line or {}
    if name in ("attribute", "property"):
        pairs = json.loads(row.get("custom_attributes") or "[]")
        return next((pair["value"] for pair in pairs if pair["key"] == key), None)
    if name == "metafield":
        value = json.loads(row.get("metafields") or "{}").get(key)
        return None if value is None else str(value)
    if name == "tax_titles":
        titles = {tax["title"] for tax in json.loads(row.get("tax_lines") or "[]")}
        return ", ".join(sorted(titles)) or None
    if head == "order" and name == "order_id":
        return str(row["order_id_shopify"]).rsplit("/", 1)[-1]
    if head == "line" and name in ("id", "properties"):
        return row.get("order_line_id_shopify") if name == "id" else row.get("custom_attributes")
    value = row.get(_COLUMN_OF.get(name, name))
    if name in _LISTS and value:
        return ", ".join(json.loads(value)) or None
    return None if value is None else str(value)


def convert(mapping: FieldMapping, text: str) -> Any:
    """Return a source's text as the value that the field's type takes in NetSuite's REST.

    Raises:
        KeyError: a list has no entry for it.
        ValueError: it is not of the type.
    """
    if mapping.type == "list":
        return {"id": mapping.values[text]}
    if mapping.type == "integer":
        return int(text)
    if mapping.type == "decimal":
        return float(Decimal(text))
    if mapping.type == "date":
        return datetime.fromisoformat(text).date().isoformat()
    if mapping.type == "checkbox":
        return {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}.get(text.lower()) is True
    return text
