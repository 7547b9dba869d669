"""The database: opening, migrating, reading and writing transactions. SQLite by default, PostgreSQL by URL."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2  # type: ignore[import-untyped]
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, OperationalError, ProgrammingError, SQLAlchemyError

from contract.errors import FatalError, RetriableError
from store.values import dump_json

BUSY_SECONDS = 30
_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 7_283_301_114
_DRIVERS = {"sqlite": "sqlite", "postgres": "postgresql+psycopg2", "postgresql": "postgresql+psycopg2"}


def open_engine(database_url: str) -> Engine:
    """Return an engine on a database that answers; a SQLite file and its folder are made where missing.

    Args:
        database_url: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`.

    Returns:
        The engine. On SQLite: WAL, a busy timeout of 30 s, `BEGIN IMMEDIATE` for writers.

    Raises:
        FatalError: the URL is malformed, or the database cannot be reached; the password is never shown.
    """
    url = _parse(database_url)
    try:
        engine = _sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url)
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except (SQLAlchemyError, sqlite3.Error, OSError, TypeError) as error:
        raise FatalError(f"{_place(url)} cannot be reached: {_reason(error, url)}; check TRUECOUNT_DATABASE_URL") from None
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection in one reading transaction.

    Raises:
        RetriableError: the database is locked by another process.
        FatalError: it is gone, or its tables are missing.
    """
    with _errors_by_what_to_do(engine), engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Give a connection in one writing transaction, committed at the end, rolled back on an error.

    SQLite takes the write lock at once: a transaction that reads first and then writes would fail without waiting
    when another writer came in between.

    Raises:
        RetriableError: the database stayed locked by another process for 30 s.
        FatalError: it is gone, or its tables are missing.
    """
    with _errors_by_what_to_do(engine), engine.execution_options(is_writer=True).begin() as connection:
        yield connection


def migrate(engine: Engine) -> None:
    """Bring the database to the newest revision, under a lock: processes that start together migrate once.

    Args:
        engine: from `open_engine`.

    Raises:
        FatalError: the database has a revision that this version of Truecount does not know.
    """
    config = _alembic()
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise FatalError(f"{_place(engine.url)}: {error}; a newer Truecount wrote this database: upgrade Truecount") from error


def current_revision(engine: Engine) -> str | None:
    """Return the revision of the database; None where it was never migrated."""
    with reading(engine) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head_revision() -> str:
    """Return the newest revision that this version of Truecount knows."""
    return ScriptDirectory.from_config(_alembic()).get_current_head() or ""


def _alembic() -> Config:
    config = Config()
    # ConfigParser reads % as interpolation.
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _parse(database_url: str) -> URL:
    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError):
        # The URL is not repeated here: it may hold a password.
        raise FatalError("database: TRUECOUNT_DATABASE_URL is not a URL; write sqlite:///FILE or postgresql://...") from None
    if url.get_backend_name() not in _DRIVERS:
        raise FatalError(f"database: {url.get_backend_name()} is not supported; use SQLite or PostgreSQL")
    return url.set(drivername=_DRIVERS[url.get_backend_name()])


def _sqlite(url: URL) -> Engine:
    if url.database and url.database != ":memory:" and not url.database.startswith("file:"):
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, json_serializer=dump_json)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _postgresql(url: URL) -> Engine:
    arguments = {} if "connect_timeout" in url.query else {"connect_timeout": 10}
    return create_engine(url, connect_args=arguments, pool_pre_ping=True, json_serializer=dump_json)


def _set_up_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver must not begin transactions by itself: _begin_sqlite does (SQLAlchemy's pysqlite recipe).
    connection.isolation_level = None
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] not in ("wal", "memory"):
                connection.execute("PRAGMA journal_mode=WAL")
            break
        except sqlite3.OperationalError as error:
            # Changing the journal does not wait for the busy timeout when two processes open a new file together.
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
    connection.execute("PRAGMA synchronous=NORMAL")


def _begin_sqlite(connection: Connection) -> None:
    is_writer = connection.get_execution_options().get("is_writer", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")


@contextmanager
def _errors_by_what_to_do(engine: Engine) -> Iterator[None]:
    try:
        yield
    except (OperationalError, ProgrammingError, psycopg2.OperationalError) as error:
        # COPY goes past SQLAlchemy, so the driver's own error arrives too.
        # Not str(error): SQLAlchemy repeats the parameters, which may be a customer's.
        reason = _reason(error, engine.url)
        if any(word in reason for word in ("locked", "deadlock", "could not serialize")):
            raise RetriableError(f"{_place(engine.url)}: {reason}; another process writes, try again") from None
        hint = "; run `truecount doctor`" if "no such" in reason or "does not exist" in reason else ""
        raise FatalError(f"{_place(engine.url)}: {reason}{hint}") from None


def _place(url: URL) -> str:
    where = f"{url.host or url.query.get('host') or 'localhost'}/" if url.get_backend_name() == "postgresql" else ""
    return f"database {url.get_backend_name()} {where}{url.database or ''}"


def _reason(error: BaseException, url: URL) -> str:
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    reason = lines[0] if lines else type(error).__name__
    for secret in (url.password, url.query.get("password"), url.query.get("sslpassword")):
        if isinstance(secret, str) and secret:
            reason = reason.replace(secret, "***")
    return reason
