"""Fulfilment orders and fulfilments through GraphQL: modelled fields only, a value or a function of the arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.shopify.connections import connection
from sandbox.shopify.inventory_nodes import location_node
from sandbox.shopify.order_actions import Order
from sandbox.shopify.shop import Shop
from sandbox.shopify.values import Node, iso

LineNode = Callable[[Mapping[str, Any]], Node]


def fulfillment_order_node(shop: Shop, order: Order, row: Mapping[str, Any], line_node: LineNode) -> Node:
    """Return a FulfillmentOrder.

    Args:
        shop: the shop.
        order: the order it belongs to.
        row: its state.
        line_node: turns a line of the order into its object.
    """
    lines = {line["id"]: line for line in order["lines"]}
    place = location_node(shop, row["location_id"])
    return {
        "__typename": "FulfillmentOrder",
        "id": row["id"],
        "status": row["status"],
        "orderId": order["id"],
        "assignedLocation": {
            "__typename": "FulfillmentOrderAssignedLocation",
            "name": place["name"] if place else "",
            "location": place,
        },
        "deliveryMethod": {
            "__typename": "DeliveryMethod",
            "id": row["id"].replace("FulfillmentOrder", "DeliveryMethod"),
            "methodType": order["body"].get("delivery_method", "SHIPPING"),
        },
        "lineItems": lambda **given: connection(
            row["lines"],
            given,
            lambda part: {
                "__typename": "FulfillmentOrderLineItem",
                "id": part["id"],
                "totalQuantity": part["total"],
                "remainingQuantity": part["remaining"],
                "lineItem": lambda: line_node(lines[part["line_id"]]),
            },
        ),
    }


def fulfillment_node(shop: Shop, order: Order, row: Mapping[str, Any], line_node: LineNode) -> Node:
    """Return a Fulfillment (arguments as of `fulfillment_order_node`)."""
    lines = {line["id"]: line for line in order["lines"]}
    return {
        "__typename": "Fulfillment",
        "id": row["id"],
        "status": row["status"],
        "createdAt": iso(row["created_at"]),
        "location": lambda: location_node(shop, row["location_id"]),
        "trackingInfo": lambda first=None: [
            {"__typename": "FulfillmentTrackingInfo", **{name: given.get(name) for name in ("company", "number", "url")}}
            for given in row.get("tracking", [])[:first]
        ],
        "fulfillmentLineItems": lambda **given: connection(
            row["lines"],
            given,
            lambda part: {
                "__typename": "FulfillmentLineItem",
                "id": part["id"],
                "quantity": part["quantity"],
                "lineItem": lambda: line_node(lines[part["line_id"]]),
            },
        ),
    }
