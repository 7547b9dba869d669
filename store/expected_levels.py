"""The expected-level ledger's state: what each level should read, and which events have been counted."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import pandas as pd
from sqlalchemy import Engine, func, select

from store.engine import reading, writing
from store.schema import core_counted_events, core_expected_levels
from store.upsert import upsert
from store.values import read_frame


def load_expected_levels(
    engine: Engine, shop_codes: Collection[str], skus: Collection[str] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the ledger of some shops, both frames as of one instant.

    Args:
        engine: from `open_engine`.
        shop_codes: the shops.
        skus: only these SKUs; all where left out.

    Returns:
        `core_expected_levels` (one row per shop, SKU and location) and `core_counted_events` (one row per shop, order
        line, SKU and location), sorted by key, typed even when empty. Quantities in stock units.
    """
    shops = list(shop_codes)
    frames = []
    with reading(engine) as connection:
        for table in (core_expected_levels, core_counted_events):
            query = select(table).where(table.c.shop_code.in_(shops)).order_by(*table.primary_key.columns)
            if skus is not None:
                query = query.where(table.c.sku.in_(sorted(skus)))
            frames.append(read_frame(connection, query))
    return frames[0], frames[1]


def oldest_drop(engine: Engine, shop_codes: Collection[str]) -> datetime | None:
    """Return since when a level of these shops shows a drop that nothing explains; None where none does."""
    known = core_expected_levels.c
    query = select(func.min(known.first_seen_at_utc)).where(known.shop_code.in_(list(shop_codes)), known.drop_qty > 0)
    with reading(engine) as connection:
        return connection.execute(query).scalar()


def save_expected_levels(engine: Engine, levels: pd.DataFrame, counted: pd.DataFrame) -> None:
    """Upsert the ledger, both frames in one transaction: an event is never counted without its level.

    Args:
        engine: from `open_engine`.
        levels: `core_expected_levels`; keys not in it stay as they are.
        counted: `core_counted_events`; likewise.
    """
    with writing(engine) as connection:
        upsert(connection, core_expected_levels, levels)
        upsert(connection, core_counted_events, counted)
