"""Reads of a shop's catalogue: locations and variants."""

from __future__ import annotations

import json
from datetime import datetime

import pandas as pd

from connectors.shopify.bulk import BULK_FROM, read_bulk
from connectors.shopify.client import ShopifyClient
from connectors.shopify.raw_frames import Row, check_keys, dig, to_raw_frame


def read_locations(client: ShopifyClient, *, run_id: str, extracted_at: datetime) -> pd.DataFrame:
    """Return `raw_shopify__locations`: one row per location of the shop, inactive ones too."""
    rows = [
        {
            "shop_code": client.shop_code,
            "location_id_shopify": node["id"],
            "name": node["name"],
            "is_active": node["isActive"],
            "fulfills_online_orders": node["fulfillsOnlineOrders"],
        }
        for nodes, _ in client.pages("locations", "locations", {}, what="locations")
        for node in nodes
    ]
    check_keys("raw_shopify__locations", client.shop_code, rows)
    return to_raw_frame("raw_shopify__locations", rows, run_id, extracted_at)


def read_variants(client: ShopifyClient, *, run_id: str, extracted_at: datetime) -> pd.DataFrame:
    """Return `raw_shopify__variants`: one row per variant of the shop; many are read in bulk.

    Raises:
        RetriableError: a page repeats, a bulk operation fails, or the shop does not answer.
        FatalError: scopes or credentials.
    """
    nodes: list[Row] = []
    for page, _ in client.pages("variants", "productVariants", {}, what="variants"):
        nodes += page
        if len(nodes) > BULK_FROM:
            nodes = read_bulk(client, "variants", what="variants").lines
            break
    rows = [_variant_row(client.shop_code, node) for node in nodes]
    check_keys("raw_shopify__variants", client.shop_code, rows)
    return to_raw_frame("raw_shopify__variants", rows, run_id, extracted_at)


def _variant_row(shop_code: str, node: Row) -> Row:
    return {
        "shop_code": shop_code,
        "variant_id_shopify": node["id"],
        "inventory_item_id_shopify": dig(node, "inventoryItem.id"),
        "product_id_shopify": dig(node, "product.id"),
        "sku": node["sku"],
        "barcode": node["barcode"],
        "is_tracked": dig(node, "inventoryItem.tracked"),
        "inventory_policy": node["inventoryPolicy"],
        "requires_components": node["requiresComponents"],
        "tags": json.dumps(dig(node, "product.tags") or []),
    }
