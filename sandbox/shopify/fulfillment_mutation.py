"""`fulfillmentCreate`: units of fulfilment orders of one order and location leave; not idempotent, as Shopify's is not.

The sentences of its refusals are not recorded: they are ours.
"""

from __future__ import annotations

from typing import Any

from sandbox.shopify.order_actions import OPEN, Order
from sandbox.shopify.order_nodes import line_node
from sandbox.shopify.shipping_nodes import fulfillment_node
from sandbox.shopify.shop import Shop

Rows = list[tuple[dict[str, Any], dict[str, int]]]


def create_fulfillment(shop: Shop, given: dict[str, Any]) -> dict[str, Any]:
    """Make one fulfilment of the units named (all that remain where no lines are), and return the payload."""
    orders: dict[str, Order] = {}
    rows: Rows = []
    for place, part in enumerate(given["lineItemsByFulfillmentOrder"]):
        path = ["fulfillment", "lineItemsByFulfillmentOrder", str(place)]
        found = _find(shop, part["fulfillmentOrderId"])
        if found is None or found[1]["status"] not in OPEN:
            return _refused([*path, "fulfillmentOrderId"], "Fulfillment order does not exist or is closed.")
        order, routed = found
        orders[order["id"]] = order
        units = _units(routed, part.get("fulfillmentOrderLineItems"))
        if units is None:
            return _refused([*path, "fulfillmentOrderLineItems"], "Invalid fulfillment order line item quantity requested.")
        rows.append((routed, units))
    if len(orders) != 1 or len({routed["location_id"] for routed, _ in rows}) != 1:
        return _refused(["fulfillment"], "All fulfillment orders must be of one order and one location.")
    (order,) = orders.values()
    return {"__typename": "FulfillmentCreatePayload", "fulfillment": _ship(shop, order, rows, given), "userErrors": []}


def _find(shop: Shop, key: str) -> tuple[Order, dict[str, Any]] | None:
    return next(((o, row) for o in shop.orders.values() for row in o["fulfillment_orders"] if row["id"] == key), None)


def _units(routed: dict[str, Any], wanted: list[dict[str, Any]] | None) -> dict[str, int] | None:
    """Return units by order line, or None where more is wanted than remains."""
    if not wanted:
        return {part["line_id"]: part["remaining"] for part in routed["lines"]}
    parts = {part["id"]: part for part in routed["lines"]}
    if any(row["id"] not in parts or not 0 < row["quantity"] <= parts[row["id"]]["remaining"] for row in wanted):
        return None
    return {parts[row["id"]]["line_id"]: row["quantity"] for row in wanted}


def _ship(shop: Shop, order: Order, rows: Rows, given: dict[str, Any]) -> dict[str, Any]:
    tracking = given.get("trackingInfo")
    lines = [line for routed, units in rows for line in shop.ship_units(order, routed, units)]
    made = shop.new_fulfillment(rows[0][0], lines, shop.clock.now(), tracking)
    for routed, _ in rows:
        routed["status"] = "IN_PROGRESS" if any(part["remaining"] for part in routed["lines"]) else "CLOSED"
    order["fulfillments"].append(made)
    shop.touch(order, shop.clock.now())
    return fulfillment_node(shop, order, made, lambda line: line_node(shop, order, line))


def _refused(field: list[str], message: str) -> dict[str, Any]:
    error = {"__typename": "UserError", "field": field, "message": message}
    return {"__typename": "FulfillmentCreatePayload", "fulfillment": None, "userErrors": [error]}
