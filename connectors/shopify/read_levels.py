"""Reads of inventory levels: what the compare-and-swap will expect, each with the shop's own instant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pandas as pd

from connectors.shopify.client import OnPage, ShopifyClient
from connectors.shopify.raw_frames import dig, to_raw_frame


def read_levels(
    client: ShopifyClient,
    location_ids: Sequence[str],
    *,
    run_id: str,
    extracted_at: datetime,
    on_page: OnPage | None = None,
) -> pd.DataFrame:
    """Return `raw_shopify__levels`: one row per inventory item and location, at the locations given.

    `level_read_at_utc` is the `Date` of the reply that held the row.

    Args:
        client: the shop.
        location_ids: the locations.
        run_id: the run.
        extracted_at: the instant of the read.
        on_page: told how many rows are read so far.
    """
    rows: list[dict[str, object]] = []
    for location_id in location_ids:
        given = {"location": location_id}
        for nodes, read_at in client.pages("levels", "location.inventoryLevels", given, what=f"levels at {location_id}"):
            for node in nodes:
                quantities = {f"{quantity['name']}_qty": quantity["quantity"] for quantity in node["quantities"]}
                rows.append(
                    {
                        "shop_code": client.shop_code,
                        "inventory_item_id_shopify": dig(node, "item.id"),
                        "location_id_shopify": location_id,
                        "is_active": node["isActive"],
                        "updated_at_utc": node["updatedAt"],
                        "level_read_at_utc": read_at,
                        **quantities,
                    }
                )
            if on_page is not None:
                on_page(len(rows))
    return to_raw_frame("raw_shopify__levels", rows, run_id, extracted_at)
