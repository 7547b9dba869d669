"""`metafieldsSet` and `metafieldsDelete` (recorded: their refusals, unless said)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import GraphQLError

from sandbox.shopify.access import refusal
from sandbox.shopify.metafields import APP_NAMESPACE, Name, fits, metafield_node, owner_type
from sandbox.shopify.shop import Shop

MOST = 25
_STALE = "The resource has been updated since it was loaded. Try again with an updated `compareDigest` value."
_WRITE = {"ORDER": "write_orders", "PRODUCT": "write_products", "PRODUCTVARIANT": "write_products"}
Row = dict[str, Any]


def set_metafields(shop: Shop, rows: list[Row], scopes: frozenset[str] | None) -> Row:
    """Set metafields, all or none, and return the payload.

    Raises:
        GraphQLError: the token may not write their owners (the sentence is that of other fields).
    """
    if len(rows) > MOST:
        told = f"Exceeded the maximum metafields input limit of {MOST}."
        return _payload(None, [_error("LESS_THAN_OR_EQUAL_TO", told, [])])
    _check_scopes(rows, scopes, "metafieldsSet")
    errors = [error for place, row in enumerate(rows) for error in _row_errors(shop, row, str(place))]
    if errors:
        return _payload([], errors)
    made = [metafield_node(shop, shop.metafields.write(row["ownerId"], _name(row), row["value"], row.get("type"))) for row in rows]
    _touch(shop, rows)
    return _payload(made, [])


def delete_metafields(shop: Shop, rows: list[Row], scopes: frozenset[str] | None) -> Row:
    """Delete metafields; one that is not there is null in the answer, and no error (recorded)."""
    _check_scopes(rows, scopes, "metafieldsDelete")
    gone = [
        {"__typename": "MetafieldIdentifier", "ownerId": row["ownerId"], "namespace": row["namespace"], "key": row["key"]}
        if shop.metafields.remove(row["ownerId"], (row["namespace"], row["key"]))
        else None
        for row in rows
    ]
    _touch(shop, rows)
    return {"__typename": "MetafieldsDeletePayload", "deletedMetafields": gone, "userErrors": []}


def _row_errors(shop: Shop, row: Row, place: str) -> Iterator[Row]:
    """Yield what refuses one row, at most one error."""
    kind, name = owner_type(row["ownerId"]), _name(row)
    if not shop.has_owner(row["ownerId"]):
        yield _error("INVALID_VALUE", "Owner does not exist.", [place, "ownerId"])
        return
    held = shop.metafields.held.get(row["ownerId"], {}).get(name)
    told = shop.metafields.definition(kind, name)
    wanted = told["type"] if told else held["type"] if held else None
    given = row.get("type") or wanted
    if given is None:
        yield _error("BLANK", "Type can't be blank", [place, "type"])
    elif told and given != told["type"]:
        yield _error("INVALID_TYPE", f"Type must be consistent with the definition's type: '{told['type']}'.", [place, "type"])
    elif not row["value"]:
        yield _error("BLANK", "Value can't be blank", [place, "value"])
    elif not fits(given, row["value"]):
        yield _error("INVALID_VALUE", f"Value is invalid for the type {given}.", [place, "value"])
    elif row.get("compareDigest") is not None and held is None:
        yield _error("INVALID_COMPARE_DIGEST", "Invalid `compareDigest` value.", [place])
    elif "compareDigest" in row and held is not None and row["compareDigest"] != held["digest"] and _changes(held, row, given):
        # Recorded: a digest that is not the held one's is let be where the value stays as it is.
        # That null, which creates what is not there (recorded), is stale for what is there, follows from the schema's words.
        yield _error("STALE_OBJECT", _STALE, [place])


def _changes(held: Row, row: Row, kind: str) -> bool:
    return bool((held["value"], held["type"]) != (row["value"], kind))


def _name(row: Row) -> Name:
    return row.get("namespace") or APP_NAMESPACE, row["key"]


def _touch(shop: Shop, rows: list[Row]) -> None:
    """Stamp the orders whose metafields were written (that this moves their updatedAt is not recorded)."""
    for owner in dict.fromkeys(row["ownerId"] for row in rows):
        if owner in shop.orders:
            shop.touch(shop.orders[owner], shop.clock.now())


def _check_scopes(rows: list[Row], scopes: frozenset[str] | None, field: str) -> None:
    for row in rows:
        needed = _WRITE[owner_type(row["ownerId"])]
        if scopes is not None and needed not in scopes:
            error: GraphQLError = refusal(field, f"`{needed}` access scope.")
            raise error


def _payload(made: list[Row] | None, errors: list[Row]) -> Row:
    return {"__typename": "MetafieldsSetPayload", "metafields": made, "userErrors": errors}


def _error(code: str, message: str, path: list[str]) -> Row:
    told = {"code": code, "message": message, "field": ["metafields", *path], "elementIndex": None}
    return {"__typename": "MetafieldsSetUserError"} | told
