"""Quarantine: what was set aside, why, since when, how often; open until it heals."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import pandas as pd
from sqlalchemy import Engine, select, update

from store.engine import reading, writing
from store.schema import quarantine
from store.upsert import upsert
from store.values import Rows, clean_text, read_frame, utc_now, with_columns


def set_aside(engine: Engine, rows: Rows, *, at_utc: datetime | None = None) -> int:
    """Set rows aside; one that is there already is counted once more, and opened again if it had healed.

    Args:
        engine: from `open_engine`.
        rows: `shop_code` (empty where none), `entity_type`, `entity_key`, `reason_code`, `reason`, `payload` (JSON or None).
        at_utc: the instant; now where left out.

    Returns:
        The number of things set aside.
    """
    at = at_utc or utc_now()
    seen = {"first_seen_at_utc": at, "last_seen_at_utc": at, "seen_count": 1}
    with writing(engine) as connection:
        return upsert(
            connection,
            quarantine,
            with_columns(rows, seen),
            assign=lambda new: {
                "reason": new.reason,
                "payload": new.payload,
                "last_seen_at_utc": new.last_seen_at_utc,
                "seen_count": quarantine.c.seen_count + 1,
                "resolved_at_utc": None,
            },
        )


def resolve_healed(
    engine: Engine,
    *,
    entity_type: str,
    checked_since_utc: datetime,
    shop_codes: Collection[str],
    entity_keys: Collection[str] | None = None,
) -> int:
    """Close the rows that a complete check did not set aside again.

    Args:
        engine: from `open_engine`.
        entity_type: the type of thing that was checked.
        checked_since_utc: when the check started; an open row last seen before it has healed.
        shop_codes: the shops that were checked; the empty code for things of no shop.
        entity_keys: the things that were checked, where it was not all of them.

    Returns:
        The number of rows closed, dated now.
    """
    known = quarantine.c
    healed = (
        known.entity_type == entity_type,
        known.shop_code.in_(list(shop_codes)),
        known.last_seen_at_utc < checked_since_utc,
        known.resolved_at_utc.is_(None),
        # What a person dismissed stays dismissed, whatever becomes of it.
        known.dismissed_at_utc.is_(None),
    )
    close = update(quarantine).where(*healed).values(resolved_at_utc=utc_now())
    with writing(engine) as connection:
        if entity_keys is None:
            return connection.execute(close).rowcount
        # A long list of keys would pass SQLite's limit on bound variables.
        wanted = set(entity_keys)
        found = connection.execute(select(known.entity_key).where(*healed).distinct()).scalars()
        return sum(connection.execute(close.where(known.entity_key == key)).rowcount for key in found if key in wanted)


def open_rows(engine: Engine, *, entity_type: str | None = None, is_dismissed: bool = False) -> pd.DataFrame:
    """Return what is set aside and has not healed, the longest first.

    Args:
        engine: from `open_engine`.
        entity_type: only this type; all where left out.
        is_dismissed: what a person has dismissed, instead of what is open.

    Returns:
        One row per shop, entity type, entity key and reason code, with first and last seen, how often, and the note.
    """
    known = quarantine.c
    query = select(*(c for c in quarantine.columns if c.name != "resolved_at_utc")).where(known.resolved_at_utc.is_(None))
    query = query.where(known.dismissed_at_utc.is_not(None) if is_dismissed else known.dismissed_at_utc.is_(None))
    if entity_type is not None:
        query = query.where(known.entity_type == entity_type)
    with reading(engine) as connection:
        return read_frame(connection, query.order_by(known.first_seen_at_utc, *quarantine.primary_key.columns))


def dismiss(engine: Engine, shop_code: str, entity_key: str, note: str, *, at_utc: datetime | None = None) -> int:
    """Take a thing out of the stream for good, with a note that says why; return how many rows that were."""
    return _mark(engine, shop_code, entity_key, at_utc or utc_now(), note)


def release(engine: Engine, shop_code: str, entity_key: str, note: str) -> int:
    """Take a dismissed thing back into the stream, with a note that says why; return how many rows that were."""
    return _mark(engine, shop_code, entity_key, None, note)


def _mark(engine: Engine, shop_code: str, entity_key: str, dismissed_at_utc: datetime | None, note: str) -> int:
    known = quarantine.c
    is_open = known.dismissed_at_utc.is_(None) if dismissed_at_utc else known.dismissed_at_utc.is_not(None)
    mine = (known.shop_code == shop_code, known.entity_key == entity_key, known.resolved_at_utc.is_(None), is_open)
    with writing(engine) as connection:
        marked = update(quarantine).where(*mine).values(dismissed_at_utc=dismissed_at_utc, note=clean_text(note))
        return connection.execute(marked).rowcount
