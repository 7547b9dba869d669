"""What we wrote into the shops of numbers that left: line to numbers, by order."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select

from store.engine import reading, writing
from store.schema import serial_tellings
from store.upsert import upsert
from store.values import parts_of

Told = Mapping[str, Any]


def told(engine: Engine, order_keys: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return what we last wrote of orders (`SHOP/number`): line to numbers; nothing of orders that we wrote nothing into."""
    row = serial_tellings.c
    query = select(row.order_key, row.told)
    with reading(engine) as connection:
        rows = (one for part in parts_of(order_keys) for one in connection.execute(query.where(row.order_key.in_(part))))
        return {str(key): json.loads(text) for key, text in rows}


def record(engine: Engine, run_id: str, order_key: str, numbers: Told, *, at_utc: datetime) -> None:
    """Keep what we wrote of an order, in place of what we wrote before.

    Args:
        engine: from `open_engine`.
        run_id: the run.
        order_key: the order, `SHOP/number`.
        numbers: line to numbers.
        at_utc: the instant.
    """
    row = {"order_key": order_key, "told": json.dumps(numbers, sort_keys=True), "run_id": run_id, "told_at_utc": at_utc}
    with writing(engine) as connection:
        upsert(connection, serial_tellings, [row])
