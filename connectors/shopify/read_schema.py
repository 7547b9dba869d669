"""Reads of what a shop lets the app see: metafield definitions, scopes granted, API versions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pandas as pd

from connectors.shopify.client import ShopifyClient
from connectors.shopify.raw_frames import Row, to_raw_frame

OWNERS = ("ORDER", "PRODUCT", "PRODUCTVARIANT")
"""Kinds of owners whose metafields a mapping, or a serial number, may come from."""


def read_schema(
    client: ShopifyClient, owners: Sequence[str] = OWNERS, *, run_id: str, extracted_at: datetime
) -> dict[str, pd.DataFrame]:
    """Return `raw_shopify__scopes` and `raw_shopify__api_versions` of a shop; with owners, `raw_shopify__metafield_definitions`.

    Raises:
        RetriableError: throttled, or no answer.
        FatalError: credentials.
    """
    definitions: list[Row] = [
        {
            "shop_code": client.shop_code,
            "owner_type": owner,
            "metafield_key": f"{node['namespace']}.{node['key']}",
            "value_type": node["type"]["name"],
            "name": node["name"],
        }
        for owner in owners
        for nodes, _ in client.pages(
            "metafield_definitions", "metafieldDefinitions", {"owner": owner}, what=f"metafield definitions of {owner}"
        )
        for node in nodes
    ]
    access = client.execute("access", {}, what="scopes and versions").data
    scopes: list[Row] = [
        {"shop_code": client.shop_code, "scope": row["handle"]} for row in access["currentAppInstallation"]["accessScopes"]
    ]
    versions: list[Row] = [
        {"shop_code": client.shop_code, "version": row["handle"], "is_supported": row["supported"]}
        for row in access["publicApiVersions"]
    ]
    found: dict[str, list[Row]] = {"raw_shopify__metafield_definitions": definitions} if owners else {}
    found |= {
        "raw_shopify__scopes": scopes,
        "raw_shopify__api_versions": versions,
    }
    return {name: to_raw_frame(name, rows, run_id, extracted_at) for name, rows in found.items()}
