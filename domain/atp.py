"""ATP: the true number per SKU and location, one column per term of the equation.

atp = on_hand - committed - backordered   NetSuite
    + spared - unapproved                 orders of other origin, as the contract counts them
    - partner_open                        what a partner's snapshot does not net yet
    - unreflected                         the ledger: gaps only, a release is not given back
    - unseen                              the expected-level ledger, all shops
    - held                                units that Shopify keeps back (reserved, damaged, ...)
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from contract.frames import conform
from domain.conform_netsuite import Stock

TERMS = {
    "on_hand_qty": 1,
    "committed_qty": -1,
    "backordered_qty": -1,
    "spared_qty": 1,
    "unapproved_qty": -1,
    "partner_open_qty": -1,
    "unreflected_qty": -1,
    "unseen_qty": -1,
    "held_qty": -1,
    "blocked_qty": -1,
}
"""The terms in the order of the equation, each with its sign."""
_PAIR = ["sku", "location_code"]
_LONG_AGO = pd.Timestamp(0, tz="UTC")
"""The age of a number that rests on no read at all."""


def compute_atp(stock: Stock, levels: pd.DataFrame, terms: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return `out_atp`.

    Grain: one row per stock SKU and location that NetSuite has a balance of, or that a shop sells. May be negative:
    oversold. Where NetSuite has no balance there is nothing on hand; what was sold there is missing all the same. A pair
    whose balance cannot be read has no row: its number stays as it is.

    Args:
        stock: NetSuite's balances.
        levels: `core_levels` in stock SKUs: the pairs that a shop sells, and when they were read.
        terms: the frames, in stock SKUs, of the terms that NetSuite does not know: each named as its column
            (`unreflected_qty`, `unseen_qty`, `held_qty`, `spared_qty`, `unapproved_qty`, `partner_open_qty`, `blocked_qty`);
            what is below 0 counts as 0.
            `other_short_qty` is no term: what orders of other origin are short of, which no other location covers.
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
    rows = rows.fillna(dict.fromkeys([*TERMS, "other_short_qty", "available_qty"], 0))
    # A backorder can be spared no more often than the balance has it: the two were not read at one instant.
    rows = rows.assign(spared_qty=rows[["spared_qty", "backordered_qty"]].min(axis=1))
    rest = sum((sign * rows[term] for term, sign in TERMS.items() if term != "blocked_qty"), start=pd.Series(0, index=rows.index))
    # A doubtful unit is kept from sale; where everything is sold already, it makes nobody short.
    rows = rows.assign(blocked_qty=rows["blocked_qty"].clip(upper=rest.clip(lower=0)))
    atp = rest - rows["blocked_qty"]
    age = rows[["read_at_utc", "level_at"]].min(axis=1).fillna(stock.core["read_at_utc"].min()).fillna(_LONG_AGO)
    return conform("out_atp", rows.assign(atp_qty=atp, oldest_input_at_utc=age))
