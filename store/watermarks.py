"""Watermarks: up to where each stream has been read and recorded. They move last, and never backwards."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, case, select

from store.engine import reading, writing
from store.schema import watermarks
from store.upsert import upsert


def get(engine: Engine, stream: str) -> datetime | None:
    """Return a stream's position, aware, in UTC; None where it was never read."""
    with reading(engine) as connection:
        return connection.execute(select(watermarks.c.position_at_utc).where(watermarks.c.stream == stream)).scalar()


def advance(engine: Engine, stream: str, position_at_utc: datetime, run_id: str) -> datetime:
    """Move a stream's watermark forward; an earlier position changes nothing.

    Args:
        engine: from `open_engine`.
        stream: the stream's name, for example `shopify_orders:eu`.
        position_at_utc: everything before this instant has been recorded (half open).
        run_id: the run that recorded it.

    Returns:
        The position that holds now: the later of the two.
    """
    row = {"stream": stream, "position_at_utc": position_at_utc, "run_id": run_id}
    known = watermarks.c
    with writing(engine) as connection:
        upsert(
            connection,
            watermarks,
            [row],
            assign=lambda new: {
                "position_at_utc": case(
                    (new.position_at_utc > known.position_at_utc, new.position_at_utc), else_=known.position_at_utc
                ),
                "run_id": case((new.position_at_utc > known.position_at_utc, new.run_id), else_=known.run_id),
            },
        )
        held: datetime = connection.execute(select(known.position_at_utc).where(known.stream == stream)).scalar_one()
    return held
