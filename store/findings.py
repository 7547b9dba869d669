"""Findings: what checks found, since when, how often; told to people once, and closed when a complete check finds it no more."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import pandas as pd
from sqlalchemy import Engine, select, tuple_, update

from store.engine import reading, writing
from store.schema import findings
from store.upsert import upsert
from store.values import read_frame, with_columns

_KEY = ("check_code", "object_key", "field")
_CHANGING = ("stream_code", "severity_code", "expected", "found", "examples", "told", "action", "units_qty", "rows_count", "run_id")


def record(engine: Engine, run_id: str, out_findings: pd.DataFrame, checks: Collection[str], *, at_utc: datetime) -> pd.DataFrame:
    """Record what a run found; what these checks found before and find no more is closed.

    A finding that had healed and is back is open again, since now, and is told again.

    Args:
        engine: from `open_engine`.
        run_id: the run.
        out_findings: what was found; of these checks only.
        checks: the checks that were carried out in full.
        at_utc: the instant.

    Returns:
        `open_findings`.
    """
    known = findings.c
    seen = {"run_id": run_id, "first_seen_at_utc": at_utc, "last_seen_at_utc": at_utc, "seen_count": 1, "told_at_utc": None}
    with writing(engine) as connection:
        keys = {tuple(row) for row in out_findings[list(_KEY)].itertuples(index=False, name=None)}
        healed = connection.execute(select(*(known[name] for name in _KEY)).where(known.resolved_at_utc.is_not(None)))
        back = sorted(keys & {tuple(row) for row in healed})
        again = {"first_seen_at_utc": at_utc, "seen_count": 0, "resolved_at_utc": None, "told_at_utc": None}
        for start in range(0, len(back), 200):
            part = tuple_(*(known[name] for name in _KEY)).in_(back[start : start + 200])
            connection.execute(update(findings).where(part).values(again))
        upsert(
            connection,
            findings,
            with_columns(out_findings, seen),
            assign=lambda new: {
                **{name: new[name] for name in _CHANGING},
                "last_seen_at_utc": new.last_seen_at_utc,
                "seen_count": findings.c.seen_count + 1,
            },
        )
        gone = (known.check_code.in_(list(checks)), known.resolved_at_utc.is_(None), known.last_seen_at_utc < at_utc)
        connection.execute(update(findings).where(*gone).values(resolved_at_utc=at_utc))
    return open_findings(engine)


def open_findings(engine: Engine) -> pd.DataFrame:
    """Return the findings that are open, the oldest first, one row per finding."""
    query = select(findings).where(findings.c.resolved_at_utc.is_(None))
    with reading(engine) as connection:
        return read_frame(connection, query.order_by(findings.c.first_seen_at_utc, *(findings.c[name] for name in _KEY)))


def resolved_findings(engine: Engine, since: datetime) -> pd.DataFrame:
    """Return the findings that were closed at or after an instant, the newest first, one row per finding."""
    query = select(findings).where(findings.c.resolved_at_utc >= since)
    with reading(engine) as connection:
        return read_frame(connection, query.order_by(findings.c.resolved_at_utc.desc(), *(findings.c[name] for name in _KEY)))


def mark_told(engine: Engine, rows: pd.DataFrame, *, at_utc: datetime) -> None:
    """Mark findings as told to people, after they were.

    Args:
        engine: from `open_engine`.
        rows: with the key's columns.
        at_utc: the instant.
    """
    keys = [tuple(row) for row in rows[list(_KEY)].itertuples(index=False, name=None)]
    with writing(engine) as connection:
        for start in range(0, len(keys), 200):
            part = tuple_(*(findings.c[name] for name in _KEY)).in_(keys[start : start + 200])
            connection.execute(update(findings).where(part).values(told_at_utc=at_utc))
