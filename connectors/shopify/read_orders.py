"""Reads of orders, with everything that hangs on them: lines, routing, fulfilments, refunds.

A page of 33 orders is the largest that stays below the cost of 1,000 with 20 lines each (the cost of a connection grows
with the logarithm of its size). An order that has more of anything is read again by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from connectors.shopify.client import ShopifyClient
from connectors.shopify.raw_frames import dig, to_raw_frame
from contract.errors import FatalError

_PAGE = {"page": 33, "lines": 20, "few": 2, "refunded": 20}
_WHOLE = {"lines": 250, "few": 10, "refunded": 250}
_LONGEST_LIST = 100
Node = Mapping[str, Any]
Read = dict[str, pd.DataFrame]


def read_orders(
    client: ShopifyClient, *, updated_since: datetime, run_id: str, extracted_at: datetime, metafields: Sequence[str] = ()
) -> Read:
    """Return the orders of any status updated since an instant, as the order frames of `contract/tables.py`.

    The search lags behind the orders: one placed a moment ago may be missing.

    Args:
        client: the shop.
        updated_since: the start of the window, inclusive.
        run_id: the run.
        extracted_at: the instant of the read.
        metafields: namespace.key of each metafield to read.
    """
    since = updated_since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    given = {**_PAGE, "query": f"updated_at:>='{since}'"}
    orders: dict[str, Node] = {}
    for nodes, _ in client.pages("orders", "orders", given, what="orders"):
        # An order that is updated while we page comes again, later and newer: the last one stands.
        orders |= {node["id"]: node for node in nodes}
    whole = [_read_whole(client, node["id"]) if _is_cut(node) else node for node in orders.values()]
    return _frames(client, [node for node in whole if node], (run_id, extracted_at), metafields)


def read_orders_by_id(
    client: ShopifyClient, order_ids: Sequence[str], *, run_id: str, extracted_at: datetime, metafields: Sequence[str] = ()
) -> Read:
    """Return the orders of these ids (see `read_orders`); an id that is gone has no row. The search's lag has no part in it."""
    found = [_read_whole(client, order_id) for order_id in order_ids]
    return _frames(client, [node for node in found if node], (run_id, extracted_at), metafields)


def _read_whole(client: ShopifyClient, order_id: str) -> Node | None:
    node: Node | None = client.execute("order_by_id", {**_WHOLE, "id": order_id}, what=order_id).data["order"]
    if node is not None and _is_cut(node):
        raise FatalError(
            f"Shopify {client.shop_code}: order {node['name']} ({order_id}) has more than 250 lines, 10 fulfilment orders or "
            "100 fulfilments; it cannot be read whole, and half an order must not be counted"
        )
    return node


def _is_cut(node: Node) -> bool:
    """Whether anything of the order was left out of the page."""
    nested = [node["lineItems"], node["fulfillmentOrders"], node["shippingLines"]]
    nested += [routed["lineItems"] for routed in node["fulfillmentOrders"]["nodes"]]
    nested += [shipped["fulfillmentLineItems"] for shipped in node["fulfillments"]]
    nested += [refund["refundLineItems"] for refund in node["refunds"]]
    lists = (node["fulfillments"], node["refunds"])
    return any(part["pageInfo"]["hasNextPage"] for part in nested) or any(len(rows) >= _LONGEST_LIST for rows in lists)


def _frames(client: ShopifyClient, orders: Sequence[Node], stamp: tuple[str, datetime], metafields: Sequence[str]) -> Read:
    shop = client.shop_code
    values = _read_metafields(client, orders, metafields)
    rows = {
        "raw_shopify__orders": (_order(order, values.get(order["id"], {})) for order in orders),
        "raw_shopify__order_lines": (row for order in orders for row in _lines(order)),
        "raw_shopify__fulfillment_order_lines": (row for order in orders for row in _routed(order)),
        "raw_shopify__fulfillments": (row for order in orders for row in _shipped(order)),
        "raw_shopify__refunds": (row for order in orders for row in _refunded(order)),
    }
    return {name: to_raw_frame(name, ({"shop_code": shop, **row} for row in found), *stamp) for name, found in rows.items()}


def _read_metafields(client: ShopifyClient, orders: Sequence[Node], metafields: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return each order's metafield values by namespace.key; 250 orders a call, one metafield at a time."""
    found: dict[str, dict[str, str]] = {}
    ids = [order["id"] for order in orders]
    for name in metafields:
        namespace, _, key = name.partition(".")
        for start in range(0, len(ids), 250):
            given = {"ids": ids[start : start + 250], "namespace": namespace, "key": key}
            for node in client.execute("order_metafields", given, what=f"metafield {name}").data["nodes"]:
                if node and node.get("metafield"):
                    found.setdefault(node["id"], {})[name] = node["metafield"]["value"]
    return found


def _order(node: Node, metafields: Mapping[str, str]) -> dict[str, Any]:
    return {
        "order_id_shopify": node["id"],
        "name": node["name"],
        "created_at_utc": node["createdAt"],
        "processed_at_utc": node["processedAt"],
        "updated_at_utc": node["updatedAt"],
        "cancelled_at_utc": node["cancelledAt"],
        "cancel_reason": node["cancelReason"],
        "financial_status": node["displayFinancialStatus"],
        "fulfillment_status": node["displayFulfillmentStatus"],
        "source_name": node["sourceName"],
        "source_identifier": node["sourceIdentifier"],
        "channel_name": dig(node, "attribution.displayName"),
        "app_name": dig(node, "app.name"),
        "retail_location_id_shopify": dig(node, "retailLocation.id"),
        "staff_name": None,
        "customer_id_shopify": dig(node, "customer.id"),
        "customer_email": node["email"],
        "is_test": node["test"],
        "is_edited": node["edited"],
        "is_confirmed": node["confirmed"],
        "tags": node["tags"],
        "note": node["note"],
        "po_number": node["poNumber"],
        "gateways": node["paymentGatewayNames"],
        "currency_code": node["currencyCode"],
        "presentment_currency_code": node["presentmentCurrencyCode"],
        "has_taxes_included": node["taxesIncluded"],
        "subtotal_amount": _money(node["subtotalPriceSet"]),
        "discounts_amount": _money(node["totalDiscountsSet"]),
        "shipping_amount": _money(node["totalShippingPriceSet"]),
        "tax_amount": _money(node["totalTaxSet"]),
        "total_amount": _money(node["totalPriceSet"]),
        "current_total_amount": _money(node["currentTotalPriceSet"]),
        "presentment_total_amount": dig(node, "totalPriceSet.presentmentMoney.amount"),
        "refunded_amount": _money(node["totalRefundedSet"]),
        "outstanding_amount": _money(node["totalOutstandingSet"]),
        "custom_attributes": node["customAttributes"],
        "discount_codes": node["discountCodes"],
        "shipping_lines": [_shipping_line(row) for row in node["shippingLines"]["nodes"]],
        "tax_lines": _taxes(node["taxLines"]),
        "metafields": dict(metafields),
    }


def _lines(order: Node) -> Iterator[dict[str, Any]]:
    for position, node in enumerate(order["lineItems"]["nodes"], start=1):
        yield {
            "order_line_id_shopify": node["id"],
            "order_id_shopify": order["id"],
            "position": position,
            "variant_id_shopify": dig(node, "variant.id"),
            "sku": node["sku"],
            "title": node["title"],
            "ordered_qty": node["quantity"],
            "current_qty": node["currentQuantity"],
            "unfulfilled_qty": node["unfulfilledQuantity"],
            "is_gift_card": node["isGiftCard"],
            "requires_shipping": node["requiresShipping"],
            "is_taxable": node["taxable"],
            "unit_price_amount": _money(node["originalUnitPriceSet"]),
            "discounted_total_amount": _money(node["discountedTotalSet"]),
            "discount_allocations": [{"amount": _money(row["allocatedAmountSet"])} for row in node["discountAllocations"]],
            "tax_lines": _taxes(node["taxLines"]),
            "custom_attributes": node["customAttributes"],
        }


def _routed(order: Node) -> Iterator[dict[str, Any]]:
    for routed in order["fulfillmentOrders"]["nodes"]:
        for node in routed["lineItems"]["nodes"]:
            yield {
                "fulfillment_order_line_id_shopify": node["id"],
                "fulfillment_order_id_shopify": routed["id"],
                "order_id_shopify": order["id"],
                "order_line_id_shopify": dig(node, "lineItem.id"),
                "location_id_shopify": dig(routed, "assignedLocation.location.id"),
                "status_code": routed["status"],
                "total_qty": node["totalQuantity"],
                "remaining_qty": node["remainingQuantity"],
                "delivery_method": dig(routed, "deliveryMethod.methodType"),
            }


def _shipped(order: Node) -> Iterator[dict[str, Any]]:
    for shipped in order["fulfillments"]:
        for node in shipped["fulfillmentLineItems"]["nodes"]:
            yield {
                "fulfillment_line_id_shopify": node["id"],
                "fulfillment_id_shopify": shipped["id"],
                "order_id_shopify": order["id"],
                "order_line_id_shopify": dig(node, "lineItem.id"),
                "location_id_shopify": dig(shipped, "location.id"),
                "status_code": shipped["status"],
                "fulfilled_qty": node["quantity"],
                "created_at_utc": shipped["createdAt"],
                "tracking": shipped["trackingInfo"],
            }


def _refunded(order: Node) -> Iterator[dict[str, Any]]:
    for refund in order["refunds"]:
        for node in refund["refundLineItems"]["nodes"]:
            yield {
                "refund_line_id_shopify": node["id"],
                "refund_id_shopify": refund["id"],
                "order_id_shopify": order["id"],
                "order_line_id_shopify": dig(node, "lineItem.id"),
                "location_id_shopify": dig(node, "location.id"),
                "restock_type": node["restockType"],
                "refunded_qty": node["quantity"],
                "is_restocked": node["restocked"],
                "created_at_utc": refund["createdAt"],
            }


def _shipping_line(node: Node) -> dict[str, Any]:
    return {
        "title": node["title"],
        "amount": _money(node["originalPriceSet"]),
        "discounted_amount": _money(node["discountedPriceSet"]),
        "tax_lines": _taxes(node["taxLines"]),
    }


def _taxes(nodes: Sequence[Node]) -> list[dict[str, Any]]:
    return [{"title": node["title"], "rate": node["rate"], "amount": _money(node["priceSet"])} for node in nodes]


def _money(bag: Node | None) -> Any:
    """Return an amount in shop currency, as the text that Shopify sent."""
    return dig(bag, "shopMoney.amount")
