"""What channels showed, by the receipts of our publications: when each began and ceased to show a number above 0."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import pandas as pd
from sqlalchemy import Engine, func, or_, select

from store.engine import reading
from store.publications import ACCEPTED
from store.schema import publication_batches, publication_pairs
from store.values import parts_of, read_frame


def showings(engine: Engine, skus: Collection[str]) -> pd.DataFrame:
    """Return the accepted receipts of some SKUs by which a channel began or ceased to show a number above 0.

    Returns:
        channel_code, sku, location_code (empty where the channel takes one number), shown_qty, shown_at_utc, change_key.
    """
    batch, pair = publication_batches.c, publication_pairs.c
    place = (pair.channel_code, pair.sku, pair.location_code)
    order = (batch.answered_at_utc, pair.change_key)
    before = func.lag(pair.desired_qty).over(partition_by=place, order_by=order)
    query = select(
        *place,
        pair.desired_qty.label("shown_qty"),
        batch.answered_at_utc.label("shown_at_utc"),
        pair.change_key,
        func.coalesce(before, 0).label("before_qty"),
    ).join_from(publication_pairs, publication_batches, pair.change_key == batch.change_key)
    query = query.where(pair.outcome == ACCEPTED)
    frames = []
    with reading(engine) as connection:
        for part in list(parts_of(skus)) or [[]]:
            every = query.where(pair.sku.in_(part)).subquery()
            columns = [column for column in every.c if column.name != "before_qty"]
            is_turn = or_((every.c.shown_qty > 0) & (every.c.before_qty <= 0), (every.c.shown_qty <= 0) & (every.c.before_qty > 0))
            frames.append(read_frame(connection, select(*columns).where(is_turn)))
    return pd.concat(frames, ignore_index=True)


def shown_since(engine: Engine, since: datetime) -> set[str]:
    """Return the SKUs of which a channel accepted a number above 0 since an instant."""
    batch, pair = publication_batches.c, publication_pairs.c
    query = select(pair.sku).join_from(publication_pairs, publication_batches, pair.change_key == batch.change_key).distinct()
    with reading(engine) as connection:
        rows = connection.execute(query.where(batch.answered_at_utc >= since, pair.outcome == ACCEPTED, pair.desired_qty > 0))
        return {str(sku) for (sku,) in rows}
