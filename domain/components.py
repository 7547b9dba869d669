"""Components: kits of NetSuite and packs of the contract, told in stock SKUs.

A kit holds no stock of its own. What is sold, held or missing of it is sold, held or missing of its components.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from contract.frames import conform
from contract.models import Contract
from domain.conform_netsuite import KIT_TYPE, whole_numbers
from domain.unresolved import gather, unresolved

MOST_DEPTH = 5
"""How deep kits may hold kits."""


def conform_components(
    raw_netsuite__kit_members: pd.DataFrame, raw_netsuite__items: pd.DataFrame, core_items: pd.DataFrame, contract: Contract
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return `core_components` and what was set aside.

    Grain: one row per kit and stock SKU; kits inside kits are multiplied out. A kit with a member that is no stock item
    and no kit (a service, a gift wrap) keeps its stock members: only they limit it. A kit without any is set aside, and so
    is one with a member whose quantity is not a whole number above 0.
    """
    source, key = "raw_netsuite__kit_members", ["kit_item_id_netsuite", "item_id_netsuite"]
    items = raw_netsuite__items
    kits = kit_items(items)
    names = kits.set_index("item_id_netsuite")["sku"]
    known = pd.concat([core_items.set_index("item_id_netsuite")["sku"], names])
    rows = raw_netsuite__kit_members.assign(
        kit_sku=raw_netsuite__kit_members["kit_item_id_netsuite"].map(names),
        sku=raw_netsuite__kit_members["item_id_netsuite"].map(known),
    )
    rows = rows.loc[rows["kit_sku"].notna()]
    numbers, bad = whole_numbers(source, rows, ["component_qty"], key)
    is_bad = numbers["is_bad"] | (numbers["component_qty"] < 1)
    spoiled = set(rows.loc[is_bad, "kit_sku"])
    zero = unresolved(source, rows.loc[is_bad & ~numbers["is_bad"]], key, "kit_without_quantity", "component_qty")
    good = rows.assign(component_qty=numbers["component_qty"]).loc[~rows["kit_sku"].isin(spoiled) & rows["sku"].notna()]
    packs = pd.DataFrame([pack.model_dump() for pack in contract.packs], columns=["sku", "stock_sku", "units"])
    packs = packs.rename(columns={"sku": "kit_sku", "stock_sku": "sku", "units": "component_qty"})
    is_known = packs["sku"].isin(core_items["sku"]) | packs["sku"].isin(names)
    lost = unresolved("contract", packs.loc[~is_known], ["kit_sku"], "unmapped_item", "sku")
    parts = [part for part in (good[["kit_sku", "sku", "component_qty"]], packs.loc[is_known]) if not part.empty]
    stock = set(core_items["sku"])
    flat, endless = _flatten(pd.concat(parts, ignore_index=True) if parts else packs.iloc[:0], stock)
    empty_kits = kits.loc[~kits["sku"].isin(flat["kit_sku"])]
    nothing = unresolved("raw_netsuite__items", empty_kits, ["item_id_netsuite"], "kit_without_components", "sku")
    return conform("core_components", flat), gather([bad, zero, lost, endless, nothing])


def kit_items(raw_netsuite__items: pd.DataFrame) -> pd.DataFrame:
    """Return the kits of NetSuite: item_id_netsuite and sku. One row per kit; kits that share a code are left out."""
    items = raw_netsuite__items
    kits = items.loc[items["item_type"].eq(KIT_TYPE) & items["item_code"].notna()].drop_duplicates("item_code", keep=False)
    return kits[["item_id_netsuite"]].assign(sku=kits["item_code"])


def sold_items(core_items: pd.DataFrame, raw_netsuite__items: pd.DataFrame) -> pd.DataFrame:
    """Return what an order's line may be of: item_id_netsuite and sku of stock items and kits. One row per SKU."""
    columns = ["item_id_netsuite", "sku"]
    kits = kit_items(raw_netsuite__items)
    return pd.concat([core_items[columns], kits.loc[~kits["sku"].isin(core_items["sku"]), columns]], ignore_index=True)


def explode(frame: pd.DataFrame, core_components: pd.DataFrame, quantities: Sequence[str]) -> pd.DataFrame:
    """Return the frame in stock SKUs: a row of a kit becomes a row per component, its quantities times how many it needs.

    Args:
        frame: any frame with a column `sku`; its other columns are kept.
        core_components: the kits.
        quantities: the columns to multiply.
    """
    is_kit = frame["sku"].isin(core_components["kit_sku"])
    if not is_kit.any():
        return frame
    members = core_components.rename(columns={"sku": "component_sku"})
    kits = frame.loc[is_kit].merge(members, left_on="sku", right_on="kit_sku", how="inner", validate="many_to_many")
    multiplied = kits.assign(sku=kits["component_sku"], **{name: kits[name] * kits["component_qty"] for name in quantities})
    return pd.concat([frame.loc[~is_kit], multiplied[list(frame.columns)]], ignore_index=True)


def _flatten(rows: pd.DataFrame, stock: set[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows with kits inside kits multiplied out, and the kits that hold themselves."""
    deep = rows.astype({"component_qty": "int64"})
    for _ in range(MOST_DEPTH):
        is_kit = deep["sku"].isin(rows["kit_sku"]) & ~deep["sku"].isin(stock)
        if not is_kit.any():
            break
        inner = rows.rename(columns={"kit_sku": "sku", "sku": "inner_sku", "component_qty": "inner_qty"})
        opened = deep.loc[is_kit].merge(inner, on="sku", how="inner", validate="many_to_many")
        opened = opened.assign(sku=opened["inner_sku"], component_qty=opened["component_qty"] * opened["inner_qty"])
        deep = pd.concat([deep.loc[~is_kit], opened[["kit_sku", "sku", "component_qty"]]], ignore_index=True)
    endless = set(deep.loc[~deep["sku"].isin(stock), "kit_sku"])
    told = pd.DataFrame({"kit_sku": sorted(endless)}, dtype="str")
    summed = deep.loc[~deep["kit_sku"].isin(endless)].groupby(["kit_sku", "sku"], as_index=False)[["component_qty"]].sum()
    return summed, unresolved("raw_netsuite__kit_members", told, ["kit_sku"], "kit_holds_itself", "kit_sku")
