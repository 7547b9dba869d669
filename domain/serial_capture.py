"""Which numbers an order's lines name in Shopify: claims, matched to the numbers that NetSuite has.

Shopify has no serial numbers of its own (facts 4): a shop puts them in a line's properties, in a JSON metafield of the order, or
in the order's attributes, note or tags, and the contract says where. What stands there is kept as it was given.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from contract.frames import Frames
from contract.serials import Serials, SerialSource
from domain.serial_events import keyed, no_events
from domain.serial_matching import Known, Matcher
from domain.serial_numbers import Formats, numbers_of, split_numbers

log = logging.getLogger(__name__)
Row = dict[str, Any]


@dataclass(frozen=True)
class _Line:
    """A line of an order: the SKU whose numbers it may name, with its units; of a kit, one for each member.

    `sold_units` are the line's own: units that have left or must leave.
    """

    order: Row
    line: Row
    sku: str
    units: int
    location: str | None
    sold_units: int


def claim_events(raw: Frames, numbers: Frames, matcher: Matcher, serials: Serials) -> pd.DataFrame:
    """Return `core_serial_events` of Shopify's orders (`sold`, `refunded`): first versions, not yet journalled.

    A cancelled order, a removed line and a test order name nothing. A return names no units, so that only a line that came
    back whole is `refunded`; what a customer was given back money for and keeps is not.

    Args:
        raw: the order frames.
        numbers: `core_items`, `core_components`, `core_order_lines`.
        matcher: every number of NetSuite.
        serials: the contract's section.
    """
    found: list[Row] = []
    refunded = _refunds(raw["raw_shopify__refunds"])
    by_order: dict[tuple[str, str], list[_Line]] = {}
    for line in _lines(raw, numbers):
        by_order.setdefault((line.order["shop_code"], line.order["order_id_shopify"]), []).append(line)
    for lines in by_order.values():
        for line, given in _given(lines, serials, matcher.formats):
            found += _events_of(line, given, matcher, serials, refunded)
    return keyed(pd.DataFrame(found)) if found else no_events()


def order_document(shop_code: str, order_gid: str) -> str:
    """Return the document key of an order's claims."""
    return f"SHOPIFY/{shop_code}/{order_gid.rsplit('/', 1)[-1]}"


def _events_of(
    line: _Line, given: Sequence[str], matcher: Matcher, serials: Serials, refunded: Mapping[tuple[str, str], Row]
) -> Iterator[Row]:
    shop, number = line.order["shop_code"], line.order["order_id_shopify"].rsplit("/", 1)[-1]
    seen: set[str] = set()
    for text in given:
        for known, problem in _meant(text, line, matcher, serials):
            name = known.number if known else text.strip()
            row = {
                "sku": line.sku,
                "serial_number": name,
                "given_number": text,
                "stage_code": "sold",
                "happened_at_utc": pd.Timestamp(line.order["created_at_utc"]),
                "modified_at_utc": pd.Timestamp(line.order["updated_at_utc"]),
                "location_code": line.location,
                "moved_qty": 0,
                "line_qty": line.units,
                "document_key": order_document(shop, line.order["order_id_shopify"]),
                "document_name": f"{shop} {line.order['name']}",
                "line_key": line.line["order_line_id_shopify"].rsplit("/", 1)[-1],
                "order_key": f"{shop}/{number}",
                "problem_code": "twice_on_line" if name in seen else problem,
            }
            seen.add(name)
            yield row
            back = refunded.get((shop, line.line["order_line_id_shopify"]))
            if back and back["units"] >= line.sold_units:
                yield {**row, "stage_code": "refunded", "happened_at_utc": pd.Timestamp(back["at"]), "problem_code": None}


def _meant(text: str, line: _Line, matcher: Matcher, serials: Serials) -> list[tuple[Known | None, str | None]]:
    """Return the numbers that a text stands for, each with what is wrong with it."""
    known = matcher.find(text, line.sku)
    if known is not None:
        return [(known, None)]
    if serials.repair == "certain":
        best = next(iter(matcher.suggest(text, line.sku, line.location)), None)
        if best is not None and best.is_certain:
            log.warning(
                "serial_repaired",
                extra={
                    "order": line.order["name"],
                    "sku": line.sku,
                    "given": text,
                    "taken": best.known.number,
                    "why": best.evidence,
                },
            )
            return [(best.known, None)]
    parts = matcher.split(text, line.sku)
    if parts and len(parts) <= line.units and len({part.number for part in parts}) == len(parts):
        return [(part, None) for part in parts]
    return [(None, "wrong_item" if matcher.of_others(text, line.sku) else "unknown_number")]


def _lines(raw: Frames, numbers: Frames) -> Iterator[_Line]:
    items = numbers["core_items"]
    numbered = set(items.loc[items["is_serial"] | items["is_lot"], "sku"])
    members: dict[str, list[tuple[str, int]]] = {}
    for row in _rows(numbers["core_components"]):
        if row["sku"] in numbered:
            members.setdefault(row["kit_sku"], []).append((row["sku"], int(row["component_qty"])))
    orders = {(row["shop_code"], row["order_id_shopify"]): row for row in _rows(raw["raw_shopify__orders"])}
    where: dict[tuple[str, str], tuple[str, str, int]] = {}
    for row in _rows(numbers["core_order_lines"]):
        key = (row["shop_code"], row["order_line_id_shopify"])
        sku, place, units = where.get(key, (row["sku"], row["location_code"], 0))
        where[key] = (sku, place if units else row["location_code"], units + int(row["demand_qty"]))
    for line in _rows(raw["raw_shopify__order_lines"]):
        order = orders.get((line["shop_code"], line["order_id_shopify"]))
        is_void = order is None or order["is_test"] == "true" or order["cancelled_at_utc"]
        sku, place, units = where.get((line["shop_code"], line["order_line_id_shopify"]), ("", "", 0))
        if is_void or not units:
            continue
        assert order is not None  # noqa: S101 - void else
        held = [(sku, 1)] if sku in numbered else members.get(sku, [])
        for one, count in held:
            yield _Line(order, line, one, count * units, place, units)


def _given(lines: Sequence[_Line], serials: Serials, formats: Formats) -> Iterator[tuple[_Line, list[str]]]:
    """Yield what each line of one order names: from its own properties first, then from the order's metafield and texts."""
    texts: list[str] = []
    by_line: dict[str, list[str]] = {}
    for source in serials.sources:
        if source.source.startswith("order.metafield."):
            for key, values in _metafield(lines[0].order, source).items():
                by_line.setdefault(key, []).extend(values)
        elif not source.source.startswith("line."):
            texts += split_numbers(_order_text(lines[0].order, source.source), source)
    for line in lines:
        own = [text for source in serials.sources for text in _line_texts(line.line, source)]
        own = own or by_line.get(line.line["order_line_id_shopify"].rsplit("/", 1)[-1], [])
        mine = [text for text in own if len(lines) == 1 or _may_be(text, line, lines, formats)]
        if not own:
            mine = [text for text in texts if formats.of(line.sku) is not None and formats.is_wellformed(text, line.sku)]
        if mine:
            yield line, mine


def _may_be(text: str, line: _Line, lines: Sequence[_Line], formats: Formats) -> bool:
    """Return whether a text of a kit's line is meant for this member: its format says so, or no other member's does."""
    same = [one for one in lines if one.line["order_line_id_shopify"] == line.line["order_line_id_shopify"]]
    if len(same) == 1:
        return True
    fits = [one.sku for one in same if formats.of(one.sku) is not None and formats.is_wellformed(text, one.sku)]
    return line.sku in fits or (not fits and line is same[0])


def _line_texts(line: Row, source: SerialSource) -> list[str]:
    prefix = "line.property."
    if not source.source.startswith(prefix):
        return []
    key = source.source.removeprefix(prefix)
    attributes = json.loads(line["custom_attributes"] or "[]")
    return [
        text
        for one in attributes
        if one.get("key") == key and one.get("value")
        for text in split_numbers(str(one["value"]), source)
    ]


def _order_text(order: Row, source: str) -> str:
    if source == "order.note":
        return str(order["note"] or "")
    if source == "order.tags":
        return "\n".join(json.loads(order["tags"] or "[]"))
    key = source.removeprefix("order.attribute.")
    attributes = json.loads(order["custom_attributes"] or "[]")
    return "\n".join(str(one["value"]) for one in attributes if one.get("key") == key and one.get("value"))


def _metafield(order: Row, source: SerialSource) -> dict[str, list[str]]:
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


def _refunds(refunds: pd.DataFrame) -> dict[tuple[str, str], Row]:
    found: dict[tuple[str, str], Row] = {}
    for row in _rows(refunds):
        if row["restock_type"] not in ("RETURN", "LEGACY_RESTOCK"):
            continue
        held = found.setdefault((row["shop_code"], row["order_line_id_shopify"]), {"units": 0, "at": row["created_at_utc"]})
        held["units"] += int(row["refunded_qty"] or 0)
        held["at"] = max(held["at"], row["created_at_utc"])
    return found


def _rows(frame: pd.DataFrame) -> Iterator[Row]:
    clean = frame.astype("object").where(frame.notna(), None)
    names = [str(name) for name in clean.columns]
    for values in clean.itertuples(index=False, name=None):
        yield dict(zip(names, values, strict=True))
