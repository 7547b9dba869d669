"""Which numbers left for an order, with which of its lines, and which of them came back: what a return may bring."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pandas as pd

from contract.frames import Frames
from domain.order_facts import number_of

OrderItem = tuple[str, str]
"""`SHOP/number` of an order, and a SKU."""
_BACK = ("returned", "written_off")


@dataclass
class Departed:
    """A number that left for an order: its units that are still out, and the line that it left with, where that is known."""

    number: str
    units: int
    line: str | None = None


@dataclass
class Departures:
    """What left for orders and what came back of it; a return of this run is booked here too.

    Args:
        out: by order and SKU, the numbers that left, in the order of their numbers; units 0 where all came back.
        back: by order and SKU, the units of each number that came back.
    """

    out: Mapping[OrderItem, list[Departed]] = field(default_factory=dict)
    back: dict[OrderItem, Counter[str]] = field(default_factory=dict)

    def still_out(self, item: OrderItem, line: str) -> list[Departed]:
        """Return the numbers of a line that are out: what left with another line of the order is not among them."""
        return [one for one in self.out.get(item, ()) if one.units > 0 and one.line in (None, line)]

    def take_back(self, item: OrderItem, counts: Mapping[str, int]) -> None:
        """Book what comes back, so that another return of this run does not bring it again."""
        self.back.setdefault(item, Counter()).update(counts)
        for one in self.out.get(item, ()):
            one.units -= counts.get(one.number, 0)


def read_departures(events: pd.DataFrame, raw: Frames, on_hand: frozenset[tuple[str, str]]) -> Departures:
    """Return what left for orders and came back.

    Args:
        events: `core_serial_events` of the orders' documents: `fulfilled`, and what came back with its order.
        raw: the order frames, which say what each fulfilment and each sale at a till holds.
        on_hand: the serials (SKU, number) that are on hand: whatever brought them, they are not out.
    """
    lines = dict(_lines_of_documents(raw))
    named = events.loc[events["stage_code"].eq("sold")]
    claims = {(row["order_key"], row["sku"], row["serial_number"]): row["line_key"] for row in named.to_dict("records")}
    out: dict[OrderItem, list[Departed]] = {}
    back: dict[OrderItem, Counter[str]] = {}
    moves = events.loc[events["stage_code"].isin(["fulfilled", *_BACK]) & events["order_key"].notna()]
    moves = moves.assign(back_qty=_came_back(moves))
    for (order_key, sku, number), rows in moves.groupby(["order_key", "sku", "serial_number"], sort=True):
        came = int(rows["back_qty"].sum())
        left = rows.loc[rows["stage_code"].eq("fulfilled")]
        gone = -int(left["moved_qty"].sum())
        if (sku, number) in on_hand:
            came = max(came, gone)
        line = claims.get((order_key, sku, number))
        for document in left["document_name"]:
            line = line or lines.get((str(document), str(sku)))
        out.setdefault((str(order_key), str(sku)), []).append(Departed(str(number), max(0, gone - came), line))
        if came:
            back.setdefault((str(order_key), str(sku)), Counter())[str(number)] = came
    return Departures(out, back)


def _came_back(moves: pd.DataFrame) -> pd.Series:
    """Return how many units of its number each event brought back: what is written off moves none, and is its line's units."""
    numbers = moves.groupby(["document_key", "line_key", "sku"])["serial_number"].transform("nunique")
    off = moves["line_qty"].where(numbers.eq(1), 1)
    return moves["moved_qty"].where(moves["stage_code"].eq("returned"), 0) + off.where(moves["stage_code"].eq("written_off"), 0)


def _lines_of_documents(raw: Frames) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield the line of each document (by its external id) and SKU, where only one line of that SKU is in it."""
    found: dict[tuple[str, str], set[str]] = {}
    skus = dict(zip(raw["raw_shopify__order_lines"]["order_line_id_shopify"], raw["raw_shopify__order_lines"]["sku"], strict=True))
    for shop, fulfillment, line in _columns(raw["raw_shopify__fulfillments"], "fulfillment_id_shopify", "order_line_id_shopify"):
        found.setdefault((f"SHOPFUL-{shop}-{number_of(fulfillment)}", str(skus.get(line))), set()).add(number_of(line))
    for name, line in _sold_at_tills(raw["raw_shopify__sales"]):
        found.setdefault((name, str(skus.get(line))), set()).add(number_of(line))
    yield from ((key, next(iter(lines))) for key, lines in found.items() if len(lines) == 1)


def _sold_at_tills(sales: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Yield the cash sale that each sale is on: the order's own, or a later one (`domain.order_documents`)."""
    sold = sales.loc[sales["refund_id_shopify"].isna() & sales["order_line_id_shopify"].notna()]
    first: dict[str, str] = {}
    for shop, order, agreement, line in _columns(
        sold.sort_values("happened_at_utc", kind="stable"), "order_id_shopify", "agreement_id_shopify", "order_line_id_shopify"
    ):
        root = f"SHOPIFY-{shop}-{number_of(order)}"
        is_first = first.setdefault(root, agreement) == agreement
        yield (root if is_first else f"{root}-E{number_of(agreement)}"), line


def _columns(frame: pd.DataFrame, *names: str) -> Iterator[tuple[str, ...]]:
    yield from frame[["shop_code", *names]].itertuples(index=False, name=None)
