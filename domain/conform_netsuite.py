"""Conforming NetSuite: raw text into our codes and whole stock units, once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from contract.frames import conform
from contract.models import Contract
from domain.unresolved import gather, unresolved

NETSUITE = "netsuite"
"""The source of a balance that no partner gives."""
STOCK_TYPES = frozenset({"InvtPart", "Assembly"})
KIT_TYPE = "Kit"
_STOCK_QTY = ["on_hand_qty", "available_qty", "committed_qty", "backordered_qty", "in_transit_qty", "on_order_qty"]
_PAIR = ["sku", "location_code"]
_PLACE = ["item_id_netsuite", "location_id_netsuite"]


def conform_items(raw_netsuite__items: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return `core_items` and what was set aside.

    Grain: one row per SKU. An item's SKU is its item code; items that share one are set aside, all of them.
    """
    source, key = "raw_netsuite__items", ["item_id_netsuite"]
    items = raw_netsuite__items
    is_stock = items["item_type"].isin(STOCK_TYPES)
    stock = items.loc[is_stock & items["item_code"].notna()]
    is_twice = stock["item_code"].duplicated(keep=False)
    kept = stock.loc[~is_twice]
    core = conform(
        "core_items",
        kept.assign(
            sku=kept["item_code"],
            is_serial=kept["is_serial"].eq("T"),
            is_lot=kept["is_lot"].eq("T"),
            is_inactive=kept["is_inactive"].eq("T"),
        ),
    )
    is_other = ~is_stock & items["item_type"].ne(KIT_TYPE)
    aside = gather(
        [
            unresolved(source, items.loc[is_other], key, "not_stocked", "item_type"),
            unresolved(source, items.loc[is_stock & items["item_code"].isna()], key, "no_sku", "item_code"),
            unresolved(source, stock.loc[is_twice], key, "duplicate_sku", "item_code"),
        ]
    )
    return core, aside


def netsuite_locations(contract: Contract) -> dict[str, str]:
    """Return NetSuite location ids to location codes."""
    return {netsuite_id: location.location_code for location in contract.locations for netsuite_id in location.netsuite_locations}


@dataclass(frozen=True)
class Stock:
    """`core_stock`, what was set aside, and the pairs (sku, location_code) whose balance cannot be read."""

    core: pd.DataFrame
    aside: pd.DataFrame
    unreadable: pd.DataFrame


def conform_stock(
    raw_netsuite__stock: pd.DataFrame, raw_netsuite__sellable: pd.DataFrame, core_items: pd.DataFrame, contract: Contract
) -> Stock:
    """Return `core_stock`, what was set aside, and the pairs that cannot be read.

    Grain: one row per SKU and location; several NetSuite locations of one code are added up. All quantities missing
    means never stocked there: zero. A pair with one bad quantity is set aside whole, whichever location it came from.
    Where the contract names the statuses that may be sold, on hand is what is in them, and never more than the total.
    """
    source = "raw_netsuite__stock"
    known = _placed(raw_netsuite__stock, core_items, contract)
    numbers, aside = whole_numbers(source, known, _STOCK_QTY, _PLACE)
    bad = known.loc[numbers["is_bad"], _PAIR].drop_duplicates()
    if contract.account.sellable_statuses:
        sellable, aside_sellable, bad_sellable = _sellable(raw_netsuite__sellable, core_items, contract)
        aside, bad = gather([aside, aside_sellable]), pd.concat([bad, bad_sellable]).drop_duplicates()
        in_status = known.merge(sellable, on=_PLACE, how="left", validate="one_to_one")["sellable_qty"].fillna(0)
        numbers["on_hand_qty"] = numbers["on_hand_qty"].clip(upper=in_status.astype("int64").to_numpy())
    good = known.assign(**{column: numbers[column] for column in _STOCK_QTY})
    good = good.merge(bad.assign(is_bad=True), on=_PAIR, how="left", validate="many_to_one")
    good = good.loc[good["is_bad"].isna()]
    summed = good.groupby(_PAIR, as_index=False, sort=False)[_STOCK_QTY].sum()
    read_at = good.groupby(_PAIR, as_index=False, sort=False)["extracted_at_utc"].min()
    core = summed.merge(read_at, on=_PAIR, validate="one_to_one").rename(columns={"extracted_at_utc": "read_at_utc"})
    core = conform(
        "core_stock", core.assign(read_at_utc=pd.to_datetime(core["read_at_utc"], utc=True, format="ISO8601"), source_code=NETSUITE)
    )
    return Stock(core, aside, bad)


def _placed(rows: pd.DataFrame, core_items: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """Return the rows of our items at our locations, with both codes."""
    placed = rows.assign(
        sku=rows["item_id_netsuite"].map(core_items.set_index("item_id_netsuite")["sku"]),
        location_code=rows["location_id_netsuite"].map(netsuite_locations(contract)),
    )
    return placed.dropna(subset=_PAIR)


def _sellable(rows: pd.DataFrame, core_items: pd.DataFrame, contract: Contract) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return what may be sold per item and NetSuite location, what was set aside, and the pairs that cannot be read."""
    known = _placed(rows, core_items, contract)
    numbers, aside = whole_numbers("raw_netsuite__sellable", known, ["on_hand_qty"], _PLACE)
    bad = known.loc[numbers["is_bad"], _PAIR].drop_duplicates()
    return known[_PLACE].assign(sellable_qty=numbers["on_hand_qty"]), aside, bad


def whole_numbers(source: str, rows: pd.DataFrame, columns: Sequence[str], key: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the columns as whole numbers with `is_bad` per row, and the bad rows with their reasons.

    NetSuite leaves a null column out: a row without any of the columns counts as zero, a row without some is bad.
    """
    text = rows[list(columns)]
    parsed = text.apply(pd.to_numeric, errors="coerce") if len(rows) else text.astype("float64")
    parsed = parsed.mask(parsed.abs() == math.inf)
    is_missing = text.isna()
    is_blank = is_missing.all(axis=1)
    is_text = parsed.isna() & ~is_missing
    is_part = parsed.notna() & (parsed % 1 != 0)
    # NetSuite reports no on-hand quantity where an item was never received; any other quantity may be null beside it.
    is_lost = is_missing[["on_hand_qty"]].mul(~is_blank, axis=0) if "on_hand_qty" in columns else is_missing & False
    aside = [
        unresolved(source, rows.loc[mask[column]], key, reason, column)
        for reason, mask in (("not_a_number", is_text), ("fractional_quantity", is_part), ("missing_quantity", is_lost))
        for column in mask.columns
        if mask[column].any()
    ]
    is_bad = is_text.any(axis=1) | is_part.any(axis=1) | is_lost.any(axis=1)
    numbers = parsed.fillna(0).where(~is_bad, 0).astype("int64")
    return numbers.assign(is_bad=is_bad), gather(aside)
