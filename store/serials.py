"""Serial and lot numbers: their events (append-only), each number's lineage, and the laws that they break now."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, Engine, Select, Table, and_, delete, exists, false, select, tuple_

from contract.tables import TABLES
from store.engine import reading, writing
from store.schema import serial_blocked, serial_events, serial_findings, serial_lineage
from store.upsert import upsert
from store.values import parts_of, read_frame, with_columns

_EVENT = [serial_events.c[name] for name in TABLES["core_serial_events"].columns]
_FOUND = [serial_findings.c[name] for name in TABLES["out_serial_findings"].columns]
Number = tuple[str, str]


def events_of_documents(engine: Engine, document_keys: Collection[str] | None) -> pd.DataFrame:
    """Return `core_serial_events` of these documents, of all where left out."""
    return _frames(engine, select(*_EVENT), serial_events.c.document_key, document_keys)


def events_of_numbers(engine: Engine, numbers: Collection[Number] | None) -> pd.DataFrame:
    """Return `core_serial_events` of these numbers (SKU, number), of all where left out."""
    return _of_numbers(engine, serial_events, _EVENT, numbers)


def events_of_orders(engine: Engine, order_keys: Collection[str]) -> pd.DataFrame:
    """Return `core_serial_events` of orders, by their `SHOP/number`."""
    return _frames(engine, select(*_EVENT), serial_events.c.order_key, order_keys)


def events_of_late_orders(engine: Engine, since: datetime | None) -> pd.DataFrame:
    """Return `core_serial_events` of the orders for which it was recorded since then that numbers left, or did not.

    Of every order that numbers ever left for where `since` is None.
    """
    events = serial_events.c
    late = select(events.order_key).where(events.stage_code == "fulfilled", events.order_key.is_not(None))
    late = late if since is None else late.where(events.recorded_at_utc >= since)
    with reading(engine) as connection:
        return read_frame(connection, select(*_EVENT).where(events.order_key.in_(late)))


def orders_with_problems(engine: Engine) -> list[str]:
    """Return the orders, as `SHOP/number`, that name a number which nothing matches yet."""
    events, later = serial_events, serial_events.alias()
    is_reversed = exists().where(later.c.reverses_key == events.c.event_key)
    asked = and_(events.c.problem_code.in_(["unknown_number", "wrong_item"]), events.c.stage_code.in_(["sold", "refunded"]))
    query = select(events.c.order_key).where(asked, events.c.reverses_key.is_(None), ~is_reversed).distinct()
    with reading(engine) as connection:
        return sorted(str(key) for (key,) in connection.execute(query))


def lineage(engine: Engine, numbers: Collection[Number] | None = None) -> pd.DataFrame:
    """Return `out_serial_lineage` as last traced: of these numbers, of all where left out."""
    columns = [serial_lineage.c[name] for name in TABLES["out_serial_lineage"].columns]
    return _of_numbers(engine, serial_lineage, columns, numbers)


def numbers_of_items(engine: Engine, skus: Collection[str], *, is_on_hand: bool = False) -> list[Number]:
    """Return every number (SKU, number) that was traced of these SKUs, those that have left too unless on hand is asked for."""
    with reading(engine) as connection:
        query = select(serial_lineage.c.sku, serial_lineage.c.serial_number).where(serial_lineage.c.status_code != "unknown")
        query = query.where(serial_lineage.c.on_hand_qty > 0) if is_on_hand else query
        rows = (row for part in parts_of(skus) for row in connection.execute(query.where(serial_lineage.c.sku.in_(part))))
        return sorted((str(sku), str(number)) for sku, number in rows)


def promised(engine: Engine, skus: Collection[str]) -> dict[Number, str | None]:
    """Return the serials (SKU, number) of these SKUs that an order has and that have not left, each with the order."""
    row = serial_lineage.c
    query = select(row.sku, row.serial_number, row.order_key).where(row.status_code == "promised", ~row.is_lot)
    with reading(engine) as connection:
        rows = (one for part in parts_of(skus) for one in connection.execute(query.where(row.sku.in_(part))))
        return {(str(sku), str(number)): order for sku, number, order in rows}


def doubtful(engine: Engine, skus: Collection[str]) -> frozenset[Number]:
    """Return the numbers (SKU, number) of these SKUs that must not be given out: withheld, or in breach of such a law."""
    found, held = serial_findings.c, serial_blocked.c
    queries = (
        (select(found.sku, found.serial_number).where(found.is_doubtful), found.sku),
        (select(held.sku, held.serial_number), held.sku),
    )
    with reading(engine) as connection:
        rows = (one for query, sku in queries for part in parts_of(skus) for one in connection.execute(query.where(sku.in_(part))))
        return frozenset((str(sku), str(number)) for sku, number in rows)


def findings(engine: Engine) -> pd.DataFrame:
    """Return `out_serial_findings` as they stand, with `first_seen_at_utc`; one row per number and law."""
    query = select(*_FOUND, serial_findings.c.first_seen_at_utc)
    with reading(engine) as connection:
        return read_frame(connection, query.order_by(serial_findings.c.sku, serial_findings.c.serial_number))


def blocked(engine: Engine) -> pd.DataFrame:
    """Return `core_blocked` as the last trace left it."""
    columns = [serial_blocked.c[name] for name in TABLES["core_blocked"].columns]
    with reading(engine) as connection:
        return read_frame(connection, select(*columns).order_by(*columns))


def record(  # noqa: PLR0913 - what one trace leaves, in one transaction
    engine: Engine,
    run_id: str,
    events: pd.DataFrame,
    traced: pd.DataFrame,
    breaches: pd.DataFrame,
    *,
    blocked: pd.DataFrame,
    numbers: Collection[Number] | None,
    at_utc: datetime,
) -> None:
    """Append events, and put the lineage and the breaches of the traced numbers in place of the earlier ones, all or nothing.

    Args:
        engine: from `open_engine`.
        run_id: the run.
        events: `core_serial_events` to append; one that is there already stays as it is.
        traced: `out_serial_lineage` of the numbers.
        breaches: `out_serial_findings` of the numbers.
        blocked: `core_blocked` of the numbers.
        numbers: the numbers that were traced, those of which nothing is left too; all where None.
        at_utc: the instant.
    """
    stamp = {"run_id": run_id, "recorded_at_utc": at_utc}
    with writing(engine) as connection:
        upsert(connection, serial_events, with_columns(events, stamp), assign=lambda _: {})
        upsert(connection, serial_lineage, with_columns(traced, {"run_id": run_id}))
        kept = ("location_code", "units_qty", "documents", "suggestions", "is_doubtful", "run_id")
        upsert(
            connection,
            serial_findings,
            with_columns(breaches, {"run_id": run_id, "first_seen_at_utc": at_utc}),
            assign=lambda new: {name: new[name] for name in kept},
        )
        upsert(connection, serial_blocked, with_columns(blocked, {"run_id": run_id}))
        for table in (serial_lineage, serial_findings, serial_blocked):
            old = table.c.run_id != run_id
            if numbers is None:
                connection.execute(delete(table).where(old))
            for part in parts_of(numbers or ()):
                connection.execute(delete(table).where(old, _are(table, part)))


def numbers_like(engine: Engine, text: str, limit: int) -> pd.DataFrame:
    """Return `out_serial_lineage` of the numbers that are this text in any case, or hold it, at most `limit` rows."""
    columns = [serial_lineage.c[name] for name in TABLES["out_serial_lineage"].columns]
    query = select(*columns).where(serial_lineage.c.serial_number.ilike(f"%{_escaped(text)}%", escape="\\")).limit(limit)
    with reading(engine) as connection:
        return read_frame(connection, query)


def _of_numbers(engine: Engine, table: Table, columns: Sequence[Any], numbers: Collection[Number] | None) -> pd.DataFrame:
    """Return the rows of some numbers, of all where left out."""
    query = select(*columns)
    with reading(engine) as connection:
        if numbers is None:
            return read_frame(connection, query)
        frames = [read_frame(connection, query.where(_are(table, part))) for part in parts_of(numbers)]
        filled = [frame for frame in frames if len(frame)]
        return pd.concat(filled, ignore_index=True) if filled else read_frame(connection, query.where(false()))


def _frames(engine: Engine, query: Select[Any], key: Any, wanted: Collection[Any] | None) -> pd.DataFrame:
    with reading(engine) as connection:
        if wanted is None:
            return read_frame(connection, query)
        return _read_parts(connection, query, key, wanted)


def _read_parts(connection: Connection, query: Select[Any], key: Any, wanted: Collection[Any]) -> pd.DataFrame:
    frames = [read_frame(connection, query.where(key.in_(part))) for part in parts_of(wanted)]
    filled = [frame for frame in frames if len(frame)]
    if filled:
        return pd.concat(filled, ignore_index=True)
    return read_frame(connection, query.where(key.in_([])))


def _are(table: Table, part: Collection[Number]) -> ColumnElement[bool]:
    """Return whether a row is of one of these numbers; by the number alone too, or SQLite would read every row."""
    wanted = tuple_(table.c.sku, table.c.serial_number).in_(part)
    return and_(table.c.serial_number.in_(sorted({number for _, number in part})), wanted)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
