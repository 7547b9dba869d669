"""What was sold, edited and given back, as Shopify's signed feed of sales; every total of an order is a sum of it.

A sale's amounts are Shopify's own: some of a line's units are worth the share of all units up to them less the share
of those before, so that the parts of a line always add up to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.shopify.connections import connection
from sandbox.shopify.order_actions import Order
from sandbox.shopify.shop import Shop
from sandbox.shopify.values import (
    ZERO,
    Node,
    extras_of,
    iso,
    legacy,
    money,
    net_of,
    share_of,
    shipping_of,
    shipping_tax_of,
    tax_lines,
    tax_of,
)


@dataclass(frozen=True)
class Sale:
    """One signed sale: `net` after discounts and without tax where prices do not hold it, `total` what the buyer pays."""

    line_type: str
    line_id: str | None
    quantity: int | None
    total: Decimal
    discount: Decimal
    tax: Decimal
    action: str


@dataclass(frozen=True)
class Agreement:
    """One event of an order's life and its sales."""

    id: str
    kind: str
    at: datetime
    sales: tuple[Sale, ...]
    refund_id: str | None = None


def agreements(shop: Shop, order: Order) -> list[Agreement]:
    """Return an order's agreements, oldest first."""
    added = {key for event in order["history"] if event["kind"] == "edit" for key in event["added"]}
    lines = {line["id"]: line for line in order["lines"]}
    first = [_units(shop, order, line, 0, line["quantity"]) for key, line in lines.items() if key not in added]
    made = [_agreement("OrderAgreement", order["id"], order["created_at"], [*first, *_charges(shop, order)])]
    gone = dict.fromkeys(lines, 0)
    for event in order["history"]:
        if event["kind"] == "edit":
            sales = [_units(shop, order, lines[key], 0, lines[key]["quantity"], action="UPDATE") for key in event["added"]]
            sales += _taken(shop, order, gone, event["removed"].items())
            made.append(_agreement("OrderEditAgreement", event["id"], event["at"], sales))
        else:
            refund = event["refund"]
            rows = [(row["line_id"], row["quantity"]) for row in refund["lines"]]
            sales = [*_taken(shop, order, gone, rows), *_given_back(shop, order, refund)]
            made.append(_agreement("RefundAgreement", refund["id"], refund["created_at"], sales, refund["id"]))
    return made


def refunded_by(shop: Shop, order: Order, refund: Mapping[str, Any]) -> Decimal:
    """Return what a refund gave back: its sales, and its payout for what an edit took off before."""
    found = [one for one in agreements(shop, order) if one.refund_id == refund["id"]]
    return Decimal(refund["payout"]) - sum((sale.total for one in found for sale in one.sales), ZERO)


def taken_off(shop: Shop, order: Order) -> Decimal:
    """Return what removed and returned units, and what was refunded besides, came to."""
    return -sum(
        (sale.total for one in agreements(shop, order) for sale in one.sales if sale.total < 0 or sale.action == "RETURN"), ZERO
    )


def refund_line_amounts(shop: Shop, order: Order, refund: Mapping[str, Any], line_id: str) -> tuple[Decimal, Decimal]:
    """Return a refunded line's subtotal (after discounts) and tax, above zero."""
    sales = [s for a in agreements(shop, order) if a.refund_id == refund["id"] for s in a.sales if s.line_id == line_id]
    tax = -sum((sale.tax for sale in sales), ZERO)
    total = -sum((sale.total for sale in sales), ZERO)
    return (total if shop.taxes_included else total - tax), tax


def agreements_node(shop: Shop, order: Order, given: Mapping[str, Any]) -> Node:
    """Return Order.agreements."""
    return connection(agreements(shop, order), given, lambda one: _agreement_node(shop, order, one))


def payments(shop: Shop, order: Order) -> list[tuple[Decimal, str, str, datetime, Decimal]]:
    """Return what was paid: amount, gateway, id and instant, and the cash rounding beside it; what edits added is paid at once."""
    if not order["body"].get("paid", True):
        return []
    main = order["body"].get("gateway", "shopify_payments")
    rows: list[tuple[Decimal, str, str, datetime, Decimal]] = []
    for one in agreements(shop, order):
        due = sum((sale.total for sale in one.sales if sale.total > 0 and sale.action != "RETURN"), ZERO)
        rounding = ZERO
        for place, tender in enumerate(order["body"].get("tenders", []) if one.kind == "OrderAgreement" else []):
            amount = Decimal(str(tender["amount"]))
            due -= amount
            rows.append((amount, tender["gateway"], f"{legacy(one.id)}{place + 1}", one.at, ZERO))
        if one.kind == "OrderAgreement":
            rounding = Decimal(str(order["body"].get("cash_rounding", "0")))
        if due:
            rows.append((due, main, legacy(one.id), one.at, rounding))
    return rows


def refund_tenders(shop: Shop, order: Order, refund: Mapping[str, Any]) -> list[tuple[Decimal, str]]:
    """Return how a refund was paid out: by the gateways its body names, the rest by the order's own."""
    due = refunded_by(shop, order, refund)
    rows = [(Decimal(str(row["amount"])), row["gateway"]) for row in refund.get("tenders") or []]
    rest = due - sum((amount for amount, _ in rows), ZERO)
    return [*rows, *([(rest, order["body"].get("gateway", "shopify_payments"))] if rest else [])]


def _units(  # noqa: PLR0913, PLR0917 - which units of what, and why
    shop: Shop, order: Order, line: Mapping[str, Any], before: int, count: int, action: str = "ORDER"
) -> Sale:
    """Return a line's units from `before` on, as a sale above zero."""

    def part(amount: Decimal) -> Decimal:
        return share_of(line, amount, before + count) - share_of(line, amount, before)

    tax = part(tax_of(shop, order, line))
    total = part(net_of(line)) + (ZERO if shop.taxes_included else tax)
    variant = shop.variants.get(line["variant_id"] or "", {})
    kind = "GIFT_CARD" if variant.get("is_gift_card") else "TIP" if line.get("is_tip") else "PRODUCT"
    return Sale(kind, line["id"], count, total, part(line["discount"]), tax, action)


def _taken(shop: Shop, order: Order, gone: dict[str, int], rows: Any) -> Iterator[Sale]:
    lines = {line["id"]: line for line in order["lines"]}
    for key, units in rows:
        line = lines[key]
        # From the line's end, so that what is left is the share of its first units.
        sale = _units(shop, order, line, line["quantity"] - gone[key] - int(units), int(units), "RETURN")
        gone[key] += int(units)
        yield Sale(sale.line_type, key, -int(units), -sale.total, -sale.discount, -sale.tax, "RETURN")


def _charges(shop: Shop, order: Order) -> Iterator[Sale]:
    shipping, tax = shipping_of(order), shipping_tax_of(shop, order)
    discount = Decimal(str(order["body"].get("shipping_discount", "0")))
    if shipping or discount:
        yield Sale("SHIPPING", None, None, shipping + (ZERO if shop.taxes_included else tax), discount, tax, "ORDER")
    for kind, amount in extras_of(order).items():
        yield Sale(kind, None, None, amount, ZERO, ZERO, "ORDER")


def _given_back(shop: Shop, order: Order, refund: Mapping[str, Any]) -> Iterator[Sale]:
    if refund["shipping"]:
        whole, tax = shipping_of(order), shipping_tax_of(shop, order)
        part = (tax * refund["shipping"] / whole).quantize(Decimal("0.01")) if whole else ZERO
        yield Sale("SHIPPING", None, None, -refund["shipping"] - (ZERO if shop.taxes_included else part), ZERO, -part, "RETURN")
    if refund.get("adjustment"):
        yield Sale("ADJUSTMENT", None, None, -refund["adjustment"], ZERO, ZERO, "RETURN")


def _agreement(kind: str, source: str, at: datetime, sales: Any, refund_id: str | None = None) -> Agreement:
    return Agreement(f"gid://shopify/{kind}/{legacy(source)}", kind, at, tuple(sales), refund_id)


_REASONS = {"OrderAgreement": "ORDER", "OrderEditAgreement": "ORDER_EDIT", "RefundAgreement": "REFUND"}


def _agreement_node(shop: Shop, order: Order, one: Agreement) -> Node:
    numbered = [(f"gid://shopify/Sale/{legacy(one.id)}{place:03d}", sale) for place, sale in enumerate(one.sales)]
    node: Node = {"__typename": one.kind, "id": one.id, "happenedAt": iso(one.at), "reason": _REASONS[one.kind]}
    node["sales"] = lambda **given: connection(numbered, given, lambda row: _sale_node(shop, order, *row))
    if one.refund_id:
        node["refund"] = {"__typename": "Refund", "id": one.refund_id}
    return node


_SALES = {
    "PRODUCT": "ProductSale",
    "GIFT_CARD": "GiftCardSale",
    "TIP": "TipSale",
    "SHIPPING": "ShippingLineSale",
    "DUTY": "DutySale",
    "ADDITIONAL_FEE": "AdditionalFeeSale",
    "ADJUSTMENT": "AdjustmentSale",
}


def _sale_node(shop: Shop, order: Order, sale_id: str, sale: Sale) -> Node:
    node: Node = {
        "__typename": _SALES[sale.line_type],
        "id": sale_id,
        "actionType": sale.action,
        "lineType": sale.line_type,
        "quantity": sale.quantity,
        "totalAmount": money(shop, sale.total),
        "totalDiscountAmountBeforeTaxes": money(shop, sale.discount),
        "totalTaxAmount": money(shop, sale.tax),
        "taxes": [
            {"__typename": "SaleTax", "id": f"{sale_id}{place}", "amount": row["priceSet"], "taxLine": row}
            for place, row in enumerate(tax_lines(shop, order, sale.tax))
        ],
    }
    if sale.line_id is not None:
        node["lineItem"] = {"__typename": "LineItem", "id": sale.line_id}
    return node
