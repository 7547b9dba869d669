"""Demand: the units of each Shopify order line that have left, or must leave, a location.

    demand = units of uncancelled fulfilments, at the fulfilment's location
           + remaining units of open fulfilment orders, at the assigned location
           + units that Shopify has not routed yet, at the location the contract names for the shop

Not `currentQuantity`: it drops refunded units, shipped ones too, and a shipped unit is gone whether refunded or not.
Beside the demand stand two cumulative counts that the expected-level ledger needs: `left_qty`, units that ever left the
level there, and `back_qty`, units that came back (cancelled or returned to stock).
"""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from contract.frames import Frames, conform
from contract.models import Contract
from domain.conform_shopify import shopify_locations
from domain.unresolved import gather, unresolved

OPEN_FULFILLMENT_ORDERS = frozenset({"OPEN", "IN_PROGRESS", "SCHEDULED", "ON_HOLD", "INCOMPLETE"})
LOST_FULFILLMENTS = frozenset({"CANCELLED", "ERROR", "FAILURE"})
_LINE = ["shop_code", "order_line_id_shopify"]
_PLACE = [*_LINE, "location_code"]
_UNITS = ["open_qty", "fulfilled_qty", "unrouted_qty", "cancelled_qty", "returned_qty"]


def conform_order_lines(frames: Frames, known: Collection[str], contract: Contract) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return `core_order_lines` and what was set aside.

    Grain: one row per shop, order line and location that the line touched; units of stock.

    Args:
        frames: the `raw_shopify__*` order frames.
        known: every SKU that has stock, or is made of what has. A line counts whether or not its variant takes a number:
            units sold through an untracked or doubled variant are gone all the same.
        contract: for the mapping of locations and the unrouted location.
    """
    lines, aside = _resolve_lines(frames, list(known))
    placed, unmapped = _placed_units(frames, contract)
    units = placed.merge(lines[_LINE], on=_LINE, how="inner", validate="many_to_one")
    units = pd.concat([units, _unrouted(lines, frames, contract)], ignore_index=True)
    units = pd.concat([units, _vanished(lines, units, frames, contract)], ignore_index=True)
    summed = (
        units.reindex(columns=[*_PLACE, *_UNITS]).fillna(dict.fromkeys(_UNITS, 0)).groupby(_PLACE, as_index=False)[_UNITS].sum()
    )
    rows = summed.merge(lines, on=_LINE, how="inner", validate="many_to_one")
    demand = rows["open_qty"] + rows["fulfilled_qty"] + rows["unrouted_qty"]
    core = rows.assign(
        demand_qty=demand,
        left_qty=demand + rows["cancelled_qty"],
        back_qty=rows["cancelled_qty"] + rows["returned_qty"],
    )
    return conform("core_order_lines", core), gather([aside, unmapped])


def _resolve_lines(frames: Frames, known: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the order lines whose SKU is known: by the variant's SKU of today, else by the line's own."""
    variants = frames["raw_shopify__variants"]
    named = variants.loc[variants["sku"].isin(known)].rename(columns={"sku": "variant_sku"})
    by_variant = named[["shop_code", "variant_id_shopify", "variant_sku"]]
    raw = frames["raw_shopify__order_lines"]
    rows = raw.merge(by_variant, on=["shop_code", "variant_id_shopify"], how="left", validate="many_to_one")
    sku = rows["variant_sku"].where(rows["variant_sku"].notna(), rows["sku"].where(rows["sku"].isin(known)))
    updated = frames["raw_shopify__orders"][["shop_code", "order_id_shopify", "created_at_utc", "updated_at_utc"]]
    rows = rows.assign(stock_sku=sku).merge(updated, on=["shop_code", "order_id_shopify"], how="inner", validate="many_to_one")
    found = rows.loc[rows["stock_sku"].notna()]
    resolved = found.assign(
        sku=found["stock_sku"],
        ordered_qty=found["ordered_qty"].astype("int64"),
        current_qty=found["current_qty"].astype("int64"),
        event_at_utc=pd.to_datetime(found["updated_at_utc"], utc=True, format="ISO8601"),
        placed_at_utc=pd.to_datetime(found["created_at_utc"], utc=True, format="ISO8601"),
    )
    columns = [*_LINE, "order_id_shopify", "sku", "ordered_qty", "current_qty", "event_at_utc", "placed_at_utc"]
    lost = rows.loc[rows["stock_sku"].isna() & rows["is_gift_card"].ne("true")]
    aside = unresolved("raw_shopify__order_lines", lost, _LINE, "unmapped_sku", "sku")
    return resolved[columns], aside


def _placed_units(frames: Frames, contract: Contract) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return units per line and location from fulfilment orders, fulfilments and refunds."""
    orders = frames["raw_shopify__fulfillment_order_lines"]
    shipped = frames["raw_shopify__fulfillments"]
    refunds = frames["raw_shopify__refunds"]
    is_back = refunds["is_restocked"].eq("true") & refunds["location_id_shopify"].notna()
    is_cancelled = refunds["restock_type"].eq("CANCEL")
    parts = [
        _units(orders.loc[orders["status_code"].isin(OPEN_FULFILLMENT_ORDERS)], "remaining_qty", "open_qty"),
        _units(shipped.loc[~shipped["status_code"].isin(LOST_FULFILLMENTS)], "fulfilled_qty", "fulfilled_qty"),
        _units(refunds.loc[is_back & is_cancelled], "refunded_qty", "cancelled_qty"),
        _units(refunds.loc[is_back & ~is_cancelled], "refunded_qty", "returned_qty"),
    ]
    filled = [part for part in parts if not part.empty]
    units = pd.concat(filled, ignore_index=True) if filled else parts[0]
    located = units.merge(shopify_locations(contract), on=["shop_code", "location_id_shopify"], how="left", validate="many_to_one")
    is_lost = located["location_code"].isna()
    key = ["shop_code", "order_line_id_shopify", "location_id_shopify"]
    aside = unresolved("raw_shopify__order_lines", located.loc[is_lost], key, "unmapped_location", "location_id_shopify")
    return located.loc[~is_lost], aside


def _units(rows: pd.DataFrame, source: str, target: str) -> pd.DataFrame:
    key = [*_LINE, "location_id_shopify"]
    counted = rows[key].assign(**{target: rows[source].astype("int64")})
    return counted.groupby(key, as_index=False, dropna=False)[[target]].sum()


def _unrouted(lines: pd.DataFrame, frames: Frames, contract: Contract) -> pd.DataFrame:
    """Return the units of lines that no fulfilment order holds yet, at the shop's unrouted location."""
    routed = frames["raw_shopify__fulfillment_order_lines"][_LINE].drop_duplicates().assign(is_routed=True)
    shipped = frames["raw_shopify__fulfillments"]
    done = _units(shipped.loc[~shipped["status_code"].isin(LOST_FULFILLMENTS)], "fulfilled_qty", "done_qty")
    done = done.groupby(_LINE, as_index=False)[["done_qty"]].sum()
    rows = lines.merge(routed, on=_LINE, how="left", validate="one_to_one").merge(done, on=_LINE, how="left", validate="one_to_one")
    open_qty = (rows["current_qty"] - rows["done_qty"].fillna(0)).clip(lower=0).astype("int64")
    rows = rows.assign(unrouted_qty=open_qty.where(rows["is_routed"].isna(), 0), location_code=_unrouted_at(rows, contract))
    return rows.loc[rows["unrouted_qty"] > 0, [*_PLACE, "unrouted_qty"]]


def _vanished(lines: pd.DataFrame, units: pd.DataFrame, frames: Frames, contract: Contract) -> pd.DataFrame:
    """Return units that were ordered and are in no state any more (cancelled or edited away): they left and came back.

    Units removed without restock left the level for good, so they are no return.
    """
    there = ["open_qty", "fulfilled_qty", "unrouted_qty", "cancelled_qty"]
    kept = units.reindex(columns=[*_LINE, *there]).fillna(dict.fromkeys(there, 0))
    kept = kept.groupby(_LINE, as_index=False)[there].sum()
    refunds = frames["raw_shopify__refunds"]
    gone = _units(refunds.loc[refunds["restock_type"].eq("NO_RESTOCK")], "refunded_qty", "gone_qty")
    gone = gone.groupby(_LINE, as_index=False)[["gone_qty"]].sum()
    routed = frames["raw_shopify__fulfillment_order_lines"].merge(
        shopify_locations(contract), on=["shop_code", "location_id_shopify"], how="inner", validate="many_to_one"
    )
    routed = routed[_PLACE].drop_duplicates(_LINE)
    rows = (
        lines.merge(kept, on=_LINE, how="left", validate="one_to_one")
        .merge(gone, on=_LINE, how="left", validate="one_to_one")
        .merge(routed, on=_LINE, how="left", validate="one_to_one")
    )
    missing = rows["ordered_qty"] - rows[there].fillna(0).sum(axis=1) - rows["gone_qty"].fillna(0)
    rows = rows.assign(
        cancelled_qty=missing.clip(lower=0).astype("int64"),
        location_code=rows["location_code"].fillna(_unrouted_at(rows, contract)),
    )
    return rows.loc[rows["cancelled_qty"] > 0, [*_PLACE, "cancelled_qty"]]


def _unrouted_at(rows: pd.DataFrame, contract: Contract) -> pd.Series:
    return rows["shop_code"].map({shop.shop_code: shop.unrouted_location for shop in contract.shops}).astype("str")
