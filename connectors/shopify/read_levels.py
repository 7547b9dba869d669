"""Reads of inventory levels: what the compare-and-swap will expect, each with the shop's own instant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pandas as pd

from connectors.shopify.bulk import BULK_FROM, read_bulk
from connectors.shopify.client import OnPage, ShopifyClient
from connectors.shopify.raw_frames import Row, check_keys, dig, to_raw_frame

_ITEMS_A_CALL = 100
"""How Shopify prices a list of ids is not known; 100 stay below 1,000 even if each is counted in full."""


def read_levels(  # noqa: PLR0913 - keyword-only after the first two
    client: ShopifyClient,
    location_ids: Sequence[str],
    *,
    run_id: str,
    extracted_at: datetime,
    expected_rows: int = 0,
    on_page: OnPage | None = None,
) -> pd.DataFrame:
    """Return `raw_shopify__levels`: one row per inventory item and location that is active, at the locations given.

    `level_read_at_utc` is the `Date` of the reply that held the row; of a bulk read the operation's start, so that what
    happens while it runs is taken as not in the level yet: a number too small for a moment.

    Args:
        client: the shop.
        location_ids: the locations.
        run_id: the run.
        extracted_at: the instant of the read.
        expected_rows: about how many there are: many are read in bulk.
        on_page: told how many rows are read so far.

    Raises:
        RetriableError: a page repeats, a bulk operation fails, or the shop does not answer.
        FatalError: a location is not there, or scopes or credentials are wrong.
    """
    if expected_rows > BULK_FROM:
        return _read_in_bulk(client, location_ids, (run_id, extracted_at), on_page)
    rows: list[dict[str, object]] = []
    for location_id in dict.fromkeys(location_ids):
        given = {"location": location_id}
        for nodes, read_at in client.pages("levels", "location.inventoryLevels", given, what=f"levels at {location_id}"):
            rows += [_row(client, dig(node, "item.id"), location_id, node, read_at) for node in nodes]
            if on_page is not None:
                on_page(len(rows))
    return _frame(client, rows, run_id, extracted_at)


def _read_in_bulk(
    client: ShopifyClient, location_ids: Sequence[str], stamp: tuple[str, datetime], on_page: OnPage | None
) -> pd.DataFrame:
    wanted = set(location_ids)
    found = read_bulk(client, "levels", what="levels")
    rows = [
        _row(client, line["__parentId"], dig(line, "location.id"), line, found.read_from)
        for line in found.lines
        if "__parentId" in line and dig(line, "location.id") in wanted
    ]
    if on_page is not None:
        on_page(len(rows))
    return _frame(client, rows, *stamp)


def read_levels_of(client: ShopifyClient, pairs: Sequence[tuple[str, str]], *, run_id: str, extracted_at: datetime) -> pd.DataFrame:
    """Return `raw_shopify__levels` of the given pairs only; a pair without a level has no row.

    Args:
        client: the shop.
        pairs: inventory item and location; one that stands twice is read once.
        run_id: the run.
        extracted_at: the instant of the read.

    Raises:
        RetriableError: the shop does not answer.
        FatalError: scopes or credentials.
    """
    items_at: dict[str, list[str]] = {}
    for item_id, location_id in dict.fromkeys(pairs):
        items_at.setdefault(location_id, []).append(item_id)
    rows: list[dict[str, object]] = []
    for location_id, item_ids in items_at.items():
        for start in range(0, len(item_ids), _ITEMS_A_CALL):
            given = {"items": item_ids[start : start + _ITEMS_A_CALL], "location": location_id}
            answer = client.execute("levels_of", given, what=f"levels of {len(given['items'])} items at {location_id}")
            rows += [
                _row(client, node["id"], location_id, node["inventoryLevel"], answer.read_at)
                for node in answer.data["nodes"]
                if node and node.get("inventoryLevel")
            ]
    return _frame(client, rows, run_id, extracted_at)


def _row(client: ShopifyClient, item_id: str, location_id: str, level: Row, read_at: datetime) -> dict[str, object]:
    quantities = {f"{quantity['name']}_qty": quantity["quantity"] for quantity in level["quantities"]}
    return {
        "shop_code": client.shop_code,
        "inventory_item_id_shopify": item_id,
        "location_id_shopify": location_id,
        "is_active": level["isActive"],
        "updated_at_utc": level["updatedAt"],
        "level_read_at_utc": read_at,
        **quantities,
    }


def _frame(client: ShopifyClient, rows: Sequence[Row], run_id: str, extracted_at: datetime) -> pd.DataFrame:
    check_keys("raw_shopify__levels", client.shop_code, rows)
    return to_raw_frame("raw_shopify__levels", rows, run_id, extracted_at)
