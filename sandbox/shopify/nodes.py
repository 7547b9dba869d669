"""What a shop's objects look like through GraphQL: only fields that are modelled, each a value or a function of its arguments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.shopify.connections import connection
from sandbox.shopify.shop import STATES, Order, Shop

Node = dict[str, Any]
_CENT = Decimal("0.01")


def location_node(shop: Shop, location_id: str) -> Node | None:
    """Return a Location."""
    row = shop.locations.get(location_id)
    if row is None:
        return None
    return {
        "__typename": "Location",
        "id": location_id,
        "legacyResourceId": location_id.rsplit("/", 1)[1],
        "name": row["name"],
        "isActive": row.get("is_active", True),
        "fulfillsOnlineOrders": row.get("fulfills_online_orders", True),
        "hasActiveInventory": lambda **_: any(place == location_id for _, place in shop.levels),
        "inventoryLevels": lambda **given: connection(
            _levels_at(shop, location_id), given, lambda key: level_node(shop, *key), "item"
        ),
    }


def level_node(shop: Shop, item_id: str, location_id: str) -> Node | None:
    """Return an InventoryLevel."""
    level = shop.levels.get((item_id, location_id))
    if level is None:
        return None
    return {
        "__typename": "InventoryLevel",
        "id": level_id(shop, item_id, location_id),
        "isActive": True,
        "updatedAt": iso(level["updated_at"]),
        "item": lambda **_: item_node(shop, item_id),
        "location": lambda **_: location_node(shop, location_id),
        "quantities": lambda names, **_: [_quantity(level, level_id(shop, item_id, location_id), name) for name in names],
    }


def item_node(shop: Shop, item_id: str) -> Node | None:
    """Return an InventoryItem."""
    row = shop.items.get(item_id)
    if row is None:
        return None
    return {
        "__typename": "InventoryItem",
        "id": item_id,
        "legacyResourceId": item_id.rsplit("/", 1)[1],
        "sku": row.get("sku"),
        "tracked": row.get("is_tracked", True),
        "inventoryLevel": lambda locationId, **_: level_node(shop, item_id, locationId),  # noqa: N803 - the schema's name
        "inventoryLevels": lambda **given: connection(
            sorted(key for key in shop.levels if key[0] == item_id), given, lambda key: level_node(shop, *key), "location"
        ),
    }


def variant_node(shop: Shop, variant_id: str | None) -> Node | None:
    """Return a ProductVariant; None for a deleted one."""
    row = shop.variants.get(variant_id or "")
    if row is None:
        return None
    return {
        "__typename": "ProductVariant",
        "id": variant_id,
        "legacyResourceId": str(variant_id).rsplit("/", 1)[1],
        "sku": row.get("sku"),
        "barcode": row.get("barcode"),
        "title": row.get("title"),
        "price": row.get("price"),
        "inventoryPolicy": row.get("inventory_policy", "DENY"),
        "inventoryItem": lambda **_: item_node(shop, row["inventory_item_id"]),
        "product": {"__typename": "Product", "id": row.get("product_id"), "title": row.get("product_title") or row.get("title")},
        "inventoryQuantity": lambda **_: sum(
            level["available"] for (item, _), level in shop.levels.items() if item == row["inventory_item_id"]
        ),
    }


def order_node(shop: Shop, order: Order) -> Node:
    """Return an Order."""
    body, lines = order["body"], order["lines"]
    refunded = sum((_line_total(order, line, line["removed"]) for line in lines), Decimal(0))
    total = _total(order)
    paid = bool(body.get("paid", True))
    is_till = order["kind"] == "till"
    return {
        "__typename": "Order",
        "id": order["id"],
        "legacyResourceId": order["id"].rsplit("/", 1)[1],
        "name": order["name"],
        "createdAt": iso(order["created_at"]),
        "processedAt": iso(datetime.fromisoformat(body["processed_at"]) if body.get("processed_at") else order["created_at"]),
        "updatedAt": iso(order["updated_at"]),
        "cancelledAt": iso(order["cancelled_at"]),
        "cancelReason": "CUSTOMER" if order["cancelled_at"] else None,
        "displayFinancialStatus": "PAID" if paid else "PENDING",
        "displayFulfillmentStatus": _fulfillment_status(order),
        "sourceName": body.get("source_name") or {"web": "web", "till": "pos", "draft": "shopify_draft_order"}[order["kind"]],
        "sourceIdentifier": body.get("source_identifier"),
        "attribution": None,
        "app": {"__typename": "OrderApp", "id": "gid://shopify/App/129785", "name": "Point of Sale" if is_till else "Online Store"},
        "retailLocation": lambda **_: location_node(shop, order["location_id"]) if is_till else None,
        "staffMember": None,
        "customer": None,
        "email": body.get("email"),
        "test": bool(body.get("test", False)),
        "edited": bool(body.get("edited", False)),
        "confirmed": True,
        # Recorded: sorted, whatever the order they were given in.
        "tags": sorted(body.get("tags", [])),
        "note": body.get("note"),
        "poNumber": body.get("po_number"),
        "paymentGatewayNames": [body.get("gateway", "shopify_payments")],
        "currencyCode": shop.currency,
        "presentmentCurrencyCode": shop.currency,
        "taxesIncluded": False,
        "subtotalPriceSet": _money(shop, sum((_net(line) for line in lines), Decimal(0))),
        "totalDiscountsSet": _money(shop, sum((line["discount"] for line in lines), Decimal(0))),
        "totalShippingPriceSet": _money(shop, _shipping(order)),
        "totalTaxSet": _money(shop, sum((_tax(order, line) for line in lines), Decimal(0))),
        "totalPriceSet": _money(shop, total),
        "currentTotalPriceSet": _money(shop, total - refunded),
        "totalRefundedSet": _money(shop, refunded if paid else Decimal(0)),
        "totalOutstandingSet": _money(shop, Decimal(0) if paid else total - refunded),
        "customAttributes": _attributes(body.get("attributes", {})),
        "discountCodes": body.get("discount_codes", []),
        "metafield": lambda namespace=None, key=None, **_: _metafield(body, namespace, key),
        "shippingLines": lambda **given: connection(_shipping_lines(order), given, lambda row: _shipping_line(shop, row)),
        "taxLines": [_tax_line(shop, order, amount) for amount in [sum((_tax(order, x) for x in lines), Decimal(0))] if amount],
        "lineItems": lambda **given: connection(lines, given, lambda line: line_node(shop, order, line)),
        "fulfillmentOrders": lambda **given: connection(
            order["fulfillment_orders"], given, lambda row: fulfillment_order_node(shop, order, row)
        ),
        "fulfillments": lambda first=None, **_: [fulfillment_node(shop, order, row) for row in order["fulfillments"][:first]],
        "refunds": lambda first=None, **_: [refund_node(shop, order, row) for row in order["refunds"][:first]],
    }


def line_node(shop: Shop, order: Order, line: Mapping[str, Any]) -> Node:
    """Return a LineItem."""
    done = sum(row["quantity"] for made in order["fulfillments"] for row in made["lines"] if row["line_id"] == line["id"])
    variant = shop.variants.get(line["variant_id"] or "", {})
    returned = sum(
        row["quantity"]
        for refund in order["refunds"]
        for row in refund["lines"]
        if row["line_id"] == line["id"] and row["restock_type"] == "RETURN"
    )
    discounts = (
        [{"__typename": "DiscountAllocation", "allocatedAmountSet": _money(shop, line["discount"])}] if line["discount"] else []
    )
    return {
        "__typename": "LineItem",
        "id": line["id"],
        "title": line["title"],
        "sku": line["sku"],
        "quantity": line["quantity"],
        "currentQuantity": line["quantity"] - line["removed"] - returned,
        "unfulfilledQuantity": max(0, line["quantity"] - line["removed"] - done),
        "isGiftCard": bool(variant.get("is_gift_card", False)),
        "requiresShipping": line["requires_shipping"],
        "taxable": line["taxable"],
        "variant": lambda **_: variant_node(shop, line["variant_id"]),
        "originalUnitPriceSet": _money(shop, line["unit_price"]),
        "discountedTotalSet": _money(shop, _net(line)),
        "discountAllocations": discounts,
        "taxLines": [_tax_line(shop, order, _tax(order, line))] if _tax(order, line) else [],
        "customAttributes": _attributes(line["properties"]),
    }


def fulfillment_order_node(shop: Shop, order: Order, row: Mapping[str, Any]) -> Node:
    """Return a FulfillmentOrder."""
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
        "deliveryMethod": {"__typename": "DeliveryMethod", "id": f"{row['id']}-delivery", "methodType": "SHIPPING"},
        "lineItems": lambda **given: connection(
            row["lines"],
            given,
            lambda part: {
                "__typename": "FulfillmentOrderLineItem",
                "id": part["id"],
                "totalQuantity": part["total"],
                "remainingQuantity": part["remaining"],
                "lineItem": line_node(shop, order, lines[part["line_id"]]),
            },
        ),
    }


def level_id(shop: Shop, item_id: str, location_id: str) -> str:
    """Return a level's id; the query string belongs to it, and its number is not the location's (recorded)."""
    return f"gid://shopify/InventoryLevel/{shop.level_number(location_id)}?inventory_item_id={item_id.rsplit('/', 1)[1]}"


def iso(instant: datetime | None) -> str | None:
    """Return an instant as Shopify writes it."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ") if instant else None


def _levels_at(shop: Shop, location_id: str) -> list[tuple[str, str]]:
    return [key for key in shop.levels if key[1] == location_id]


def _quantity(level: Mapping[str, Any], key: str, name: str) -> Node:
    count = sum(level[state] for state in STATES) if name == "on_hand" else level[name]
    return {
        "__typename": "InventoryQuantity",
        "id": f"{key.replace('InventoryLevel', 'InventoryQuantity')}&name={name}",
        "name": name,
        "quantity": count,
        # Recorded: on_hand carries no instant, and a state other than available none before it was first touched.
        "updatedAt": iso(level["updated_at"]) if name == "available" or (name != "on_hand" and count) else None,
    }


def fulfillment_node(shop: Shop, order: Order, row: Mapping[str, Any]) -> Node:
    """Return a Fulfillment."""
    lines = {line["id"]: line for line in order["lines"]}
    return {
        "__typename": "Fulfillment",
        "id": row["id"],
        "status": row["status"],
        "createdAt": iso(row["created_at"]),
        "location": lambda **_: location_node(shop, row["location_id"]),
        "trackingInfo": [],
        "fulfillmentLineItems": lambda **given: connection(
            row["lines"],
            given,
            lambda part: {
                "__typename": "FulfillmentLineItem",
                "id": part["id"],
                "quantity": part["quantity"],
                "lineItem": line_node(shop, order, lines[part["line_id"]]),
            },
        ),
    }


def refund_node(shop: Shop, order: Order, row: Mapping[str, Any]) -> Node:
    """Return a Refund."""
    lines = {line["id"]: line for line in order["lines"]}
    return {
        "__typename": "Refund",
        "id": row["id"],
        "createdAt": iso(row["created_at"]),
        "refundLineItems": lambda **given: connection(
            row["lines"],
            given,
            lambda part: {
                "__typename": "RefundLineItem",
                "id": part["id"],
                "quantity": part["quantity"],
                "restockType": part["restock_type"],
                "restocked": part["restock_type"] != "NO_RESTOCK",
                "location": lambda **_: location_node(shop, part["location_id"]),
                "lineItem": line_node(shop, order, lines[part["line_id"]]),
            },
        ),
    }


def _fulfillment_status(order: Order) -> str:
    ordered = sum(line["quantity"] - line["removed"] for line in order["lines"])
    done = sum(row["quantity"] for made in order["fulfillments"] for row in made["lines"])
    return "UNFULFILLED" if not done else "FULFILLED" if done >= ordered else "PARTIALLY_FULFILLED"


def _net(line: Mapping[str, Any]) -> Decimal:
    return Decimal(line["unit_price"] * line["quantity"] - line["discount"])


def _tax(order: Order, line: Mapping[str, Any]) -> Decimal:
    rate = Decimal(str(order["body"].get("tax_rate", "0")))
    return (_net(line) * rate).quantize(_CENT, ROUND_HALF_UP)


def _line_total(order: Order, line: Mapping[str, Any], units: int) -> Decimal:
    return ((_net(line) + _tax(order, line)) * units / line["quantity"]).quantize(_CENT, ROUND_HALF_UP) if units else Decimal(0)


def _shipping(order: Order) -> Decimal:
    return Decimal(str(order["body"].get("shipping", "0")))


def _total(order: Order) -> Decimal:
    return sum((_net(line) + _tax(order, line) for line in order["lines"]), _shipping(order))


def _shipping_lines(order: Order) -> list[Decimal]:
    return [_shipping(order)] if _shipping(order) else []


def _shipping_line(shop: Shop, amount: Decimal) -> Node:
    money = _money(shop, amount)
    return {
        "__typename": "ShippingLine",
        "id": "gid://shopify/ShippingLine/1",
        "title": "Standard",
        "originalPriceSet": money,
        "discountedPriceSet": money,
        "taxLines": [],
        "discountAllocations": [],
    }


def _tax_line(shop: Shop, order: Order, amount: Decimal) -> Node:
    rate = float(str(order["body"].get("tax_rate", "0")))
    return {
        "__typename": "TaxLine",
        "title": order["body"].get("tax_title", "Sales Tax"),
        "rate": rate,
        "priceSet": _money(shop, amount),
    }


def _money(shop: Shop, amount: Decimal) -> Node:
    # Recorded: no trailing zeros, but always one decimal place ("24.0", "989.95").
    told = f"{amount.quantize(_CENT)}"
    side = {"__typename": "MoneyV2", "amount": told[:-1] if told.endswith("0") else told, "currencyCode": shop.currency}
    return {"__typename": "MoneyBag", "shopMoney": side, "presentmentMoney": side}


def _attributes(given: Mapping[str, str]) -> list[Node]:
    return [{"__typename": "Attribute", "key": key, "value": value} for key, value in given.items()]


def _metafield(body: Mapping[str, Any], namespace: str | None, key: str | None) -> Node | None:
    value = body.get("metafields", {}).get(f"{namespace}.{key}")
    return None if value is None else {"__typename": "Metafield", "namespace": namespace, "key": key, "value": value}
