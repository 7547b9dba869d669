"""Money, instants and small values as Shopify writes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
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


def money(shop: Shop, amount: Decimal, currency: str | None = None) -> Node:
    """Return a MoneyBag of an amount in the shop's currency, or in another."""
    # Recorded: no trailing zeros, but always one decimal place ("24.0", "989.95").
    told = f"{amount.quantize(_CENT)}"
    side = {"__typename": "MoneyV2", "amount": told[:-1] if told.endswith("0") else told, "currencyCode": currency or shop.currency}
    return {"__typename": "MoneyBag", "shopMoney": side, "presentmentMoney": side}


def net_of(line: Mapping[str, Any]) -> Decimal:
    """Return what a line comes to after its discount, tax inside where the shop's prices include it."""
    return Decimal(line["unit_price"] * line["quantity"] - line["discount"])


def tax_of(shop: Shop, order: Order, line: Mapping[str, Any]) -> Decimal:
    """Return a line's tax, rounded half up to the cent."""
    rate = tax_rate(order) if line["taxable"] else ZERO
    if not shop.taxes_included:
        return (net_of(line) * rate).quantize(_CENT, ROUND_HALF_UP)
    # Recorded: three lines of 19.00 with 20 % inside carry 3.16, 3.17 and 3.17: the tax of all lines up to one, less those before.
    taxed = [row for row in order["lines"] if row["taxable"]]
    place = next((index for index, row in enumerate(taxed) if row is line), None)
    return ZERO if place is None else _tax_inside(taxed[: place + 1], taxed, rate) - _tax_inside(taxed[:place], taxed, rate)


def _tax_inside(lines: list[dict[str, Any]], taxed: list[dict[str, Any]], rate: Decimal) -> Decimal:
    whole = sum((net_of(line) for line in lines), ZERO) * rate / (1 + rate)
    return whole.quantize(_CENT, ROUND_HALF_UP if len(lines) == len(taxed) else ROUND_DOWN)


def tax_rate(order: Order) -> Decimal:
    """Return the rate of all the order's taxes together."""
    given = order["body"].get("tax_lines")
    return sum((Decimal(str(row["rate"])) for row in given), ZERO) if given else Decimal(str(order["body"].get("tax_rate", "0")))


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
    shipping = shipping_of(order) + (ZERO if shop.taxes_included else shipping_tax_of(shop, order))
    return sum((gross_of(shop, order, line) for line in order["lines"]), shipping + sum(extras_of(order).values(), ZERO))


def shipping_tax_of(shop: Shop, order: Order) -> Decimal:
    """Return the tax of shipping, by the body's `shipping_tax_rate`."""
    rate = Decimal(str(order["body"].get("shipping_tax_rate", "0")))
    share = rate / (1 + rate) if shop.taxes_included else rate
    return (shipping_of(order) * share).quantize(_CENT, ROUND_HALF_UP)


def extras_of(order: Order) -> dict[str, Decimal]:
    """Return duties and fees by the line type of their sales."""
    keys = {"DUTY": "duties", "ADDITIONAL_FEE": "fee"}
    return {kind: Decimal(str(order["body"][key])) for kind, key in keys.items() if order["body"].get(key)}


def tax_lines(shop: Shop, order: Order, amount: Decimal) -> list[Node]:
    """Return the tax lines of an amount of tax, none for nothing; several share it by their rates, the last has the rest."""
    body = order["body"]
    taxes = body.get("tax_lines") or [{"title": body.get("tax_title", "Sales Tax"), "rate": body.get("tax_rate", "0")}]
    whole, left, rows = tax_rate(order), amount, []
    for place, tax in enumerate(taxes):
        rate = Decimal(str(tax["rate"]))
        part = left if place == len(taxes) - 1 else (amount * rate / whole).quantize(_CENT, ROUND_HALF_UP) if whole else ZERO
        left -= part
        told = float(str(tax["rate"]))
        row = {"__typename": "TaxLine", "title": tax["title"], "rate": told, "ratePercentage": told * 100}
        rows.append(row | {"priceSet": money(shop, part)})
    return rows if amount else []


def attributes(given: Mapping[str, str]) -> list[Node]:
    """Return custom attributes."""
    return [{"__typename": "Attribute", "key": key, "value": value} for key, value in given.items()]
