"""The account of one world: its settings, its clock in its own time zone, its custom fields."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from sandbox.netsuite import schema
from sandbox.world import World


@dataclass(frozen=True)
class Settings:
    """What is fixed for an account between two resets."""

    account_id: str = "1234567_SB1"
    timezone: str = "America/Los_Angeles"
    date_format: str = "MM/DD/YYYY"
    concurrency: int = 5
    default_order_status: str = "A"
    has_subsidiaries: bool = False
    has_suitetax: bool = False
    write_seconds: float = 0.0
    integration_user: int = 3  # the employee whose role our token has
    sees_system_notes: bool = True  # the permission System Notes: without it a role sees its own only

    @property
    def host(self) -> str:
        """Return the account's REST host: lower case, underscore as hyphen."""
        return f"{self.account_id.lower().replace('_', '-')}.suitetalk.api.netsuite.com"


@dataclass(frozen=True)
class Author:
    """Who changes something: an employee's id, their role, and where they do it (UIF: the user interface)."""

    employee: int
    role: int | None = 3  # 3: Administrator
    context: str = "UIF"


@dataclass
class Account:
    """One account in one world; every reader and writer of its tables is handed this."""

    world: World
    settings: Settings = field(default_factory=Settings)
    backdated: datetime | None = None
    person: Author | None = None  # who acts in the user interface now; None: our integration's role
    _fields: dict[str, dict[str, Any]] | None = None
    _shown: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def db(self) -> sqlite3.Connection:
        """Return the world's connection; hold the world's lock around its use."""
        return self.world.db

    def now(self) -> datetime:
        """Return the instant at which a change happens, UTC: the world's clock, or a seed's own instant."""
        return self.backdated or self.world.clock.now()

    def stamp(self) -> str:
        """Return now as the account stores it: its own time zone, whole seconds."""
        return self.local(self.now())

    def local(self, instant: datetime) -> str:
        """Return an aware instant as text in the account's time zone."""
        return _local_text(instant, self.settings.timezone)

    def utc(self, stored: str) -> str:
        """Return a stored local text as UTC text of the same shape; the doubled hour in autumn reads as its first."""
        return _utc_text(stored, self.settings.timezone)

    def one(self, sql: str, *values: Any) -> dict[str, Any] | None:
        """Return the first row of a query as a dict, or None."""
        rows = self.rows(sql, *values)
        return rows[0] if rows else None

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Return all rows of a query as dicts."""
        cursor = self.db.execute(sql, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def insert(self, table: str, row: dict[str, Any]) -> int:
        """Insert one row and return its rowid."""
        names = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join("?" * len(row))
        return self.db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values())).lastrowid or 0

    def custom_field(self, script_id: str) -> dict[str, Any] | None:
        """Return the definition of a custom field that whoever acts now can see, by its script id in any case."""
        return self.custom_fields().get(script_id.lower())

    def custom_fields(self) -> dict[str, dict[str, Any]]:
        """Return the definitions of the custom fields that whoever acts now can see, by lower-case script id.

        An inactive field is seen by nobody, one hidden from our role by people only.
        """
        if self._fields is None:
            rows = self.rows("SELECT * FROM ns_customfield WHERE COALESCE(isinactive, 'F') != 'T'")
            self._fields = {row["scriptid"].lower(): row for row in rows}
            self._shown = {name: row for name, row in self._fields.items() if row["access"] != "none"}
        return self._fields if self.person else self._shown

    def forget_fields(self) -> None:
        """Read the custom fields anew: their definitions changed."""
        self._fields = None

    @property
    def author(self) -> Author:
        """Return who acts now: a person, or our integration through REST (that context's code is not recorded [?])."""
        return self.person or Author(self.settings.integration_user, role=None, context="RESTWEBSERVICES")

    def forget(self, settings: Settings) -> None:
        """Begin anew with other settings."""
        self.settings, self.backdated, self._fields, self.person = settings, None, None, None

    @contextmanager
    def change(self) -> Iterator[None]:
        """Hold the world's lock around one change; commit at the end, roll back when it fails."""
        with self.world.lock:
            try:
                yield
            except BaseException:
                self.db.rollback()
                raise
            self.db.commit()


_accounts: WeakKeyDictionary[World, Account] = WeakKeyDictionary()


def account_of(world: World) -> Account:
    """Return the account of a world; an empty one where none was seeded."""
    with world.lock:
        if world not in _accounts:
            if not schema.is_created(world.db):
                schema.recreate(world.db)
                world.db.commit()
            _accounts[world] = Account(world, _stored_settings(world.db))
        return _accounts[world]


def start_account(world: World, settings: Settings) -> Account:
    """Empty the account's tables, keep the settings in them, and return the account."""
    schema.recreate(world.db)
    known = _accounts.setdefault(world, Account(world))
    known.forget(settings)
    world.db.execute("INSERT INTO ns_setting VALUES ('settings', ?)", (json.dumps(settings.__dict__),))
    return known


@lru_cache(maxsize=1024)
def _local_text(instant: datetime, zone: str) -> str:
    return instant.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


@lru_cache(maxsize=65536)
def _utc_text(stored: str, zone: str) -> str:
    aware = datetime.fromisoformat(stored).replace(tzinfo=ZoneInfo(zone))
    return aware.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _stored_settings(db: sqlite3.Connection) -> Settings:
    row = db.execute("SELECT value FROM ns_setting WHERE name = 'settings'").fetchone()
    return Settings(**json.loads(row[0])) if row else Settings()
