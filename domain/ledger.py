"""The ledger: for each Shopify order line, SKU and location, what NetSuite's own balances already net.

    reflected   = committed + backordered on the open sales order line, at its location
                + shipped on item fulfilments, at their location + quantity on a stand-alone cash sale
    unreflected = demand - reflected       > 0 is the reservation gap; < 0 is a release, which is not given back

NetSuite's lines are read before the balances and again after them. `reflected` is the smaller of the two readings;
missing means 0; a line whose modification stamp moved in between reflects 0 in this run. Together that makes a race a
number too small for a moment, never one too large.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from contract.frames import conform, rebuilt
from contract.models import Contract
from domain.conform_netsuite import netsuite_locations, whole_numbers

_LINE = ["transaction_id_netsuite", "line_id_netsuite"]
_KEY = ["shop_code", "order_line_id_shopify", "sku", "location_code"]
_STAMPS = ["transaction_modified_at_utc", "line_modified_at_utc"]
SHIPPED = "C"
"""Item fulfilment status: A picked, B packed, C shipped. Only shipped units have left NetSuite's on hand."""


def reflected_units(netsuite_lines: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what each NetSuite line nets by itself, and the rows that could not be read.

    Grain: one row per transaction line: its key, item, location, stamps and `reflected_qty`. Positive, stock units.
    """
    source = "raw_netsuite__order_lines"
    columns = ["ordered_qty", "committed_qty", "backordered_qty"]
    numbers, aside = whole_numbers(source, netsuite_lines, columns, _LINE)
    kind = netsuite_lines["transaction_type"]
    is_order = kind.eq("SalesOrd") & netsuite_lines["is_closed"].ne("T")
    is_shipped = kind.eq("ItemShip") & netsuite_lines["status_code"].eq(SHIPPED)
    is_alone = kind.eq("CashSale") & netsuite_lines["created_from_id_netsuite"].isna()
    on_order = (numbers["committed_qty"] + numbers["backordered_qty"]).where(is_order, 0)
    gone = numbers["ordered_qty"].where(is_shipped | is_alone, 0)
    units = netsuite_lines[[*_LINE, "item_id_netsuite", "location_id_netsuite", *_STAMPS]]
    return units.assign(reflected_qty=(on_order + gone).clip(lower=0)), aside


def steady_units(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Return what both readings agree on: the smaller figure, and 0 where a line is missing or has moved.

    Grain: one row per transaction line of the first reading.

    Args:
        first: `reflected_units` of read 1, before the balances.
        second: `reflected_units` of read 3, after them.
    """
    again = second[[*_LINE, *_STAMPS, "location_id_netsuite", "reflected_qty"]]
    both = first.merge(again, on=_LINE, how="left", validate="one_to_one", suffixes=("", "_again"))
    same = pd.Series(data=True, index=both.index)
    for column in [*_STAMPS, "location_id_netsuite"]:
        same &= both[column].fillna("").eq(both[f"{column}_again"].fillna(""))
    smaller = both[["reflected_qty", "reflected_qty_again"]].fillna(0).min(axis=1).astype("int64")
    return both[list(first.columns)].assign(reflected_qty=smaller.where(same, 0))


def build_ledger(
    core_order_lines: pd.DataFrame,
    steady: pd.DataFrame,
    line_links: pd.DataFrame,
    sku_of_item: pd.Series,
    contract: Contract,
) -> pd.DataFrame:
    """Return `core_ledger`.

    Grain: one row per shop, order line, SKU and location with demand or reflected units.

    Args:
        core_order_lines: the demand, in stock SKUs (`domain.components.explode`).
        steady: `steady_units` of both readings.
        line_links: which NetSuite line is which order line (`domain.order_links.link_lines`).
        sku_of_item: NetSuite item id to SKU.
        contract: for the mapping of locations.
    """
    linked = steady.merge(line_links, on=_LINE, how="inner", validate="one_to_one").assign(
        sku=lambda rows: rows["item_id_netsuite"].map(sku_of_item).astype("str"),
        location_code=lambda rows: rows["location_id_netsuite"].map(netsuite_locations(contract)).astype("str"),
    )
    reflected = (
        linked.dropna(subset=["sku", "location_code"])
        .groupby(_KEY, as_index=False)
        .agg(reflected_qty=("reflected_qty", "sum"), transaction_id_netsuite=("transaction_id_netsuite", "min"))
    )
    demand = core_order_lines[[*_KEY, "order_id_shopify", "demand_qty"]]
    rows = rebuilt(demand).merge(rebuilt(reflected), on=_KEY, how="outer", validate="one_to_one")
    orders = core_order_lines.drop_duplicates(_KEY[:2]).set_index(_KEY[:2])["order_id_shopify"]
    known = pd.MultiIndex.from_frame(rows[_KEY[:2]]).isin(orders.index)
    rows = rows.loc[known].fillna({"demand_qty": 0, "reflected_qty": 0})
    rows = rows.assign(order_id_shopify=orders.reindex(pd.MultiIndex.from_frame(rows[_KEY[:2]])).to_numpy())
    rows = rows.assign(unreflected_qty=rows["demand_qty"] - rows["reflected_qty"])
    written = pd.MultiIndex.from_frame(line_links[_KEY[:2]].drop_duplicates())
    is_written = pd.MultiIndex.from_frame(rows[_KEY[:2]]).isin(written)
    return conform("core_ledger", rows.assign(reason_code=_reasons(rows, is_written)))


def _reasons(rows: pd.DataFrame, is_written: npt.NDArray[np.bool_]) -> npt.NDArray[np.str_]:
    """Name why a row is as it is: what a person asks first when a number is lower than NetSuite's."""
    gap, has_some = rows["unreflected_qty"], rows["reflected_qty"] > 0
    return np.select(
        [gap == 0, gap < 0, ~is_written, has_some],
        ["reflected", "release_not_given_back", "order_not_in_netsuite", "partly_reflected"],
        "not_committed_in_netsuite",
    )
