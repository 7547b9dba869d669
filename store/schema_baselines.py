"""The systems' own schema as it was when nothing was wrong: what a renamed or retyped field is recognised by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import pandas as pd
from sqlalchemy import Engine, delete, select

from store.engine import reading, writing
from store.schema import schema_baselines
from store.upsert import upsert

_STAMP = ("run_id", "extracted_at_utc")


def load(engine: Engine) -> dict[str, pd.DataFrame]:
    """Return the frames as last known good, text only; empty before the first run."""
    with reading(engine) as connection:
        rows = connection.execute(select(schema_baselines)).mappings().all()
    return {row["frame_name"]: pd.DataFrame(row["content"], dtype="str") for row in rows if row["content"]}


def save(engine: Engine, run_id: str, frames: Mapping[str, pd.DataFrame], *, at_utc: datetime) -> None:
    """Take these frames as known good."""
    rows = []
    for name, frame in frames.items():
        known = frame.drop(columns=[column for column in _STAMP if column in frame])
        content = known.astype("object").where(known.notna(), None).to_dict("records")
        rows.append({"frame_name": name, "content": content, "run_id": run_id, "known_at_utc": at_utc})
    with writing(engine) as connection:
        upsert(connection, schema_baselines, rows)


def forget(engine: Engine) -> None:
    """Forget what was known: the next run takes what it finds as good."""
    with writing(engine) as connection:
        connection.execute(delete(schema_baselines))
