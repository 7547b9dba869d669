"""The stock of the demo world: units on NetSuite's books, as a connector copied them, and as they truly are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

import pandas as pd

from sandbox.worlds.demo_orders import Placed

Pair = tuple[str, str]
"""SKU and location code."""
OVERFLOW_FROM = 6
COMMITTING = frozenset({"ours", "backordered", "celigo", "by_name"})


@dataclass(frozen=True)
class Stock:
    """Units per SKU and location.

    `books` is NetSuite's on hand before the seeded transactions apply, one figure per NetSuite location of the pair;
    every till basket older than the seeded orders is off it already. `oversold` is the pair that ends at -1.
    """

    books: dict[Pair, tuple[int, ...]]
    oversold: Pair | None


def draw_stock(lines: pd.DataFrame, placed: Sequence[Placed], rng: Random) -> Stock:
    """Return the stock by the rule that `demo.DERIVATION` states.

    Args:
        lines: the cleaned basket lines of the whole month.
        placed: the recent orders, oldest first.
        rng: the seeded generator.
    """
    recent = units_of(placed, lambda row: row.order.kind == "till")
    books: dict[Pair, tuple[int, ...]] = {}
    for (sku, code), units in _sold(lines, ["sku", "location_code"]):
        books[sku, code] = (-(-units // 2) + rng.randint(0, 3) + recent[sku, code],)
    for (sku,), units in _sold(lines, ["sku"]):
        total = -(-units // 2) + rng.randint(2, 8)
        overflow = total // 3 if total >= OVERFLOW_FROM else 0
        books[sku, "WAREHOUSE"] = (total - overflow, overflow)
    books |= _short(placed)
    oversold = _pick_oversold(placed)
    if oversold:
        books[oversold] = (recent[oversold] - 1,)
    return Stock(books, oversold)


def copied_levels(stock: Stock, placed: Sequence[Placed], copied_at: datetime) -> dict[Pair, int]:
    """Return what a copying connector read at an instant: NetSuite's available quantity, summed over its locations.

    Available is never negative in NetSuite, whatever is on hand. Orders take from the first NetSuite location.
    """

    def netted(row: Placed) -> bool:
        is_sold = row.order.kind == "till" and row.fate == "ours"
        return row.order.created_at < copied_at and (is_sold or (row.order.kind != "till" and row.fate in COMMITTING))

    taken = units_of(placed, netted)
    return {pair: max(0, halls[0] - taken[pair]) + sum(max(0, hall) for hall in halls[1:]) for pair, halls in stock.books.items()}


def true_units(stock: Stock, placed: Sequence[Placed]) -> dict[Pair, int]:
    """Return physical units minus open demand per pair: what can still be promised, negative where oversold."""
    gone = units_of(placed, lambda row: not row.order.is_cancelled)
    return {pair: sum(halls) - gone[pair] for pair, halls in stock.books.items()}


def units_of(placed: Sequence[Placed], takes: Callable[[Placed], bool]) -> Counter[Pair]:
    """Return the units per SKU and location of the orders for which `takes` holds."""
    units: Counter[Pair] = Counter()
    for row in placed:
        if takes(row):
            for line in row.order.lines:
                units[line.sku, row.order.location_code] += line.quantity
    return units


def _sold(lines: pd.DataFrame, by: list[str]) -> list[tuple[tuple[str, ...], int]]:
    summed = lines.groupby(by, as_index=False)["quantity"].sum()
    return [(tuple(str(part) for part in row[:-1]), int(row[-1])) for row in summed.itertuples(index=False, name=None)]


def _short(placed: Sequence[Placed]) -> dict[Pair, tuple[int, ...]]:
    """Return books one unit too few for the first line of every order that is to be backordered."""
    result: dict[Pair, tuple[int, ...]] = {}
    for index, row in enumerate(placed):
        if row.fate == "backordered":
            pair = (row.order.lines[0].sku, row.order.location_code)
            before = units_of(placed[: index + 1], lambda earlier: earlier.fate in COMMITTING)
            result[pair] = (before[pair] - 1, 0)
    return result


def _pick_oversold(placed: Sequence[Placed]) -> Pair | None:
    """Return a pair that only till sales known to NetSuite touch, so that on hand itself ends below zero."""
    others = units_of(placed, lambda row: row.order.kind != "till" or row.fate != "ours")
    candidates = units_of(placed, lambda row: row.order.kind == "till" and row.fate == "ours")
    return next((pair for pair in sorted(candidates) if pair not in others), None)
