"""Conforming NetSuite's serial and lot numbers: whose they are, where they are, how many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from contract.frames import Frames, conform, empty
from domain.serial_matching import Known


def conform_serial_stock(
    raw_netsuite__serial_stock: pd.DataFrame, skus: Mapping[str, str], places: Mapping[str, str]
) -> pd.DataFrame:
    """Return `core_serial_stock`: one row per item, number and location where units of it are.

    Several NetSuite locations of one place are added up; a place that is not in the contract is named `netsuite 12`.

    Args:
        raw_netsuite__serial_stock: as read.
        skus: item id to SKU; numbers of other items are left out.
        places: NetSuite location id to location code.
    """
    rows = raw_netsuite__serial_stock
    rows = rows.loc[rows["item_id_netsuite"].isin(list(skus))]
    named = rows.assign(
        sku=rows["item_id_netsuite"].map(skus),
        serial_number=rows["inventory_number"],
        location_code=rows["location_id_netsuite"].map(places).fillna("netsuite " + rows["location_id_netsuite"]),
        is_inactive=rows["is_inactive"].eq("T"),
        **{name: rows[name].astype("float64").fillna(0).round().astype("int64") for name in _QTY},
    )
    key = ["sku", "serial_number", "location_code"]
    summed = named.groupby(key, as_index=False).agg(
        {**dict.fromkeys(_QTY, "sum"), "is_inactive": "max", "expiration_date": "first"}
    )
    return conform("core_serial_stock", summed)


def conform_blocked(raw: Frames, core_items: pd.DataFrame) -> pd.DataFrame:
    """Return `core_blocked` of the items at hand; a snapshot of before serials were traced has none."""
    rows = raw.get("raw_truecount__blocked", empty("raw_truecount__blocked"))
    mine = rows.loc[rows["sku"].isin(core_items["sku"])]
    return conform("core_blocked", mine.assign(blocked_qty=mine["blocked_qty"].astype("int64")))


_QTY = ("on_hand_qty", "available_qty", "in_transit_qty")


def known_numbers(raw_netsuite__serial_stock: pd.DataFrame, skus: Mapping[str, str], places: Mapping[str, str]) -> Iterator[Known]:
    """Yield every number that NetSuite has, with the places where units of it are on hand."""
    stock = conform_serial_stock(raw_netsuite__serial_stock, skus, places)
    there = stock.loc[stock["on_hand_qty"].gt(0)]
    held = there.groupby(["sku", "serial_number"])["location_code"].agg(frozenset).to_dict()
    for sku, number in stock[["sku", "serial_number"]].drop_duplicates().itertuples(index=False, name=None):
        yield Known(str(number), str(sku), held.get((sku, number), frozenset()))
