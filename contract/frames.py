"""Frames: a type per table, and the one border where a frame is conformed and checked against the catalogue.

A frame handed to a function carries its table's name as its type, so that a raw frame where a core frame belongs is an
error of types; `conform` is what turns an untyped frame into one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import pandas as pd

from contract.errors import FatalError
from contract.fields import Kind, kind_of
from contract.table import Table
from contract.tables import TABLES

Frames = Mapping[str, pd.DataFrame]
"""Frames by their table's name."""

_DTYPES: dict[Kind, Any] = {
    "text": "str",
    "id": "str",
    "code": "str",
    "qty": "int64",
    "count": "int64",
    "amount": "object",
    "instant": "datetime64[us, UTC]",
    "flag": "bool",
}


def conform(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with the table's columns, order and types, its key checked.

    Args:
        name: the table's name in `contract/tables.py`.
        frame: a frame with at least the table's columns; others are dropped unless the table allows more.

    Returns:
        A new frame, sorted by its key.

    Raises:
        FatalError: a column is missing, a value has not its column's type, a key is missing or stands twice.
    """
    table = TABLES[name]
    missing = [column for column in table.columns if column not in frame.columns]
    if missing:
        raise FatalError(f"Truecount {name}: columns {missing} are missing; the step that makes the frame is at fault")
    more = [column for column in frame.columns if column not in table.columns] if table.allows_more else []
    typed = {column: _typed(table, column, frame[column]) for column in [*table.columns, *more]}
    result = pd.DataFrame(typed)
    _check_key(table, result)
    return result.sort_values(list(table.key), kind="stable", ignore_index=True)


def empty(name: str) -> pd.DataFrame:
    """Return the table's frame without rows."""
    return _empty(name).copy()


def dtype_of(table: Table, column: str) -> Any:
    """Return the pandas type of a column of a conformed frame.

    >>> dtype_of(TABLES["core_stock"], "on_hand_qty"), dtype_of(TABLES["out_stock_differences"], "atp_qty")
    ('int64', 'Int64')
    """
    kind = kind_of(column)
    if table.is_raw:
        return "str"
    return "Int64" if column in table.nullable and kind == "qty" else _DTYPES[kind]


def rebuilt(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame, made anew if it is empty, so that it can be joined with another empty one.

    pandas 3 cannot join two empty frames on text columns that filtering has left without a chunk (pyarrow: "cannot
    construct ChunkedArray from empty vector and omitted type").
    """
    if len(frame):
        return frame
    return pd.DataFrame({column: pd.Series([], dtype=frame[column].dtype) for column in frame.columns})


@cache
def _empty(name: str) -> pd.DataFrame:
    return conform(name, pd.DataFrame({column: [] for column in TABLES[name].columns}))


def from_rows(name: str, rows: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    """Return the table's frame of rows given as mappings (see `conform`)."""
    listed = list(rows)
    return conform(name, pd.DataFrame(listed, columns=None if listed else list(TABLES[name].columns)))


def _typed(table: Table, column: str, values: pd.Series) -> pd.Series:
    if table.is_raw:
        return values.astype("str").replace("", None)
    kind = kind_of(column)
    if column not in table.nullable and values.isna().any():
        raise FatalError(f"Truecount {table.name}.{column}: {int(values.isna().sum())} value(s) missing; it may not be empty")
    try:
        return values.astype(dtype_of(table, column))
    except (TypeError, ValueError) as error:
        raise FatalError(f"Truecount {table.name}.{column}: not every value is a {kind} ({error})") from error


def _check_key(table: Table, frame: pd.DataFrame) -> None:
    key = list(table.key)
    if frame[key].isna().any(axis=None) and not table.is_raw:
        raise FatalError(f"Truecount {table.name}: a key of {key} is missing")
    repeated = frame.duplicated(key)
    if repeated.any():
        sample = frame.loc[repeated, key].head(3).to_dict("records")
        raise FatalError(f"Truecount {table.name}: {int(repeated.sum())} key(s) stand twice, e.g. {sample}; one row per {key}")
