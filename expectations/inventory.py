"""The laws of the published numbers, checked by Great Expectations before anything is written.

1. No number is above its pool, and the channels of a split pool together are not above it. 2. No number is negative.
3. Nothing outside the contract is published. And the identity of the states of every level, and one row per key.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import pandas as pd

from contract.models import Contract
from expectations.result import CheckResult, Severity

MOST_SAMPLES = 20
_KEY = ["channel_code", "sku", "location_code"]
_PAIRED = "ExpectColumnPairValuesAToBeGreaterThanB"


def check_inventory(frames: Mapping[str, pd.DataFrame], contract: Contract) -> list[CheckResult]:
    """Return the result of every check of one inventory run; bad data never raises.

    Args:
        frames: the run's frames; `out_channel_quantities` and `core_levels` are looked at.
        contract: what may be published.
    """
    numbers = frames["out_channel_quantities"]
    levels = frames["core_levels"]
    states = ["available_qty", "committed_qty", "reserved_qty", "damaged_qty", "safety_stock_qty", "quality_control_qty"]
    pool = numbers.assign(ceiling_qty=numbers["pool_qty"].clip(lower=0), key=_joined(numbers, _KEY))
    level_key = ["shop_code", "sku", "location_code"]
    summed = levels.assign(states_qty=levels[states].sum(axis=1), key=_joined(levels, level_key))
    places = sorted({code for channel in contract.channels for code in channel.pool} | {"-"})
    channels = sorted(channel.channel_code for channel in contract.channels)
    results = _validate(
        pool,
        [
            (
                "no_negative_number",
                "No number is negative.",
                "ExpectColumnValuesToBeBetween",
                {"column": "publish_qty", "min_value": 0},
            ),
            (
                "within_pool",
                "No number is above its pool.",
                _PAIRED,
                {"column_A": "ceiling_qty", "column_B": "publish_qty", "or_equal": True},
            ),
            (
                "known_channel",
                "Every channel is in the contract.",
                "ExpectColumnValuesToBeInSet",
                {"column": "channel_code", "value_set": channels},
            ),
            (
                "known_location",
                "Every location is in the contract.",
                "ExpectColumnValuesToBeInSet",
                {"column": "location_code", "value_set": places},
            ),
            ("one_number", "One number per channel, SKU and location.", "ExpectColumnValuesToBeUnique", {"column": "key"}),
        ],
        "halt",
    )
    together = (
        "within_split",
        "The channels of a split pool together do not show more than it holds.",
        _PAIRED,
        {"column_A": "ceiling_qty", "column_B": "publish_qty", "or_equal": True},
    )
    results += _validate(_split_sums(numbers, contract), [together], "halt")
    identity = (
        "level_identity",
        "On hand is the sum of its states.",
        "ExpectColumnPairValuesToBeEqual",
        {"column_A": "on_hand_qty", "column_B": "states_qty"},
    )
    return results + _validate(summed, [identity], "quarantine")


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
    law = ("as_much_as_before", told, _PAIRED, {"column_A": "row_count", "column_B": "least_count", "or_equal": True})
    return _validate(rows, [law], "halt")


def _split_sums(numbers: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """Return what the channels of each split show of a SKU together, and what the widest of their pools holds."""
    split_of = {code: split.split_code for split in contract.splits for code in split.channels}
    rows = numbers.assign(split_code=numbers["channel_code"].map(split_of), ceiling_qty=numbers["pool_qty"].clip(lower=0))
    rows = rows.loc[rows["split_code"].notna()]
    by_channel = rows.groupby(["split_code", "sku", "channel_code"], as_index=False)[["publish_qty", "ceiling_qty"]].sum()
    summed = by_channel.groupby(["split_code", "sku"], as_index=False).agg({"publish_qty": "sum", "ceiling_qty": "max"})
    return summed.assign(key=_joined(summed, ["split_code", "sku"]))


def _joined(frame: pd.DataFrame, names: Sequence[str]) -> pd.Series[str]:
    """Return the columns of a key as one text a row; by column, for row by row costs seconds."""
    first, *others = (frame[name].astype("str") for name in names)
    return reduce(lambda joined, column: joined + "/" + column, others, first)


def _validate(frame: pd.DataFrame, laws: list[tuple[str, str, str, dict[str, Any]]], severity: Severity) -> list[CheckResult]:
    with warnings.catch_warnings():
        # Great Expectations imports modules that the standard library has deprecated.
        warnings.simplefilter("ignore")
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        for name in ("great_expectations", "great_expectations.data_context.types.base"):
            logging.getLogger(name).setLevel(logging.WARNING)

        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
        asset = context.data_sources.add_pandas("frames").add_dataframe_asset("frame")
        batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": frame})
        wanted = [(name, told, getattr(gx.expectations, kind)(**given)) for name, told, kind, given in laws]
        shape = {"result_format": "COMPLETE", "unexpected_index_column_names": ["key"]}
        return [_result(name, told, severity, batch.validate(law, result_format=shape)) for name, told, law in wanted]


def _result(name: str, told: str, severity: Severity, outcome: Any) -> CheckResult:
    found = outcome.result or {}
    keys = tuple(str(row.get("key")) for row in (found.get("unexpected_index_list") or [])[:MOST_SAMPLES])
    count = int(found.get("unexpected_count") or 0)
    failed = str(outcome.exception_info) if not outcome.success and not count else ""
    return CheckResult(
        name, told, severity, bool(outcome.success), count, keys, failed or f"{count} of {found.get('element_count', 0)} rows"
    )
