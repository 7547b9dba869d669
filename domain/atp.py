"""ATP: the true number per SKU and location, one column per term of the equation.

atp = on_hand - committed - backordered   NetSuite
    - unreflected                         the ledger: gaps only, a release is not given back
    - unseen                              the expected-level ledger, all shops
    - held                                units that Shopify keeps back (reserved, damaged, ...)
"""

from __future__ import annotations

import pandas as pd

from contract.frames import conform

TERMS = ("on_hand_qty", "committed_qty", "backordered_qty", "unreflected_qty", "unseen_qty", "held_qty")
"""The terms in the order of the equation: the first is added, the rest are subtracted."""
_PAIR = ["sku", "location_code"]


def compute_atp(
    core_stock: pd.DataFrame,
    core_ledger: pd.DataFrame,
    core_expected_levels: pd.DataFrame,
    core_holds: pd.DataFrame,
    core_levels: pd.DataFrame,
) -> pd.DataFrame:
    """Return `out_atp`.

    Grain: one row per SKU and location that NetSuite stocks. May be negative: oversold.

    Args:
        core_stock: NetSuite's balances.
        core_ledger: reflected and unreflected units.
        core_expected_levels: for what is unseen.
        core_holds: for what is held.
        core_levels: for the age of the oldest input.
    """
    gaps = core_ledger.assign(unreflected_qty=core_ledger["unreflected_qty"].clip(lower=0))
    unseen = core_expected_levels.rename(columns={"drop_qty": "unseen_qty"})
    oldest = core_levels.groupby(_PAIR, as_index=False).agg(level_at=("read_at_utc", "min"))
    rows = core_stock.merge(oldest, on=_PAIR, how="left", validate="one_to_one")
    for frame, column in ((gaps, "unreflected_qty"), (unseen, "unseen_qty"), (core_holds, "held_qty")):
        summed = frame.groupby(_PAIR, as_index=False)[[column]].sum()
        rows = rows.merge(summed, on=_PAIR, how="left", validate="one_to_one")
    rows = rows.fillna(dict.fromkeys(TERMS, 0))
    first, *rest = TERMS
    age = rows[["read_at_utc", "level_at"]].min(axis=1)
    return conform("out_atp", rows.assign(atp_qty=rows[first] - rows[rest].sum(axis=1), oldest_input_at_utc=age))
