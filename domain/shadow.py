"""Shadow: what a shop shows now, written by whatever fills it today, beside what we would publish, and what each would cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from contract.frames import conform

OVERSELLS, LOSES, KEPT_BACK, SAME = "would_oversell", "would_lose_sales", "kept_back_by_rule", "same_to_a_buyer"
_KEY = ["channel_code", "sku", "location_code"]
_TERMS = {
    "unreflected_qty": "sold, not in NetSuite's figure yet",
    "backordered_qty": "backordered",
    "unseen_qty": "sold, their order in no list yet",
    "held_qty": "held by a shop",
    "blocked_qty": "doubtful or expired serials and lots",
    "absorbed_qty": "owed to a location that is oversold",
    "buffer_qty": "buffer",
}
"""The terms that a copy of NetSuite's available does not know, in words."""


def compare_shown(out_quantity_changes: pd.DataFrame, out_channel_quantities: pd.DataFrame, out_atp: pd.DataFrame) -> pd.DataFrame:
    """Return `out_shadow`: every number that a shop shows and that is not ours, with what showing it would come to.

    Grain: one row per channel, SKU and location. `units_qty` is what could be sold and is not there (`would_oversell`),
    what is there and is not shown (`would_lose_sales`), or what only our rules keep back (`kept_back_by_rule`); a level
    below 0 offers as little as 0 (`same_to_a_buyer`).

    Args:
        out_quantity_changes: the pairs that differ: `expected_qty` is what the shop shows.
        out_channel_quantities: our numbers, with the pool behind them.
        out_atp: the true numbers, for the terms.
    """
    numbers = out_channel_quantities.merge(out_atp, on=["sku", "location_code"], how="left", validate="many_to_one")
    rows = out_quantity_changes.merge(numbers, on=_KEY, how="left", validate="one_to_one", suffixes=("", "_atp"))
    shown, ours = rows["expected_qty"], rows["desired_qty"]
    offered = shown.clip(lower=0)
    over, lost = offered - rows["pool_qty"].clip(lower=0), ours - offered
    verdict = pd.Series(KEPT_BACK, index=rows.index).mask(over > 0, OVERSELLS).mask(lost > 0, LOSES)
    verdict = verdict.mask(offered == ours, SAME)
    units = (offered - ours).mask(over > 0, over).mask(lost > 0, lost)
    why = [reasons(row) if told == OVERSELLS else "" for row, told in zip(rows.to_dict("records"), verdict, strict=True)]
    table = rows[_KEY].assign(shown_qty=shown, publish_qty=ours, units_qty=units, verdict_code=verdict, why=why)
    return conform("out_shadow", table)


def reasons(row: Mapping[Any, Any]) -> str:
    """Return which terms a copy of NetSuite's available leaves out, with their units.

    Args:
        row: a number with the terms of `out_atp`, `atp_qty`, `pool_qty` and `buffer_qty`.

    >>> reasons({"unreflected_qty": 2, "held_qty": 0, "atp_qty": 5, "pool_qty": 4, "buffer_qty": 1})
    "2 sold, not in NetSuite's figure yet; 1 owed to a location that is oversold; 1 buffer"
    """
    known = {**row, "absorbed_qty": row.get("atp_qty", 0) - row.get("pool_qty", 0)}
    units = {term: known.get(term) for term in _TERMS}
    return "; ".join(f"{int(value)} {_TERMS[term]}" for term, value in units.items() if pd.notna(value) and value > 0)
