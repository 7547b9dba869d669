"""Plan: which numbers a change of the contract would alter, by how much, and why."""

from __future__ import annotations

from typing import Any

import pandas as pd

from contract.frames import conform

_KEY = ["channel_code", "sku", "location_code"]
_CAUSES = ("pool_qty", "arriving_qty", "share_qty", "buffer_qty", "cap_qty", "rule_code")


def compare_numbers(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return `out_plan`: the numbers that differ between two contracts on the same evidence.

    Grain: one row per channel, SKU and location whose number differs, or that only one of them has; the largest change
    first in each channel.

    Args:
        before: `out_channel_quantities` under the contract that stands.
        after: the same under the contract that is planned.
    """
    columns = [*_KEY, "publish_qty", *_CAUSES]
    rows = before[columns].merge(
        after[columns], on=_KEY, how="outer", suffixes=("_before", "_after"), indicator=True, validate="one_to_one"
    )
    is_same = rows["_merge"].eq("both") & rows["publish_qty_before"].eq(rows["publish_qty_after"])
    changed = rows.loc[~is_same]
    told = changed[_KEY].assign(
        before_qty=changed["publish_qty_before"].fillna(0),
        after_qty=changed["publish_qty_after"].fillna(0),
        why=[_why(row) for row in changed.to_dict("records")],
    )
    return conform("out_plan", told.assign(change_qty=told["after_qty"] - told["before_qty"]))


def _why(row: dict[Any, Any]) -> str:
    if row["_merge"] == "left_only":
        return "no number any more"
    if row["_merge"] == "right_only":
        return "a new number"
    causes = []
    for name in _CAUSES:
        old, new = row[f"{name}_before"], row[f"{name}_after"]
        is_old_missing, is_new_missing = bool(pd.isna(old)), bool(pd.isna(new))
        if is_old_missing and is_new_missing:
            continue
        if is_old_missing != is_new_missing or old != new:
            spelled = ["none" if missing else _spell(value) for value, missing in ((old, is_old_missing), (new, is_new_missing))]
            causes.append(f"{name.removesuffix('_qty').removesuffix('_code')} {spelled[0]} -> {spelled[1]}")
    return ", ".join(causes) or "end_when, or the age of an input"


def _spell(value: object) -> str:
    return str(int(value)) if isinstance(value, float) else str(value)
