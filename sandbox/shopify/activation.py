"""`inventoryActivate`: an item stocked at a location. The sentences are recorded (2025-01 and 2026-04).

An unknown item is told as a deleted product. A level stocked again keeps its old quantity (2026-04).
"""

from __future__ import annotations

from typing import Any

from sandbox.shopify.inventory_nodes import level_node
from sandbox.shopify.shop import Shop

_BOUND = 1_000_000_000


def activate(shop: Shop, given: dict[str, Any]) -> dict[str, Any]:
    """Return the payload.

    Args:
        shop: the shop.
        given: the mutation's arguments.
    """
    item_id, location_id = given["inventoryItemId"], given["locationId"]
    units = {name: given[name] for name in ("available", "onHand") if given.get(name) is not None}
    place, pair = shop.locations.get(location_id), (item_id, location_id)
    if place is None or not place.get("is_active", True):
        return _payload(None, [("locationId", "The product couldn't be stocked because the location wasn't found.")])
    start = f"The product couldn't be stocked at {place['name']} because"
    if item_id not in shop.items:
        return _payload(None, [("inventoryItemId", f"{start} the product was deleted.")])
    if pair in shop.levels and pair not in shop.inactive:
        told = "Not allowed to set an on_hand quantity when the item is already active at the location."
        spoken = {"available": "Not allowed to set available quantity when the item is already active at the location."}
        return _payload(level_node(shop, *pair), [(name, spoken.get(name, told)) for name in units])
    if len(units) == 2:
        return _payload(
            None, [(name, f"{start} not allowed to set available and on_hand quantities at the same time.") for name in units]
        )
    if any(abs(count) > _BOUND for count in units.values()):
        return _payload(None, [(name, f"{start} the quantity needs to be between -1 billion and 1 billion.") for name in units])
    shop.inactive.discard(pair)
    level = shop.level(*pair)
    for count in units.values():
        level["available"] = count
    level["updated_at"] = shop.clock.now()
    return _payload(level_node(shop, *pair), [])


def _payload(level: dict[str, Any] | None, errors: list[tuple[str, str]]) -> dict[str, Any]:
    told = [{"__typename": "UserError", "field": [field], "message": message} for field, message in errors]
    return {"__typename": "InventoryActivatePayload", "inventoryLevel": level, "userErrors": told}
