"""The expected-level ledger: what a Shopify level should read if we knew everything, and what nothing explains yet.

The order search lags behind the levels, so some orders are in no list. The level is the newest truth that Shopify
gives: what it shows, and our list does not explain, is *unseen*, and subtracted until explained or expired.

    level    = on_hand - committed, so that a move into reserved or damaged (held already) is not taken for a sale
    expected = base + known returns to stock - known demand, each event counted once

Below expected: the drop is remembered and subtracted. Above it: the rise is remembered, never added; it only cancels
a return that becomes known later. Both are forgotten at the contract's age: a drop counted from when it was seen, not from
when an older one was (`late_qty` is the part that came after the first), and an event explains the newest part first; a rise
counted from its oldest part, as a rise that nobody explains would hide the drop of an order beside a return.

On first sight there is no base: Shopify's committed above the open units that we know is the first drop.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from contract.frames import conform, rebuilt

_PAIR = ["shop_code", "sku", "location_code"]
_EVENT = ["shop_code", "order_line_id_shopify", "sku", "location_code"]


@dataclass(frozen=True)
class ExpectedLevels:
    """The ledger after a read: the levels, the events counted, and the drops and rises (units) that expired unexplained."""

    levels: pd.DataFrame
    counted: pd.DataFrame
    expired: pd.DataFrame


def advance(
    known: pd.DataFrame,
    counted: pd.DataFrame,
    core_levels: pd.DataFrame,
    core_order_lines: pd.DataFrame,
    patience: timedelta,
) -> ExpectedLevels:
    """Return the ledger after one read of orders and levels.

    Grain: `levels` has one row per shop, SKU and location, known before or read now.

    Args:
        known: `core_expected_levels` as the last run left it.
        counted: `core_counted_events` as the last run left them.
        core_levels: the levels just read.
        core_order_lines: the units of every order line just read.
        patience: how long an unexplained drop is subtracted, and a rise remembered.
    """
    events = _new_events(counted, core_order_lines, core_levels)
    moved = events.groupby(_PAIR, as_index=False)[["new_left", "new_back"]].sum()
    first = _first_drops(core_levels, core_order_lines)
    rows = (
        core_levels.assign(level_qty=core_levels["on_hand_qty"] - core_levels["committed_qty"])
        .merge(
            known.drop(columns="level_read_at_utc"),
            on=_PAIR,
            how="left",
            validate="one_to_one",
        )
        .merge(moved, on=_PAIR, how="left", validate="one_to_one")
        .merge(first, on=_PAIR, how="left", validate="one_to_one")
        .fillna({"new_left": 0, "new_back": 0, "first_drop": 0})
    )
    levels = _settle(rows)
    unread = known.merge(core_levels[_PAIR], on=_PAIR, how="left", indicator=True, validate="one_to_one")
    unread = unread.loc[unread["_merge"] == "left_only", known.columns]
    merged = pd.concat([part for part in (levels, unread) if not part.empty], ignore_index=True) if len(unread) else levels
    kept, expired = _expire(conform("core_expected_levels", merged), patience)
    return ExpectedLevels(kept, _count(counted, events), expired)


def rebase(levels: pd.DataFrame, written: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger after our own writes: a level that we moved is expected where we moved it.

    Args:
        levels: `core_expected_levels`.
        written: pairs that Shopify accepted: shop_code, sku, location_code, expected_qty, desired_qty.
    """
    step = written.assign(step=written["desired_qty"] - written["expected_qty"])[[*_PAIR, "step"]]
    rows = levels.merge(step, on=_PAIR, how="left", validate="one_to_one").fillna({"step": 0})
    return conform("core_expected_levels", rows.assign(base_qty=rows["base_qty"] + rows["step"]))


def _new_events(counted: pd.DataFrame, core_order_lines: pd.DataFrame, core_levels: pd.DataFrame) -> pd.DataFrame:
    """Return units that left or came back since they were last counted, per order line and location.

    A line that moved to another location has come back here: its `left_qty` here fell. An event whose instant is after
    the level was read is not in the level yet, so it waits.
    """
    now = core_order_lines[[*_EVENT, "left_qty", "back_qty", "event_at_utc"]]
    seen = counted[[*_EVENT, "left_qty", "back_qty"]]
    # A location that the line no longer touches has no row now: its units have come back.
    touched = core_order_lines[_EVENT[:2]].drop_duplicates()
    seen = seen.merge(touched, on=_EVENT[:2], how="inner", validate="many_to_one")
    rows = rebuilt(now).merge(rebuilt(seen), on=_EVENT, how="outer", validate="one_to_one", suffixes=("", "_before"))
    rows = rows.merge(core_levels[[*_PAIR, "read_at_utc"]], on=_PAIR, how="inner", validate="many_to_one")
    rows = rows.loc[rows["event_at_utc"].isna() | (rows["event_at_utc"] <= rows["read_at_utc"])]
    quantities = ["left_qty", "back_qty", "left_qty_before", "back_qty_before"]
    rows = rows.fillna(dict.fromkeys(quantities, 0))
    left = rows["left_qty"] - rows["left_qty_before"]
    back = rows["back_qty"] - rows["back_qty_before"]
    return rows.assign(new_left=left.clip(lower=0), new_back=back.clip(lower=0) + (-left).clip(lower=0))


def _first_drops(core_levels: pd.DataFrame, core_order_lines: pd.DataFrame) -> pd.DataFrame:
    open_units = core_order_lines.assign(open_now=core_order_lines["open_qty"] + core_order_lines["unrouted_qty"])
    open_units = open_units.groupby(_PAIR, as_index=False)[["open_now"]].sum()
    rows = core_levels[[*_PAIR, "committed_qty"]].merge(open_units, on=_PAIR, how="left", validate="one_to_one")
    drop = (rows["committed_qty"] - rows["open_now"].fillna(0)).clip(lower=0)
    return rows[_PAIR].assign(first_drop=drop)


def _settle(rows: pd.DataFrame) -> pd.DataFrame:
    """Explain what can be explained, and remember the rest. One row per pair just read."""
    is_first = rows["base_qty"].isna()
    drop, rise, late = (rows[name].fillna(0) for name in ("drop_qty", "rise_qty", "late_qty"))
    explained = pd.concat([drop, rows["new_left"]], axis=1).min(axis=1)
    restored = pd.concat([rise, rows["new_back"]], axis=1).min(axis=1)
    expected = rows["base_qty"] + (rows["new_back"] - restored) - (rows["new_left"] - explained)
    gap = (expected - rows["level_qty"]).where(~is_first, 0)
    grown, left = gap.clip(lower=0).where(~is_first, rows["first_drop"]), drop - explained
    late = (late - explained).clip(lower=0) + grown.where(left > 0, 0)
    rise = rise - restored + (-gap).clip(lower=0)
    settled = rows[_PAIR].assign(
        base_qty=rows["level_qty"],
        drop_qty=left + grown,
        late_qty=late,
        rise_qty=rise,
        first_seen_at_utc=rows["first_seen_at_utc"].where(left > 0, rows["read_at_utc"]).where(left + grown > 0),
        last_seen_at_utc=rows["last_seen_at_utc"].where(grown == 0, rows["read_at_utc"]).where(late > 0),
        rise_seen_at_utc=rows["rise_seen_at_utc"].fillna(rows["read_at_utc"]).where(rise > 0),
        level_read_at_utc=rows["read_at_utc"],
    )
    return conform("core_expected_levels", settled)


def _expire(levels: pd.DataFrame, patience: timedelta) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the levels without what is too old to be explained, and the units of it in `drop_qty` and `rise_qty`."""
    limit = levels["level_read_at_utc"] - patience
    is_over = (levels["drop_qty"] > 0) & (levels["first_seen_at_utc"] <= limit)
    is_late = is_over & (levels["late_qty"] > 0) & (levels["last_seen_at_utc"] > limit)
    is_risen = (levels["rise_qty"] > 0) & (levels["rise_seen_at_utc"] <= limit)
    drop = levels["drop_qty"].where(~is_over, levels["late_qty"].where(is_late, 0))
    kept = levels.assign(
        drop_qty=drop,
        late_qty=levels["late_qty"].where(~is_over, 0),
        rise_qty=levels["rise_qty"].where(~is_risen, 0),
        first_seen_at_utc=levels["first_seen_at_utc"].where(~is_over, levels["last_seen_at_utc"].where(is_late)),
        last_seen_at_utc=levels["last_seen_at_utc"].where(~is_over),
        rise_seen_at_utc=levels["rise_seen_at_utc"].where(~is_risen),
    )
    over = levels.assign(drop_qty=levels["drop_qty"] - drop, rise_qty=levels["rise_qty"].where(is_risen, 0))
    return conform("core_expected_levels", kept), over.loc[is_over | is_risen]


def _count(counted: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Return every event counted so far: a line read now replaces what was counted of it."""
    now = events.assign(counted_at_utc=events["read_at_utc"])[[*_EVENT, "left_qty", "back_qty", "counted_at_utc"]]
    merged = pd.concat([part for part in (counted, now) if not part.empty], ignore_index=True) if len(counted) else now
    return conform("core_counted_events", merged.drop_duplicates(_EVENT, keep="last"))


def forget(counted: pd.DataFrame, before: datetime) -> pd.DataFrame:
    """Return the counted events without those of orders that no read shows any more.

    Args:
        counted: `core_counted_events`.
        before: events counted before this instant are dropped: older than any window that reads orders.
    """
    return conform("core_counted_events", counted.loc[counted["counted_at_utc"] >= before])
