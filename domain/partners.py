"""Partners: one on-hand source per SKU and location, and what its figure does not net yet.

Where a partner holds stock, its snapshot stands for NetSuite's on hand. If the figure does not net orders:

    snapshot - committed - backordered (NetSuite, every origin) - units shipped after the snapshot - the ledger's terms

If it nets the orders that it was sent, only what was sent after its cut-off is subtracted: open NetSuite lines made since,
and what NetSuite has of no order at all (the ledger's gap). The documents that decide this are read after the balances,
so that one made in between is subtracted twice for a moment, and never by nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo

import pandas as pd

from contract.frames import conform, empty
from contract.models import Contract
from contract.partners import Partner
from domain.arrivals import NO_DATE
from domain.conform_netsuite import Stock, netsuite_locations, whole_numbers
from domain.ledger import SHIPPED
from domain.unresolved import gather, unresolved

PARTNER = "partner"
MOST_AHEAD = timedelta(minutes=5)
"""How far a snapshot's instant may lie ahead of ours before its time zone must be wrong."""
_PAIR = ["sku", "location_code"]
_LINE = ["transaction_id_netsuite", "line_id_netsuite"]
_SNAPSHOTS, _ROWS = "raw_partners__snapshots", "raw_partners__stock"


@dataclass(frozen=True)
class PartnerStock:
    """The balances with partners' snapshots in their places, what is on its way to them, and each snapshot's instant."""

    stock: Stock
    arrivals: pd.DataFrame
    as_of: Mapping[str, datetime]


def with_partners(
    raw: Mapping[str, pd.DataFrame], stock: Stock, core_items: pd.DataFrame, contract: Contract, at: datetime
) -> PartnerStock:
    """Return the balances with every usable snapshot in its place.

    A SKU of the partner that its snapshot leaves out is not there: 0. A snapshot that cannot be used, or a bad row of it,
    leaves its pairs as they are; one that is too old counts only as far as NetSuite has the units too.

    Args:
        raw: `raw_partners__snapshots` and `raw_partners__stock`.
        stock: NetSuite's balances.
        core_items: the stock items.
        contract: the partners.
        at: the run's instant.
    """
    found, arrivals, as_of = stock, [], {}
    for partner in contract.partners:
        snapshot = raw[_SNAPSHOTS].loc[raw[_SNAPSHOTS]["partner_code"] == partner.partner_code]
        rows = raw[_ROWS].loc[raw[_ROWS]["partner_code"] == partner.partner_code]
        held = core_items.loc[[_holds(partner, sku) for sku in core_items["sku"]], ["sku"]].assign(location_code=partner.location)
        instant, problem = _instant(partner, snapshot, rows, at)
        if problem or instant is None:
            told = snapshot.assign(problem=problem)
            aside = unresolved(_SNAPSHOTS, told, ["partner_code"], "partner_unreadable", "problem")
            found = _replaced(found, held, held.iloc[:0], held, aside)
            continue
        as_of[partner.partner_code] = instant
        counted = _Count(partner, rows, held, instant, at)
        found = _replaced(found, held, counted.balances(found.core), counted.bad, counted.aside())
        arrivals.append(counted.arrivals())
    filled = [part for part in arrivals if not part.empty]
    return PartnerStock(found, conform("core_arrivals", pd.concat(filled)) if filled else empty("core_arrivals"), as_of)


def merge_arrivals(transfers: pd.DataFrame, arrivals: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """Return `core_arrivals` from one source per location: where a partner tells what is on its way, NetSuite does not count.

    Args:
        transfers: from NetSuite's transfer orders.
        arrivals: from partners' snapshots.
        contract: the partners.
    """
    told = [partner.location for partner in contract.partners if partner.columns.in_transit is not None]
    parts = [part for part in (transfers.loc[~transfers["location_code"].isin(told)], arrivals) if not part.empty]
    return conform("core_arrivals", pd.concat(parts, ignore_index=True)) if parts else empty("core_arrivals")


def documents_since(raw: Mapping[str, pd.DataFrame], contract: Contract, at: datetime) -> datetime | None:
    """Return since when documents bear on a partner's snapshot; None where there is no usable snapshot.

    Args:
        raw: `raw_partners__snapshots` and `raw_partners__stock`.
        contract: the partners.
        at: the run's instant.
    """
    since = []
    for partner in contract.partners:
        snapshot, rows = (raw[name].loc[raw[name]["partner_code"] == partner.partner_code] for name in (_SNAPSHOTS, _ROWS))
        instant, _ = _instant(partner, snapshot, rows, at)
        if instant is not None:
            since.append(instant - timedelta(minutes=partner.cut_off_minutes))
    return min(since) if since else None


def aware(text: str, time_zone: str) -> datetime:
    """Return an instant as a partner spells it; without an offset it is of its own time zone.

    Raises:
        ValueError: it is none.
    """
    instant = pd.Timestamp(text).to_pydatetime()
    return instant if instant.tzinfo else instant.replace(tzinfo=ZoneInfo(time_zone))


def find_open_units(
    first: pd.DataFrame,
    since: pd.DataFrame,
    core_items: pd.DataFrame,
    as_of: Mapping[str, datetime],
    contract: Contract,
) -> pd.DataFrame:
    """Return `core_partner_open`: units that a partner's snapshot does not net yet, and that no other term subtracts.

    Grain: one row per NetSuite line.

    Args:
        first: `raw_netsuite__order_lines` of read 1.
        since: `raw_netsuite__order_lines_since`, read after the balances.
        core_items: the stock items.
        as_of: the instant of each usable snapshot.
        contract: the partners.
    """
    # Of a line that stands in both reads, the later reading is the newer: it is added last.
    lines = pd.concat([first[since.columns], since], ignore_index=True).drop_duplicates(_LINE, keep="last")
    quantities = ["ordered_qty", "committed_qty", "backordered_qty", "shipped_qty"]
    numbers, _ = whole_numbers("raw_netsuite__order_lines", lines, quantities, _LINE)
    lines = lines.assign(
        sku=lines["item_id_netsuite"].map(core_items.set_index("item_id_netsuite")["sku"]),
        location_code=lines["location_id_netsuite"].map(netsuite_locations(contract)),
        **{name: numbers[name] for name in quantities},
    ).dropna(subset=_PAIR)
    parts = []
    for partner in contract.partners:
        there = lines.loc[lines["location_code"] == partner.location]
        here = there.loc[[_holds(partner, sku) for sku in there["sku"]]]
        if partner.partner_code in as_of and not here.empty:
            units = _open_units(partner, here, as_of[partner.partner_code])
            parts.append(here.assign(partner_code=partner.partner_code, partner_open_qty=units))
    filled = [part for part in parts if not part.empty]
    if not filled:
        return empty("core_partner_open")
    rows = pd.concat(filled, ignore_index=True)
    return conform("core_partner_open", rows.loc[rows["partner_open_qty"] > 0])


def _open_units(partner: Partner, lines: pd.DataFrame, as_of: datetime) -> pd.Series:
    """Return the units of each line that the snapshot still holds: shipped since, or sent after the cut-off."""
    kind = lines["transaction_type"]
    if not partner.nets_orders:
        moved = pd.to_datetime(lines["transaction_modified_at_utc"], utc=True, format="ISO8601")
        is_alone = kind.eq("CashSale") & lines["created_from_id_netsuite"].isna()
        is_gone = (kind.eq("ItemShip") & lines["status_code"].eq(SHIPPED)) | is_alone
        return lines["ordered_qty"].clip(lower=0).where(is_gone & (moved > as_of), 0)
    made = pd.to_datetime(lines["created_at_utc"], utc=True, format="ISO8601")
    is_sent_late = kind.eq("SalesOrd") & (made.isna() | (made > as_of - timedelta(minutes=partner.cut_off_minutes)))
    is_open = lines["is_closed"].ne("T")
    units = (lines["committed_qty"] + lines["backordered_qty"]).where(is_open, 0) + lines["shipped_qty"]
    return units.clip(lower=0).where(is_sent_late, 0)


class _Count:
    """One partner's usable snapshot, row by row."""

    def __init__(self, partner: Partner, rows: pd.DataFrame, held: pd.DataFrame, as_of: datetime, at: datetime) -> None:
        self._partner, self._held, self._as_of = partner, held, as_of
        self._is_old = at - as_of > timedelta(minutes=partner.max_age_minutes)
        self._rows = rows
        named = rows.loc[[_holds(partner, sku) for sku in rows["sku"].fillna("")]]
        self._known = named.loc[named["sku"].isin(held["sku"])]
        self._strange = named.loc[named["sku"].notna() & ~named["sku"].isin(held["sku"])]
        key = ["partner_code", "line"]
        given = self._known[["on_hand", "in_transit"]]
        columns = ["on_hand"] if given["in_transit"].isna().all() else ["on_hand", "in_transit"]
        self._numbers, self._not_numbers = whole_numbers(_ROWS, self._known, columns, key)
        is_lost = self._known["on_hand"].isna()
        self._lost = self._known.loc[is_lost]
        self._twice = self._known.loc[self._known["sku"].duplicated(keep=False)]
        is_bad = self._numbers["is_bad"] | is_lost | self._known["sku"].duplicated(keep=False)
        self._good = self._known.loc[~is_bad]
        bad = self._known.loc[is_bad, ["sku"]].drop_duplicates()
        self.bad = bad.assign(location_code=partner.location)

    def balances(self, core_stock: pd.DataFrame) -> pd.DataFrame:
        """Return the rows that stand for NetSuite's, in the shape of `core_stock`."""
        numbers = self._numbers.loc[self._good.index]
        coming = numbers["in_transit"] if "in_transit" in numbers and self._partner.includes_in_transit else 0
        counted = self._good[["sku"]].assign(counted_qty=numbers["on_hand"] - coming)
        rows = self._held.loc[~self._held["sku"].isin(self.bad["sku"])].merge(counted, on="sku", how="left", validate="one_to_one")
        rows = rows.merge(core_stock, on=_PAIR, how="left", validate="one_to_one").fillna({"counted_qty": 0})
        quantities = [name for name in core_stock.columns if name.endswith("_qty")]
        rows = rows.fillna(dict.fromkeys(quantities, 0))
        on_hand = rows[["counted_qty", "on_hand_qty"]].min(axis=1) if self._is_old else rows["counted_qty"]
        rows = rows.assign(on_hand_qty=on_hand, read_at_utc=self._as_of, source_code=self._partner.partner_code)
        if self._partner.nets_orders:
            rows = rows.assign(committed_qty=0, backordered_qty=0)
        return conform("core_stock", rows)

    def arrivals(self) -> pd.DataFrame:
        """Return what is on its way to the partner, in the shape of `core_arrivals`."""
        if "in_transit" not in self._numbers:
            return empty("core_arrivals")
        rows = self._good[["sku"]].assign(
            location_code=self._partner.location,
            due_date=self._good["due_date"].str.slice(0, 10).fillna(NO_DATE),
            source_code=PARTNER,
            arriving_qty=self._numbers.loc[self._good.index, "in_transit"],
        )
        return conform("core_arrivals", rows.loc[rows["arriving_qty"] > 0])

    def aside(self) -> pd.DataFrame:
        """Return what is wrong with the snapshot, row by row."""
        key = ["partner_code", "line"]
        negative = self._known.loc[self._numbers["on_hand"] < 0]
        age = self._rows.head(1).assign(as_of=f"{self._as_of:%Y-%m-%d %H:%M} UTC") if self._is_old else self._rows.iloc[:0]
        return gather(
            [
                self._not_numbers,
                unresolved(_ROWS, self._lost, key, "missing_quantity", "sku"),
                unresolved(_ROWS, self._twice, key, "duplicate_sku", "sku"),
                unresolved(_ROWS, self._strange, key, "partner_unknown_sku", "sku"),
                unresolved(_ROWS, self._rows.loc[self._rows["sku"].isna()], key, "no_sku", "on_hand"),
                unresolved(_ROWS, negative, key, "negative_quantity", "on_hand"),
                unresolved(_ROWS, age, ["partner_code"], "partner_too_old", "as_of"),
            ]
        )


def _replaced(stock: Stock, held: pd.DataFrame, balances: pd.DataFrame, unreadable: pd.DataFrame, aside: pd.DataFrame) -> Stock:
    is_held = pd.MultiIndex.from_frame(stock.core[_PAIR]).isin(pd.MultiIndex.from_frame(held[_PAIR]))
    kept = stock.core.loc[~is_held]
    core = pd.concat([part for part in (kept, balances) if not part.empty], ignore_index=True) if len(balances) else kept
    # A pair that NetSuite alone could not read is the partner's to say.
    was = stock.unreadable.loc[~pd.MultiIndex.from_frame(stock.unreadable[_PAIR]).isin(pd.MultiIndex.from_frame(held[_PAIR]))]
    lost = pd.concat([was[_PAIR], unreadable[_PAIR]], ignore_index=True).drop_duplicates()
    return Stock(conform("core_stock", core), gather([stock.aside, aside]), lost)


def _instant(partner: Partner, snapshot: pd.DataFrame, rows: pd.DataFrame, at: datetime) -> tuple[datetime | None, str]:
    """Return the snapshot's instant (the oldest of its rows), or what is wrong with it."""
    told = snapshot["problem"].dropna()
    if snapshot.empty or len(told):
        return None, str(told.iloc[0]) if len(told) else f"partner {partner.partner_code}: nothing was read"
    spelled = rows["as_of"].dropna() if len(rows) else snapshot["written_at_utc"].dropna()
    spelled = spelled if len(spelled) else snapshot["written_at_utc"].dropna()
    if spelled.empty:
        return None, f"partner {partner.partner_code}: nothing says when it was counted; map columns.as_of in the contract"
    try:
        instants = [aware(str(text), partner.time_zone) for text in spelled.unique()]
    except ValueError as error:
        return None, f"partner {partner.partner_code}: as_of is no instant ({error}); check columns.as_of in the contract"
    if max(instants) > at + MOST_AHEAD:
        ahead = f"{max(instants):%Y-%m-%d %H:%M} UTC"
        return None, f"partner {partner.partner_code}: counted at {ahead}, which is yet to come; check time_zone in the contract"
    return min(instants), ""


def _holds(partner: Partner, sku: str) -> bool:
    return any(fnmatchcase(sku, pattern) for pattern in partner.skus)
