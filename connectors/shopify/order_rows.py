"""An order's JSON as rows of the order frames; nested values keep Shopify's own words and amounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.shopify.raw_frames import dig

Node = Mapping[str, Any]
Row = dict[str, Any]


def order_row(node: Node, metafields: Mapping[str, str], utm: Mapping[str, str]) -> Row:
    """Return an order as a row of `raw_shopify__orders`, amounts in shop currency.

    Args:
        node: the Order.
        metafields: its metafields' values by namespace.key.
        utm: the UTM parameters of the buyer's last visit.
    """
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
        "staff_name": dig(node, "staffMember.name"),
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
        **_totals(node),
        "custom_attributes": node["customAttributes"],
        "discount_codes": node["discountCodes"],
        "shipping_lines": [_shipping_line(row) for row in node["shippingLines"]["nodes"]],
        "tax_lines": _taxes(node["taxLines"]),
        "metafields": dict(metafields),
        "utm": dict(utm),
    }


def _totals(node: Node) -> Row:
    return {
        "subtotal_amount": _money(node["subtotalPriceSet"]),
        "discounts_amount": _money(node["totalDiscountsSet"]),
        "shipping_amount": _money(node["totalShippingPriceSet"]),
        "tax_amount": _money(node["totalTaxSet"]),
        "total_amount": _money(node["totalPriceSet"]),
        "current_total_amount": _money(node["currentTotalPriceSet"]),
        "presentment_total_amount": dig(node, "totalPriceSet.presentmentMoney.amount"),
        "refunded_amount": _money(node["totalRefundedSet"]),
        "outstanding_amount": _money(node["totalOutstandingSet"]),
    }


def line_rows(order: Node) -> Iterator[Row]:
    """Yield an order's rows of `raw_shopify__order_lines`; position counts from 1."""
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


def routed_rows(order: Node) -> Iterator[Row]:
    """Yield an order's rows of `raw_shopify__fulfillment_order_lines`, at the assigned location."""
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


def shipped_rows(order: Node) -> Iterator[Row]:
    """Yield an order's rows of `raw_shopify__fulfillments`: one per fulfilment line."""
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


def refunded_rows(order: Node) -> Iterator[Row]:
    """Yield an order's rows of `raw_shopify__refunds`: one per refund line."""
    for refund in order["refunds"]:
        for position, node in enumerate(refund["refundLineItems"]["nodes"]):
            yield {
                # Its id may be null by the schema.
                "refund_line_id_shopify": node["id"] or f"{refund['id']}#{position}",
                "refund_id_shopify": refund["id"],
                "order_id_shopify": order["id"],
                "order_line_id_shopify": dig(node, "lineItem.id"),
                "location_id_shopify": dig(node, "location.id"),
                "restock_type": node["restockType"],
                "refunded_qty": node["quantity"],
                "is_restocked": node["restocked"],
                "created_at_utc": refund["createdAt"],
                "note": refund["note"],
            }


def _shipping_line(node: Node) -> Row:
    return {
        "title": node["title"],
        "amount": _money(node["originalPriceSet"]),
        "discounted_amount": _money(node["discountedPriceSet"]),
        "tax_lines": _taxes(node["taxLines"]),
    }


def _taxes(nodes: Sequence[Node]) -> list[Row]:
    return [{"title": node["title"], "rate": node["rate"], "amount": _money(node["priceSet"])} for node in nodes]


def _money(bag: Node | None) -> Any:
    """Return an amount in shop currency, as the text that Shopify sent."""
    return dig(bag, "shopMoney.amount")
