"""Shipment notices of partners (3PLs): which serials and lots left, by the partner's word. They move no stock.

A notice is a document: what it no longer says is taken back. It is used whole or not at all: half a notice would say that
the other half did not leave. A notice that is in no file any more stays as it was: files roll over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from contract.frames import Frames
from contract.models import Contract
from contract.serials import Serials, SerialSource
from domain.conform_netsuite import whole_numbers
from domain.partners import MOST_AHEAD, aware
from domain.serial_capture import Asked, meant
from domain.serial_events import keyed, no_events, order_of_document
from domain.serial_matching import Matcher
from domain.serial_numbers import split_numbers
from domain.unresolved import gather, unresolved

_FILES, _ROWS = "raw_partners__shipment_files", "raw_partners__shipments"
_KEY = ["partner_code", "notice", "place"]
_LINE = ["document_key", "order", "sku"]
_CELL = SerialSource(source="line.property.number")
"""How several numbers in one cell are told apart: as in a line's property."""


@dataclass(frozen=True)
class Notices:
    """What partners say has left.

    Args:
        events: `core_serial_events` (`notified`): first versions, not yet journalled.
        aside: `core_unresolved`: files and lines that could not be used.
        written: when each notice (its document key) that could be used was written; one that names nothing too.
        tracking: the carrier's number of an event, by its key, where one is told.
        files: whether the file of each partner could be read.
        there: the notices that are in these files, used or not: partner and notice.
    """

    events: pd.DataFrame
    aside: pd.DataFrame
    written: Mapping[str, pd.Timestamp]
    tracking: Mapping[str, str]
    files: Mapping[str, bool] = field(default_factory=dict)
    there: frozenset[tuple[str, str]] = frozenset()

    def judges(self, source_key: str) -> bool:
        """Return whether this run would set aside again what was set aside: else nothing says that it has healed.

        Args:
            source_key: as in `aside`: the partner, its notice and the line there; only the partner for its file.
        """
        partner, _, rest = source_key.partition("/")
        notice = rest.rpartition("/")[0]
        if not rest or partner not in self.files:
            return True
        return (partner, notice) in self.there if notice else self.files[partner]


def read_notices(
    raw: Frames, core_items: pd.DataFrame, orders: Mapping[str, frozenset[str]], matcher: Matcher, contract: Contract
) -> Notices:
    """Return what the partners' notices say of items that have numbers; lines of other items are left out.

    Args:
        raw: `raw_partners__shipment_files` and `raw_partners__shipments`.
        core_items: which SKUs have numbers.
        orders: the orders (`SHOP/number`) that carry a name.
        matcher: every number of NetSuite.
        contract: the partners, and what may be repaired.
    """
    files = raw[_FILES]
    rows = raw[_ROWS].merge(files[["partner_code", "written_at_utc"]], on="partner_code", validate="many_to_one")
    rows = rows.assign(place=_places(rows))
    known = rows.loc[rows["notice"].notna() & rows["sku"].isin(core_items["sku"])]
    numbered = known.loc[known["sku"].isin(core_items.loc[core_items["is_serial"] | core_items["is_lot"], "sku"])]
    lines, bad = _judged(numbered, contract)
    is_waiting = lines["document_key"].isin(set(lines.loc[lines["is_bad"], "document_key"]) | _without_sku(rows))
    good = lines.loc[~is_waiting]
    orders_of = {name: _order_key(name, orders) for name in good["order"].dropna().unique()}
    used = good.assign(order_key=good["order"].map(orders_of).astype("object")).loc[good["quantity"].gt(0)]
    aside = [
        unresolved(_FILES, files.loc[files["problem"].notna()], ["partner_code"], "partner_unreadable", "problem"),
        unresolved(_ROWS, rows.loc[rows["notice"].isna()], _KEY, "no_notice", "sku"),
        unresolved(_ROWS, rows.loc[rows["notice"].notna() & rows["sku"].isna()], _KEY, "no_sku", "number"),
        unresolved(_ROWS, rows.loc[rows["sku"].notna() & ~rows["sku"].isin(core_items["sku"])], _KEY, "partner_unknown_sku", "sku"),
        *bad,
        unresolved(_ROWS, lines.loc[is_waiting & ~lines["is_bad"]], _KEY, "notice_incomplete", "notice"),
        unresolved(_ROWS, used.loc[used["order_key"].isna()], _KEY, "partner_unknown_order", "order"),
    ]
    lots = frozenset(core_items.loc[core_items["is_lot"], "sku"])
    events = _events(used, lots, matcher, contract.serials)
    written = dict(zip(good["document_key"], good["modified_at_utc"], strict=True))
    named = rows.loc[rows["notice"].notna(), ["partner_code", "notice"]]
    return Notices(
        events.drop(columns="tracking"),
        gather(aside),
        written,
        _tracking(events),
        files=dict(zip(files["partner_code"], files["problem"].isna(), strict=True)),
        there=frozenset(named.itertuples(index=False, name=None)),
    )


def _places(rows: pd.DataFrame) -> pd.Series:
    """Return which line of its notice each is, since files roll over; of no notice, which line of the file."""
    place = rows.groupby(["partner_code", "notice"], dropna=False).cumcount().add(1).astype("str")
    return place.where(rows["notice"].notna(), rows["line"])


def _judged(rows: pd.DataFrame, contract: Contract) -> tuple[pd.DataFrame, list[pd.DataFrame]]:
    """Return the lines typed, with `is_bad`, and what is wrong with the bad ones."""
    numbers, _ = whole_numbers(_ROWS, rows, ["quantity"], _KEY)
    zones = {partner.partner_code: partner.time_zone for partner in contract.partners}
    read_at = pd.to_datetime(rows["extracted_at_utc"], utc=True, format="ISO8601")
    pairs = zip(rows["shipped_at"], rows["partner_code"], strict=True)
    shipped = pd.Series([_instant(text, zones[code]) for text, code in pairs], index=rows.index, dtype="datetime64[us, UTC]")
    is_when = shipped.le(read_at + MOST_AHEAD)
    is_uncounted = numbers["is_bad"] | rows["quantity"].isna() | numbers["quantity"].lt(0)
    nameless = rows["number"].isna() & numbers["quantity"].gt(0)
    lines = rows.assign(
        document_key="PARTNER/" + rows["partner_code"] + "/" + rows["notice"],
        quantity=numbers["quantity"],
        shipped_at=shipped,
        modified_at_utc=pd.to_datetime(rows["written_at_utc"].fillna(rows["extracted_at_utc"]), utc=True, format="ISO8601"),
        location_code=rows["partner_code"].map({partner.partner_code: partner.location for partner in contract.partners}),
        is_bad=is_uncounted | nameless | ~is_when,
    )
    aside = [
        unresolved(_ROWS, rows.loc[is_uncounted], _KEY, "no_quantity", "quantity"),
        unresolved(_ROWS, rows.loc[nameless], _KEY, "no_number", "sku"),
        unresolved(_ROWS, rows.loc[~is_when], _KEY, "no_instant", "shipped_at"),
    ]
    return lines, aside


def _instant(text: object, time_zone: str) -> pd.Timestamp:
    if not isinstance(text, str):
        return pd.NaT  # type: ignore[return-value]
    try:
        return pd.Timestamp(aware(text, time_zone)).tz_convert("UTC")
    except (ValueError, OverflowError):
        return pd.NaT  # type: ignore[return-value]


def _without_sku(rows: pd.DataFrame) -> set[str]:
    """Return the notices with a line that names no SKU: it may be of an item with numbers."""
    lost = rows.loc[rows["notice"].notna() & rows["sku"].isna()]
    return set("PARTNER/" + lost["partner_code"] + "/" + lost["notice"])


def _order_key(name: str, orders: Mapping[str, frozenset[str]]) -> str | None:
    """Return the one order that a name or an external id of ours stands for."""
    found = orders.get(name, frozenset()) | orders.get(f"#{name}", frozenset())
    return order_of_document(name) or (next(iter(found)) if len(found) == 1 else None)


def _events(lines: pd.DataFrame, lots: frozenset[str], matcher: Matcher, serials: Serials) -> pd.DataFrame:
    if lines.empty:
        return no_events().assign(tracking=None)
    units = lines.groupby(_LINE, dropna=False)["quantity"].transform("sum")
    rows = [row for line in lines.assign(units=units).to_dict("records") for row in _named(line, lots, matcher, serials)]
    events = pd.DataFrame(rows)
    line = ["document_key", "line_key", "sku", "serial_number"]
    is_again = events.duplicated(line) & ~events["sku"].isin(lots)
    return keyed(events.assign(problem_code=events["problem_code"].astype("object").mask(is_again, "twice_on_line")))


def _named(line: Mapping[Any, Any], lots: frozenset[str], matcher: Matcher, serials: Serials) -> Iterator[dict[str, Any]]:
    """Yield the numbers of one line. Of a lot each number is a line of its own: its units are the number's."""
    sku, place, units, is_lot = line["sku"], line["location_code"], int(line["quantity"]), line["sku"] in lots
    order = line["order"] if isinstance(line["order"], str) else ""
    name = f"{line['partner_code']} notice {line['notice']}"
    name += f" ({line['tracking']})" if isinstance(line["tracking"], str) else ""
    order_key = line["order_key"] if isinstance(line["order_key"], str) else None
    asked = Asked(sku, units, place, line["document_key"], order_key, name)
    for text in split_numbers(line["number"], _CELL):
        for known, problem in meant(text, asked, matcher, serials):
            number = known.number if known else text
            yield {
                "sku": sku,
                "serial_number": number,
                "given_number": text,
                "stage_code": "notified",
                "happened_at_utc": line["shipped_at"],
                "modified_at_utc": line["modified_at_utc"],
                "location_code": place,
                "moved_qty": 0,
                "line_qty": units if is_lot else int(line["units"]),
                "document_key": line["document_key"],
                "document_name": name,
                "line_key": f"{order}/{number}" if is_lot else order,
                "order_key": order_key,
                "problem_code": problem,
                "tracking": line["tracking"],
            }


def _tracking(events: pd.DataFrame) -> dict[str, str]:
    told = events.loc[events["tracking"].notna()]
    return dict(zip(told["event_key"], told["tracking"], strict=True))
