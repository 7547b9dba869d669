"""One order, as a Shopify seed and as the NetSuite document a connector would have written of it.

Money is text with two decimals on the Shopify side (the vendor's Decimal) and a number of two decimals in NetSuite's
JSON; all arithmetic is Decimal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.worlds.accounts import (
    CHANNEL_OF_KIND,
    CUSTOMER_OF_SHOP,
    DISCOUNT_ITEM,
    PLACE,
    SHIPPING_ITEM,
    TAX_ITEM,
    gid,
)

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
TAX_TITLE = "State Tax"
SOURCE_OF_KIND = {"web": "web", "till": "pos", "draft": "shopify_draft_order"}


@dataclass(frozen=True)
class Line:
    """Units of one SKU on an order; `discount` is for the whole line, in dollars."""

    sku: str
    quantity: int
    unit_price: Decimal
    discount: Decimal = ZERO

    @property
    def net(self) -> Decimal:
        """The line total after its discount, exact to the cent."""
        return self.unit_price * self.quantity - self.discount


@dataclass(frozen=True)
class Order:
    """One Shopify order of either shop. `number` is its numeric id; line ids follow from it."""

    shop: str
    number: int
    kind: str
    location_code: str
    created_at: datetime
    lines: tuple[Line, ...]
    shipping: Decimal = ZERO
    tax_rate: Decimal = ZERO
    attributes: dict[str, str] = field(default_factory=dict)
    is_fulfilled: bool = False
    is_cancelled: bool = False

    @property
    def name(self) -> str:
        """The order's name; the prefix keeps the names of the two shops apart."""
        return f"#{self.shop[0]}{self.number}"

    @property
    def open_units(self) -> bool:
        """Whether its units are still to be shipped, so that Shopify counts them as committed."""
        return self.kind != "till" and not self.is_fulfilled and not self.is_cancelled

    def line_gid(self, index: int) -> str:
        """Return the id of a line by its position from 0."""
        return gid("LineItem", self.number * 1000 + index + 1)


def iso(instant: datetime) -> str:
    """Return an instant as Shopify writes it: UTC, whole seconds, Z."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def tax_of(line: Line, rate: Decimal) -> Decimal:
    """Return a line's tax, rounded half up to the cent per line."""
    return (line.net * rate).quantize(CENT, ROUND_HALF_UP)


def shopify_order(order: Order, variant_of: dict[str, str], *, applies: bool) -> dict[str, Any]:
    """Return the Shopify seed of an order.

    Args:
        order: the order.
        variant_of: SKU to variant id in the order's shop.
        applies: whether the sandbox still has to move the levels for it; false where the seeded levels contain it.
    """
    return {
        "id": gid("Order", order.number),
        "name": order.name,
        "kind": order.kind,
        "created_at": iso(order.created_at),
        "location_id": gid("Location", PLACE[order.location_code].shopify_ids[order.shop]),
        "lines": [
            {
                "id": order.line_gid(index),
                "variant_id": variant_of[line.sku],
                "quantity": line.quantity,
                "unit_price": str(line.unit_price),
                "discount": str(line.discount),
            }
            for index, line in enumerate(order.lines)
        ],
        "attributes": order.attributes,
        "tax_rate": str(order.tax_rate),
        "tax_title": TAX_TITLE,
        "shipping": str(order.shipping),
        "gateway": "cash" if order.kind == "till" else "shopify_payments",
        "paid": True,
        "fulfilled": order.is_fulfilled or order.kind == "till",
        "cancelled": order.is_cancelled,
        "applies_to_stock": applies,
    }


def netsuite_document(
    order: Order, item_of: dict[str, str], *, written_by: str, status: str = "B", hall: int = 0
) -> dict[str, Any]:
    """Return the NetSuite transaction seed of an order: a cash sale of a till order, else a sales order.

    Args:
        order: the order.
        item_of: SKU to NetSuite item id.
        written_by: "us" (external id and line column of ours), "celigo" (external id CELIGO_, no columns of ours) or
            "hand" (the order's name as other reference number, nothing else).
        status: A pending approval, B pending fulfilment.
        hall: which of the location's NetSuite locations takes the lines.
    """
    is_ours = written_by == "us"
    place = PLACE[order.location_code].netsuite_ids[hall]
    body: dict[str, Any] = {
        "entity": {"id": CUSTOMER_OF_SHOP[order.shop]},
        "tranDate": order.created_at.strftime("%Y-%m-%d"),
        "otherRefNum": order.name,
        "item": {"items": [*_goods(order, item_of, place, is_ours), *_charges(order, place)]},
    }
    if written_by == "celigo":
        body["externalId"] = f"CELIGO_{order.number}"
    if is_ours:
        body |= _our_fields(order)
    if order.kind != "till":
        body["orderStatus"] = {"id": status}
    else:
        body["location"] = {"id": place}
    kind = "cashSale" if order.kind == "till" else "salesOrder"
    return {"type": kind, "body": body, "created_at": iso(order.created_at), "applies_to_stock": True}


def _our_fields(order: Order) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "externalId": f"SHOPIFY-{order.shop}-{order.number}",
        "custbody_shopify_order_name": order.name,
        "custbody_shopify_order_id": str(order.number),
        "custbody_sales_channel": {"id": CHANNEL_OF_KIND[order.kind]},
        "custbody_utm_source": order.attributes.get("utm_source", "direct"),
    }
    if order.tax_rate:
        fields["custbody_tax_titles"] = TAX_TITLE
    return fields


def _goods(order: Order, item_of: dict[str, str], place: str, is_ours: bool) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for index, line in enumerate(order.lines):
        row: dict[str, Any] = {
            "item": {"id": item_of[line.sku]},
            "quantity": line.quantity,
            "rate": float(line.unit_price),
            "amount": float(line.unit_price * line.quantity),
            "location": {"id": place},
        }
        if is_ours:
            row |= {"custcol_shopify_line_id": order.line_gid(index), "custcol_shopify_sku": line.sku}
        rows.append(row)
    return rows


def _charges(order: Order, place: str) -> list[dict[str, Any]]:
    discount = sum((line.discount for line in order.lines), ZERO)
    tax = sum((tax_of(line, order.tax_rate) for line in order.lines), ZERO)
    charges = ((DISCOUNT_ITEM, -discount), (SHIPPING_ITEM, order.shipping), (TAX_ITEM, tax))
    return [
        {
            "item": {"id": item},
            "quantity": 1,
            "rate": float(amount),
            "amount": float(amount),
            "location": {"id": place},
        }
        for item, amount in charges
        if amount
    ]
