"""The demo world: real store baskets as tills' sales and web orders of two shops, in both vendors' systems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pandas as pd

from sandbox.worlds.accounts import PLACE, PLACES, account_seed, gid, shop_seed
from sandbox.worlds.baskets import as_baskets, clean_baskets, dollars, load_baskets
from sandbox.worlds.demo_orders import Placed, place_orders
from sandbox.worlds.demo_stock import Pair, Stock, copied_levels, draw_stock, true_units, units_of
from sandbox.worlds.documents import iso, netsuite_document, shopify_order

COPIED_AGO = timedelta(minutes=40)
SHOPS = ("GROCER", "EXPRESS")

DERIVATION = """\
Catalogue, stores, prices, till sales and demand are the baskets of six stores in January 2017 (Complete Journey, by
84.51; fuel, miscellaneous items, coupons and zero quantities left out), shifted by whole hours so that the last basket
is within the hour before now. What the data does not hold is drawn from it by a seeded rule:
- A store's opening stock is what it sold in the month, half as much again, and 0 to 3 units more. The warehouse holds
  half of what all stores sold of a SKU and 2 to 8 units more; from 6 units on, a third lies in the overflow hall.
- One web order per nine baskets: a basket drawn at random, at most its first eight lines, placed at a random moment of
  the last three days (8 %: of the last hour), by a ratio of two to one in GROCER or EXPRESS, from the warehouse; 15 %
  are shipped by the basket's own store, in that store's shop. 5 % come from a draft.
- Of 100 web orders NetSuite has 35 committed, 10 pending approval, 6 backordered (the books are made one unit short),
  15 from another connector, 8 by their name only; 18 are unknown to it, 3 unknown and shipped, 5 cancelled.
- Till baskets older than three days are off both systems' stock, and no document of them is seeded. Of the newer ones
  all are orders in Shopify; NetSuite has 70 % as cash sales and does not know the rest.
- Shopify's levels are NetSuite's available quantities as a connector copied them 40 minutes ago, moved since by orders.
- One SKU at one store is oversold: its last sale leaves NetSuite at -1. Eight SKUs that no recent order has are
  spoiled: three lack in NetSuite, two in the shops, one is on two variants, one has lost its SKU in GROCER, one has
  half a unit in the warehouse.
"""


@dataclass(frozen=True)
class _Catalogue:
    """One row per SKU: its numbers, and which SKUs are spoiled how."""

    rows: pd.DataFrame
    item_of: dict[str, str]
    spoiled: dict[str, str]

    def having(self, *faults: str) -> set[str]:
        """Return the SKUs with one of the faults."""
        return {sku for sku, fault in self.spoiled.items() if fault in faults}


_FAULTS = ("no_item", "no_item", "no_item", "no_variant", "no_variant", "twin", "lost_sku", "fractional")


def demo_world(now: datetime, *, public_key_pem: str, seed: int = 7, baskets: pd.DataFrame | None = None) -> dict[str, Any]:
    """Return the seed of the demo world, with the truth beside it.

    Grain of `truth`: one row per SKU and location that both systems can name; `truth_qty` is physical units minus open
    demand, in whole units, negative where oversold. The same arguments give the same world.

    Args:
        now: an aware instant in UTC.
        public_key_pem: the public key that the world's NetSuite certificate holds.
        seed: of everything drawn.
        baskets: basket lines in the shape of `load_baskets`; None loads the real ones.
    """
    rng = Random(seed)  # noqa: S311 - a repeatable world, no secret
    lines = clean_baskets(load_baskets() if baskets is None else baskets, now)
    placed = place_orders(as_baskets(lines), now, rng)
    stock = draw_stock(lines, placed, rng)
    catalogue = _catalogue(lines, placed, rng)
    return {
        "clock": iso(now),
        "shopify": {shop: _shop(shop, catalogue, stock, placed, now - COPIED_AGO) for shop in SHOPS},
        "netsuite": _netsuite(catalogue, stock, placed, public_key_pem),
        "truth": _truth(catalogue, stock, placed),
    }


def _catalogue(lines: pd.DataFrame, placed: Sequence[Placed], rng: Random) -> _Catalogue:
    """Return one row per SKU sold, with its usual shelf price; the spoiled ones are none that an order has."""
    rows = lines.groupby("sku", as_index=False).agg(unit_cents=("unit_cents", "median"), title=("title", "first"))
    ordered = {line.sku for row in placed for line in row.order.lines}
    free = [sku for sku in rows["sku"] if sku not in ordered]
    chosen = rng.sample(free, min(len(_FAULTS), len(free)))
    item_of = {sku: str(10_001 + index) for index, sku in enumerate(rows["sku"])}
    return _Catalogue(rows, item_of, dict(zip(chosen, _FAULTS, strict=False)))


def _shop(shop: str, catalogue: _Catalogue, stock: Stock, placed: Sequence[Placed], copied_at: datetime) -> dict[str, Any]:
    seed = shop_seed(shop, PLACES)
    seed["variants"] = _variants(shop, catalogue)
    variants: dict[str, dict[str, Any]] = {}
    for variant in seed["variants"]:
        variants.setdefault(variant["sku"], variant)
    mine = [row for row in placed if row.order.shop == shop]
    seed["levels"] = _levels(shop, variants, copied_levels(stock, placed, copied_at), mine, copied_at)
    variant_of = {sku: variant["id"] for sku, variant in variants.items()}
    # What was placed before the copy is in the levels already: the copy overwrote what it had moved.
    seed["orders"] = [shopify_order(row.order, variant_of, applies=row.order.created_at >= copied_at) for row in mine]
    return seed


def _variants(shop: str, catalogue: _Catalogue) -> list[dict[str, Any]]:
    base = 1_000_000 * (1 + SHOPS.index(shop))
    absent, lost = catalogue.having("no_variant"), catalogue.having("lost_sku") if shop == "GROCER" else set()
    columns = ["sku", "unit_cents", "title"]
    variants = [
        _variant(base + index, None if sku in lost else sku, title, str(dollars(int(cents))))
        for index, (sku, cents, title) in enumerate(catalogue.rows[columns].itertuples(index=False, name=None), start=1)
        if sku not in absent
    ]
    count = len(catalogue.rows)
    twins = sorted(catalogue.having("twin"))
    variants += [_variant(base + count + 1 + index, sku, "Twin", "1.00") for index, sku in enumerate(twins)]
    gift_card = _variant(base + count + 100, "GIFT-25", "Gift card", "25.00")
    return [*variants, gift_card | {"is_tracked": False, "is_gift_card": True}]


def _variant(number: int, sku: str | None, title: str, price: str) -> dict[str, Any]:
    return {
        "id": gid("ProductVariant", number),
        "inventory_item_id": gid("InventoryItem", number),
        "product_id": gid("Product", number),
        "title": title,
        "sku": sku,
        "barcode": None,
        "price": price,
        "is_tracked": True,
        "inventory_policy": "DENY",
    }


def _levels(
    shop: str,
    variants: dict[str, dict[str, Any]],
    published: dict[Pair, int],
    mine: Iterable[Placed],
    copied_at: datetime,
) -> list[dict[str, Any]]:
    older = [row for row in mine if row.order.open_units and row.order.created_at < copied_at]
    committed: Counter[Pair] = units_of(older, lambda _: True)
    return [
        {
            "inventory_item_id": variants[sku]["inventory_item_id"],
            "location_id": gid("Location", PLACE[code].shopify_ids[shop]),
            "available": available,
            "committed": committed[sku, code],
        }
        for (sku, code), available in published.items()
        if sku in variants and shop in PLACE[code].shopify_ids
    ]


def _netsuite(catalogue: _Catalogue, stock: Stock, placed: Sequence[Placed], public_key_pem: str) -> dict[str, Any]:
    seed = account_seed(PLACES, public_key_pem)
    absent, fractional = catalogue.having("no_item"), catalogue.having("fractional")
    titles = dict(zip(catalogue.rows["sku"], catalogue.rows["title"], strict=True))
    seed["items"] += [
        {"id": number, "itemid": sku, "itemtype": "InvtPart", "displayname": titles[sku]}
        for sku, number in catalogue.item_of.items()
        if sku not in absent
    ]
    for (sku, code), halls in stock.books.items():
        if sku in absent:
            continue
        half = 0.5 if sku in fractional and code == "WAREHOUSE" else 0
        for index, (hall, units) in enumerate(zip(PLACE[code].netsuite_ids, halls, strict=False)):
            if index == 0 or units:
                row = {"item": catalogue.item_of[sku], "location": hall, "quantityonhand": units}
                seed["stock"].append(row | ({"quantityonhand": units + half} if half and index == 0 else {}))
    seed["transactions"] = [
        netsuite_document(
            row.order,
            catalogue.item_of,
            written_by={"celigo": "celigo", "by_name": "hand"}.get(row.fate, "us"),
            status="A" if row.fate == "pending" else "B",
        )
        for row in placed
        if row.is_in_netsuite
    ]
    return seed


def _truth(catalogue: _Catalogue, stock: Stock, placed: Sequence[Placed]) -> list[dict[str, Any]]:
    """Return the truth of every pair that both systems can name and count in whole units."""
    unnamed = set(catalogue.spoiled) - catalogue.having("fractional")
    halved = catalogue.having("fractional")
    return [
        {"sku": sku, "location_code": code, "truth_qty": units}
        for (sku, code), units in sorted(true_units(stock, placed).items())
        if sku not in unnamed and not (sku in halved and code == "WAREHOUSE")
    ]
