"""Publishing: which pairs must change, in which calls, and how an unanswered call is settled by reading."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pandas as pd

from contract.frames import conform, empty
from contract.models import Contract

BATCH_SIZE = 250
"""Most rows of one call (Shopify's limit on array inputs)."""
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
    """Return `out_feed_rows`: every SKU of every feed channel, changed or not (a feed is a whole file).

    Grain: one row per channel and SKU.
    """
    feeds = [channel.channel_code for channel in contract.channels if channel.kind == "feed"]
    return conform("out_feed_rows", out_channel_quantities.loc[out_channel_quantities["channel_code"].isin(feeds)])
