"""The laws of the published numbers, checked by Great Expectations before anything is written.

1. No number is above its pool, and the channels of a split pool together are not above it. 2. No number is negative.
3. Nothing outside the contract is published. And the identity of the states of every level, and one row per key.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from contract.models import Contract
from expectations.engine import BETWEEN, IN_SET, Law, Suite, joined, run_suite
from expectations.result import CheckResult

_KEY = ["channel_code", "sku", "location_code"]
_PAIRED = "ExpectColumnPairValuesAToBeGreaterThanB"


def check_inventory(frames: Mapping[str, pd.DataFrame], contract: Contract) -> list[CheckResult]:
    """Return the result of every check of one inventory run; bad data never raises.

    Args:
        frames: the run's frames; `out_channel_quantities` and `core_levels` are looked at.
        contract: what may be published.
    """
    return [result for suite in inventory_suites(frames, contract) for result in run_suite(suite)]


def inventory_suites(frames: Mapping[str, pd.DataFrame], contract: Contract) -> list[Suite]:
    """Return the laws of one inventory run, with the frames that they are about."""
    numbers = frames["out_channel_quantities"]
    levels = frames["core_levels"]
    states = ["available_qty", "committed_qty", "reserved_qty", "damaged_qty", "safety_stock_qty", "quality_control_qty"]
    pool = numbers.assign(ceiling_qty=numbers["pool_qty"].clip(lower=0), key=joined(numbers, _KEY))
    level_key = ["shop_code", "sku", "location_code"]
    summed = levels.assign(states_qty=levels[states].sum(axis=1), key=joined(levels, level_key))
    places = sorted({code for channel in contract.channels for code in channel.pool} | {"-"})
    channels = sorted(channel.channel_code for channel in contract.channels)
    laws = (
        Law("no_negative_number", "No number is negative.", BETWEEN, {"column": "publish_qty", "min_value": 0}),
        Law("within_pool", "No number is above its pool.", _PAIRED, _at_least("ceiling_qty", "publish_qty")),
        Law("known_channel", "Every channel is in the contract.", IN_SET, {"column": "channel_code", "value_set": channels}),
        Law("known_location", "Every location is in the contract.", IN_SET, {"column": "location_code", "value_set": places}),
        Law("one_number", "One number per channel, SKU and location.", "ExpectColumnValuesToBeUnique", {"column": "key"}),
    )
    told = "The channels of a split pool together do not show more than it holds."
    split = (Law("within_split", told, _PAIRED, _at_least("ceiling_qty", "publish_qty")),)
    same = {"column_A": "on_hand_qty", "column_B": "states_qty"}
    identity = (Law("level_identity", "On hand is the sum of its states.", "ExpectColumnPairValuesToBeEqual", same),)
    return [
        Suite("numbers", pool, laws, "halt"),
        Suite("splits", _split_sums(numbers, contract), split, "halt"),
        Suite("levels", summed, identity, "quarantine"),
    ]


def check_volume(found: Mapping[str, int], before: Mapping[str, int], least_percent: int, shown_units: int) -> list[CheckResult]:
    """Return whether a run read about as much as the run before it: a role that lost a permission sees nothing, and says nothing.

    Args:
        found: rows of each read.
        before: the same of the last run under the same contract; empty where there is none.
        least_percent: how much of it there must be; 0 switches the check off.
        shown_units: units that the shops show: with any, NetSuite must have some balance.
    """
    least = {name: -(-before.get(name, 0) * least_percent // 100) for name in found}
    if least_percent and shown_units:
        least["raw_netsuite__stock"] = max(1, least["raw_netsuite__stock"])
    rows = pd.DataFrame(
        [(name, count, least[name], f"{name}: {count} rows, at least {least[name]}") for name, count in found.items()],
        columns=["frame_name", "row_count", "least_count", "key"],
    )
    told = "Each read has about as many rows as before (tolerances.least_rows_percent); check the role's and app's permissions."
    law = Law("as_much_as_before", told, _PAIRED, _at_least("row_count", "least_count"))
    return run_suite(Suite("volume", rows, (law,), "halt"))


def _split_sums(numbers: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """Return what the channels of each split show of a SKU together, and what the widest of their pools holds."""
    split_of = {code: split.split_code for split in contract.splits for code in split.channels}
    rows = numbers.assign(split_code=numbers["channel_code"].map(split_of), ceiling_qty=numbers["pool_qty"].clip(lower=0))
    rows = rows.loc[rows["split_code"].notna()]
    by_channel = rows.groupby(["split_code", "sku", "channel_code"], as_index=False)[["publish_qty", "ceiling_qty"]].sum()
    summed = by_channel.groupby(["split_code", "sku"], as_index=False).agg({"publish_qty": "sum", "ceiling_qty": "max"})
    return summed.assign(key=joined(summed, ["split_code", "sku"]))


def _at_least(larger: str, smaller: str) -> dict[str, object]:
    return {"column_A": larger, "column_B": smaller, "or_equal": True}
