"""Values on their way into and out of the database: UTC instants, JSON, text that both databases take, typed frames."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pandas as pd
from sqlalchemy import JSON, BigInteger, Boolean, Connection, DateTime, Dialect, Integer, Select
from sqlalchemy.types import TypeDecorator

Rows = pd.DataFrame | Sequence[Mapping[str, Any]]
"""Rows to write: a frame, or a sequence of mappings that all have the same keys."""

MOST_NAMED: Final = 300
"""Values of one statement: SQLite bounds its variables."""
INSTANT_DTYPE: Final = "datetime64[us, UTC]"


class UtcInstant(TypeDecorator[datetime]):
    """An aware instant, UTC going in and coming out; a naive one is refused, since nobody knows what it means."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the instant as the database keeps it (SQLite: UTC without an offset, so that text compares as time)."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"store: instant {value.isoformat()} has no time zone: pass an aware one (UTC)")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return the instant, aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def utc_now() -> datetime:
    """Return this machine's clock, aware, in UTC."""
    return datetime.now(tz=UTC)


def dump_json(value: Any) -> str:
    """Return a value as JSON text, the same text for the same value.

    Decimals become text (so that 10.00 stays 10.00), instants ISO 8601, a missing value null.

    Args:
        value: mappings, sequences and scalars; numpy and pandas scalars too.

    Returns:
        JSON that both databases accept: no NaN, no NUL character, no lone surrogate.
    """
    return json.dumps(_jsonable(value), sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def clean_text(text: str) -> str:
    r"""Return text that both databases accept: NUL characters and lone surrogates replaced by U+FFFD.

    PostgreSQL refuses both; SQLite refuses lone surrogates.
    """
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    if text.isascii():
        return text
    return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)


def records(rows: Rows, columns: Sequence[str]) -> list[list[Any]]:
    """Return the rows as lists of plain Python values in the order of the columns; missing is None.

    Args:
        rows: a frame or mappings.
        columns: the columns to take; each must be there.

    Returns:
        One list per row.

    Raises:
        KeyError: a row lacks a column.
    """
    if isinstance(rows, pd.DataFrame):
        taken = [_plain_column(rows[column]) for column in columns]
        return [list(row) for row in zip(*taken, strict=True)]
    return [[_plain(row[column]) for column in columns] for row in rows]


def parts_of(values: Collection[Any]) -> Iterator[Sequence[Any]]:
    """Yield the values, each once and sorted, in parts that one statement can name."""
    listed = sorted(set(values))
    for start in range(0, len(listed), MOST_NAMED):
        yield listed[start : start + MOST_NAMED]


def with_columns(rows: Rows, values: Mapping[str, Any]) -> Rows:
    """Return the rows with the same values added to each, the rows themselves left as they are."""
    if isinstance(rows, pd.DataFrame):
        return rows.assign(**dict(values))
    return [{**row, **values} for row in rows]


def read_frame(connection: Connection, query: Select[Any]) -> pd.DataFrame:
    """Return a query's rows as a frame, typed by the columns' types even when there are none.

    Args:
        connection: an open connection.
        query: the columns, each named.

    Returns:
        Whole numbers as int64 (Int64 where some are missing), instants as UTC, text as `str`, JSON as objects.
    """
    rows = connection.execute(query).all()
    columns = list(query.selected_columns)
    values = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    typed = {column.name: _series(column.type, got) for column, got in zip(columns, values, strict=True)}
    return pd.DataFrame(typed, columns=[column.name for column in columns])


def _series(kind: Any, values: Sequence[Any]) -> pd.Series[Any]:
    if isinstance(kind, UtcInstant):
        return pd.to_datetime(pd.Series(values, dtype=object), utc=True).astype(INSTANT_DTYPE)
    if isinstance(kind, (BigInteger, Integer)):
        return pd.Series(values, dtype="Int64" if any(value is None for value in values) else "int64")
    if isinstance(kind, Boolean):
        return pd.Series(values, dtype="bool")
    return pd.Series(values, dtype=object if isinstance(kind, JSON) else "str")


def _plain_column(column: pd.Series[Any]) -> list[Any]:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        instants = column.dt.as_unit("us").astype(object)
        return [None if value is pd.NaT else value.to_pydatetime() for value in instants]
    if column.dtype == object:
        return [_plain(value) for value in column]
    missing = column.isna()
    plain = column.astype(object).where(~missing, None).tolist()
    return [clean_text(value) if isinstance(value, str) else value for value in plain]


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, (Mapping, list, tuple)) or value is None:
        return value
    if value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime(warn=False)
    return value.item() if isinstance(value, np.generic) else value


def _jsonable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {clean_text(str(key)): _jsonable(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        inner = sorted(value, key=str) if isinstance(value, (set, frozenset)) else value
        return [_jsonable(item) for item in inner]
    value = _plain(value)
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    return str(value) if isinstance(value, Decimal) else clean_text(str(value))
