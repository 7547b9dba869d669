"""Conforming Shopify: variants, levels and holds into our codes, typed; identities checked on every level read."""

from __future__ import annotations

import json
from collections.abc import Collection

import pandas as pd

from contract.frames import conform
from contract.models import Contract
from domain.unresolved import gather, unresolved

LEVEL_STATES = [
    "available_qty",
    "committed_qty",
    "reserved_qty",
    "damaged_qty",
    "safety_stock_qty",
    "quality_control_qty",
]
_HOLDS = {
    "reserved_qty": "reserved",
    "damaged_qty": "damaged",
    "safety_stock_qty": "safety_stock",
    "quality_control_qty": "quality_control",
}


def shopify_locations(contract: Contract) -> pd.DataFrame:
    """Return one row per shop and Shopify location: shop_code, location_id_shopify, location_code."""
    rows = [
        (shop_code, gid, location.location_code)
        for location in contract.locations
        for shop_code, gid in location.shopify_locations.items()
    ]
    return pd.DataFrame(rows, columns=["shop_code", "location_id_shopify", "location_code"], dtype="str")


def resolve_variants(raw_shopify__variants: pd.DataFrame, known: Collection[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the variants that take a number, and what was set aside.

    Grain: one row per shop and inventory item: shop_code, inventory_item_id_shopify, variant_id_shopify, sku.
    A SKU that two inventory items of one shop carry is set aside for both. A bundle takes no number: Shopify works it out.

    Args:
        raw_shopify__variants: the variants.
        known: every SKU that can take a number: stock items, kits and packs.
    """
    source, key = "raw_shopify__variants", ["shop_code", "variant_id_shopify"]
    rows = raw_shopify__variants
    is_bundle = rows["requires_components"].eq("true")
    has_sku, is_tracked = rows["sku"].notna(), rows["is_tracked"].eq("true") & ~is_bundle
    is_known = rows["sku"].isin(list(known))
    named = rows.loc[has_sku & is_tracked & is_known]
    is_twice = named.duplicated(["shop_code", "sku"], keep=False)
    columns = ["shop_code", "inventory_item_id_shopify", "variant_id_shopify", "sku"]
    aside = gather(
        [
            unresolved(source, rows.loc[is_bundle], key, "bundle_parent", "sku"),
            unresolved(source, rows.loc[~is_tracked & ~is_bundle], key, "untracked", "sku"),
            unresolved(source, rows.loc[is_tracked & ~has_sku], key, "no_sku", "sku"),
            unresolved(source, rows.loc[is_tracked & has_sku & ~is_known], key, "unmapped_sku", "sku"),
            unresolved(source, named.loc[is_twice], key, "duplicate_sku", "sku"),
        ]
    )
    return named.loc[~is_twice, columns].reset_index(drop=True), aside


def conform_levels(
    raw_shopify__levels: pd.DataFrame, variants: pd.DataFrame, contract: Contract
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return `core_levels` and what was set aside.

    Grain: one row per shop, SKU and location. Levels of variants that were set aside are left out with them.
    """
    source = "raw_shopify__levels"
    item = ["shop_code", "inventory_item_id_shopify"]
    quantities = [*LEVEL_STATES, "on_hand_qty", "incoming_qty"]
    rows = raw_shopify__levels.merge(variants, on=item, how="inner", validate="many_to_one").merge(
        shopify_locations(contract), on=["shop_code", "location_id_shopify"], how="left", validate="many_to_one"
    )
    mapped = rows.loc[rows["location_code"].notna()]
    typed = mapped.assign(
        **{column: mapped[column].astype("int64") for column in quantities},
        read_at_utc=pd.to_datetime(mapped["level_read_at_utc"], utc=True, format="ISO8601"),
    )
    is_whole = typed["on_hand_qty"].eq(typed[LEVEL_STATES].sum(axis=1))
    key = ["shop_code", "sku", "location_code"]
    aside = gather(
        [
            unresolved(
                source,
                rows.loc[rows["location_code"].isna()],
                ["shop_code", "location_id_shopify"],
                "unmapped_location",
                "location_id_shopify",
            ),
            unresolved(source, typed.loc[~is_whole], key, "identity_broken", "on_hand_qty"),
        ]
    )
    return conform("core_levels", typed.loc[is_whole]), aside


def conform_holds(core_levels: pd.DataFrame) -> pd.DataFrame:
    """Return `core_holds`: units that a shop keeps back, summed over the shops.

    Grain: one row per SKU, location and kind of hold; only kinds with units.
    """
    parts = [core_levels.assign(hold_code=code, held_qty=core_levels[column].clip(lower=0)) for column, code in _HOLDS.items()]
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.loc[rows["held_qty"] > 0]
    key = ["sku", "location_code", "hold_code"]
    return conform(
        "core_holds",
        rows.groupby(key, as_index=False).agg(held_qty=("held_qty", "sum"), read_at_utc=("read_at_utc", "min")),
    )


def conform_tags(raw_shopify__variants: pd.DataFrame) -> pd.DataFrame:
    """Return `core_tags`: what the products of a SKU are tagged with, in any shop.

    Grain: one row per SKU and tag. A raw variant holds its product's tags as a JSON list.
    """
    rows = raw_shopify__variants.loc[raw_shopify__variants["sku"].notna() & raw_shopify__variants["tags"].notna(), ["sku", "tags"]]
    lists = rows["tags"].map({text: json.loads(text) for text in rows["tags"].unique()})
    tags = rows.assign(tag=lists).explode("tag").dropna(subset=["tag"])
    return conform("core_tags", tags[["sku", "tag"]].drop_duplicates())
