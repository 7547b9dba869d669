"""The recent orders of the demo world, and what became of each in NetSuite: drawn by a seeded rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from sandbox.worlds.accounts import PLACE
from sandbox.worlds.baskets import Basket
from sandbox.worlds.documents import Line, Order

RECENT = timedelta(days=3)
KNOWN_TILL_SHARE = 0.7
STORE_SHIPPED_SHARE = 0.15
LAST_HOUR_SHARE = 0.08
BASKETS_PER_WEB_ORDER = 9
LONGEST_WEB_ORDER = 8
SHIPPING, TAX_RATE = Decimal("4.95"), Decimal("0.025")
CAMPAIGNS = ("newsletter", "google", "instagram", "")

WEB_FATES = {
    "ours": 35,  # in NetSuite by us, committed
    "pending": 10,  # in NetSuite by us, pending approval: nothing committed
    "backordered": 6,  # in NetSuite by us, more ordered than is there
    "celigo": 15,  # in NetSuite by another connector: its own external id, none of our columns
    "by_name": 8,  # in NetSuite with the order's name as other reference number, nothing else
    "unknown": 18,  # not in NetSuite
    "shipped": 3,  # not in NetSuite, and shipped already
    "cancelled": 5,  # cancelled in Shopify, never written
}
"""What became of a web order, and how often (of 100)."""


@dataclass(frozen=True)
class Placed:
    """An order and its fate: a key of `WEB_FATES`; of a till order "ours" or "unknown"."""

    order: Order
    fate: str

    @property
    def is_in_netsuite(self) -> bool:
        """Whether NetSuite has a document of it."""
        return self.fate in {"ours", "pending", "backordered", "celigo", "by_name"}


@dataclass(frozen=True)
class _Draft:
    shop: str
    kind: str
    location_code: str
    created_at: datetime
    lines: tuple[Line, ...]
    fate: str
    utm_source: str = ""


def place_orders(baskets: Sequence[Basket], now: datetime, rng: Random) -> list[Placed]:
    """Return the orders of the last three days, oldest first: the tills' baskets, and baskets replayed by the shops."""
    tills = [_till(basket, rng) for basket in baskets if basket.sold_at > now - RECENT]
    drafts = sorted([*tills, *_webs(baskets, now, rng)], key=lambda draft: (draft.created_at, draft.shop))
    number = {"GROCER": 10_000, "EXPRESS": 20_000}
    placed = []
    for draft in drafts:
        number[draft.shop] += 1
        placed.append(Placed(_order(draft, number[draft.shop]), draft.fate))
    return placed


def shop_of_store(location_code: str) -> str:
    """Return the one shop that a store belongs to."""
    return next(iter(PLACE[location_code].shopify_ids))


def _till(basket: Basket, rng: Random) -> _Draft:
    fate = "ours" if rng.random() < KNOWN_TILL_SHARE else "unknown"
    shop = shop_of_store(basket.location_code)
    return _Draft(shop, "till", basket.location_code, basket.sold_at, basket.lines, fate)


def _webs(baskets: Sequence[Basket], now: datetime, rng: Random) -> list[_Draft]:
    """Return replayed baskets; the first ones take every fate once, so that even a small world has them all."""
    count = max(len(WEB_FATES), len(baskets) // BASKETS_PER_WEB_ORDER)
    drawn = rng.choices(list(WEB_FATES), weights=list(WEB_FATES.values()), k=count - len(WEB_FATES))
    return [_web(rng.choice(baskets), fate, now, rng) for fate in [*WEB_FATES, *drawn]]


def _web(basket: Basket, fate: str, now: datetime, rng: Random) -> _Draft:
    oldest = timedelta(hours=1) if rng.random() < LAST_HOUR_SHARE else RECENT
    created_at = now - timedelta(seconds=rng.randint(60, int(oldest.total_seconds()) - 60))
    from_store = rng.random() < STORE_SHIPPED_SHARE and fate != "backordered"
    shop = shop_of_store(basket.location_code) if from_store else rng.choice(("GROCER", "GROCER", "EXPRESS"))
    place = basket.location_code if from_store else "WAREHOUSE"
    lines = basket.lines[:LONGEST_WEB_ORDER]
    kind = "draft" if rng.random() < 0.05 else "web"
    return _Draft(shop, kind, place, created_at, lines, fate, rng.choice(CAMPAIGNS))


def _order(draft: _Draft, number: int) -> Order:
    is_till = draft.kind == "till"
    return Order(
        shop=draft.shop,
        number=number,
        kind=draft.kind,
        location_code=draft.location_code,
        created_at=draft.created_at.replace(microsecond=0),
        lines=draft.lines,
        shipping=Decimal("0.00") if is_till else SHIPPING,
        tax_rate=Decimal("0.00") if is_till else TAX_RATE,
        attributes={"utm_source": draft.utm_source} if draft.utm_source else {},
        is_fulfilled=draft.fate == "shipped",
        is_cancelled=draft.fate == "cancelled",
    )
