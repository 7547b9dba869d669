"""Locations, levels, items and variants through GraphQL: modelled fields only, a value or a function of the arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.shopify.connections import connection, number
from sandbox.shopify.executor import not_modelled
from sandbox.shopify.levels import STATES, Pair
from sandbox.shopify.metafields import fields_of
from sandbox.shopify.search import Filters, Search, is_number
from sandbox.shopify.shop import Shop
from sandbox.shopify.values import Node, iso, legacy


def location_node(shop: Shop, location_id: str | None, search: Search | None = None) -> Node | None:
    """Return a Location; its levels can be searched where a search is given."""
    row = shop.locations.get(location_id or "")
    if row is None or location_id is None:
        return None
    return {
        "__typename": "Location",
        "id": location_id,
        "legacyResourceId": legacy(location_id),
        "name": row["name"],
        "isActive": row.get("is_active", True),
        "fulfillsOnlineOrders": row.get("fulfills_online_orders", True),
        "hasActiveInventory": lambda: bool(shop.levels_at(location_id)),
        "inventoryLevel": lambda inventoryItemId: level_node(shop, inventoryItemId, location_id),  # noqa: N803 - the schema's name
        "inventoryLevels": lambda **given: _levels(shop, shop.levels_at(location_id), given, search, 0),
    }


def level_node(shop: Shop, item_id: str, location_id: str) -> Node | None:
    """Return an InventoryLevel."""
    level = shop.levels.get((item_id, location_id))
    if level is None:
        return None
    return {
        "__typename": "InventoryLevel",
        "id": level_id(shop, item_id, location_id),
        "isActive": (item_id, location_id) not in shop.inactive,
        "updatedAt": iso(level["updated_at"]),
        "item": lambda: item_node(shop, item_id),
        "location": lambda: location_node(shop, location_id),
        "quantities": lambda names: [_quantity(level, level_id(shop, item_id, location_id), name) for name in names],
    }


def item_node(shop: Shop, item_id: str, search: Search | None = None) -> Node | None:
    """Return an InventoryItem."""
    row = shop.items.get(item_id)
    if row is None:
        return None
    return {
        "__typename": "InventoryItem",
        "id": item_id,
        "legacyResourceId": legacy(item_id),
        "sku": row.get("sku"),
        "tracked": row.get("is_tracked", True),
        "inventoryLevel": lambda locationId: level_node(shop, item_id, locationId),  # noqa: N803 - the schema's name
        "inventoryLevels": lambda **given: _levels(shop, shop.levels_of(item_id), given, search, 1),
    }


def variant_node(shop: Shop, variant_id: str | None) -> Node | None:
    """Return a ProductVariant; None for a deleted one."""
    row = shop.variants.get(variant_id or "")
    if row is None or variant_id is None:
        return None
    item = row["inventory_item_id"]
    return {
        "__typename": "ProductVariant",
        "id": variant_id,
        "legacyResourceId": legacy(variant_id),
        "sku": row.get("sku"),
        "barcode": row.get("barcode"),
        "title": row.get("title"),
        "price": row.get("price"),
        "inventoryPolicy": row.get("inventory_policy", "DENY"),
        "inventoryItem": lambda: item_node(shop, item),
        "requiresComponents": row.get("requires_components", False),
        **fields_of(shop, variant_id),
        "product": {
            "__typename": "Product",
            "id": row.get("product_id"),
            "title": row.get("product_title") or row.get("title"),
            "tags": sorted(row.get("tags", [])),
            **fields_of(shop, row.get("product_id")),
        },
        # Recorded: the sum of available over active levels.
        "inventoryQuantity": lambda: sum(
            shop.levels[pair]["available"]
            for pair in shop.levels_of(item)
            if pair not in shop.inactive and shop.locations.get(pair[1], {}).get("is_active", True)
        ),
    }


def level_id(shop: Shop, item_id: str, location_id: str) -> str:
    """Return a level's id; the query string belongs to it, and its number is not the location's (recorded)."""
    return f"gid://shopify/InventoryLevel/{shop.level_number(location_id)}?inventory_item_id={legacy(item_id)}"


def _levels(shop: Shop, pairs: list[Pair], given: dict[str, Any], search: Search | None, end: int) -> Node:
    """Return one page of levels, by the number of their item (0) or location (1)."""
    query, inactive = given.pop("query", None), given.pop("includeInactive", False)
    rows: list[Pair] = pairs
    if not inactive and shop.inactive:
        rows = [pair for pair in rows if pair not in shop.inactive]
    if query and search is not None:
        matches = search.matcher("inventoryLevels", query, _filters(shop, search))
        rows = [pair for pair in rows if matches(pair)]
    return connection(rows, given, lambda pair: level_node(shop, *pair), lambda pair: (number(pair[end]), number(pair[end])))


def _filters(shop: Shop, search: Search) -> Filters:
    return {
        "updated_at": lambda pair, term: search.is_at(shop.levels[pair]["updated_at"], term),
        "inventory_item_id": lambda pair, term: is_number(pair[0], term),
    }


def _quantity(level: Mapping[str, Any], key: str, name: str) -> Node:
    if name not in (*STATES, "on_hand", "incoming"):
        raise not_modelled(f"quantity name {name!r}")
    count = sum(level[state] for state in STATES) if name == "on_hand" else level[name]
    return {
        "__typename": "InventoryQuantity",
        "id": lambda: f"{key.replace('InventoryLevel', 'InventoryQuantity')}&name={name}",
        "name": name,
        "quantity": count,
        # Recorded: on_hand carries no instant, and a state other than available none before it was first touched.
        "updatedAt": iso(level["updated_at"]) if name == "available" or (name != "on_hand" and count) else None,
    }
