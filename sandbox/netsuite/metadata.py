"""The metadata catalog: which records there are, and the JSON Schema of one (facts 4.6, Oracle's help on it).

The list's shape is that of a live answer of November 2025. A record's schema is that of Oracle's help and of clients that
read live ones: a reference is an object of id, refName, externalId and links, its `enum` stands under `id`; a sublist is an
object whose `items` is an array of elements with their own properties; custom fields carry `x-ns-custom-field`, lower-case
script ids and their labels as titles. `nullable` says nothing about mandatory, and there is no `required`.

Left out, since our sources do not have them: titles and descriptions of standard fields, `x-ns-filterable`, the fields of
subrecords and of sublists other than `item`. A property whose type was not read has no `type`. Not certain [?]: that the
values of a custom list are no `enum` (they are records, read them by SuiteQL), what an answer without a known Accept is.
Of application/swagger+json the schemas only are modelled, not its paths.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.netsuite.account import Account
from sandbox.netsuite.custom_fields import is_chosen, is_numeric
from sandbox.netsuite.problems import nonexistent_id, not_modelled
from sandbox.netsuite.record_body import property_names

CATALOG = "/services/rest/record/v1/metadata-catalog"
SCHEMA, SWAGGER = "application/schema+json", "application/swagger+json"
RECORDS = (
    "salesOrder", "cashSale", "customer", "itemFulfillment", "invoice", "creditMemo", "cashRefund", "customerRefund",
    "customerDeposit", "customerPayment", "returnAuthorization", "itemReceipt",
)  # fmt: skip
_OWN_LINES = ("salesOrder", "cashSale")
_READ_ONLY = {"links", "refName", "totalResults", "count", "hasMore", "offset"}


def record_list(account: Account, base: str, accept: str, select: str | None) -> dict[str, Any]:
    """Return the list of records; as OpenAPI, their schemas (`select`: of some only)."""
    if SWAGGER in accept:
        wanted = [_known(name, base) for name in select.split(",")] if select else list(RECORDS)
        return _open_api(account, wanted)
    own = [{"rel": "canonical", "href": f"{base}{CATALOG}/", "mediaType": "application/json"}]
    return {"items": [{"name": name.lower(), "links": _links(base, name.lower())} for name in RECORDS], "links": own}


def record_schema(account: Account, record: str, base: str, accept: str) -> dict[str, Any]:
    """Return the JSON Schema of a record as our role sees it.

    Raises:
        NetSuiteError: 404 for a record that is not there, 501 for one that the sandbox does not model.
    """
    name = _known(record, base)
    return _open_api(account, [name]) if SWAGGER in accept else _schema(account, name)


def media_type(accept: str) -> str:
    """Return the media type of the answer to an Accept header."""
    return SWAGGER if SWAGGER in accept else SCHEMA if SCHEMA in accept else "application/json"


def _known(record: str, base: str) -> str:
    if record.lower() == "nslink":
        raise not_modelled("the schema of nsLink")
    found = next((name for name in RECORDS if name.lower() == record.lower()), None)
    if found is None:
        # NetSuite has 180 more; what it says of a name that none has is not recorded.
        if record.lower() in _OTHERS:
            raise not_modelled(f"the metadata of {record}")
        raise nonexistent_id(f"{base}{CATALOG}/{record}")
    return found


_OTHERS = {"inventoryitem", "location", "subsidiary", "employee", "transferorder", "inventoryadjustment", "purchaseorder"}


def _links(base: str, name: str) -> list[dict[str, str]]:
    here = f"{base}{CATALOG}/{name}"
    return [
        {"rel": "canonical", "href": here, "mediaType": SCHEMA},
        {"rel": "alternate", "href": here, "mediaType": SWAGGER},
        {"rel": "alternate", "href": here, "mediaType": SCHEMA},
        {"rel": "describes", "href": f"{base}/services/rest/record/v1/{name}", "mediaType": "application/json"},
    ]


def _open_api(account: Account, names: list[str]) -> dict[str, Any]:
    return {"components": {"schemas": {name: _schema(account, name) for name in names}}}


def _schema(account: Account, name: str) -> dict[str, Any]:
    prefix = "custentity" if name == "customer" else "custbody"
    properties = _standard(name) | _custom(account, prefix)
    if "item" in properties:
        level = "line" if name in _OWN_LINES else "transformLine"
        element = {"type": "object", "properties": _standard(level) | _custom(account, "custcol")}
        element["x-ns-sublistkey"] = {"present": True, "value": {"new": _line_keys(name), "existing": ["line"]}}
        items = {"type": "array", "items": element}
        properties["item"] = {"type": "object", "nullable": True, "properties": {"links": _nslinks(), "items": items}}
    return {"type": "object", "properties": properties, "$schema": "https://json-schema.org/draft-06/hyper-schema#"}


def _line_keys(name: str) -> list[str]:
    """Return what a new line is known by: the line it is made from, where a transform makes it (seen in a credit memo's)."""
    return ["line"] if name in _OWN_LINES else ["orderLine"]


def _standard(level: str) -> dict[str, Any]:
    types = _types(level)
    return {name: _property(types.get(name), name) for name in sorted(property_names(level))}


def _property(code: str | None, name: str) -> dict[str, Any]:
    told: dict[str, Any] = {"nullable": True} | ({"readOnly": True} if name in _READ_ONLY else {})
    if code is None or code == "object":
        return ({"type": "object"} if code else {}) | told
    if code == "array":
        return _nslinks()
    if code.startswith(("enum:", "ref")):
        return _reference([*code.removeprefix("enum:").split("|")] if code.startswith("enum:") else None) | told
    kind, _, form = code.partition("/")
    return {"type": kind} | ({"format": form} if form else {}) | told


def _custom(account: Account, prefix: str) -> dict[str, Any]:
    found = {}
    for name, row in sorted(account.custom_fields().items()):
        if name.startswith(f"{prefix}_"):
            told = {"title": row["name"], **_custom_type(row["fieldtype"].lower()), "nullable": True, "x-ns-custom-field": True}
            found[name] = told | ({"readOnly": True} if row["access"] == "view" else {})
    return found


def _custom_type(kind: str) -> dict[str, Any]:
    if "multi" in kind:
        counts = {name: {"type": "integer", "format": "int64"} for name in ("count", "offset", "totalResults")}
        whole = {"links": _nslinks(), "hasMore": {"type": "boolean"}, "items": {"type": "array", "items": _reference()}}
        return {"type": "object", "properties": whole | counts}
    if is_chosen(kind):
        return _reference()
    if "check" in kind or "bool" in kind:
        return {"type": "boolean"}
    if "date" in kind:
        return {"type": "string", "format": "date-time" if "time" in kind else "date"}
    if is_numeric(kind):
        return {"type": "integer", "format": "int64"} if "int" in kind else {"type": "number", "format": "double"}
    return {"type": "string"}


def _reference(enum: list[str] | None = None) -> dict[str, Any]:
    key: dict[str, Any] = {"title": "Internal identifier", "type": "string"} | ({"enum": enum} if enum else {})
    named = {"id": key, "refName": {"title": "Reference Name", "type": "string"}}
    if enum is None:
        named |= {"externalId": {"title": "External identifier", "type": "string"}, "links": _nslinks()}
    return {"type": "object", "properties": named}


def _nslinks() -> dict[str, Any]:
    return {"title": "Links", "type": "array", "readOnly": True, "items": {"$ref": f"{CATALOG}/nsLink"}}


@cache
def _types(level: str) -> dict[str, str]:
    told = json.loads((Path(__file__).parent / "property_types.json").read_text(encoding="utf-8"))
    return {**told["line" if level in ("line", "transformLine") else "header"], **told["kinds"].get(level, {})}
