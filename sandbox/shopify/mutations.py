"""The mutation root, with the rules that the schema cannot say.

Whether one bad row refuses a whole call is not documented; the recordings show refused calls of one row. The sandbox
refuses the whole call, so that a client which counts on less harm than that is found out.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from graphql import DirectiveNode, GraphQLError, GraphQLResolveInfo, value_from_ast_untyped

from sandbox.shopify import bulk
from sandbox.shopify.activation import activate
from sandbox.shopify.fulfillment_mutation import create_fulfillment
from sandbox.shopify.inventory_nodes import item_node, location_node
from sandbox.shopify.levels import STATES
from sandbox.shopify.metafield_mutations import delete_metafields, set_metafields
from sandbox.shopify.shop import Shop

_MISMATCH = "The idempotency key was used with other parameters."
KEY_LIFE = timedelta(hours=24)
_BOUND = 1_000_000_000
_REASON_WORDS = (
    "correction cycle_count_available damaged movement_canceled movement_created movement_received movement_updated other "
    "promotion quality_control received reservation_created reservation_deleted reservation_updated restock safety_stock shrinkage"
)
_REASONS = frozenset(_REASON_WORDS.split())


def mutation_root(shop: Shop) -> dict[str, Any]:
    """Return the root's fields."""
    return {
        "__typename": "Mutation",
        "inventorySetQuantities": lambda info, **given: _set_quantities(shop, info, given["input"]),
        "inventoryActivate": lambda info, **given: _activate(shop, info, given),
        "bulkOperationRunQuery": lambda info, query, **_: bulk.run_query(shop, info.schema, query),
        "metafieldsSet": lambda info, metafields: set_metafields(shop, metafields, info.context.scopes),
        "metafieldsDelete": lambda info, metafields: delete_metafields(shop, metafields, info.context.scopes),
        "fulfillmentCreate": lambda info, **given: create_fulfillment(shop, given["fulfillment"]),  # noqa: ARG005
    }


def _set_quantities(shop: Shop, info: GraphQLResolveInfo[Any], given: dict[str, Any]) -> dict[str, Any]:
    key = _idempotency_key(info)
    rows = given["quantities"]
    if any("changeFromQuantity" not in row for row in rows):
        told = "InventoryQuantityInput must include the following argument: changeFromQuantity."
        nodes = [*info.field_nodes, *(info.operation.variable_definitions or ())[:1]]
        raise GraphQLError(told, nodes, extensions={"code": "INVALID_FIELD_ARGUMENTS"})

    def act() -> dict[str, Any]:
        errors = _call_errors(given) or _row_errors(shop, given["name"], rows)
        return _refused(errors) if errors else _apply(shop, given["name"], rows, str(given["reason"]))

    return _once(shop, key, given, act) or _refused([_error("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", None, _MISMATCH)])


def _activate(shop: Shop, info: GraphQLResolveInfo[Any], given: dict[str, Any]) -> dict[str, Any]:
    found = _once(shop, _idempotency_key(info), given, lambda: activate(shop, given))
    # The mutation's user errors carry no code; that a key used otherwise is told here is taken over, not recorded.
    told = [{"__typename": "UserError", "field": None, "message": _MISMATCH}]
    return found or {"__typename": "InventoryActivatePayload", "inventoryLevel": None, "userErrors": told}


def _once(shop: Shop, key: str, given: dict[str, Any], act: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
    """Return what a call comes to: what it came to the first time, if its key was used; None if with other parameters."""
    now, content = shop.clock.now(), json.dumps(given, sort_keys=True)
    seen = shop.idempotency.get(key)
    if seen and now - seen[0] < KEY_LIFE:
        return dict(seen[2]) if seen[1] == content else None
    result = act()
    shop.idempotency[key] = (now, content, result)
    return result


def _idempotency_key(info: GraphQLResolveInfo[Any]) -> str:
    directives: list[DirectiveNode] = [node for field in info.field_nodes for node in field.directives or ()]
    for node in directives:
        if node.name.value == "idempotent":
            given = dict(info.variable_values.coerced)
            values = {x.name.value: value_from_ast_untyped(x.value, given) for x in node.arguments or ()}
            if str(values.get("key") or "").strip():
                return str(values["key"])
    told = "The @idempotent directive is required for this mutation but was not provided."
    raise GraphQLError(told, extensions={"code": "BAD_REQUEST"})


def _call_errors(given: dict[str, Any]) -> list[dict[str, Any]]:
    if given["name"] not in ("available", "on_hand"):
        return [_error("INVALID_NAME", ["input", "name"], "The quantity name must be either 'available' or 'on_hand'.")]
    if given["reason"] not in _REASONS:
        told = ", ".join(_REASON_WORDS.split())
        return [_error("INVALID_REASON", ["input", "reason"], f"The specified reason is invalid. Valid values are: {told}.")]
    return []


def _row_errors(shop: Shop, name: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    pairs = [(row["inventoryItemId"], row["locationId"]) for row in rows]
    found = []
    for index, row in enumerate(rows):
        path = ["input", "quantities", str(index)]
        if pairs.count(pairs[index]) > 1:
            told = "The combination of inventoryItemId and locationId must be unique."
            found.append(_error("NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR", [*path, "locationId"], told))
            continue
        error = _row_error(shop, name, row, path)
        if error:
            found.append(error)
    return found


def _row_error(  # noqa: PLR0911 - one return a rule
    shop: Shop, name: str, row: dict[str, Any], path: list[str]
) -> dict[str, Any] | None:
    item = shop.items.get(row["inventoryItemId"])
    if item is None:
        return _error("INVALID_INVENTORY_ITEM", [*path, "inventoryItemId"], "The specified inventory item could not be found.")
    place = shop.locations.get(row["locationId"])
    if place is None or not place.get("is_active", True):
        return _error("INVALID_LOCATION", [*path, "locationId"], "The specified location could not be found.")
    if row["quantity"] > _BOUND or row["quantity"] < -_BOUND:
        # The sentence of the lower bound is not recorded.
        code, side = ("TOO_HIGH", "higher than ") if row["quantity"] > 0 else ("TOO_LOW", "lower than -")
        return _error(f"INVALID_QUANTITY_{code}", [*path, "quantity"], f"The quantity can't be {side}{_BOUND:,}.")
    if name == "on_hand" and row["quantity"] < 0:
        return _error("INVALID_QUANTITY_NEGATIVE", [*path, "quantity"], "The quantity can't be negative.")
    if item.get("is_bundle"):
        return _error("NON_MUTABLE_INVENTORY_ITEM", [*path, "inventoryItemId"], "The specified inventory item is not mutable.")
    expected = row["changeFromQuantity"]
    if expected is not None and expected != _current(shop, name, row):
        told = "The changeFromQuantity argument no longer matches the persisted quantity."
        return _error("CHANGE_FROM_QUANTITY_STALE", [*path, "changeFromQuantity"], told)
    return None


def _current(shop: Shop, name: str, row: dict[str, Any]) -> int:
    level = shop.levels.get((row["inventoryItemId"], row["locationId"]), dict.fromkeys(STATES, 0))
    return int(level["available"] if name == "available" else sum(level[state] for state in STATES))


def _apply(shop: Shop, name: str, rows: list[dict[str, Any]], reason: str) -> dict[str, Any]:
    deltas = []
    for row in rows:
        delta = row["quantity"] - _current(shop, name, row)
        if not delta:
            continue
        level = shop.level(row["inventoryItemId"], row["locationId"])
        # Setting on_hand moves available by the same units; setting available moves on_hand.
        level["available"] += delta
        level["updated_at"] = shop.clock.now()
        deltas.append((row, delta))
    # Recorded: all changes of available stand before all of on_hand.
    changes = [_change(shop, row, name, delta) for name in ("available", "on_hand") for row, delta in deltas]
    group = {
        "__typename": "InventoryAdjustmentGroup",
        "id": shop.new_id("InventoryAdjustmentGroup"),
        "reason": reason,
        "changes": changes,
    }
    return {"__typename": "InventorySetQuantitiesPayload", "inventoryAdjustmentGroup": group if changes else None, "userErrors": []}


def _change(shop: Shop, row: dict[str, Any], name: str, delta: int) -> dict[str, Any]:
    return {
        "__typename": "InventoryChange",
        "name": name,
        "delta": delta,
        "item": item_node(shop, row["inventoryItemId"]),
        "location": location_node(shop, row["locationId"]),
        "quantityAfterChange": None,
    }


def _refused(errors: list[dict[str, Any]]) -> dict[str, Any]:
    return {"__typename": "InventorySetQuantitiesPayload", "inventoryAdjustmentGroup": None, "userErrors": errors}


def _error(code: str, field: list[str] | None, message: str) -> dict[str, Any]:
    return {"__typename": "InventorySetQuantitiesUserError", "code": code, "field": field, "message": message}
