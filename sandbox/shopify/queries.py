"""The query root: what may be asked of a shop."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from graphql import GraphQLError

from sandbox.shopify.connections import connection
from sandbox.shopify.nodes import (
    fulfillment_node,
    fulfillment_order_node,
    item_node,
    level_node,
    location_node,
    order_node,
    refund_node,
    variant_node,
)
from sandbox.shopify.shop import Order, Shop

_TERM = re.compile(r"(\w+):(<=|>=|<|>)?\s*(?:'([^']*)'|\"([^\"]*)\"|(\S+))")
_INSTANTS = {"updated_at": "updated_at", "created_at": "created_at"}
_ORDER_KEYS: dict[str, Callable[[Order], Any]] = {
    "UPDATED_AT": lambda order: (order["updated_at"], int(order["id"].rsplit("/", 1)[1])),
    "CREATED_AT": lambda order: (order["created_at"], int(order["id"].rsplit("/", 1)[1])),
    "PROCESSED_AT": lambda order: (order["created_at"], int(order["id"].rsplit("/", 1)[1])),
    "ID": lambda order: int(order["id"].rsplit("/", 1)[1]),
}


def query_root(shop: Shop) -> dict[str, Any]:
    """Return the root's fields."""

    def orders(sortKey: str = "PROCESSED_AT", query: str | None = None, **given: Any) -> Any:  # noqa: N803 - the schema's name
        if sortKey not in _ORDER_KEYS:
            raise GraphQLError(f"sortKey {sortKey} is not modelled", extensions={"code": "NOT_MODELLED"})
        found = sorted((order for order in shop.searchable() if _matches(order, query)), key=_ORDER_KEYS[sortKey])
        return connection(found, given, lambda order: order_node(shop, order), sortKey)

    def locations(includeInactive: bool = False, **given: Any) -> Any:  # noqa: N803 - the schema's name
        rows = [key for key, row in shop.locations.items() if includeInactive or row.get("is_active", True)]
        return connection(rows, given, lambda key: location_node(shop, key), "locations")

    return {
        "__typename": "QueryRoot",
        "orders": orders,
        "order": lambda id, **_: order_node(shop, shop.orders[id]) if id in shop.orders else None,  # noqa: A006
        "fulfillment": lambda id, **_: _part_of(shop, "fulfillments", id, fulfillment_node),  # noqa: A006
        "fulfillmentOrder": lambda id, **_: _part_of(shop, "fulfillment_orders", id, fulfillment_order_node),  # noqa: A006
        "refund": lambda id, **_: _part_of(shop, "refunds", id, refund_node),  # noqa: A006
        "locations": locations,
        "location": lambda id=None, **_: location_node(shop, id or next(iter(shop.locations))),  # noqa: A006
        "productVariants": lambda **given: connection(
            list(shop.variants), _unsearched(given), lambda key: variant_node(shop, key), "variants"
        ),
        "inventoryItem": lambda id, **_: item_node(shop, id),  # noqa: A006
        "inventoryItems": lambda **given: connection(
            list(shop.items), _unsearched(given), lambda key: item_node(shop, key), "items"
        ),
        "nodes": lambda ids, **_: [find_node(shop, key) for key in ids],
        "node": lambda id, **_: find_node(shop, id),  # noqa: A006
        "shop": {"__typename": "Shop", "id": "gid://shopify/Shop/1", "name": shop.code, "currencyCode": shop.currency},
    }


def _unsearched(given: dict[str, Any]) -> dict[str, Any]:
    """Refuse a search where none is modelled: everything would be an invented answer."""
    if given.get("query"):
        raise GraphQLError("a search of this connection is not modelled", extensions={"code": "NOT_MODELLED"})
    return given


def _part_of(shop: Shop, kind: str, key: str, node: Callable[[Shop, Order, Any], Any]) -> Any:
    """Return the fulfilment, fulfilment order or refund of an id, or None."""
    return next((node(shop, order, row) for order in shop.orders.values() for row in order[kind] if row["id"] == key), None)


def find_node(shop: Shop, key: str) -> Any:
    """Return the object of an id, or None where there is none.

    Raises:
        GraphQLError: its type is not modelled.
    """
    kind = key.removeprefix("gid://shopify/").split("/")[0]
    if kind == "InventoryLevel":
        number, _, item = key.rsplit("/", 1)[1].partition("?inventory_item_id=")
        place = next((place for place in shop.locations if shop.level_number(place) == number), "")
        return level_node(shop, f"gid://shopify/InventoryItem/{item}", place)
    finders: dict[str, Callable[[str], Any]] = {
        "Order": lambda found: order_node(shop, shop.orders[found]) if found in shop.orders else None,
        "Location": lambda found: location_node(shop, found),
        "InventoryItem": lambda found: item_node(shop, found),
        "ProductVariant": lambda found: variant_node(shop, found),
    }
    if kind not in finders:
        raise GraphQLError(f"node of type {kind} is not modelled", extensions={"code": "NOT_MODELLED"})
    return finders[kind](key)


def _matches(order: Order, query: str | None) -> bool:
    """Apply the search terms; like Shopify, a term of an unknown name is ignored."""
    for name, sign, *values in _TERM.findall(query or ""):
        value = next(text for text in values if text)
        if name in _INSTANTS and not _compares(order[_INSTANTS[name]].replace(microsecond=0), sign, datetime.fromisoformat(value)):
            return False
        if name == "tag" and value not in order["body"].get("tags", []):
            return False
        if name == "id" and order["id"].rsplit("/", 1)[1] != value:
            return False
    return True


def _compares(left: datetime, sign: str, right: datetime) -> bool:
    return {">": left > right, ">=": left >= right, "<": left < right, "<=": left <= right, "": left == right}[sign]
