"""One order's facts, typed: sales, shipments, refunds and payments, read from the raw frames of Shopify."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from contract.frames import Frames, empty
from domain.demand import OPEN_FULFILLMENT_ORDERS
from domain.money import Money

Row = Mapping[str, Any]
_ORDER = ("shop_code", "order_id_shopify")
_FRAMES = (
    "raw_shopify__order_lines",
    "raw_shopify__fulfillment_order_lines",
    "raw_shopify__fulfillments",
    "raw_shopify__refunds",
    "raw_shopify__sales",
    "raw_shopify__transactions",
)


@dataclass(frozen=True)
class Sale:
    """One signed sale of an agreement."""

    at: str
    agreement_id: str
    refund_id: str | None
    line_type: str
    line_id: str | None
    units: int
    money: Money


@dataclass(frozen=True)
class Shipment:
    """A fulfilment that stands, with its units by order line."""

    id: str
    at: str
    location_id: str | None
    units: Mapping[str, int]
    tracking: tuple[Row, ...]


@dataclass(frozen=True)
class RefundLine:
    """Units of a line that a refund took back."""

    refund_id: str
    at: str
    line_id: str
    units: int
    restock_type: str
    location_id: str | None


@dataclass(frozen=True)
class Tender:
    """A payment (above zero) or refund (below), with the cash rounding beside it."""

    id: str
    at: str
    gateway: str
    amount: Decimal
    rounding: Decimal


@dataclass(frozen=True)
class OrderFacts:
    """Everything that Shopify says of an order. `open_units` are by line and location; None where not routed yet."""

    order: Row
    lines: Mapping[str, Row]
    sales: tuple[Sale, ...]
    shipments: tuple[Shipment, ...]
    open_units: Mapping[tuple[str, str | None], int]
    refund_lines: tuple[RefundLine, ...]
    tenders: tuple[Tender, ...]
    has_routing: bool

    @property
    def key(self) -> tuple[str, str]:
        """The shop and the order's gid."""
        return self.order["shop_code"], self.order["order_id_shopify"]

    @property
    def number(self) -> str:
        """The order's number, from its gid and never from a float."""
        return number_of(self.order["order_id_shopify"])

    def numbered(self, line_id: str) -> tuple[str, str, str]:
        """Return a line as serial and lot numbers are kept by: `SHOP/number` of the order, the line's number, its SKU."""
        return f"{self.order['shop_code']}/{self.number}", number_of(line_id), str(self.lines[line_id]["sku"])


def number_of(gid: str) -> str:
    """Return the number of a gid, as text.

    >>> number_of("gid://shopify/Order/9007199254740993")
    '9007199254740993'
    """
    return gid.rsplit("/", 1)[-1].split("?", 1)[0]


def read_facts(raw: Frames) -> Iterator[OrderFacts]:
    """Yield the facts of every order of the raw frames, in their order."""
    grouped = {name: _by_order(raw.get(name, empty(name))) for name in _FRAMES}
    for order in _rows(raw["raw_shopify__orders"]):
        yield _facts(order, {name: rows.get((order["shop_code"], order["order_id_shopify"]), []) for name, rows in grouped.items()})


def _facts(order: Row, rows: Mapping[str, list[Row]]) -> OrderFacts:
    lines = {row["order_line_id_shopify"]: row for row in rows["raw_shopify__order_lines"]}
    shipments = _shipments(rows["raw_shopify__fulfillments"])
    refunds = tuple(_refund_line(row) for row in rows["raw_shopify__refunds"])
    sales = tuple(
        sorted(
            (_sale(row, order["has_taxes_included"] == "true") for row in rows["raw_shopify__sales"]),
            key=lambda sale: (sale.at, sale.agreement_id),
        )
    )
    routed: dict[tuple[str, str | None], int] = {}
    for row in rows["raw_shopify__fulfillment_order_lines"]:
        if row["status_code"] in OPEN_FULFILLMENT_ORDERS and int(row["remaining_qty"]):
            key = (row["order_line_id_shopify"], row["location_id_shopify"])
            routed[key] = routed.get(key, 0) + int(row["remaining_qty"])
    has_routing = bool(rows["raw_shopify__fulfillment_order_lines"])
    if not has_routing:
        routed |= _unrouted(lines, shipments, sales)
    tenders = tuple(_tenders(rows["raw_shopify__transactions"]))
    return OrderFacts(order, lines, sales, shipments, routed, refunds, tenders, has_routing)


def _unrouted(
    lines: Mapping[str, Row], shipments: tuple[Shipment, ...], sales: tuple[Sale, ...]
) -> dict[tuple[str, str | None], int]:
    """Return the units of an order that Shopify has not routed: what was sold, less what is gone and what was taken off."""
    left: dict[tuple[str, str | None], int] = {}
    for key in lines:
        kept = sum(sale.units for sale in sales if sale.line_id == key)
        open_now = kept - sum(made.units.get(key, 0) for made in shipments)
        if open_now > 0 and not shipments:
            left[key, None] = open_now
    return left


def _shipments(rows: list[Row]) -> tuple[Shipment, ...]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row["status_code"] == "SUCCESS":
            found.setdefault(row["fulfillment_id_shopify"], []).append(row)
    made = []
    for key, parts in found.items():
        units: dict[str, int] = {}
        for part in parts:
            units[part["order_line_id_shopify"]] = units.get(part["order_line_id_shopify"], 0) + int(part["fulfilled_qty"])
        tracking = tuple(json.loads(parts[0]["tracking"] or "[]"))
        made.append(Shipment(key, parts[0]["created_at_utc"], parts[0]["location_id_shopify"], units, tracking))
    return tuple(sorted(made, key=lambda one: (one.at, int(number_of(one.id)))))


def _sale(row: Row, holds_tax: bool) -> Sale:
    tax = Decimal(row["tax_amount"] or 0)
    taxes: dict[str, Decimal] = {}
    for part in json.loads(row["taxes"] or "[]"):
        taxes[part["title"]] = taxes.get(part["title"], Decimal(0)) + Decimal(part["amount"])
    if sum(taxes.values(), Decimal(0)) != tax:
        # The whole is Shopify's own figure; its parts are told by title only where they add up to it.
        taxes = {"": tax}
    money = Money(Decimal(row["total_amount"]), Decimal(row["discount_amount"] or 0), taxes, holds_tax)
    units = int(row["sale_qty"] or 0)
    return Sale(
        row["happened_at_utc"],
        row["agreement_id_shopify"],
        row["refund_id_shopify"],
        row["line_type"],
        row["order_line_id_shopify"],
        units,
        money,
    )


def _refund_line(row: Row) -> RefundLine:
    return RefundLine(
        row["refund_id_shopify"],
        row["created_at_utc"],
        row["order_line_id_shopify"],
        int(row["refunded_qty"]),
        row["restock_type"],
        row["location_id_shopify"],
    )


def _tenders(rows: list[Row]) -> Iterator[Tender]:
    signs = {"SALE": 1, "CAPTURE": 1, "REFUND": -1, "CHANGE": -1}
    for row in sorted(rows, key=lambda one: (one["created_at_utc"], int(number_of(one["transaction_id_shopify"])))):
        sign = signs.get(row["kind"])
        if row["status_code"] == "SUCCESS" and sign is not None and row["is_test"] != "true":
            amount, rounding = Decimal(row["total_amount"]), Decimal(row["rounding_amount"] or 0)
            yield Tender(row["transaction_id_shopify"], row["created_at_utc"], row["gateway"], sign * amount, sign * rounding)


def _by_order(frame: pd.DataFrame) -> dict[Any, list[Row]]:
    grouped: dict[Any, list[Row]] = {}
    for row in _rows(frame):
        grouped.setdefault(tuple(row[name] for name in _ORDER), []).append(row)
    return grouped


def _rows(frame: pd.DataFrame) -> Iterator[Row]:
    clean = frame.astype("object").where(frame.notna(), None)
    names = [str(name) for name in clean.columns]
    for values in clean.itertuples(index=False, name=None):
        yield dict(zip(names, values, strict=True))
