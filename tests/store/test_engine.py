"""The database opens, migrates, and says what is wrong without showing a password."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, text

from contract.errors import FatalError
from store.engine import current_revision, head_revision, migrate, open_engine, reading, writing
from store.schema import metadata


def test_a_new_database_is_migrated_to_the_head(empty_database_url):
    engine = open_engine(empty_database_url)
    assert current_revision(engine) is None
    migrate(engine)
    migrate(engine)
    assert current_revision(engine) == head_revision() != ""
    engine.dispose()


def test_the_migrated_database_is_the_schema(engine):
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_the_migrated_database_is_the_schema_column_by_column(engine):
    # What Alembic's comparison leaves out: primary keys and their names.
    migrated = _described(engine)
    with writing(engine) as connection:
        for view in inspect(connection).get_view_names():
            connection.execute(text(f"DROP VIEW {view}"))
        metadata.drop_all(connection)
        metadata.create_all(connection)
    assert migrated == _described(engine)
    assert set(migrated) == set(metadata.tables)


def test_processes_that_start_together_migrate_once(empty_database_url):
    script = "import sys; from store.engine import *; e = open_engine(sys.argv[1]); migrate(e); print(current_revision(e))"
    started = [
        subprocess.Popen([sys.executable, "-c", script, empty_database_url], stdout=-1, stderr=-1, text=True) for _ in range(3)
    ]
    answers = [process.communicate(timeout=120) for process in started]
    assert [out.strip() for out, _ in answers] == [head_revision()] * 3, answers


def test_a_database_of_a_newer_truecount_is_refused(engine):
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(FatalError, match="upgrade Truecount"):
        migrate(engine)


def test_tables_that_are_missing_are_told_with_what_to_do(empty_database_url):
    engine = open_engine(empty_database_url)
    with pytest.raises(FatalError, match="truecount doctor"), reading(engine) as connection:
        connection.execute(text("SELECT * FROM runs"))
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://joe:hunter2@127.0.0.1:1/books", "postgresql 127.0.0.1/books cannot be reached"),
        ("postgresql://joe@127.0.0.1:1/books?password=hunter2", "cannot be reached"),
        ("postgresql://joe:hunter2@127.0.0.1/books?nonsense=hunter2", "cannot be reached"),
        ("sqlite:////proc/none/hunter.db", "cannot be reached"),
        ("mysql://joe:hunter2@host/books", "mysql is not supported"),
        ("hunter2", "not a URL"),
        ("", "not a URL"),
    ],
)
def test_a_database_that_cannot_be_reached_is_fatal_and_shows_no_password(url, told):
    with pytest.raises(FatalError, match=told) as caught:
        open_engine(url)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_file_that_is_no_database_is_fatal(tmp_path):
    (tmp_path / "notes.db").write_text("these are notes, not a database, and long enough to be read as a header" * 30)
    with pytest.raises(FatalError, match="not a database"):
        open_engine(f"sqlite:///{tmp_path / 'notes.db'}")


def test_sqlite_keeps_a_write_ahead_log_and_waits_thirty_seconds(tmp_path: Path):
    engine = open_engine(f"sqlite:///{tmp_path / 'a' / 'b' / 'truecount.db'}")
    with reading(engine) as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA busy_timeout")).scalar() == 30_000
    engine.dispose()


def test_a_writer_on_sqlite_takes_the_lock_at_once_and_a_reader_does_not(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'truecount.db'}"
    engine = open_engine(url)
    migrate(engine)
    impatient = create_engine(url, connect_args={"timeout": 0, "isolation_level": None})
    with writing(engine), reading(engine) as reader, impatient.connect() as other:
        assert reader.execute(text("SELECT count(*) FROM runs")).scalar() == 0
        with pytest.raises(Exception, match="locked"):
            other.exec_driver_sql("BEGIN IMMEDIATE")
    engine.dispose()
    impatient.dispose()


def test_an_error_does_not_repeat_the_values_of_a_statement(engine: Engine):
    with pytest.raises(FatalError) as caught, reading(engine) as connection:
        connection.execute(text("SELECT * FROM nowhere WHERE mail = :mail"), {"mail": "jane@example.org"})
    assert "jane" not in str(caught.value)


def test_a_failed_write_leaves_nothing(engine: Engine):
    insert = text("INSERT INTO snapshots VALUES ('r', 'f', 1, 's', 'p')")

    def write_and_fail() -> None:
        with writing(engine) as connection:
            connection.execute(insert)
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write_and_fail()
    with reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM snapshots")).scalar() == 0


def _described(engine: Engine) -> dict[str, object]:
    found = inspect(engine)
    return {
        name: (
            [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in found.get_columns(name)],
            found.get_pk_constraint(name),
            sorted((i["name"], tuple(i["column_names"]), i["unique"]) for i in found.get_indexes(name)),
        )
        for name in found.get_table_names()
        if name != "alembic_version"
    }
