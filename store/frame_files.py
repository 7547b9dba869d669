"""One frame as the bytes of a compressed CSV, and back: equal frames give equal bytes, and read back equal."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pandas as pd

from contract.errors import FatalError
from contract.fields import kind_of
from contract.tables import TABLES


def frame_to_bytes(name: str, frame: pd.DataFrame) -> bytes:
    """Return the frame as a gzip-compressed CSV, without its index; the same frame gives the same bytes.

    Args:
        name: the frame's name; one that begins with `raw_` holds text only.
        frame: the rows.

    Returns:
        The bytes: missing values and empty strings are empty fields, a lone surrogate is a question mark.

    Raises:
        FatalError: a raw frame holds a column that is not text.
    """
    text = {str(column): _as_text(name, frame[column]) for column in frame.columns}
    buffer = io.StringIO()
    # Every field quoted: a carriage return inside one would otherwise end the row, and an empty row would be skipped.
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(text)
    writer.writerows(zip(*text.values(), strict=True))
    # Neither the time nor a file name goes into the header, or equal frames would differ.
    return gzip.compress(buffer.getvalue().encode("utf-8", "replace"), compresslevel=6, mtime=0)


def frame_from_bytes(name: str, content: bytes, dtypes: Mapping[str, str]) -> pd.DataFrame:
    """Return the frame that `frame_to_bytes` wrote.

    Args:
        name: the frame's name.
        content: the bytes.
        dtypes: each column's type as it was (raw frames: text whatever it says).

    Returns:
        The frame with a plain index; in raw frames empty is missing.
    """
    csv.field_size_limit(2**31 - 1)
    text = gzip.decompress(content).decode()
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = next(rows, [])
    values = list(zip(*rows, strict=True)) or [()] * len(header)
    columns = {column: _typed(name, column, got, dtypes[column]) for column, got in zip(header, values, strict=True)}
    return pd.DataFrame(columns, columns=header)


def _as_text(name: str, column: pd.Series[Any]) -> list[str]:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return ["" if value is pd.NaT else value.isoformat() for value in column]
    values = ["" if is_missing else value for value, is_missing in zip(column.tolist(), column.isna(), strict=True)]
    if name.startswith("raw_") and any(not isinstance(value, str) for value in values):
        raise FatalError(f"snapshot: {name}.{column.name} holds {column.dtype}, but a raw frame holds text only")
    return [str(value) for value in values]


def _typed(name: str, column: str, values: tuple[str, ...], dtype: Any) -> pd.Series[Any]:
    typed: pd.Series[Any]
    # A core text that may not be missing was an empty string.
    may_miss = name not in TABLES or column in TABLES[name].nullable
    parse = _parser(column, dtype)
    if name.startswith("raw_"):
        typed = pd.Series([value or None for value in values], dtype="str")
    elif dtype.startswith("datetime64"):
        instants = pd.Series(values, dtype=object).replace("", None)
        typed = pd.to_datetime(instants, utc=True, format="ISO8601").astype(dtype)
    elif parse is not str or may_miss:
        typed = pd.Series([parse(value) if value else None for value in values], dtype=dtype)
    else:
        typed = pd.Series(values, dtype=dtype)
    return typed


def _parser(column: str, dtype: str) -> Callable[[str], Any]:
    if dtype in ("bool", "boolean"):
        return "True".__eq__
    if dtype.lower().startswith(("int", "uint")):
        return int
    if dtype.lower().startswith("float"):
        return float
    return Decimal if kind_of(column) == "amount" else str
