"""Evidence: every term of every number of a run, for `truecount explain`."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import Engine, delete, select

from store.engine import reading, writing
from store.schema import explanations, runs
from store.upsert import upsert
from store.values import Rows, read_frame, with_columns


def save_explanations(engine: Engine, run_id: str, rows: Rows) -> int:
    """Keep the terms of a run's numbers, in one transaction.

    Args:
        engine: from `open_engine`.
        run_id: the run.
        rows: `channel_code`, `sku`, `location_code` (empty where the channel takes one number) and `terms` (a mapping
            or list of plain values).

    Returns:
        The number of rows kept.
    """
    with writing(engine) as connection:
        return upsert(connection, explanations, with_columns(rows, {"run_id": run_id}))


def explanations_of(engine: Engine, sku: str, *, channel_code: str | None = None, run_id: str | None = None) -> pd.DataFrame:
    """Return the terms of one SKU's numbers.

    Args:
        engine: from `open_engine`.
        sku: the SKU.
        channel_code: only this channel; all where left out.
        run_id: only this run; the last one that has evidence of the SKU where left out.

    Returns:
        One row per channel and location: run_id, sku, channel_code, location_code, terms.
    """
    known = explanations.c
    with reading(engine) as connection:
        if run_id is None:
            newest = select(known.run_id).join(runs, runs.c.run_id == known.run_id, isouter=True)
            newest = newest.where(known.sku == sku)
            if channel_code is not None:
                newest = newest.where(known.channel_code == channel_code)
            order = (runs.c.started_at_utc.desc().nulls_last(), known.run_id.desc())
            run_id = connection.execute(newest.order_by(*order).limit(1)).scalar()
        query = select(explanations).where(known.run_id == run_id, known.sku == sku)
        if channel_code is not None:
            query = query.where(known.channel_code == channel_code)
        return read_frame(connection, query.order_by(known.channel_code, known.location_code))


def prune_explanations(engine: Engine, keep_runs: int) -> int:
    """Remove the evidence of all but the newest runs that have some (50,000 rows a run add up).

    Args:
        engine: from `open_engine`.
        keep_runs: how many runs keep theirs.

    Returns:
        The number of rows removed.
    """
    newest = select(explanations.c.run_id).distinct().order_by(explanations.c.run_id.desc()).limit(keep_runs)
    with writing(engine) as connection:
        kept = list(connection.execute(newest).scalars())
        return connection.execute(delete(explanations).where(explanations.c.run_id.not_in(kept))).rowcount
