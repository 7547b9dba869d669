"""Reads the JSON body of a record: property names, value types, references, custom fields."""

import json
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.netsuite.account import Account
from sandbox.netsuite.problems import invalid_content, invalid_property, invalid_reference, missing_mandatory

# property -> (column, what the value is). A reference names the table that its id must be in.
_HEADER = {
    "entity": ("entity", "ns_customer"),
    "externalId": ("externalid", "text"),
    "tranDate": ("trandate", "date"),
    "tranId": ("tranid", "text"),
    "otherRefNum": ("otherrefnum", "text"),
    "memo": ("memo", "text"),
    "email": ("email", "text"),
    "shipDate": ("shipdate", "date"),
    "currency": ("currency", "ns_currency"),
    "exchangeRate": ("exchangerate", "number"),
    "location": ("location", "ns_location"),
    "subsidiary": ("subsidiary", "ns_subsidiary"),
    "orderStatus": ("status", "order_status"),
    "shippingCost": ("shippingcost", "number"),
}
_LINE = {
    "item": ("item", "ns_item"),
    "quantity": ("quantity", "number"),
    "rate": ("rate", "number"),
    "amount": ("foreignamount", "number"),
    "location": ("location", "ns_location"),
    "isClosed": ("isclosed", "flag"),
    "commitInventory": ("commitinventory", "code"),
    "description": ("memo", "text"),
}
_TRANSFORM_LINE = _LINE | {
    "orderLine": ("orderline", "number"),
    "itemReceive": ("itemreceive", "flag"),
    "restock": ("restock", "flag"),
}
_MONEY = _HEADER | {
    "customer": ("entity", "ns_customer"),
    "payment": ("payment", "number"),
    "salesOrder": ("salesorder", "ns_transaction"),
}
_CUSTOMER = {
    "externalId": ("externalid", "text"),
    "entityId": ("entityid", "text"),
    "companyName": ("companyname", "text"),
    "firstName": ("firstname", "text"),
    "lastName": ("lastname", "text"),
    "isPerson": ("isperson", "flag"),
    "email": ("email", "text"),
    "phone": ("phone", "text"),
    "subsidiary": ("subsidiary", "ns_subsidiary"),
    "currency": ("currency", "ns_currency"),
    "isInactive": ("isinactive", "flag"),
}
_LEVELS = {
    "salesOrder": ("custbody", _HEADER),
    "cashSale": ("custbody", _HEADER),
    "customer": ("custentity", _CUSTOMER),
    "line": ("custcol", _LINE),
    "transformLine": ("custcol", _TRANSFORM_LINE),
    **dict.fromkeys(
        ("itemFulfillment", "invoice", "returnAuthorization", "itemReceipt", "creditMemo", "cashRefund"), ("custbody", _HEADER)
    ),
    **dict.fromkeys(("customerDeposit", "customerPayment", "customerRefund"), ("custbody", _MONEY)),
}
_OWN_LINES = ("salesOrder", "cashSale")  # the others' lines may name the line they are made from
# Calculated by NetSuite; sent values are ignored.
_READ_ONLY = {"id", "links", "refName", "status", "total", "subtotal", "createdDate", "lastModifiedDate", "line"}
EXTERNAL_ID = re.compile(r"[A-Za-z0-9_-]+")


@dataclass
class Part:
    """A header or a line as sent: known columns, custom fields by script id, everything else as it came."""

    columns: dict[str, Any] = field(default_factory=dict)
    custom: dict[str, Any] = field(default_factory=dict)
    other: dict[str, Any] = field(default_factory=dict)
    key: int | None = None


@dataclass
class Body:
    """A record as sent; `lines` is None where the body has no item sublist."""

    header: Part
    lines: list[Part] | None
    warnings: list[str]


def read_body(account: Account, kind: str, body: Any, validation: str = "Warning") -> Body:
    """Return a record body in the account's own terms.

    Args:
        account: resolves ids and custom fields.
        kind: the record's REST name.
        body: the JSON.
        validation: X-NetSuite-PropertyNameValidation: Error, Warning or Ignore.

    Raises:
        NetSuiteError: 400, for an unknown property under Error, a bad value, an id that does not exist.
    """
    if not isinstance(body, dict):
        raise invalid_content("The request body must be a JSON object.")
    reader = _Reader(account, validation.lower())
    header = reader.part(kind, {name: value for name, value in body.items() if name != "item"}, "")
    lines = None
    if "item" in body and "item" not in property_names(kind):
        reader.unknown("item")
    elif "item" in body:
        level = "line" if kind in _OWN_LINES else "transformLine"
        lines = [reader.part(level, element, f"item.items[{index}].") for index, element in enumerate(_elements(body["item"]))]
    return Body(header, lines, reader.warnings)


def check_mandatory_custom(account: Account, prefix: str, custom: dict[str, Any]) -> None:
    """Refuse a record that lacks a mandatory custom field.

    Raises:
        NetSuiteError: 400 "Please enter value(s) for: <label>."
    """
    for script_id, definition in account.custom_fields().items():
        is_wanted = definition["ismandatory"] == "T" and script_id.startswith(f"{prefix}_")
        if is_wanted and custom.get(script_id) in (None, ""):
            raise missing_mandatory(definition["name"])


class _Reader:
    """Reads parts of one body, collecting warnings."""

    def __init__(self, account: Account, validation: str) -> None:
        self.account, self.validation, self.warnings = account, validation, []  # type: tuple[Account, str, list[str]]

    def part(self, level: str, values: Any, path: str) -> Part:
        if not isinstance(values, dict):
            raise invalid_content("The element must be a JSON object.", path.rstrip("."))
        prefix, known = _LEVELS[level]
        part = Part()
        for name, value in values.items():
            if name == "line" and level in ("line", "transformLine"):
                part.key = self._number(value, name, path + name)
            elif name in known:
                column, kind = known[name]
                part.columns[column] = self._value(kind, value, name, path + name)
            elif name.startswith(prefix + "_"):
                self._custom(part, name, value, path + name)
            elif name in property_names(level):
                self._keep(part, name, value, path + name)
            else:
                self.unknown(path + name)
        return part

    def unknown(self, path: str) -> None:
        """Refuse, note or overlook an unknown property, as the header asks."""
        problem = invalid_property(path)
        if self.validation == "error":
            raise problem
        if self.validation != "ignore":
            self.warnings.append(problem.detail)

    def _custom(self, part: Part, name: str, value: Any, path: str) -> None:
        definition = self.account.custom_field(name)
        if definition is None:
            self.unknown(path)
            return
        if definition["access"] == "view" and self.account.person is None:
            return  # what a role may not write may be dropped in silence (facts: seen, one source)
        part.custom[name.lower()] = None if value is None else _custom_value(definition, value, path)

    def _keep(self, part: Part, name: str, value: Any, path: str) -> None:
        """Keep what has no column of its own, read-only properties apart."""
        if name == "inventoryDetail":
            self._check_numbers(value, path)
        if name not in _READ_ONLY:
            part.other[name] = value

    def _check_numbers(self, detail: Any, path: str) -> None:
        """Refuse a lot or serial number that is not there (recorded); which are taken is not modelled."""
        assigned = (detail or {}).get("inventoryAssignment") if isinstance(detail, dict) else None
        for index, row in enumerate(_elements(assigned) if assigned else []):
            name = "issueInventoryNumber"
            if isinstance(row, dict) and row.get(name) is not None:
                where = f"{path}.inventoryAssignment.items[{index}].{name}"
                self._reference("ns_inventorynumber", row[name], name.lower(), where)

    def _value(self, kind: str, value: Any, name: str, path: str) -> Any:
        if value is None:
            return None
        if kind.startswith("ns_"):
            return self._reference(kind, value, name, path)
        if kind == "number":
            return self._number(value, name, path)
        return _plain_value(kind, value, name, path)

    def _number(self, value: Any, name: str, path: str) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise invalid_reference(value, name, path)
        return value

    def _reference(self, table: str, value: Any, name: str, path: str) -> int:
        column, wanted = "id", value
        if isinstance(value, dict):
            column, wanted = ("externalid", value.get("externalId")) if "id" not in value else ("id", value["id"])
        row = self.account.one(f"SELECT id FROM {table} WHERE {column} = ?", str(wanted))
        if row is None:
            raise invalid_reference(wanted, name, path)
        return int(row["id"])


def _elements(value: Any) -> list[Any]:
    elements = value.get("items") if isinstance(value, dict) else None
    if not isinstance(elements, list):
        raise invalid_content("A sublist must hold 'items'.", "item")
    return elements


def _plain_value(kind: str, value: Any, name: str, path: str) -> Any:
    """Return a flag, day, code or text as stored."""
    if kind == "flag" and isinstance(value, bool):
        return "T" if value else "F"
    if kind == "date":
        return _day(value, name, path)
    code = str(value.get("id") if isinstance(value, dict) else value)
    if kind == "code" or (kind == "order_status" and code in ("A", "B")):
        return code
    if kind == "text" and isinstance(value, str):
        return value or None
    raise invalid_reference(code, name, path)


def _day(value: Any, name: str, path: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        raise invalid_reference(value, name, path)
    return f"{value} 00:00:00"


def _custom_value(definition: dict[str, Any], value: Any, path: str) -> Any:
    """Return a custom field's value as stored: text, a number, 'T'/'F', an id, ids joined by ', ', or a date."""
    kind, name = definition["fieldtype"].lower(), definition["scriptid"]
    if "check" in kind or "bool" in kind:
        if not isinstance(value, bool):
            raise invalid_reference(value, name, path)
        return "T" if value else "F"
    if any(word in kind for word in ("list", "select", "record")):
        ids = [str(v.get("id") if isinstance(v, dict) else v) for v in _chosen(value)]
        allowed = json.loads(definition["listvalues"] or "{}")
        closed = json.loads(definition["closedvalues"] or "[]")  # an inactive value cannot be chosen [?]
        for chosen in ids:
            if (allowed and chosen not in allowed) or chosen in closed:
                raise invalid_reference(chosen, name, path)
        return ", ".join(ids)
    if "date" in kind:
        return _day(value, name, path)
    is_number = any(word in kind for word in ("int", "decimal", "float", "number", "currency", "percent"))
    if isinstance(value, bool) or not isinstance(value, (int | float) if is_number else str):
        raise invalid_reference(value, name, path)
    return value


def _chosen(value: Any) -> list[Any]:
    return value["items"] if isinstance(value, dict) and isinstance(value.get("items"), list) else [value]


@cache
def property_names(level: str) -> frozenset[str]:
    """Return the names that REST API Browser 2026.1 lists for a record or a line (property_names.json)."""
    text = (Path(__file__).parent / "property_names.json").read_text(encoding="utf-8")
    return frozenset(json.loads(text)[level])
