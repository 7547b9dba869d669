"""Where an order's lines name numbers in Shopify, as the contract says: properties, metafields, attributes, notes, tags.

Shopify has no serial numbers of its own (facts 4). What stands in those places is kept as it was given.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from contract.frames import Frames, empty
from contract.serials import SerialSource
from domain.serial_dealing import deal, skus_of
from domain.serial_matching import Matcher
from domain.serial_numbers import numbers_of, split_numbers

log = logging.getLogger(__name__)
Row = dict[str, Any]


@dataclass(frozen=True)
class NumberedLine:
    """A line of an order: the SKU whose numbers it may name, with its units; of a kit, one for each member.

    `sold_units` are the line's own: units that have left or must leave. `refunds` are its units given back, the oldest first.
    """

    order: Row
    line: Row
    sku: str
    units: int
    location: str | None
    sold_units: int
    is_lot: bool
    refunds: Sequence[Row] = ()
    variant_metafields: Mapping[str, str] = field(default_factory=dict)

    @property
    def number(self) -> str:
        """The line's number, from its gid."""
        return str(self.line["order_line_id_shopify"]).rsplit("/", 1)[-1]

    @property
    def key(self) -> tuple[str, str, str]:
        """How numbers are kept by: `SHOP/number` of the order, the line's number, the SKU."""
        order = str(self.order["order_id_shopify"]).rsplit("/", 1)[-1]
        return f"{self.order['shop_code']}/{order}", self.number, self.sku


def numbered_lines(raw: Frames, numbers: Frames) -> Iterator[list[NumberedLine]]:
    """Yield the lines of each order that may name numbers. A cancelled order, a removed line, a test order have none.

    Args:
        raw: the order frames, and `raw_shopify__variant_metafields` where the contract names any.
        numbers: `core_items`, `core_components`, `core_order_lines`.
    """
    found: dict[tuple[str, str], list[NumberedLine]] = {}
    for line in _lines(raw, numbers):
        found.setdefault((line.order["shop_code"], line.order["order_id_shopify"]), []).append(line)
    yield from found.values()


def named_numbers(
    lines: Sequence[NumberedLine], sources: Sequence[SerialSource], matcher: Matcher, *, is_sold: bool
) -> Iterator[tuple[NumberedLine, list[str]]]:
    """Yield what each line of one order names: by itself or its variant first, then by the order's metafield, then by texts.

    Args:
        lines: the order's lines.
        sources: where its numbers stand.
        matcher: every number of NetSuite.
        is_sold: texts are what was sold, dealt out to the lines by their units; else what came back, which lines may share.
    """
    texts: list[str] = []
    by_line: dict[str, list[str]] = {}
    for source in sources:
        if source.source.startswith("order.metafield."):
            for key, values in _order_metafield(lines[0].order, source).items():
                by_line.setdefault(key, []).extend(values)
        elif source.source.startswith("order."):
            texts += split_numbers(_order_text(lines[0].order, source.source), source)
    named: dict[tuple[str, str, str], list[str]] = {}
    free: list[NumberedLine] = []
    for same in _by_number(lines):
        own = [text for source in sources for text in _own_texts(same[0], source)] or by_line.get(same[0].number, [])
        named |= deal(own, same, matcher, is_line=True)
        free += [] if own else same
    if is_sold:
        named |= deal(_untold(texts, named, free, matcher), free, matcher)
    for line in [] if is_sold else free:
        told = [*(text for source in sources for text in _refund_texts(line, source)), *texts]
        named[line.key] = [text for text in told if line.sku in skus_of(text, free, matcher)]
    yield from ((line, named[line.key]) for line in lines if named.get(line.key))


def _by_number(lines: Sequence[NumberedLine]) -> list[list[NumberedLine]]:
    """Return the lines by their number: of a kit, its members together."""
    found: dict[str, list[NumberedLine]] = {}
    for line in lines:
        found.setdefault(line.number, []).append(line)
    return list(found.values())


def _untold(
    texts: Sequence[str], named: Mapping[tuple[str, str, str], Sequence[str]], free: Sequence[NumberedLine], matcher: Matcher
) -> list[str]:
    """Return the texts less those that stand for a number of a line that names its own: they are told again."""
    skus = {line.sku for line in free}
    told = {(sku, matcher.formats.plain(text, sku)) for (_, _, sku), given in named.items() for text in given}
    own = {sku for sku, _ in told}
    return [
        text
        for text in texts
        if not any((sku, matcher.formats.plain(text, sku)) in told for sku in own)
        and not (any(matcher.find(text, sku) for sku in own - skus) and not any(matcher.find(text, sku) for sku in skus))
    ]


def _lines(raw: Frames, numbers: Frames) -> Iterator[NumberedLine]:
    items = numbers["core_items"]
    kinds = {row["sku"]: row["is_lot"] for row in _rows(items.loc[items["is_serial"] | items["is_lot"]])}
    members: dict[str, list[tuple[str, int]]] = {}
    for row in _rows(numbers["core_components"]):
        if row["sku"] in kinds:
            members.setdefault(row["kit_sku"], []).append((row["sku"], int(row["component_qty"])))
    orders = {(row["shop_code"], row["order_id_shopify"]): row for row in _rows(raw["raw_shopify__orders"])}
    where: dict[tuple[str, str], tuple[str, str, int]] = {}
    for row in _rows(numbers["core_order_lines"]):
        key = (row["shop_code"], row["order_line_id_shopify"])
        sku, place, units = where.get(key, (row["sku"], row["location_code"], 0))
        where[key] = (sku, place if units else row["location_code"], units + int(row["demand_qty"]))
    refunds, metafields = _refunds(raw["raw_shopify__refunds"]), _variant_metafields(raw)
    for line in _rows(raw["raw_shopify__order_lines"]):
        order = orders.get((line["shop_code"], line["order_id_shopify"]))
        is_void = order is None or order["is_test"] == "true" or order["cancelled_at_utc"]
        key = (line["shop_code"], line["order_line_id_shopify"])
        sku, place, units = where.get(key, ("", "", 0))
        if is_void or not units:
            continue
        assert order is not None  # noqa: S101 - void else
        more = (refunds.get(key, ()), metafields.get((line["shop_code"], line["variant_id_shopify"]), {}))
        for one, count in [(sku, 1)] if sku in kinds else members.get(sku, []):
            yield NumberedLine(order, line, one, count * units, place, units, bool(kinds[one]), *more)


def _own_texts(line: NumberedLine, source: SerialSource) -> list[str]:
    """Return what the line's properties or its variant's metafields name."""
    where, _, key = source.source.partition(".metafield." if source.source.startswith("variant.") else ".property.")
    if where == "variant":
        return _listed(line.variant_metafields.get(key, ""), source)
    if where != "line":
        return []
    attributes = json.loads(line.line["custom_attributes"] or "[]")
    return [
        text
        for one in attributes
        if one.get("key") == key and one.get("value")
        for text in split_numbers(str(one["value"]), source)
    ]


def _listed(text: str, source: SerialSource) -> list[str]:
    """Return the numbers of a variant's metafield: a JSON list, or a text."""
    if text.startswith("["):
        try:
            return numbers_of(json.loads(text))
        except ValueError:
            log.warning("serial_metafield_unreadable", extra={"metafield": source.source, "value": text})
    return split_numbers(text, source)


def _refund_texts(line: NumberedLine, source: SerialSource) -> Iterator[str]:
    """Yield what the notes of a line's refunds hold, the oldest first."""
    if source.source == "refund.note":
        for refund in line.refunds:
            yield from split_numbers(str(refund["note"] or ""), source)


def _order_text(order: Row, source: str) -> str:
    if source == "order.note":
        return str(order["note"] or "")
    if source == "order.tags":
        return "\n".join(json.loads(order["tags"] or "[]"))
    key = source.removeprefix("order.attribute.")
    attributes = json.loads(order["custom_attributes"] or "[]")
    return "\n".join(str(one["value"]) for one in attributes if one.get("key") == key and one.get("value"))


def _order_metafield(order: Row, source: SerialSource) -> dict[str, list[str]]:
    """Return numbers by line, from JSON of a line's id (number or gid) to a list; what is no such JSON names nothing."""
    text = json.loads(order["metafields"] or "{}").get(source.source.removeprefix("order.metafield."))
    try:
        told = json.loads(text) if text else {}
    except ValueError:
        log.warning("serial_metafield_unreadable", extra={"order": order["name"], "metafield": source.source})
        return {}
    if not isinstance(told, dict):
        return {}
    return {
        str(key).rsplit("/", 1)[-1]: numbers_of(values if isinstance(values, list) else [values]) for key, values in told.items()
    }


def _refunds(refunds: pd.DataFrame) -> dict[tuple[str, str], list[Row]]:
    """Return what came back of each line, the oldest first; what a customer was given back money for and keeps did not."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in sorted(_rows(refunds), key=lambda one: (one["created_at_utc"] or "", one["refund_line_id_shopify"])):
        if row["restock_type"] in ("RETURN", "LEGACY_RESTOCK"):
            back = {"at": row["created_at_utc"], "units": int(row["refunded_qty"] or 0), "note": row.get("note")}
            found.setdefault((row["shop_code"], row["order_line_id_shopify"]), []).append(back)
    return found


def _variant_metafields(raw: Frames) -> dict[tuple[str, str | None], dict[str, str]]:
    found: dict[tuple[str, str | None], dict[str, str]] = {}
    for row in _rows(raw.get("raw_shopify__variant_metafields", empty("raw_shopify__variant_metafields"))):
        found.setdefault((row["shop_code"], row["variant_id_shopify"]), {})[row["metafield_key"]] = row["value"] or ""
    return found


def _rows(frame: pd.DataFrame) -> Iterator[Row]:
    clean = frame.astype("object").where(frame.notna(), None)
    names = [str(name) for name in clean.columns]
    for values in clean.itertuples(index=False, name=None):
        yield dict(zip(names, values, strict=True))
