"""Money, instants and small values as Shopify writes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from sandbox.shopify.order_actions import Order
from sandbox.shopify.shop import Shop

Node = dict[str, Any]
ZERO = Decimal(0)
_CENT = Decimal("0.01")


@lru_cache(maxsize=4096)
def iso(instant: datetime | None) -> str | None:
    """Return an instant as Shopify writes it."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ") if instant else None


def legacy(gid: str) -> str:
    """Return the number of a global id."""
    return gid.rsplit("/", 1)[1]


def money(shop: Shop, amount: Decimal) -> Node:
    """Return a MoneyBag; the shop sells in one currency."""
    # Recorded: no trailing zeros, but always one decimal place ("24.0", "989.95").
    told = f"{amount.quantize(_CENT)}"
    side = {"__typename": "MoneyV2", "amount": told[:-1] if told.endswith("0") else told, "currencyCode": shop.currency}
    return {"__typename": "MoneyBag", "shopMoney": side, "presentmentMoney": side}


def net_of(line: Mapping[str, Any]) -> Decimal:
    """Return what a line comes to after its discount, tax inside where the shop's prices include it."""
    return Decimal(line["unit_price"] * line["quantity"] - line["discount"])


def tax_of(shop: Shop, order: Order, line: Mapping[str, Any]) -> Decimal:
    """Return a line's tax, rounded half up to the cent."""
    rate = Decimal(str(order["body"].get("tax_rate", "0"))) if line["taxable"] else ZERO
    share = rate / (1 + rate) if shop.taxes_included else rate
    return (net_of(line) * share).quantize(_CENT, ROUND_HALF_UP)


def gross_of(shop: Shop, order: Order, line: Mapping[str, Any]) -> Decimal:
    """Return what the buyer pays for a line."""
    return net_of(line) + (ZERO if shop.taxes_included else tax_of(shop, order, line))


def share_of(line: Mapping[str, Any], amount: Decimal, units: int) -> Decimal:
    """Return an amount's share for some of a line's units."""
    return (amount * units / line["quantity"]).quantize(_CENT, ROUND_HALF_UP) if units else ZERO


def shipping_of(order: Order) -> Decimal:
    """Return what the buyer pays for shipping."""
    return Decimal(str(order["body"].get("shipping", "0")))


def total_of(shop: Shop, order: Order) -> Decimal:
    """Return what the order came to before anything was taken off it."""
    return sum((gross_of(shop, order, line) for line in order["lines"]), shipping_of(order))


def taken_off(shop: Shop, order: Order) -> Decimal:
    """Return what removed and returned units, and refunded shipping, came to."""
    lines = (share_of(line, gross_of(shop, order, line), line["removed"] + line["returned"]) for line in order["lines"])
    return sum(lines, sum((refund["shipping"] for refund in order["refunds"]), ZERO))


def refunded_by(shop: Shop, order: Order, refund: Mapping[str, Any]) -> Decimal:
    """Return what a refund gave back."""
    lines = {line["id"]: line for line in order["lines"]}
    parts = (share_of(lines[x["line_id"]], gross_of(shop, order, lines[x["line_id"]]), x["quantity"]) for x in refund["lines"])
    return sum(parts, Decimal(refund["shipping"]))


def tax_lines(shop: Shop, order: Order, amount: Decimal) -> list[Node]:
    """Return the tax lines of an amount of tax, none for nothing."""
    body = order["body"]
    title, rate = body.get("tax_title", "Sales Tax"), float(str(body.get("tax_rate", "0")))
    row = {"__typename": "TaxLine", "title": title, "rate": rate, "ratePercentage": rate * 100, "priceSet": money(shop, amount)}
    return [row] if amount else []


def attributes(given: Mapping[str, str]) -> list[Node]:
    """Return custom attributes."""
    return [{"__typename": "Attribute", "key": key, "value": value} for key, value in given.items()]


def metafield(body: Mapping[str, Any], namespace: str | None, key: str | None) -> Node | None:
    """Return a metafield by namespace and key; a key with a dot holds both."""
    name = f"{namespace}.{key}" if namespace else str(key)
    value = body.get("metafields", {}).get(name)
    if value is None:
        return None
    namespace, _, key = name.rpartition(".")
    return {"__typename": "Metafield", "namespace": namespace, "key": key, "value": value, "type": "single_line_text_field"}
