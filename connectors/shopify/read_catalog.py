"""Reads of a shop's catalogue: locations and variants."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

import pandas as pd

from connectors.shopify.bulk import BULK_FROM, read_bulk
from connectors.shopify.client import ShopifyClient
from connectors.shopify.raw_frames import Row, check_keys, dig, to_raw_frame

_IDS_A_CALL = 100


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


def read_variant_metafields(
    client: ShopifyClient, metafields: Sequence[str], variant_ids: Sequence[str], *, run_id: str, extracted_at: datetime
) -> pd.DataFrame:
    """Return `raw_shopify__variant_metafields` of some variants: one row per variant and metafield that it has.

    100 variants a call; many are read in bulk. Not certain: that no scope is needed beyond their owner's, `read_products`, and
    that a bulk query may ask for a metafield by its key; both follow from documented rules, neither is recorded.

    Args:
        client: the shop.
        metafields: namespace.key of each metafield to read.
        variant_ids: the full gids; one that stands twice is read once, one that is gone has no row.
        run_id: the run.
        extracted_at: the instant of the read.

    Raises:
        RetriableError: a bulk operation fails, or the shop does not answer.
        FatalError: scopes or credentials.
    """
    ids = sorted(set(variant_ids))
    rows = [
        {
            "shop_code": client.shop_code,
            "variant_id_shopify": node["id"],
            "metafield_key": name,
            "value": node["metafield"]["value"],
        }
        for name in metafields
        for node in _metafield_nodes(client, name, ids)
        if node and node.get("metafield")
    ]
    return to_raw_frame("raw_shopify__variant_metafields", rows, run_id, extracted_at)


def _metafield_nodes(client: ShopifyClient, name: str, ids: Sequence[str]) -> list[Row]:
    namespace, _, key = name.partition(".")
    given = {"namespace": namespace, "key": key}
    what = f"metafield {name} of variants"
    if len(ids) > BULK_FROM:
        wanted = set(ids)
        return [node for node in read_bulk(client, "variant_metafields", what=what, given=given).lines if node["id"] in wanted]
    parts = [ids[start : start + _IDS_A_CALL] for start in range(0, len(ids), _IDS_A_CALL)]
    return [
        node for part in parts for node in client.execute("variant_metafields", {"ids": part, **given}, what=what).data["nodes"]
    ]


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
