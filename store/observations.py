"""Observations: what each day's orders looked like, for the checks that compare a day with the days before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pandas as pd
from sqlalchemy import Engine, delete, select

from store.engine import reading, writing
from store.schema import observations
from store.upsert import upsert
from store.values import with_columns

Past = dict[tuple[str, str], list[tuple[int, int]]]


def record(engine: Engine, run_id: str, out_observations: pd.DataFrame, day: date, *, keep_days: int) -> None:
    """Record a day; recorded again, it is replaced, and days older than `keep_days` are forgotten."""
    known = observations.c
    with writing(engine) as connection:
        connection.execute(delete(observations).where(known.observed_on == day.isoformat()))
        upsert(connection, observations, with_columns(out_observations, {"observed_on": day.isoformat(), "run_id": run_id}))
        oldest = (day - timedelta(days=keep_days)).isoformat()
        connection.execute(delete(observations).where(known.observed_on < oldest))


def before(engine: Engine, day: date, *, days: int) -> Past:
    """Return metric and thing to hits and total of each day before this one, the oldest first.

    A value that a day did not have is there with 0 hits of that day's total.
    """
    known = observations.c
    span = (known.observed_on < day.isoformat(), known.observed_on >= (day - timedelta(days=days)).isoformat())
    with reading(engine) as connection:
        rows = connection.execute(select(observations).where(*span).order_by(known.observed_on)).mappings().all()
    by_day: dict[str, dict[tuple[str, str], tuple[int, int]]] = {}
    for row in rows:
        by_day.setdefault(row["observed_on"], {})[row["metric_code"], row["object_key"]] = (row["hit_count"], row["total_count"])
    names = {name for found in by_day.values() for name in found}
    return {name: _days(name, list(by_day.values())) for name in names}


def _days(name: tuple[str, str], days: Sequence[dict[tuple[str, str], tuple[int, int]]]) -> list[tuple[int, int]]:
    metric, key = name
    if metric != "value":
        return [day[name] for day in days if name in day]
    owner = ("empty", key.split("=")[0])
    return [day.get(name, (0, day[owner][1])) for day in days if owner in day]
