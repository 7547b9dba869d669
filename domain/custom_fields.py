"""Custom fields: what the contract maps from an order or a line, converted to what NetSuite's field takes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from contract.models import Contract, FieldMapping
from domain.order_facts import number_of

_COLUMN_OF = {
    "order.created_at": "created_at_utc",
    "order.processed_at": "processed_at_utc",
    "order.retail_location": "retail_location_id_shopify",
    "order.email": "customer_email",
    "order.total": "total_amount",
    "order.order_id": "order_id_shopify",
    "line.id": "order_line_id_shopify",
    "line.properties": "custom_attributes",
    "customer.id": "customer_id_shopify",
    "customer.email": "customer_email",
}
_NUMBERS = frozenset({"order.order_id", "customer.id"})
_FLAGS = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
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
        level: body, line or customer.
        order: a row of `raw_shopify__orders`, missing values as None.
        line: a row of `raw_shopify__order_lines`; None at the other levels.
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


def read_source(source: str, order: Mapping[str, Any], line: Mapping[str, Any] | None) -> str | None:
    """Return the value at a mapping's source path, as text; None where the order has none.

    >>> read_source("order.name", {"name": "#1001"}, None)
    '#1001'
    >>> read_source("order.attribute.utm_source", {"custom_attributes": '[{"key":"utm_source","value":"mail"}]'}, None)
    'mail'
    >>> read_source("order.utm.source", {"utm": '{"source":"mail"}'}, None)
    'mail'
    """
    head, _, rest = source.partition(".")
    name, _, key = rest.partition(".")
    row = order if head in ("order", "customer") else line or {}
    if key:
        return _keyed(name, key, row)
    if name == "tax_titles":
        titles = {tax["title"] for tax in json.loads(row.get("tax_lines") or "[]")}
        return ", ".join(sorted(titles)) or None
    value = row.get(_COLUMN_OF.get(f"{head}.{name}", name))
    if name in _LISTS and value:
        return ", ".join(json.loads(value)) or None
    if value is None:
        return None
    return number_of(str(value)) if f"{head}.{name}" in _NUMBERS else str(value)


def _keyed(name: str, key: str, row: Mapping[str, Any]) -> str | None:
    """Return one value of a column of several: attributes and properties are pairs, metafields and UTM parameters named."""
    if name in ("attribute", "property"):
        pairs = json.loads(row.get("custom_attributes") or "[]")
        return next((pair["value"] for pair in pairs if pair["key"] == key), None)
    value = json.loads(row.get({"metafield": "metafields"}.get(name, name)) or "{}").get(key)
    return None if value is None else str(value)


def convert(mapping: FieldMapping, text: str) -> Any:
    """Return a source's text as the value that the field's type takes in NetSuite's REST.

    Raises:
        KeyError: a list, multi_select or record has no entry for it.
        ValueError, InvalidOperation: it is not of the type.
    """
    if mapping.type in ("list", "record"):
        return {"id": mapping.values[text]}
    if mapping.type == "multi_select":
        return {"items": [{"id": mapping.values[part.strip()]} for part in text.split(",") if part.strip()]}
    return _CONVERTERS[mapping.type](text)


def _decimal(text: str) -> float:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(text)
    # JSON has no other number; NetSuite reads its digits.
    return float(number)


def _checkbox(text: str) -> bool:
    try:
        return _FLAGS[text.lower()]
    except KeyError:
        raise ValueError(text) from None


_CONVERTERS: Mapping[str, Callable[[str], Any]] = {
    "text": str,
    "integer": int,
    "decimal": _decimal,
    "date": lambda text: datetime.fromisoformat(text).date().isoformat(),
    "checkbox": _checkbox,
}
