"""Which numbers an order's lines name in Shopify: claims, matched to the numbers that NetSuite has; and which came back."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from contract.frames import Frames
from contract.serials import Serials
from domain.serial_events import UNMATCHED, alive_of, keyed, no_events
from domain.serial_matching import Earlier, Known, Matcher
from domain.serial_sources import NumberedLine, named_numbers, numbered_lines

log = logging.getLogger(__name__)
Row = dict[str, Any]


def claim_events(raw: Frames, numbers: Frames, matcher: Matcher, serials: Serials) -> pd.DataFrame:
    """Return `core_serial_events` of Shopify's orders (`sold`, `refunded`): first versions, not yet journalled.

    `refunded` are the numbers that the contract's `returned` names, as many as units came back; of a line that came back
    whole also those that it was sold with. What a customer was given back money for and keeps is not.

    Args:
        raw: the order frames, and `raw_shopify__variant_metafields` where the contract names any.
        numbers: `core_items`, `core_components`, `core_order_lines`.
        matcher: every number of NetSuite.
        serials: the contract's section.
    """
    found: list[Row] = []
    for lines in numbered_lines(raw, numbers):
        sold, named = (_named(lines, place, matcher, serials) for place in ("sources", "returned"))
        taken: set[tuple[str, str]] = set()
        for line in lines:
            found += sold.get(line.key, [])
            found += _refunded(line, sold.get(line.key, []), named.get(line.key, []), taken)
    return keyed(pd.DataFrame(found)) if found else no_events()


def returned_numbers(
    raw: Frames, numbers: Frames, matcher: Matcher, serials: Serials
) -> dict[tuple[str, str, str], list[tuple[str, str | None]]]:
    """Return what the contract's `returned` names, as it stands there: number and what is wrong with it, by line.

    Args: as of `claim_events`. A line's key is `SHOP/number` of its order, its own number and the SKU.
    """
    found: dict[tuple[str, str, str], list[tuple[str, str | None]]] = {}
    for lines in numbered_lines(raw, numbers):
        for key, rows in _named(lines, "returned", matcher, serials).items():
            found[key] = [(row["serial_number"], row["problem_code"]) for row in rows]
    return found


def order_document(shop_code: str, order_gid: str) -> str:
    """Return the document key of an order's claims."""
    return f"SHOPIFY/{shop_code}/{order_gid.rsplit('/', 1)[-1]}"


def earlier_of(core_serial_events: pd.DataFrame) -> Earlier:
    """Return what is settled of orders and notices by their events: a text that was taken for several numbers is not."""
    events = alive_of(core_serial_events.drop_duplicates("event_key"))
    named = events.loc[events["stage_code"].isin(["sold", "refunded", "notified"]) & ~events["problem_code"].isin(UNMATCHED)]
    text = ["document_key", "sku", "given_number"]
    named = named.drop_duplicates([*text, "serial_number"]).drop_duplicates(text, keep=False)
    left = events.loc[events["stage_code"].eq("fulfilled") & events["order_key"].notna()]
    by_order: dict[str, set[tuple[str, str]]] = {}
    for order_key, sku, number in left[["order_key", "sku", "serial_number"]].itertuples(index=False, name=None):
        by_order.setdefault(order_key, set()).add((sku, number))
    taken = {tuple(key): number for *key, number in named[[*text, "serial_number"]].itertuples(index=False, name=None)}
    return Earlier(taken, {order_key: frozenset(numbers) for order_key, numbers in by_order.items()})


@dataclass(frozen=True)
class Asked:
    """The line of an order or a notice that names numbers; `where` is what it is called in the log."""

    sku: str
    units: int
    location: str | None
    document_key: str
    order_key: str | None
    where: str


def meant(text: str, line: Asked, matcher: Matcher, serials: Serials) -> list[tuple[Known | None, str | None]]:
    """Return the numbers that a text stands for, each with what is wrong with it.

    Args:
        text: as it was given.
        line: the line that it stands on.
        matcher: every number of NetSuite, and what is settled already.
        serials: the contract's section: what may be repaired.
    """
    known = matcher.find(text, line.sku)
    if known is None and serials.repair == "certain":
        known = matcher.taken(text, line.sku, line.document_key) or _repaired(text, line, matcher)
    if known is not None:
        return [(known, None)]
    parts = matcher.split(text, line.sku)
    if parts and len(parts) <= line.units and len({part.number for part in parts}) == len(parts):
        return [(part, None) for part in parts]
    return [(None, "wrong_item" if matcher.of_others(text, line.sku) else "unknown_number")]


def _repaired(text: str, line: Asked, matcher: Matcher) -> Known | None:
    """Return the one number that can be meant, and say so in the log."""
    best = next(iter(matcher.suggest(text, line.sku, line.location, line.order_key)), None)
    if best is None or not best.is_certain:
        return None
    told = {"order": line.where, "sku": line.sku, "given": text, "taken": best.known.number, "why": best.evidence}
    log.warning("serial_repaired", extra=told)
    return best.known


def _named(
    lines: Sequence[NumberedLine], place: Literal["sources", "returned"], matcher: Matcher, serials: Serials
) -> Mapping[tuple[str, str, str], list[Row]]:
    """Return what each line names in a place of the contract, as rows of `sold`."""
    sources = serials.sources if place == "sources" else serials.returned
    if not sources:
        return {}
    named = named_numbers(lines, sources, matcher, is_sold=place == "sources")
    return {line.key: list(_sold(line, given, matcher, serials)) for line, given in named}


def _sold(line: NumberedLine, given: Sequence[str], matcher: Matcher, serials: Serials) -> Iterator[Row]:
    order_key, line_key, sku = line.key
    document_key = order_document(line.order["shop_code"], line.order["order_id_shopify"])
    asked = Asked(sku, line.units, line.location, document_key, order_key, str(line.order["name"]))
    seen: set[str] = set()
    for text in given:
        for known, problem in meant(text, asked, matcher, serials):
            name = known.number if known else text.strip()
            yield {
                "sku": sku,
                "serial_number": name,
                "given_number": text,
                "stage_code": "sold",
                "happened_at_utc": pd.Timestamp(line.order["created_at_utc"]),
                "modified_at_utc": pd.Timestamp(line.order["updated_at_utc"]),
                "location_code": line.location,
                "moved_qty": 0,
                "line_qty": line.units,
                "document_key": document_key,
                "document_name": f"{line.order['shop_code']} {line.order['name']}",
                "line_key": line_key,
                "order_key": order_key,
                "problem_code": "twice_on_line" if name in seen and not line.is_lot else problem,
            }
            seen.add(name)


def _refunded(line: NumberedLine, sold: Sequence[Row], named: Sequence[Row], taken: set[tuple[str, str]]) -> Iterator[Row]:
    """Yield which numbers of a line came back, the first refund's first; one that another line has is left out."""
    each = line.units // line.sold_units
    instants = [refund["at"] for refund in line.refunds for _ in range(refund["units"] * each)]
    is_whole = len(instants) >= line.units
    rows = [row | {"problem_code": row["problem_code"] if row["problem_code"] in UNMATCHED else None} for row in named]
    most = len(instants) if rows and not line.is_lot else len(rows) + len(sold)
    rows += [row | {"problem_code": None} for row in sold] if is_whole else []
    count = 0
    for row in rows if instants else ():
        key = (row["sku"], row["serial_number"])
        if key not in taken and count < most:
            at = instants[min(count, len(instants) - 1)] if named else instants[-1]
            taken.add(key)
            count += 1
            yield row | {"stage_code": "refunded", "happened_at_utc": pd.Timestamp(at)}
