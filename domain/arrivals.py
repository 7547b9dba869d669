"""Arrivals: stock on its way to a location, from one source each."""

from __future__ import annotations

import pandas as pd

from contract.frames import conform
from contract.models import Contract
from domain.conform_netsuite import netsuite_locations, whole_numbers

IN_TRANSIT = "in_transit"
_PAIR = ["sku", "location_code"]
NO_DATE = "9999-12-31"
"""Stands for a due date that nobody has given: beyond every horizon."""


def conform_arrivals(
    transfers: pd.DataFrame, core_items: pd.DataFrame, core_stock: pd.DataFrame, contract: Contract
) -> pd.DataFrame:
    """Return `core_arrivals`: what has left one location and has not arrived at another.

    Grain: one row per SKU, location, due date and source. A line that cannot be read counts for nothing, and all lines
    together for no more than the balance's own quantity in transit, the soonest first: arriving stock only ever raises a
    number.

    Args:
        transfers: `raw_netsuite__transfers_in_transit`.
        core_items: the stock items.
        core_stock: the balances, for `in_transit_qty`.
        contract: for the mapping of locations.
    """
    key = ["transaction_id_netsuite", "line_id_netsuite"]
    numbers, _ = whole_numbers("raw_netsuite__transfers_in_transit", transfers, ["shipped_qty", "received_qty"], key)
    rows = transfers.assign(
        sku=transfers["item_id_netsuite"].map(core_items.set_index("item_id_netsuite")["sku"]),
        location_code=transfers["to_location_id_netsuite"].map(netsuite_locations(contract)),
        arriving_qty=numbers["shipped_qty"] - numbers["received_qty"],
        due_date=transfers["expected_receipt_date"].fillna(NO_DATE),
        source_code=IN_TRANSIT,
    )
    rows = rows.loc[~numbers["is_bad"] & (rows["arriving_qty"] > 0)].dropna(subset=["sku", "location_code"])
    group = [*_PAIR, "due_date", "source_code"]
    summed = rows.groupby(group, as_index=False)[["arriving_qty"]].sum().sort_values([*_PAIR, "due_date"], kind="stable")
    known = summed.merge(core_stock[[*_PAIR, "in_transit_qty"]], on=_PAIR, how="left", validate="many_to_one")
    before = known.groupby(_PAIR)["arriving_qty"].cumsum() - known["arriving_qty"]
    room = (known["in_transit_qty"].fillna(0) - before).clip(lower=0)
    counted = known.assign(arriving_qty=known["arriving_qty"].clip(upper=room).astype("int64"))
    return conform("core_arrivals", counted.loc[counted["arriving_qty"] > 0])
