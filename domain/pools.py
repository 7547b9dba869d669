"""Pools: the units that each channel may show at each location, before its buffers and caps.

per location   ATP + arriving stock that the rule lets count
oversold       a location below zero takes from the pool's other locations, in their stated order
share          a shared pool: each channel its own part; a split pool: apportioned among its channels
kits           the minimum over components of floor(component / needed), per location
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from contract.models import Channel, Contract, Rule
from domain.apportion import apportion
from domain.rules import Assignment, ChannelRules

Units = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Grid:
    """Units per SKU (rows: `stock` SKUs, then kits) and location (columns, in the contract's order).

    Args:
        skus: every SKU that can take a number.
        locations: location codes.
        atp: units of the stock SKUs that can still be sold; 0 where there is no row.
        is_there: whether the SKU (a kit: every component) is kept at the location.
        oldest: the oldest input of each, NaT where there is none.
        needs: per kit, the row of each component and how many it needs.
        arrivals: units on their way to a stock SKU and location: source, due date, units.
        other_short: what orders of other origin are short of, shaped as `atp`.
    """

    skus: tuple[str, ...]
    locations: tuple[str, ...]
    atp: Units
    is_there: Flags
    oldest: npt.NDArray[np.datetime64]
    needs: tuple[tuple[tuple[int, int], ...], ...]
    arrivals: pd.DataFrame
    other_short: Units

    @property
    def stock_count(self) -> int:
        """How many of the SKUs are stock SKUs; the rest are kits."""
        return len(self.atp)


@dataclass(frozen=True)
class Part:
    """What one channel may show: a column per location of its pool, a row per SKU of the grid."""

    channel: Channel
    columns: tuple[int, ...]
    pool: Units
    arriving: Units
    share: Units


def make_grid(out_atp: pd.DataFrame, core_components: pd.DataFrame, core_arrivals: pd.DataFrame, contract: Contract) -> Grid:
    """Return the grid of a run.

    Args:
        out_atp: the true number per SKU and location.
        core_components: kits; one whose component has no number anywhere has none either.
        core_arrivals: stock on its way.
        contract: for the order of locations.
    """
    locations = tuple(location.location_code for location in contract.locations)
    rows = out_atp.loc[out_atp["location_code"].isin(locations)]
    stock = pd.Index(sorted(rows["sku"].unique()), dtype="object")
    row, column = _places(stock, rows["sku"]), _places(pd.Index(locations), rows["location_code"])
    shape = (len(stock), len(locations))
    atp, is_there = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=bool)
    oldest = np.full(shape, np.datetime64("NaT"), dtype="datetime64[us]")
    atp[row, column], is_there[row, column] = rows["atp_qty"], True
    other_short = np.zeros(shape, dtype=np.int64)
    other_short[row, column] = rows["other_short_qty"]
    oldest[row, column] = rows["oldest_input_at_utc"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]")
    kits, needs = _needs(core_components, stock)
    there, since = [is_there], [oldest]
    for need in needs:
        members = [place for place, _ in need]
        there.append(np.asarray(is_there[members].all(axis=0, keepdims=True)))
        since.append(oldest[members].min(axis=0, keepdims=True))
    placed = core_arrivals.assign(
        row=_places(stock, core_arrivals["sku"]), column=_places(pd.Index(locations), core_arrivals["location_code"])
    )
    placed = placed.loc[(placed["row"] >= 0) & (placed["column"] >= 0)]
    return Grid((*stock, *kits), locations, atp, np.vstack(there), np.vstack(since), needs, placed, other_short)


def share_out(grid: Grid, contract: Contract, rules: Mapping[str, ChannelRules], at: datetime) -> dict[str, Part]:
    """Return what every channel may show of its pool, by channel code.

    Args:
        grid: the units.
        contract: for channels and splits.
        rules: each channel's rules, by its code.
        at: the run's instant: arriving stock counts from there.
    """
    parts: dict[str, Part] = {}
    split = {code for group in contract.splits for code in group.channels}
    for channel in contract.channels:
        if channel.channel_code not in split:
            columns = _columns(grid, channel)
            assigned = {column: rules[channel.channel_code].assign(grid.locations[column]) for column in columns}
            arriving = _arriving(grid, columns, assigned, at)
            pool = absorb_oversold(_owed(grid, columns, arriving))
            part = Part(channel, tuple(columns), pool, arriving, _shared(pool, columns, assigned))
            parts[channel.channel_code] = _with_kits(grid, part)
    for group in contract.splits:
        parts |= _split(grid, [contract.channel(code) for code in group.channels], rules, at)
    return parts


def _owed(grid: Grid, columns: Sequence[int], arriving: Units) -> Units:
    """Return the units of each location; below 0 only by what our own demand is short of.

    What orders of other origin are short of is never taken from another location.
    """
    units = grid.atp[:, columns] + arriving
    return np.where(units < 0, np.minimum(units + grid.other_short[:, columns], 0), units)


def absorb_oversold(pool: Units) -> Units:
    """Return the pool with every negative location covered by the others, in the order of the columns.

    Args:
        pool: SKUs by location, whole units; the columns stand in the contract's order.

    Returns:
        The same shape: a location covered is 0; what nothing could cover stays, at the first short location.

    >>> absorb_oversold(np.array([[-3, 2, 5]])).tolist()
    [[0, 0, 4]]
    """
    debt = np.minimum(pool, 0).sum(axis=1)
    units = np.maximum(pool, 0)
    for column in range(units.shape[1]):
        taken = np.minimum(units[:, column], -debt)
        units[:, column] -= taken
        debt += taken
    if units.shape[1]:
        units[np.arange(len(units)), (pool < 0).argmax(axis=1)] += debt
    return units


def _split(grid: Grid, channels: Sequence[Channel], rules: Mapping[str, ChannelRules], at: datetime) -> dict[str, Part]:
    """Return the parts of channels that share their pool out: at each location they add up to at most what is there.

    Oversold locations are covered once, over all the group's locations. Arriving stock counts as far as every channel
    of the group lets it.
    """
    union = list(dict.fromkeys(column for channel in channels for column in _columns(grid, channel)))
    assigned = {
        c.channel_code: {column: rules[c.channel_code].assign(grid.locations[column]) for column in union} for c in channels
    }
    arriving = np.min([_arriving(grid, union, assigned[c.channel_code], at) for c in channels], axis=0)
    pool = absorb_oversold(_owed(grid, union, arriving))
    shares = {channel.channel_code: np.zeros_like(pool) for channel in channels}
    for place, column in enumerate(union):
        here = [channel for channel in channels if column in _columns(grid, channel)]
        which = np.column_stack([assigned[c.channel_code][column].which[: grid.stock_count] for c in here])
        kinds, inverse = np.unique(which, axis=0, return_inverse=True)
        for number, kind in enumerate(kinds):
            rows = np.flatnonzero(inverse.reshape(-1) == number)
            chosen = [assigned[c.channel_code][column].decided[k].rule for c, k in zip(here, kind, strict=True)]
            parts = apportion(pool[rows, place], [Decimal(1) if rule.share is None else rule.share for rule in chosen])
            for position, channel in enumerate(here):
                shares[channel.channel_code][rows, place] = parts[:, position]
    result = {}
    for channel in channels:
        own = [union.index(column) for column in _columns(grid, channel)]
        columns = tuple(union[place] for place in own)
        part = Part(channel, columns, pool[:, own], arriving[:, own], shares[channel.channel_code][:, own])
        result[channel.channel_code] = _with_kits(grid, part)
    return result


def _shared(pool: Units, columns: Sequence[int], assigned: Mapping[int, Assignment]) -> Units:
    """Return a channel's part of a shared pool: every unit, or the fraction that its rule lets it show, rounded down."""
    share = np.maximum(pool, 0)
    for place, column in enumerate(columns):
        for rows, rule in _by_rule(assigned[column], len(pool)):
            if rule.share is not None:
                share[rows, place] = share[rows, place] * int(rule.share * 10_000) // 10_000
    return share


def _arriving(grid: Grid, columns: Sequence[int], assigned: Mapping[int, Assignment], at: datetime) -> Units:
    """Return the arriving units that count, per stock SKU and column."""
    units = np.zeros((grid.stock_count, len(columns)), dtype=np.int64)
    if grid.arrivals.empty:
        return units
    for place, column in enumerate(columns):
        here = grid.arrivals.loc[grid.arrivals["column"] == column]
        for rows, rule in _by_rule(assigned[column], grid.stock_count):
            if not rule.arriving or here.empty:
                continue
            last = (at + timedelta(days=rule.horizon_days or 0)).date().isoformat()
            due = here.loc[here["source_code"].isin(rule.arriving) & (here["due_date"] <= last)]
            counted = np.zeros(grid.stock_count, dtype=np.int64)
            np.add.at(counted, due["row"].to_numpy(), due["arriving_qty"].to_numpy(dtype=np.int64))
            units[rows, place] = counted[rows]
    return units


def _by_rule(assignment: Assignment, count: int) -> list[tuple[npt.NDArray[np.int64], Rule]]:
    """Return each distinct rule with the rows that it decides, among the first so many."""
    which = assignment.which[:count]
    return [(np.flatnonzero(which == number), decided.rule) for number, decided in enumerate(assignment.decided)]


def _with_kits(grid: Grid, part: Part) -> Part:
    """Return the part with a row for each kit: as many as its scarcest component makes."""
    nothing = np.zeros((len(grid.needs), len(part.columns)), dtype=np.int64)
    return replace(
        part,
        pool=np.vstack([part.pool, _made(grid, part.pool)]),
        arriving=np.vstack([part.arriving, nothing]),
        share=np.vstack([part.share, _made(grid, part.share)]),
    )


def _made(grid: Grid, units: Units) -> Units:
    """Return how many of each kit the units of its components make, per column."""
    rows = [np.min([units[place] // needed for place, needed in need], axis=0) for need in grid.needs]
    return np.array(rows, dtype=np.int64).reshape(len(rows), units.shape[1])


def _columns(grid: Grid, channel: Channel) -> list[int]:
    return [grid.locations.index(code) for code in channel.pool]


def _needs(core_components: pd.DataFrame, stock: pd.Index[Any]) -> tuple[list[str], tuple[tuple[tuple[int, int], ...], ...]]:
    """Return the kits whose components are all known, and what each needs."""
    rows = core_components.assign(row=_places(stock, core_components["sku"])).sort_values(["kit_sku", "sku"])
    kits, needs = [], []
    for kit, members in rows.groupby("kit_sku", sort=True):
        if (members["row"] >= 0).all() and kit not in stock:
            kits.append(str(kit))
            needs.append(
                tuple((int(row), int(needed)) for row, needed in zip(members["row"], members["component_qty"], strict=True))
            )
    return kits, tuple(needs)


def _places(index: pd.Index[Any], values: pd.Series) -> npt.NDArray[np.intp]:
    """Return where each value stands in the index; -1 where it does not."""
    return index.get_indexer(pd.Index(values))
