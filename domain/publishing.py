"""Publishing: which pairs must change, in which calls, and how an unanswered call is settled by reading."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Set
from datetime import UTC, datetime

import pandas as pd

from contract.frames import Frames, conform, empty
from contract.models import Contract

BATCH_SIZE = 250
"""Most rows of one call (Shopify's limit on array inputs)."""
WAITS = "waits until another channel of its split pool is known to show less; the next run sends it"
TOO_LATE = (
    "its reads are older than tolerances.publish_within_minutes, or this machine's clock is ahead of the vendor's (truecount "
    "doctor tells); the next run computes it anew"
)
_NAMESPACE = uuid.UUID("6f0c3d1e-6a55-5d0e-9a53-0d8a3b1f7c11")


def find_changes(out_channel_quantities: pd.DataFrame, core_levels: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """Return `out_quantity_changes`, without keys: only pairs whose number is not what the shop shows now.

    Grain: one row per shop, inventory item and location. `expected_qty` is the level just read: the value that the
    compare-and-swap expects. Nothing outside the contract's channels and the levels read is ever published.
    """
    shop_of = {channel.channel_code: channel.shop for channel in contract.channels if channel.kind == "shopify"}
    wanted = out_channel_quantities.loc[out_channel_quantities["channel_code"].isin(list(shop_of))]
    if wanted.empty:
        return empty("out_quantity_changes")
    wanted = wanted.assign(shop_code=wanted["channel_code"].map(shop_of).astype("str"))
    rows = core_levels.merge(wanted, on=["shop_code", "sku", "location_code"], how="inner", validate="one_to_one")
    changed = rows.loc[rows["available_qty"] != rows["publish_qty"]]
    named = changed.rename(columns={"available_qty": "expected_qty", "publish_qty": "desired_qty"})
    return conform("out_quantity_changes", named.assign(change_key=""))


def find_activations(
    out_channel_quantities: pd.DataFrame, core_levels: pd.DataFrame, variants: pd.DataFrame, contract: Contract
) -> pd.DataFrame:
    """Return `out_activations`: where a shop shows nothing of a SKU because it does not stock it there.

    Grain: one row per shop, inventory item and location. Only for channels that the contract lets activate, and only
    where there are units to show; the number follows in the next run, when the level can be read.

    Args:
        out_channel_quantities: the numbers.
        core_levels: the levels that there are.
        variants: the variants that take a number (`domain.conform_shopify.resolve_variants`).
        contract: channels and locations.
    """
    shops = {c.channel_code: c.shop for c in contract.channels if c.kind == "shopify" and c.activate}
    places = [
        (shop, location.location_code, gid) for location in contract.locations for shop, gid in location.shopify_locations.items()
    ]
    wanted = out_channel_quantities.loc[
        out_channel_quantities["channel_code"].isin(list(shops)) & (out_channel_quantities["publish_qty"] > 0)
    ]
    if wanted.empty:
        return empty("out_activations")
    rows = wanted.assign(shop_code=wanted["channel_code"].map(shops).astype("str"))
    rows = rows.merge(variants, on=["shop_code", "sku"], how="inner", validate="many_to_one")
    known = pd.DataFrame(places, columns=["shop_code", "location_code", "location_id_shopify"])
    rows = rows.merge(known, on=["shop_code", "location_code"], how="inner", validate="many_to_one")
    pair = ["shop_code", "inventory_item_id_shopify", "location_id_shopify"]
    is_stocked = pd.MultiIndex.from_frame(rows[pair]).isin(pd.MultiIndex.from_frame(core_levels[pair]))
    return conform("out_activations", rows.loc[~is_stocked])


def plan_calls(out_quantity_changes: pd.DataFrame, intent: str) -> Iterator[pd.DataFrame]:
    """Yield the calls to make, in order: shop by shop, decreases before increases, at most 250 pairs each.

    A call holds one direction only, so that an unanswered decrease can be repeated safely whatever happened to it.
    Each call has one `change_key`: the same for every repeat of the same intent, different in every run (the same step
    may rightly be wanted twice in the 24 hours that Shopify remembers a key).

    Args:
        out_quantity_changes: the pairs.
        intent: what tells this intent from all others: the run's id and the attempt.
    """
    ordered = out_quantity_changes.assign(is_increase=out_quantity_changes["desired_qty"] > out_quantity_changes["expected_qty"])
    for (shop_code, is_increase), group in ordered.groupby(["shop_code", "is_increase"], sort=True):
        for start in range(0, len(group), BATCH_SIZE):
            call = group.iloc[start : start + BATCH_SIZE].drop(columns="is_increase")
            columns = ["inventory_item_id_shopify", "location_id_shopify", "expected_qty", "desired_qty"]
            content = "\n".join(map(str, call[columns].itertuples(index=False, name=None)))
            key = uuid.uuid5(_NAMESPACE, f"{intent}/{shop_code}/{is_increase}/{content}")
            yield call.assign(change_key=str(key))


def find_feed_rows(out_channel_quantities: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """Return `out_feed_rows`: every SKU of every channel that is no shop, changed or not (a feed is a whole file).

    Grain: one row per channel and SKU.
    """
    outlets = [channel.channel_code for channel in contract.channels if channel.kind != "shopify"]
    return conform("out_feed_rows", out_channel_quantities.loc[out_channel_quantities["channel_code"].isin(outlets)])


def beside_shown(out_feed_rows: pd.DataFrame, shown: pd.DataFrame, known_skus: Set[str]) -> pd.DataFrame:
    """Return what each outlet must show beside what it shows now.

    Grain: one row per channel and SKU: `publish_qty`, `shown_qty` (missing where it shows nothing yet), `is_certain`
    (False where an earlier call went unanswered: it may show another number) and `is_item`. A SKU that has no number in
    this run keeps the one it shows, as its balance could not be read; one that is no item any more ends at 0.

    Args:
        out_feed_rows: the numbers.
        shown: one row per channel and SKU: `shown_qty` and `is_certain`, as the store has them.
        known_skus: every SKU that NetSuite has.
    """
    key = ["channel_code", "sku"]
    rows = out_feed_rows.merge(shown, on=key, how="outer", validate="one_to_one")
    left = rows["shown_qty"].where(rows["sku"].isin(list(known_skus)), 0).fillna(0)
    certain = rows["is_certain"].astype("boolean").fillna(value=True).astype("bool")
    wanted = rows["publish_qty"].where(rows["publish_qty"].notna(), left).astype("int64")
    is_item = rows["sku"].isin(list(known_skus))
    return rows.assign(publish_qty=wanted, shown_qty=rows["shown_qty"].astype("Int64"), is_certain=certain, is_item=is_item)


def held_back(rows: pd.DataFrame, unconfirmed: pd.DataFrame, contract: Contract) -> pd.Series:
    """Return which rows must not rise yet: their split pool has given up units that another channel still shows.

    Args:
        rows: one row per number, with `channel_code` and `sku`.
        unconfirmed: the numbers that shall fall and are not known to have fallen, with `channel_code` and `sku`.
        contract: for the splits.
    """
    split_of = {code: split.split_code for split in contract.splits for code in split.channels}
    waiting = {
        (split_of[channel], sku)
        for channel, sku in unconfirmed[["channel_code", "sku"]].itertuples(index=False, name=None)
        if channel in split_of
    }
    pairs = rows[["channel_code", "sku"]].itertuples(index=False, name=None)
    return pd.Series([(split_of.get(channel), sku) in waiting for channel, sku in pairs], index=rows.index, dtype="bool")


def oldest_read(frames: Frames) -> datetime:
    """Return the instant of the oldest read that the numbers rest on; the distant past where nothing was read."""
    oldest = pd.concat([frames["core_stock"]["read_at_utc"], frames["core_levels"]["read_at_utc"]]).min()
    return datetime(1970, 1, 1, tzinfo=UTC) if pd.isna(oldest) else oldest.to_pydatetime()
