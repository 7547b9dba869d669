"""Channel rules: what each outlet may show of its pool.

A Shopify shop takes a number per location, a feed one number per SKU. Parameters are looked up from the most specific
rule to the widest: SKU and channel, location and channel, channel, default; each parameter by itself. A location that
our own demand oversold takes from the channel's other locations, in the pool's stated order, before anything is shown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pandas as pd

from contract.frames import conform, empty
from contract.models import Channel, Contract, Rule

_PARAMETERS = ("buffer_units", "buffer_percent", "cap", "end_when")


def absorb_oversold(pool: pd.DataFrame) -> pd.DataFrame:
    """Return the pool with every negative location covered by the others, in the order of the columns.

    Args:
        pool: SKUs by location, whole units; the columns stand in the contract's order.

    Returns:
        A frame of the same shape: a location covered is 0; what nothing could cover stays, at the first short location.

    >>> absorb_oversold(pd.DataFrame({"A": [-3], "B": [2], "C": [5]})).iloc[0].to_list()
    [0, 0, 4]
    """
    units = pool.to_numpy(dtype="int64", copy=True)
    debt = np.minimum(units, 0).sum(axis=1)
    units = np.maximum(units, 0)
    for column in range(units.shape[1]):
        taken = np.minimum(units[:, column], -debt)
        units[:, column] -= taken
        debt += taken
    if units.shape[1]:
        first_short = (pool.to_numpy(dtype="int64") < 0).argmax(axis=1)
        units[np.arange(len(units)), first_short] += debt
    return pd.DataFrame(units, index=pool.index, columns=pool.columns)


def allowance(pool: int, rule: Rule) -> tuple[int, int]:
    """Return the buffer kept back and the number shown, of one pool under one complete rule.

    The buffer is the larger of units and percent (rounded up). The number is never negative.

    >>> allowance(10, Rule(buffer_units=2, buffer_percent=Decimal(25)))
    (3, 7)
    >>> allowance(3, Rule(end_when=3))
    (0, 0)
    """
    units, percent = rule.buffer_units or 0, rule.buffer_percent or Decimal(0)
    buffer = max(units, math.ceil(max(pool, 0) * percent / 100))
    number = max(0, pool - buffer)
    if rule.cap is not None:
        number = min(number, rule.cap)
    if rule.end_when is not None and number <= rule.end_when:
        number = 0
    return buffer, number


def rule_for(contract: Contract, channel: Channel, sku: str, location_code: str) -> tuple[Rule, str]:
    """Return the complete rule for a SKU at a location of a channel, and a code that names what decided.

    Args:
        contract: for the default rule.
        channel: the outlet.
        sku: matched against each rule's SKUs, which may hold `*`.
        location_code: empty where the channel takes one number.
    """
    found: dict[str, Any] = {}
    sources: list[str] = []
    for name, rule in [
        *_matching(channel, sku, location_code),
        ("channel", channel.rule),
        ("default", contract.default_rule),
    ]:
        new = {key: getattr(rule, key) for key in _PARAMETERS if key not in found and getattr(rule, key) is not None}
        if new:
            found |= new
            sources.append(name)
    return Rule(**found), "+".join(sources) or "none"


def compute_channel_quantities(out_atp: pd.DataFrame, contract: Contract, fingerprint: str) -> pd.DataFrame:
    """Return `out_channel_quantities`.

    Grain: one row per channel, SKU and location; the location is `-` where the channel takes one number.
    """
    parts = [_channel_rows(out_atp, contract, channel) for channel in contract.channels]
    filled = [part for part in parts if not part.empty]
    if not filled:
        return empty("out_channel_quantities")
    rows = pd.concat(filled, ignore_index=True)
    return conform("out_channel_quantities", rows.assign(share_qty=rows["pool_qty"], contract_fingerprint=fingerprint))


def _channel_rows(out_atp: pd.DataFrame, contract: Contract, channel: Channel) -> pd.DataFrame:
    pool = out_atp.loc[out_atp["location_code"].isin(channel.pool)]
    if pool.empty:
        return pd.DataFrame()
    numbers = {code: pool.loc[pool["location_code"] == code].set_index("sku")["atp_qty"] for code in channel.pool}
    wide = pd.DataFrame(numbers).rename_axis("sku")
    is_there = wide.notna()
    covered = absorb_oversold(wide.fillna(0).astype("int64"))
    if channel.kind == "shopify":
        long = covered.where(is_there).reset_index().melt("sku", var_name="location_code", value_name="pool_qty")
        rows = long.dropna().astype({"pool_qty": "int64"})
    else:
        rows = covered.sum(axis=1).rename("pool_qty").reset_index().assign(location_code="-")
    return _apply_rules(rows.assign(channel_code=channel.channel_code), contract, channel)


def _apply_rules(rows: pd.DataFrame, contract: Contract, channel: Channel) -> pd.DataFrame:
    """Apply each distinct rule once to all its rows: a pool of a million rows has a handful of rules."""
    specific = [pattern for rule in channel.rules for pattern in rule.skus]
    named = rows["sku"].where(rows["sku"].map(lambda sku: _matches(sku, specific)), "") if specific else ""
    keyed = rows.assign(named_sku=named)
    parts = []
    for (location_code, sku), group in keyed.groupby(["location_code", "named_sku"], sort=False):
        rule, code = rule_for(contract, channel, str(sku), str(location_code))
        numbers = {pool: allowance(int(pool), rule) for pool in group["pool_qty"].unique()}
        parts.append(
            group.assign(
                buffer_qty=group["pool_qty"].map(lambda pool, numbers=numbers: numbers[pool][0]),
                publish_qty=group["pool_qty"].map(lambda pool, numbers=numbers: numbers[pool][1]),
                cap_qty=pd.Series(rule.cap, index=group.index, dtype="Int64"),
                rule_code=code,
            )
        )
    return pd.concat(parts, ignore_index=True)


def _matching(channel: Channel, sku: str, location_code: str) -> list[tuple[str, Rule]]:
    """Return the rules that match, most specific first: by SKU (the exact name before a pattern), then by location."""
    by_sku = [rule for rule in channel.rules if rule.skus and _matches(sku, rule.skus) and rule.location in (None, location_code)]
    by_sku.sort(key=lambda rule: (sku not in rule.skus, rule.location is None))
    by_location = [rule for rule in channel.rules if not rule.skus and rule.location == location_code]
    return [*(("sku", rule) for rule in by_sku), *(("location", rule) for rule in by_location)]


def _matches(sku: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(sku, pattern) for pattern in patterns)
