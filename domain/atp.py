"""ATP: the true number per SKU and location, one column per term of the equation.

atp = on_hand - committed - backordered   NetSuite
    - unreflected                         the ledger: gaps only, a release is not given back
    - unseen                              the expected-level ledger, all shops
    - held                                units that Shopify keeps back (reserved, damaged, ...)
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from contract.frames import conform
from domain.conform_netsuite import Stock

TERMS = ("on_hand_qty", "committed_qty", "backordered_qty", "unreflected_qty", "unseen_qty", "held_qty")
"""The terms in the order of the equation: the first is added, the rest are subtracted."""
_PAIR = ["sku", "location_code"]


def compute_atp(stock: Stock, levels: pd.DataFrame, terms: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return `out_atp`.

    Grain: one row per stock SKU and location that NetSuite has a balance of, or that a shop sells. May be negative:
    oversold. Where NetSuite has no balance there is nothing on hand; what was sold there is missing all the same. A pair
    whose balance cannot be read has no row: its number stays as it is.

    Args:
        stock: NetSuite's balances.
        levels: `core_levels` in stock SKUs: the pairs that a shop sells, and when they were read.
        terms: the frames, in stock SKUs, of the terms that NetSuite does not know: each named as its column
            (`unreflected_qty`, `unseen_qty`, `held_qty`); what is below 0 counts as 0.
    """
    found = pd.concat([stock.core[_PAIR], levels[_PAIR], *(frame[_PAIR] for frame in terms.values())]).drop_duplicates()
    pairs = found.loc[~pd.MultiIndex.from_frame(found).isin(pd.MultiIndex.from_frame(stock.unreadable))]
    oldest = levels.groupby(_PAIR, as_index=False).agg(level_at=("read_at_utc", "min"))
    rows = pairs.merge(stock.core, on=_PAIR, how="left", validate="one_to_one")
    rows = rows.merge(oldest, on=_PAIR, how="left", validate="one_to_one")
    for column, frame in terms.items():
        clipped = frame[_PAIR].assign(**{column: frame[column].clip(lower=0)})
        summed = clipped.groupby(_PAIR, as_index=False)[[column]].sum()
        rows = rows.merge(summed, on=_PAIR, how="left", validate="one_to_one")
    rows = rows.fillna(dict.fromkeys([*TERMS, "available_qty"], 0))
    first, *rest = TERMS
    age = rows[["read_at_utc", "level_at"]].min(axis=1).fillna(stock.core["read_at_utc"].min())
    return conform("out_atp", rows.assign(atp_qty=rows[first] - rows[rest].sum(axis=1), oldest_input_at_utc=age))
