"""Orders, their lines and drafts through GraphQL: modelled fields only, a value or a function of the arguments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.shopify.agreements import agreements_node, payments, refund_line_amounts, refund_tenders, refunded_by, taken_off
from sandbox.shopify.connections import connection
from sandbox.shopify.inventory_nodes import location_node, variant_node
from sandbox.shopify.metafields import fields_of
from sandbox.shopify.order_actions import Order, open_units
from sandbox.shopify.shipping_nodes import fulfillment_node, fulfillment_order_node
from sandbox.shopify.shop import Shop
from sandbox.shopify.values import (
    ZERO,
    Node,
    attributes,
    iso,
    legacy,
    money,
    net_of,
    shipping_of,
    shipping_tax_of,
    tax_lines,
    tax_of,
    total_of,
)

# The schema's own example of a source name is "pos"; the others are those of recorded orders.
_SOURCES = {"web": "web", "till": "pos", "draft": "shopify_draft_order"}


def order_node(shop: Shop, order: Order) -> Node:
    """Return an Order."""
    body = order["body"]
    is_till = order["kind"] == "till"
    return {
        "__typename": "Order",
        "id": order["id"],
        "legacyResourceId": legacy(order["id"]),
        "name": order["name"],
        "createdAt": iso(order["created_at"]),
        "processedAt": iso(datetime.fromisoformat(body["processed_at"]) if body.get("processed_at") else order["created_at"]),
        "updatedAt": iso(order["updated_at"]),
        "cancelledAt": iso(order["cancelled_at"]),
        "cancelReason": body.get("cancel_reason", "CUSTOMER") if order["cancelled_at"] else None,
        "displayFinancialStatus": lambda: financial_status(shop, order),
        "displayFulfillmentStatus": lambda: _fulfillment_status(order),
        "sourceName": body.get("source_name") or _SOURCES[order["kind"]],
        "sourceIdentifier": body.get("source_identifier"),
        "attribution": _attribution(body.get("attribution")),
        "app": {"__typename": "OrderApp", "id": "gid://shopify/App/129785", "name": "Point of Sale" if is_till else "Online Store"},
        "retailLocation": lambda: location_node(shop, order["location_id"]) if is_till else None,
        "staffMember": _staff(body.get("staff")),
        "customer": _customer(body.get("customer")),
        "email": body.get("email"),
        "test": bool(body.get("test", False)),
        "edited": bool(body.get("edited", False)),
        "confirmed": True,
        # Recorded: sorted, whatever the order they were given in.
        "tags": sorted(body.get("tags", [])),
        "note": body.get("note"),
        "poNumber": body.get("po_number"),
        "paymentGatewayNames": list(
            dict.fromkeys([*(row["gateway"] for row in body.get("tenders", [])), body.get("gateway", "shopify_payments")])
        ),
        "customAttributes": attributes(body.get("attributes", {})),
        "discountCodes": body.get("discount_codes", []),
        **fields_of(shop, order["id"]),
        "customerJourneySummary": _journey(body.get("utm")),
        **_money_of(shop, order),
        **_parts_of(shop, order),
    }


def _journey(utm: Mapping[str, str] | None) -> Node | None:
    """Return a CustomerJourneySummary of one visit, by its UTM parameters; None where nobody was tracked (till, draft)."""
    if utm is None:
        return None
    names = ("source", "medium", "campaign", "content", "term")
    parameters = {"__typename": "UTMParameters", **{name: utm.get(name) for name in names}}
    return {
        "__typename": "CustomerJourneySummary",
        "ready": True,
        "lastVisit": {"__typename": "CustomerVisit", "source": utm.get("source") or "direct", "utmParameters": parameters},
    }


def financial_status(shop: Shop, order: Order) -> str:
    """Return the display status; a seed's `financial_status` (AUTHORIZED, EXPIRED, PARTIALLY_PAID) stands as it is."""
    if told := order["body"].get("financial_status"):
        return str(told)
    if not order["body"].get("paid", True):
        return "VOIDED" if order["cancelled_at"] else "PENDING"
    refunded = _refunded(shop, order)
    if not refunded:
        return "PAID"
    return "REFUNDED" if refunded >= total_of(shop, order) else "PARTIALLY_REFUNDED"


def line_node(shop: Shop, order: Order, line: Mapping[str, Any]) -> Node:
    """Return a LineItem."""
    variant = shop.variants.get(line["variant_id"] or "", {})
    discount = {"__typename": "DiscountAllocation", "allocatedAmountSet": money(shop, line["discount"])}
    return {
        "__typename": "LineItem",
        "id": line["id"],
        "title": line["title"],
        "sku": line["sku"],
        "quantity": line["quantity"],
        # The ordered units less the refunded and removed ones, shipped or not (schema, recordings).
        "currentQuantity": line["quantity"] - line["removed"] - line["returned"],
        "unfulfilledQuantity": 0 if order["kind"] == "till" else open_units(order, line),
        "isGiftCard": bool(variant.get("is_gift_card", False)),
        "requiresShipping": line["requires_shipping"],
        "taxable": line["taxable"],
        "variant": lambda: variant_node(shop, line["variant_id"]),
        "originalUnitPriceSet": money(shop, line["unit_price"]),
        "discountedTotalSet": money(shop, net_of(line)),
        "discountAllocations": [discount] if line["discount"] else [],
        "taxLines": tax_lines(shop, order, tax_of(shop, order, line)),
        "customAttributes": attributes(line["properties"]),
    }


def refund_node(shop: Shop, order: Order, row: Mapping[str, Any]) -> Node:
    """Return a Refund."""
    given_back = refunded_by(shop, order, row) if order["body"].get("paid", True) else ZERO
    return {
        "__typename": "Refund",
        "id": row["id"],
        "legacyResourceId": legacy(row["id"]),
        "createdAt": iso(row["created_at"]),
        "note": row["note"],
        "totalRefundedSet": money(shop, given_back),
        "order": lambda: order_node(shop, order),
        "refundLineItems": lambda **given: connection(row["lines"], given, lambda part: _refund_line(shop, order, row, part)),
        "transactions": lambda **given: connection(_refund_transactions(shop, order, row), given, lambda node: node),
    }


def draft_node(shop: Shop, draft: Mapping[str, Any]) -> Node:
    """Return a DraftOrder."""
    return {
        "__typename": "DraftOrder",
        "id": draft["id"],
        "legacyResourceId": legacy(draft["id"]),
        "name": draft["name"],
        "status": draft["status"],
        "createdAt": iso(draft["created_at"]),
        "updatedAt": iso(draft["updated_at"]),
        "reserveInventoryUntil": iso(draft["reserve_until"]) if draft["reserves"] else None,
        "order": lambda: order_node(shop, shop.orders[draft["order_id"]]) if draft["order_id"] else None,
        "lineItems": lambda **given: connection(draft["lines"], given, lambda line: _draft_line(shop, line)),
    }


def _money_of(shop: Shop, order: Order) -> Node:
    lines, total = order["lines"], total_of(shop, order)
    is_paid, off = bool(order["body"].get("paid", True)), taken_off(shop, order)
    tax = sum((tax_of(shop, order, line) for line in lines), shipping_tax_of(shop, order))
    paid = sum((row[0] for row in payments(shop, order)), ZERO)
    other, rate = _presentment(shop, order)
    return {
        "currencyCode": shop.currency,
        "presentmentCurrencyCode": other,
        "taxesIncluded": shop.taxes_included,
        "subtotalPriceSet": money(shop, sum((net_of(line) for line in lines), ZERO)),
        "totalDiscountsSet": money(shop, sum((line["discount"] for line in lines), ZERO)),
        "totalShippingPriceSet": money(shop, shipping_of(order)),
        "totalTaxSet": money(shop, tax),
        "totalPriceSet": {**money(shop, total), "presentmentMoney": money(shop, total * rate, other)["shopMoney"]},
        "totalReceivedSet": money(shop, paid),
        "netPaymentSet": money(shop, paid - _refunded(shop, order)),
        "totalTipReceivedSet": money(shop, sum((net_of(line) for line in lines if line["is_tip"]), ZERO)),
        "totalCashRoundingAdjustment": {
            "__typename": "CashRoundingAdjustment",
            "paymentSet": money(shop, sum((row[4] for row in payments(shop, order)), ZERO)),
            "refundSet": money(shop, ZERO),
        },
        "agreements": lambda **given: agreements_node(shop, order, given),
        "currentTotalPriceSet": money(shop, total - off),
        "totalRefundedSet": money(shop, _refunded(shop, order)),
        # What an edit took off a paid order is owed to the buyer until it is refunded: below zero (schema).
        "totalOutstandingSet": money(shop, _refunded(shop, order) - off if is_paid else total - off),
        "taxLines": tax_lines(shop, order, tax),
        "transactions": lambda first=None: _transactions(shop, order)[:first],
    }


def _parts_of(shop: Shop, order: Order) -> Node:
    def lines(line: Mapping[str, Any]) -> Node:
        return line_node(shop, order, line)

    return {
        "shippingLines": lambda **given: connection(
            [shipping_of(order)] if shipping_of(order) else [], given, lambda amount: _shipping_line(shop, order, amount)
        ),
        "lineItems": lambda **given: connection(order["lines"], given, lines),
        "fulfillmentOrders": lambda **given: connection(
            order["fulfillment_orders"], given, lambda row: fulfillment_order_node(shop, order, row, lines)
        ),
        # Recorded: the newest first.
        "fulfillments": lambda first=None: [
            fulfillment_node(shop, order, row, lines) for row in order["fulfillments"][::-1][:first]
        ],
        "refunds": lambda first=None: [refund_node(shop, order, row) for row in order["refunds"][:first]],
    }


def _refunded(shop: Shop, order: Order) -> Decimal:
    if not order["body"].get("paid", True):
        return ZERO
    return sum((refunded_by(shop, order, row) for row in order["refunds"]), ZERO)


def _presentment(shop: Shop, order: Order) -> tuple[str, Decimal]:
    """Return the buyer's currency and its rate to the shop's."""
    given = order["body"].get("presentment") or {}
    return given.get("currency", shop.currency), Decimal(str(given.get("rate", "1")))


def _transactions(shop: Shop, order: Order) -> list[Node]:
    paid = [
        _transaction(shop, order, {"kind": "SALE", "amount": amount, "gateway": gateway, "id": key, "at": at, "rounding": rounding})
        for amount, gateway, key, at, rounding in payments(shop, order)
    ]
    return [*paid, *(node for row in order["refunds"] for node in _refund_transactions(shop, order, row))]


def _refund_transactions(shop: Shop, order: Order, refund: Mapping[str, Any]) -> list[Node]:
    if not order["body"].get("paid", True):
        return []
    rows = [(place, *row) for place, row in enumerate(refund_tenders(shop, order, refund)) if row[0]]
    given: dict[str, Any] = {"kind": "REFUND", "at": refund["created_at"], "rounding": ZERO}
    return [
        _transaction(shop, order, given | {"amount": amount, "gateway": gateway, "id": f"{legacy(refund['id'])}{place or ''}"})
        for place, amount, gateway in rows
    ]


def _transaction(shop: Shop, order: Order, given: Mapping[str, Any]) -> Node:
    at = iso(given["at"])
    return {
        "__typename": "OrderTransaction",
        "id": f"gid://shopify/OrderTransaction/{given['id']}",
        "kind": given["kind"],
        "status": "SUCCESS",
        "gateway": given["gateway"],
        "amountSet": money(shop, given["amount"]),
        # That the amount does not hold the rounding is not certain.
        "amountRoundingSet": money(shop, given["rounding"]) if given["rounding"] else None,
        "createdAt": at,
        "processedAt": at,
        "test": bool(order["body"].get("test", False)),
    }


def _refund_line(shop: Shop, order: Order, refund: Mapping[str, Any], part: Mapping[str, Any]) -> Node:
    subtotal, tax = refund_line_amounts(shop, order, refund, part["line_id"])
    line = next(line for line in order["lines"] if line["id"] == part["line_id"])
    return {
        "__typename": "RefundLineItem",
        "id": part["id"],
        "quantity": part["quantity"],
        "restockType": part["restock_type"],
        "restocked": part["restock_type"] != "NO_RESTOCK",
        "location": lambda: location_node(shop, part["location_id"]) if part["restock_type"] != "NO_RESTOCK" else None,
        "subtotalSet": money(shop, subtotal),
        "totalTaxSet": money(shop, tax),
        "lineItem": lambda: line_node(shop, order, line),
    }


def _draft_line(shop: Shop, line: Mapping[str, Any]) -> Node:
    return {
        "__typename": "DraftOrderLineItem",
        "id": line["id"].replace("LineItem", "DraftOrderLineItem"),
        "title": line["title"],
        "sku": line["sku"],
        "quantity": line["quantity"],
        "variant": lambda: variant_node(shop, line["variant_id"]),
        "originalUnitPriceSet": money(shop, line["unit_price"]),
    }


def _shipping_line(shop: Shop, order: Order, amount: Decimal) -> Node:
    return {
        "__typename": "ShippingLine",
        "id": f"gid://shopify/ShippingLine/{legacy(order['id'])}",
        "title": order["body"].get("shipping_title", "Standard"),
        "originalPriceSet": money(shop, amount + Decimal(str(order["body"].get("shipping_discount", "0")))),
        "discountedPriceSet": money(shop, amount),
        "taxLines": tax_lines(shop, order, shipping_tax_of(shop, order)),
        "discountAllocations": [],
    }


def _fulfillment_status(order: Order) -> str:
    ordered = sum(line["quantity"] - line["removed"] for line in order["lines"])
    shipped = (made for made in order["fulfillments"] if made["status"] == "SUCCESS")
    done = sum(row["quantity"] for made in shipped for row in made["lines"])
    return "UNFULFILLED" if not done else "FULFILLED" if done >= ordered else "PARTIALLY_FULFILLED"


def _attribution(given: Mapping[str, Any] | None) -> Node | None:
    if given is None:
        return None
    return {"__typename": "OrderAttribution", "handle": given.get("handle"), "displayName": given.get("display_name")}


def _staff(given: Mapping[str, Any] | None) -> Node | None:
    return None if given is None else {"__typename": "StaffMember", "id": given["id"], "name": given["name"]}


def _customer(given: Mapping[str, Any] | None) -> Node | None:
    if given is None:
        return None
    names = {"displayName": "display_name", "firstName": "first_name", "lastName": "last_name", "email": "email"}
    return {"__typename": "Customer", "id": given["id"]} | {name: given.get(key) for name, key in names.items()}
