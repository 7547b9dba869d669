"""Contracts: each version that was applied, by whom and when; the newest is what the next one is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from store.engine import reading, writing
from store.schema import contracts
from store.upsert import upsert


@dataclass(frozen=True)
class Applied:
    """A version of the contract as it was applied: its text, who said so, and why."""

    contract_fingerprint: str
    content: str
    applied_by: str
    note: str
    applied_at_utc: datetime


def last_applied(engine: Engine) -> Applied | None:
    """Return the version that was applied last; None where none ever was."""
    with reading(engine) as connection:
        row = connection.execute(select(contracts).order_by(contracts.c.applied_at_utc.desc()).limit(1)).mappings().first()
    return Applied(**row) if row else None


def apply(engine: Engine, applied: Applied) -> None:
    """Record that a version is applied; applied again, it is the newest again."""
    with writing(engine) as connection:
        row = {name: getattr(applied, name) for name in Applied.__annotations__}
        upsert(connection, contracts, [row])
