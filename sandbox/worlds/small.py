"""A small world, written by hand: six SKUs, two shops, three locations, one order of every kind.

The truth of every SKU and location is worked out in the comments of `_ORDERS` and `_BOOKS`; tests compare with it.
A connector copied NetSuite's available quantity into both shops 40 minutes before `now`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sandbox.worlds.accounts import PLACE, account_seed, gid, shop_seed
from sandbox.worlds.documents import Line, Order, iso, netsuite_document, shopify_order

SMALL_PLACES = (
    replace(PLACE["WAREHOUSE"], netsuite_ids=("1",)),
    PLACE["STORE_406"],
    PLACE["STORE_31782"],
)
PRICES = {"APPLE": "0.99", "BREAD": "2.49", "CHEESE": "5.79", "DATES": "3.33", "EGGS": "2.99", "FLOUR": "1.89"}
ITEM_OF = {sku: str(101 + index) for index, sku in enumerate(PRICES)}
COPIED_AGO = timedelta(minutes=40)
_SHOP_OFFSET = {"GROCER": 10_000, "EXPRESS": 20_000}


class _Book(NamedTuple):
    """One SKU at one location, in units."""

    sku: str
    place: str
    on_hand: int  # NetSuite's, before the seeded transactions apply
    published: int  # NetSuite's available 40 minutes ago, as the connector copied it into every shop that has the place
    truth: int  # physical units minus open demand, now


# Orders numbered 1xxx are GROCER's, 2xxx EXPRESS's. "Known" means: NetSuite has it.
_BOOKS = (
    # 20 on hand; 1001 takes 2 (known, committed), 1008 took 1 (shipped, unknown), 2001 takes 1 (unknown): 20-2-1-1.
    _Book("APPLE", "WAREHOUSE", 20, 18, 16),
    # 10 on hand; 1002 takes 3 (known, pending approval: nothing committed), 1009 takes 1 (draft, unknown): 10-3-1.
    _Book("BREAD", "WAREHOUSE", 10, 10, 6),
    # 2 on hand; 1003 takes 5 (known: 2 committed, 3 backordered): 2-5.
    _Book("CHEESE", "WAREHOUSE", 2, 0, -3),
    # 9 on hand; 2002 takes 2 (known as CELIGO_2002), 1004 takes 1 (known by its name only): 9-2-1.
    _Book("DATES", "WAREHOUSE", 9, 6, 6),
    # Nobody ordered any; 2004 (3 FLOUR) is cancelled and was never written.
    _Book("EGGS", "WAREHOUSE", 30, 30, 30),
    _Book("FLOUR", "WAREHOUSE", 7, 7, 7),
    _Book("APPLE", "STORE_406", 8, 8, 8),
    _Book("BREAD", "STORE_406", 4, 4, 4),
    _Book("CHEESE", "STORE_406", 6, 6, 6),
    _Book("DATES", "STORE_406", 0, 0, 0),
    # 12 on the books a day ago; the till sold 2 (1005, known as a cash sale) and 1 (1006, unknown): 12-2-1.
    _Book("EGGS", "STORE_406", 12, 10, 9),
    # 5 on hand; 1007 takes 2 (a web order that this store ships, unknown): 5-2.
    _Book("FLOUR", "STORE_406", 5, 5, 3),
    _Book("APPLE", "STORE_31782", 6, 6, 6),
    # The phone order PHONE-1 takes 2 (NetSuite's own, committed; no shop knows it): 5-2.
    _Book("BREAD", "STORE_31782", 5, 3, 3),
    _Book("CHEESE", "STORE_31782", 3, 3, 3),
    _Book("DATES", "STORE_31782", 4, 4, 4),
    # Oversold: the books had 1, the till sold 2 (2003, known as a cash sale): on hand -1, and Shopify shows -1.
    _Book("EGGS", "STORE_31782", 1, 1, -1),
    _Book("FLOUR", "STORE_31782", 2, 2, 2),
)


def small_world(now: datetime, public_key_pem: str) -> dict[str, Any]:
    """Return the seed of the small world, with the truth beside it.

    Grain of `truth`: one row per SKU and location; `truth_qty` is physical units minus open demand, whole units.

    Args:
        now: an aware instant in UTC; orders lie before it.
        public_key_pem: the public key that the NetSuite certificate of the world holds.
    """
    orders = _orders(now)
    return {
        "clock": iso(now),
        "shopify": {shop: _shop(shop, orders, now - COPIED_AGO) for shop in ("GROCER", "EXPRESS")},
        "netsuite": _netsuite(orders, now, public_key_pem),
        "truth": [{"sku": book.sku, "location_code": book.place, "truth_qty": book.truth} for book in _BOOKS],
    }


def _orders(now: datetime) -> dict[int, Order]:
    def order(number: int, kind: str, place: str, ago: timedelta, *goods: tuple[str, int], **more: Any) -> Order:
        off = Decimal(more.pop("discount", "0.00"))  # on every line
        lines = tuple(Line(sku, quantity, Decimal(PRICES[sku]), off) for sku, quantity in goods)
        shop = "GROCER" if number < 2000 else "EXPRESS"
        return Order(shop, number, kind, place, now - ago, lines, **more)

    day, hour, minute = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
    campaign = {"utm_source": "newsletter"}
    rows = (
        # Written by us, committed. 1.98 + 4.95 shipping + 0.16 tax (1.98 x 8.25 % = 0.16335) = 7.09
        order(
            1001,
            "web",
            "WAREHOUSE",
            day,
            ("APPLE", 2),
            shipping=Decimal("4.95"),
            tax_rate=Decimal("0.0825"),
            attributes=campaign,
        ),
        order(1002, "web", "WAREHOUSE", 2 * hour, ("BREAD", 3)),  # written by us, pending approval
        order(1003, "web", "WAREHOUSE", day, ("CHEESE", 5)),  # written by us, backordered in part
        order(1004, "web", "WAREHOUSE", 6 * hour, ("DATES", 1)),  # in NetSuite by its name only
        # Written by us as a cash sale: 5.98 less 0.50 = 5.48
        order(1005, "till", "STORE_406", day, ("EGGS", 2), discount="0.50"),
        order(1006, "till", "STORE_406", 30 * minute, ("EGGS", 1)),  # unknown to NetSuite
        order(1007, "web", "STORE_406", 3 * hour, ("FLOUR", 2)),  # unknown, shipped from a store
        order(1008, "web", "WAREHOUSE", 2 * hour, ("APPLE", 1), is_fulfilled=True),  # unknown, shipped already
        order(1009, "draft", "WAREHOUSE", 15 * minute, ("BREAD", 1)),  # unknown, from a draft
        order(2001, "web", "WAREHOUSE", 20 * minute, ("APPLE", 1), attributes=campaign),  # unknown
        order(2002, "web", "WAREHOUSE", 5 * hour, ("DATES", 2)),  # written by another connector
        order(2003, "till", "STORE_31782", 10 * minute, ("EGGS", 2)),  # written by us as a cash sale: oversold
        order(2004, "web", "WAREHOUSE", 6 * hour, ("FLOUR", 3), is_cancelled=True),  # cancelled, never written
    )
    return {row.number: row for row in rows}


def _shop(shop: str, orders: dict[int, Order], copied_at: datetime) -> dict[str, Any]:
    seed = shop_seed(shop, SMALL_PLACES)
    offset = _SHOP_OFFSET[shop]
    goods = [_variant(offset + index, sku, PRICES[sku]) for index, sku in enumerate(PRICES, start=1)]
    odd = _odd_variants(offset)
    mine = [order for order in orders.values() if order.shop == shop]
    older = [order for order in mine if order.open_units and order.created_at < copied_at]
    inventory_of = {row["sku"]: row["inventory_item_id"] for row in goods}
    seed["variants"] = goods + odd
    seed["levels"] = [
        _level(shop, inventory_of[book.sku], book.place, book.published, _units(older, book))
        for book in _BOOKS
        if shop in PLACE[book.place].shopify_ids
    ]
    seed["levels"] += [_level(shop, row["inventory_item_id"], "WAREHOUSE", 2, 0) for row in odd if row["is_tracked"]]
    # What was placed before the copy is in the levels already: the copy overwrote what it had moved.
    variant_of = {row["sku"]: row["id"] for row in goods}
    seed["orders"] = [shopify_order(order, variant_of, applies=order.created_at >= copied_at) for order in mine]
    return seed


def _units(orders: list[Order], book: _Book) -> int:
    lines = [line for order in orders if order.location_code == book.place for line in order.lines]
    return sum(line.quantity for line in lines if line.sku == book.sku)


def _level(shop: str, inventory_item: str, place: str, available: int, committed: int) -> dict[str, Any]:
    return {
        "inventory_item_id": inventory_item,
        "location_id": gid("Location", PLACE[place].shopify_ids[shop]),
        "available": available,
        "committed": committed,
    }


def _variant(number: int, sku: str | None, price: str, **more: Any) -> dict[str, Any]:
    return {
        "id": gid("ProductVariant", number),
        "inventory_item_id": gid("InventoryItem", number),
        "product_id": gid("Product", number),
        "title": (sku or "No code").title(),
        "sku": sku,
        "barcode": None,
        "price": price,
        "is_tracked": True,
        "inventory_policy": "DENY",
        **more,
    }


def _odd_variants(offset: int) -> list[dict[str, Any]]:
    """Return variants that must be set aside, each for its own reason."""
    return [
        _variant(offset + 91, None, "1.00", title="Bunch of flowers"),  # no SKU
        _variant(offset + 92, "KALE", "1.29"),  # NetSuite has no such item
        _variant(offset + 93, "GRAPES", "3.99"),  # one SKU on two variants
        _variant(offset + 94, "GRAPES", "3.99", title="Grapes, red"),
        _variant(offset + 95, "HONEY", "6.49"),  # NetSuite holds 2.5 of it
        _variant(offset + 96, "GIFT-25", "25.00", title="Gift card", is_tracked=False, is_gift_card=True),
    ]


def _netsuite(orders: dict[int, Order], now: datetime, public_key_pem: str) -> dict[str, Any]:
    seed = account_seed(SMALL_PLACES, public_key_pem)
    seed["items"] += [_item(number, sku) for sku, number in ITEM_OF.items()]
    seed["items"] += [_item("191", "GRAPES"), _item("192", "HONEY"), _item("193", "IN-NO-SHOP")]
    seed["stock"] = [
        {"item": ITEM_OF[book.sku], "location": PLACE[book.place].netsuite_ids[0], "quantityonhand": book.on_hand}
        for book in _BOOKS
    ]
    seed["stock"] += [
        {"item": "191", "location": "1", "quantityonhand": 5},
        {"item": "192", "location": "1", "quantityonhand": 2.5},
        {"item": "193", "location": "1", "quantityonhand": 40},
    ]

    def written(number: int, by: str = "us", status: str = "B") -> dict[str, Any]:
        return netsuite_document(orders[number], ITEM_OF, written_by=by, status=status)

    seed["transactions"] = [
        written(1001),
        written(1002, status="A"),
        written(1003),
        written(1004, by="hand"),
        written(1005),
        written(2002, by="celigo"),
        written(2003),
        _phone_order(now),
    ]
    return seed


def _item(number: str, sku: str) -> dict[str, Any]:
    return {"id": number, "itemid": sku, "itemtype": "InvtPart", "displayname": sku.title()}


def _phone_order(now: datetime) -> dict[str, Any]:
    """Return a sales order that came from no shop: its units count, and no order of ours explains them."""
    line = {"item": {"id": ITEM_OF["BREAD"]}, "quantity": 2, "rate": 2.49, "amount": 4.98, "location": {"id": "15"}}
    body = {"entity": {"id": "503"}, "otherRefNum": "PHONE-1", "orderStatus": {"id": "B"}, "item": {"items": [line]}}
    return {
        "type": "salesOrder",
        "body": body | {"tranDate": (now - timedelta(days=1)).strftime("%Y-%m-%d")},
        "created_at": iso(now - timedelta(days=1)),
        "applies_to_stock": True,
    }
