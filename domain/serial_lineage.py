"""The life of each serial and lot: where it is, when each stage happened and by which document, whether its history is whole."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from contract.frames import conform
from domain.serial_events import IN, KEY, OUT, alive_of, in_order

STATUSES: Mapping[str, str] = {
    "on_hand": "on hand",
    "promised": "on hand, and sold to an order that it has not left for",
    "in_transit": "on its way to another location",
    "left": "with a customer",
    "scrapped": "taken off",
    "consumed": "built into an assembly",
    "taken_apart": "taken apart",
    "unknown": "never in NetSuite",
}
GAPS: Mapping[str, str] = {
    "unknown_number": "NetSuite has no such number",
    "no_receipt": "it left, or is there, and no document brought it",
    "balance_differs": "NetSuite's balance is not what its documents come to",
}
_STAGES = {  # column: the stages that fill it, and whether the first or the last of them counts
    "received": (("received", "built", "recovered", "found"), "first"),
    "put_away": (("put_away", "moved_in"), "last"),
    "listed": (("listed",), "last"),
    "reserved": (("reserved", "picked"), "last"),
    "sold": (("sold",), "last"),
    "notified": (("notified",), "last"),
    "fulfilled": (("fulfilled",), "last"),
    "invoiced": (("invoiced",), "last"),
    "returned": (("returned",), "last"),
    "scrapped": (("scrapped",), "last"),
}
_GONE = {
    "fulfilled": "left",
    "moved_out": "in_transit",
    "scrapped": "scrapped",
    "consumed": "consumed",
    "taken_apart": "taken_apart",
}


def trace(core_serial_events: pd.DataFrame, core_serial_stock: pd.DataFrame, lots: frozenset[str]) -> pd.DataFrame:
    """Return `out_serial_lineage`: one row per item and number that NetSuite or an order names.

    The order of the rows given, and how often each is given, change nothing.

    Args:
        core_serial_events: every event of these numbers.
        core_serial_stock: where NetSuite's balance says that they are.
        lots: the SKUs whose numbers are lots.
    """
    events = in_order(alive_of(core_serial_events.drop_duplicates("event_key")))
    stock = core_serial_stock.groupby(KEY, sort=False).agg(
        balance=("on_hand_qty", "sum"), expiration_date=("expiration_date", "first")
    )
    every = pd.concat([events[KEY], core_serial_stock[KEY]]).drop_duplicates().set_index(KEY).index
    rows = pd.DataFrame(index=every)
    moves = events.loc[events["moved_qty"].ne(0)]
    rows["on_hand_qty"] = moves.groupby(KEY)["moved_qty"].sum()
    rows["events_count"] = events.groupby(KEY).size()
    rows = rows.join(stock).fillna({"on_hand_qty": 0, "events_count": 0})
    rows["location_code"] = _places(core_serial_stock, moves)
    for column, (stages, which) in _STAGES.items():
        found = events.loc[events["stage_code"].isin(stages)].drop_duplicates(KEY, keep=which).set_index(KEY)  # type: ignore[call-overload]
        rows[f"{column}_at_utc"], rows[f"{column}_by"] = found["happened_at_utc"], found["document_name"]
    ordered = events.dropna(subset=["order_key"]).drop_duplicates(KEY, keep="last").set_index(KEY)
    rows["order_key"] = ordered["order_key"]
    last = moves.drop_duplicates(KEY, keep="last").set_index(KEY)["stage_code"]
    rows["status_code"] = _statuses(rows, last, events)
    rows["gap_reason"] = _gaps(rows, moves)
    rows["is_complete"] = rows["gap_reason"].isna()
    rows = rows.reset_index()
    return conform("out_serial_lineage", rows.assign(is_lot=rows["sku"].isin(lots)))


def on_hand_by_documents(core_serial_events: pd.DataFrame) -> pd.DataFrame:
    """Return sku, serial_number, location_code, traced_qty: the units of each number that its documents leave at each place."""
    events = alive_of(core_serial_events)
    moves = events.loc[events["moved_qty"].ne(0)]
    return moves.groupby([*KEY, "location_code"])["moved_qty"].sum().reset_index(name="traced_qty")


def _places(core_serial_stock: pd.DataFrame, moves: pd.DataFrame) -> pd.Series:
    """Return where units are: NetSuite's balance where it has the number, else the place that its documents leave it at."""
    there = core_serial_stock.loc[core_serial_stock["on_hand_qty"].gt(0)]
    sums = moves.groupby([*KEY, "location_code"])["moved_qty"].sum().reset_index(name="moved_qty")
    known = core_serial_stock.set_index(KEY).index
    traced = sums.loc[sums["moved_qty"].gt(0) & ~sums.set_index(KEY).index.isin(known)]
    both = pd.concat([there[[*KEY, "location_code"]], traced[[*KEY, "location_code"]]]).sort_values([*KEY, "location_code"])
    single: pd.Series = both.drop_duplicates(KEY, keep=False).set_index(KEY)["location_code"]
    many: pd.Series = both.loc[both.duplicated(KEY, keep=False)].groupby(KEY)["location_code"].agg(", ".join)
    parts = [part for part in (single, many) if len(part)]
    return pd.concat(parts) if parts else single


def _statuses(rows: pd.DataFrame, last: pd.Series, events: pd.DataFrame) -> pd.Series:
    gone = last.map(_GONE).reindex(rows.index)
    status = gone.where(rows["on_hand_qty"].le(0), "on_hand").where(~(rows["on_hand_qty"].le(0) & gone.isna()), "unknown")
    is_stocked = rows["balance"].fillna(0).gt(0)
    status = status.mask(is_stocked & status.eq("unknown"), "on_hand")
    given = events.loc[events["stage_code"].isin(["sold", "fulfilled", "refunded", "returned"])]
    newest = given.drop_duplicates(KEY, keep="last").set_index(KEY)["stage_code"]
    return status.mask(status.eq("on_hand") & newest.eq("sold").reindex(rows.index, fill_value=False), "promised")


def _gaps(rows: pd.DataFrame, moves: pd.DataFrame) -> pd.Series:
    brought = moves.loc[moves["stage_code"].isin(IN - {"returned", "moved_in"})].drop_duplicates(KEY).set_index(KEY).index
    gap = pd.Series(None, index=rows.index, dtype="object")
    gap = gap.mask(rows["balance"].fillna(0).ne(rows["on_hand_qty"]), "balance_differs")
    gap = gap.mask(~rows.index.isin(brought), "no_receipt")
    moved = moves.loc[moves["stage_code"].isin(IN | OUT)].drop_duplicates(KEY).set_index(KEY).index
    return gap.mask(~rows.index.isin(moved) & rows["balance"].isna(), "unknown_number")
