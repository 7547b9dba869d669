"""Channel rules: what each outlet shows of its pool.

A Shopify shop takes a number per location, a feed one number per SKU. In this order: the channel's share of its pool
(`domain/pools.py`), less the buffer, less what a stale input takes off, at most the cap, and 0 at or below `end_when`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd

from contract.frames import Frames, conform, empty
from contract.models import Channel, Contract, Rule
from domain.pools import Flags, Grid, Part, Units, make_grid, share_out
from domain.rules import WHOLE_POOL, Assignment, ChannelRules, percent_of
from domain.unresolved import gather, unresolved


def compute_channel_quantities(
    out_atp: pd.DataFrame, core: Frames, contract: Contract, fingerprint: str, at: datetime
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return `out_channel_quantities`, and what is wrong with the rules themselves.

    Grain: one row per channel, SKU and location; the location is `-` where the channel takes one number.

    Args:
        out_atp: the true number per SKU and location.
        core: `core_components`, `core_arrivals`, `core_sales`, `core_tags`.
        contract: channels, splits and rules.
        fingerprint: the contract's version.
        at: the run's instant: for time windows, horizons and the age of inputs.
    """
    grid = make_grid(out_atp, core["core_components"], core["core_arrivals"], contract)
    tags = core["core_tags"].groupby("sku")["tag"].agg(frozenset).to_dict()
    tags_of = [tags.get(sku, frozenset()) for sku in grid.skus]
    rules = {c.channel_code: ChannelRules(contract, c, grid.skus, tags_of, at) for c in contract.channels}
    parts = share_out(grid, contract, rules, at)
    frames, findings = [], []
    for channel in contract.channels:
        numbers = _Numbers(grid, parts[channel.channel_code], rules[channel.channel_code], core["core_sales"], at)
        frames.append(numbers.by_location() if channel.kind == "shopify" else numbers.of_the_pool())
        findings += [_unmatched(channel, rules[channel.channel_code]), numbers.ambiguous()]
    filled = [frame for frame in frames if not frame.empty]
    if not filled:
        return empty("out_channel_quantities"), gather(findings)
    rows = pd.concat(filled, ignore_index=True)
    return conform("out_channel_quantities", rows.assign(contract_fingerprint=fingerprint)), gather(findings)


def buffer_of(units: Units, rule: Rule, sold: Units) -> Units:
    """Return the units kept back: the largest of units, percent (rounded up) and what was sold lately.

    Args:
        units: what the channel may show.
        rule: one complete rule.
        sold: units sold in the rule's `buffer_sold_minutes`.

    >>> buffer_of(np.array([10, 3]), Rule(buffer_units=2, buffer_percent=Decimal(25)), np.array([0, 5])).tolist()
    [3, 2]
    """
    percent = percent_of(np.maximum(units, 0), rule.buffer_percent or Decimal(0), up=True)
    kept = np.maximum(percent, rule.buffer_units or 0)
    return np.maximum(kept, sold) if rule.buffer_sold_minutes else kept


def limit(number: Units, rule: Rule, is_stale: Flags) -> Units:
    """Return the number shown, of what is left after the buffer; never negative.

    Args:
        number: the share less the buffer.
        rule: one complete rule.
        is_stale: whether an input is older than the rule allows.

    >>> limit(np.array([10, 10, 3]), Rule(cap=6, end_when=3, stale_percent=Decimal(50)), np.array([False, True, False])).tolist()
    [6, 5, 0]
    """
    shown = np.maximum(number, 0)
    off = percent_of(shown, Decimal(100) if rule.stale_percent is None else rule.stale_percent, up=True)
    shown = np.where(is_stale, shown - off, shown)
    if rule.cap is not None:
        shown = np.minimum(shown, rule.cap)
    return shown if rule.end_when is None else np.where(shown <= rule.end_when, 0, shown)


class _Numbers:
    """The numbers of one channel, from its part of the pool."""

    def __init__(self, grid: Grid, part: Part, rules: ChannelRules, core_sales: pd.DataFrame, at: datetime) -> None:
        self._grid, self._part, self._sales, self._at = grid, part, core_sales, at
        self._codes = [grid.locations[column] for column in part.columns]
        self._there = grid.is_there[:, list(part.columns)]
        self._oldest = grid.oldest[:, list(part.columns)]
        by_location = "location" if part.channel.kind == "shopify" else "pool"
        self._is_kept_per_pool = (part.channel.buffer_per or by_location) == "pool"
        self._pool_rule = rules.assign(WHOLE_POOL)
        self._at_location = [rules.assign(code) for code in self._codes]

    def by_location(self) -> pd.DataFrame:
        """Return a number per SKU and location."""
        share = self._part.share
        buffers = [self._buffer(share[:, place], assigned, [code]) for place, (code, assigned) in self._places()]
        kept = np.column_stack(buffers)
        if self._is_kept_per_pool:
            # The locations show what the pool has left, the first ones first: so a sale anywhere raises no location.
            left = np.maximum(0, share.sum(axis=1) - self._buffer(share.sum(axis=1), self._pool_rule, self._codes))
            before = np.cumsum(share, axis=1) - share
            kept = share - np.clip(left[:, None] - before, 0, share)
        frames = []
        for place, (code, assigned) in self._places():
            shown = self._limited(share[:, place] - kept[:, place], assigned, self._oldest[:, place])
            columns = {"pool_qty": self._part.pool[:, place], "arriving_qty": self._part.arriving[:, place]}
            columns |= {"share_qty": share[:, place], "buffer_qty": kept[:, place]}
            frames.append(self._frame(code, columns, shown, assigned).loc[self._there[:, place]])
        return pd.concat(frames, ignore_index=True)

    def of_the_pool(self) -> pd.DataFrame:
        """Return one number per SKU."""
        share, whole = self._part.share, self._part.share.sum(axis=1)
        if self._is_kept_per_pool:
            kept = self._buffer(whole, self._pool_rule, self._codes)
        else:
            each = [self._buffer(share[:, place], assigned, [code]) for place, (code, assigned) in self._places()]
            kept = np.minimum(np.column_stack(each), share).sum(axis=1)
        oldest = np.fmin.reduce(self._oldest, axis=1)
        shown = self._limited(whole - kept, self._pool_rule, oldest)
        columns = {"pool_qty": self._part.pool.sum(axis=1), "arriving_qty": self._part.arriving.sum(axis=1)}
        columns |= {"share_qty": whole, "buffer_qty": kept}
        return self._frame(WHOLE_POOL, columns, shown, self._pool_rule).loc[np.asarray(self._there.any(axis=1))]

    def ambiguous(self) -> pd.DataFrame:
        """Return a row for each parameter that equally specific rules set differently."""
        found = {
            told: str(self._grid.skus[int(np.argmax(assigned.which == number))])
            for assigned in (self._pool_rule, *self._at_location)
            for number, decided in enumerate(assigned.decided)
            for told in decided.ambiguous
        }
        rows = pd.DataFrame(
            {"key": [f"channels.{self._part.channel.channel_code}: {told}" for told in found], "sku": list(found.values())}
        )
        return unresolved("contract", rows, ["key"], "ambiguous_rule", "sku")

    def _places(self) -> list[tuple[int, tuple[str, Assignment]]]:
        return list(enumerate(zip(self._codes, self._at_location, strict=True)))

    def _buffer(self, units: Units, assigned: Assignment, codes: list[str]) -> Units:
        kept = np.zeros(len(units), dtype=np.int64)
        for number, decided in enumerate(assigned.decided):
            rows = np.flatnonzero(assigned.which == number)
            minutes = decided.rule.buffer_sold_minutes
            sold = self._sold(codes, minutes)[rows] if minutes else np.zeros(len(rows), dtype=np.int64)
            kept[rows] = buffer_of(units[rows], decided.rule, sold)
        return kept

    def _sold(self, codes: list[str], minutes: int) -> Units:
        """Return the units sold of each SKU at these locations in the last minutes."""
        sales, since = self._sales, self._at - timedelta(minutes=minutes)
        recent = sales.loc[(sales["sold_at_utc"] > since) & sales["location_code"].isin(codes)]
        return recent.groupby("sku")["sold_qty"].sum().reindex(list(self._grid.skus), fill_value=0).to_numpy(dtype=np.int64)

    def _limited(self, number: Units, assigned: Assignment, oldest: npt.NDArray[np.datetime64]) -> Units:
        shown = np.zeros(len(number), dtype=np.int64)
        at = np.datetime64(pd.Timestamp(self._at).tz_convert("UTC").tz_localize(None).to_pydatetime())
        for number_of, decided in enumerate(assigned.decided):
            rows = np.flatnonzero(assigned.which == number_of)
            minutes = decided.rule.stale_after_minutes
            is_stale = at - oldest[rows] > np.timedelta64(minutes, "m") if minutes else np.zeros(len(rows), dtype=bool)
            shown[rows] = limit(number[rows], decided.rule, is_stale)
        return shown

    def _frame(self, location_code: str, columns: Mapping[str, Units], shown: Units, assigned: Assignment) -> pd.DataFrame:
        caps = pd.array([decided.rule.cap for decided in assigned.decided], dtype="Int64")
        codes = np.array([decided.rule_code for decided in assigned.decided], dtype=object)
        return pd.DataFrame(
            {
                "channel_code": self._part.channel.channel_code,
                "sku": list(self._grid.skus),
                "location_code": location_code,
                **columns,
                "cap_qty": caps.take(assigned.which),
                "publish_qty": shown,
                "rule_code": codes[assigned.which],
            }
        )


def _unmatched(channel: Channel, rules: ChannelRules) -> pd.DataFrame:
    """Return a row for each rule that names SKUs or tags that nothing carries."""
    found = rules.unmatched()
    named = [" ".join([*channel.rules[position].skus, *channel.rules[position].tags]) for position in found]
    rows = pd.DataFrame({"key": [f"channels.{channel.channel_code}.rules[{position}]" for position in found], "names": named})
    return unresolved("contract", rows, ["key"], "rule_matches_nothing", "names")
