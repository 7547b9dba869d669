"""Lags: how long each stage takes from what happens in a shop to its document in NetSuite."""

from __future__ import annotations

import pandas as pd

from contract.frames import Frames, conform, empty

STAGES = {
    "SHOPIFY": "order booked",
    "SHOPFUL": "fulfilment booked",
    "SHOPINV": "invoice made",
    "SHOPRCV": "return received",
    "SHOPCM": "credit made",
    "SHOPDEP": "payment booked",
    "SHOPPAY": "payment booked",
    "SHOPREF": "refund booked",
}
"""Stages by the first part of a document's external id, in words."""
_EVENTS = {
    "raw_shopify__orders": ("order_id_shopify", ("SHOPIFY",)),
    "raw_shopify__fulfillments": ("fulfillment_id_shopify", ("SHOPFUL", "SHOPINV")),
    "raw_shopify__refunds": ("refund_id_shopify", ("SHOPRCV", "SHOPCM")),
    "raw_shopify__transactions": ("transaction_id_shopify", ("SHOPDEP", "SHOPPAY", "SHOPREF")),
}
_NAMED = r"^(?P<prefix>SHOP[A-Z]+)-(?P<shop_code>[A-Z0-9_]+?)-(?P<number>[0-9]+)"


def find_lags(frames: Frames) -> pd.DataFrame:
    """Return `out_stage_lags`: one row per stage, with the minutes that half of its documents took at most, and the slowest one.

    A document made before its event (clocks differ by seconds) took no time.

    Args:
        frames: `raw_netsuite__documents` and the `raw_shopify__*` order frames.
    """
    there = frames["raw_netsuite__documents"]
    named = there["external_id"].fillna("").str.extract(_NAMED)
    made = named.assign(external_id=there["external_id"], made_at=pd.to_datetime(there["created_at_utc"], utc=True)).dropna()
    events = pd.concat([_events(frames, name) for name in _EVENTS], ignore_index=True).drop_duplicates(
        ["prefix", "shop_code", "number"]
    )
    rows = made.merge(events, on=["prefix", "shop_code", "number"])
    if rows.empty:
        return empty("out_stage_lags")
    minutes = ((rows["made_at"] - rows["happened_at"]).dt.total_seconds() / 60).clip(lower=0).round().astype("int64")
    rows = rows.assign(minutes=minutes, stage=rows["prefix"].map(STAGES)).sort_values("minutes", kind="stable")
    found = rows.groupby("stage", sort=False).agg(
        documents_count=("minutes", "size"), median_minutes=("minutes", "median"), slowest_minutes=("minutes", "max"),
        slowest_document=("external_id", "last"),
    )  # fmt: skip
    found = found.assign(median_minutes=found["median_minutes"].round().astype("int64"))
    return conform("out_stage_lags", found.reset_index())


def _events(frames: Frames, name: str) -> pd.DataFrame:
    column, prefixes = _EVENTS[name]
    rows = frames.get(name, empty(name))[["shop_code", column, "created_at_utc"]].dropna()
    told = pd.DataFrame(
        {
            "shop_code": rows["shop_code"],
            "number": rows[column].str.replace(r"^.*/|\?.*$", "", regex=True),
            "happened_at": pd.to_datetime(rows["created_at_utc"], utc=True),
        }
    )
    return pd.concat([told.assign(prefix=prefix) for prefix in prefixes], ignore_index=True)
