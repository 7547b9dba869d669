"""A table as CSV for spreadsheets, and as Parquet for everything else."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from reports.cells import Cell, evidence_text
from reports.model import ColumnKind, Table

# A spreadsheet runs a cell that starts with one of these as a formula.
_FORMULA = re.compile(r"\s*[=+\-@\t\r\n]")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def as_csv(table: Table, rows: list[list[Cell]], evidence: list[Any]) -> bytes:
    r"""Return a table as CSV: UTF-8 with a byte order mark (Excel needs it), commas, a heading with the columns' names.

    The rule for spreadsheets: a cell of a text or code column, or of the evidence, that starts (after spaces) with `=`,
    `+`, `-`, `@`, a tab or a line end, and is not a plain number, gets an apostrophe before it. Numbers, money, dates and
    instants are never changed, negative ones included. A missing value is an empty cell. Money has its decimals as given.

    Args:
        table: what is written.
        rows: its cells (`reports.cells.rows_of`).
        evidence: what proves each row (`reports.cells.evidence_of`); written as JSON in the last column.
    """
    held = io.StringIO(newline="")
    writer = csv.writer(held)
    writer.writerow([*(column.name for column in table.columns), *([table.evidence] if table.evidence else [])])
    kinds: list[ColumnKind] = [column.kind for column in table.columns]
    for at, row in enumerate(rows):
        cells = [
            spreadsheet_safe(value) if kind in {"text", "prose", "code"} else value for value, kind in zip(row, kinds, strict=True)
        ]
        writer.writerow(cells + ([spreadsheet_safe(evidence_text(evidence[at]))] if table.evidence else []))
    return held.getvalue().encode("utf-8-sig")


def spreadsheet_safe(value: Cell) -> Cell:
    """Return a cell that no spreadsheet runs as a formula.

    >>> [spreadsheet_safe(value) for value in ("=1+1", "-12.50", "- none", "+49 30", "SKU-1", None)]
    ["'=1+1", '-12.50', "'- none", "'+49 30", 'SKU-1', None]
    """
    if value is None or not _FORMULA.match(value) or _NUMBER.fullmatch(value):
        return value
    return f"'{value}"


def as_parquet(table: Table, rows: list[list[Cell]], evidence: list[Any]) -> bytes:
    """Return a table as Parquet.

    Integers are int64; money is decimal128 with as many decimals as the column's longest (the value stays exact); instants are
    timestamps in UTC; dates are dates; the evidence is text, JSON where it is a mapping or a list. See `as_csv` for the arguments.

    Raises:
        pyarrow.ArrowInvalid: an integer does not fit in 64 bits, or an amount in 38 digits.
    """
    columns = {column.name: _array(column.kind, [row[at] for row in rows]) for at, column in enumerate(table.columns)}
    if table.evidence:
        columns[table.evidence] = pa.array([evidence_text(value) for value in evidence], pa.string())
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def _array(kind: ColumnKind, cells: list[Cell]) -> Any:
    if kind == "money":
        amounts = [None if value is None else Decimal(value) for value in cells]
        scale = max((_decimals(amount) for amount in amounts if amount is not None), default=2)
        return pa.array(amounts, pa.decimal128(38, scale))
    parse, arrow = _PARQUET[kind]
    return pa.array([None if value is None else parse(value) for value in cells], arrow)


def _decimals(amount: Decimal) -> int:
    exponent = amount.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


_PARQUET: dict[ColumnKind, tuple[Callable[[str], Any], Any]] = {
    "text": (str, pa.string()),
    "prose": (str, pa.string()),
    "code": (str, pa.string()),
    "int": (int, pa.int64()),
    "instant": (datetime.fromisoformat, pa.timestamp("us", tz="UTC")),
    "date": (date.fromisoformat, pa.date32()),
}
