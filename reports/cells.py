"""Cells as text: exact, once, for the page, for CSV and for the evidence."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import pandas as pd

from reports.model import Column, ColumnKind, ReportError, Table

Cell = str | None

_INTEGER = re.compile(r"-?[0-9]+")
_EXACT_FLOAT = 2**53


def rows_of(table: Table) -> list[list[Cell]]:
    """Return a table's cells as text, row by row, in the order of its columns; a missing value is None.

    Raises:
        ReportError: a value is not of its column's kind; every such column is named with one example.
    """
    columns, problems = [], []
    for column in table.columns:
        try:
            columns.append(_column(column, table.frame[column.name].tolist()))
        except (TypeError, ValueError, InvalidOperation) as problem:
            problems.append(f"table {table.key!r}: {problem}")
    if problems:
        raise ReportError(problems)
    return [list(row) for row in zip(*columns, strict=True)]


def evidence_of(table: Table) -> list[Any]:
    """Return what proves each row as JSON values whose leaves are text or None; an empty list where a table has no evidence."""
    if not table.evidence:
        return []
    return [as_evidence(value) for value in table.frame[table.evidence].tolist()]


def as_evidence(value: Any) -> Any:
    """Return a value as mappings, lists and text.

    >>> as_evidence({"due": Decimal("1.50"), "orders": [1001], "seen": None, "open": True})
    {'due': '1.50', 'orders': ['1001'], 'seen': None, 'open': 'yes'}
    """
    if isinstance(value, Mapping):
        return {str(name): as_evidence(part) for name, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [as_evidence(part) for part in value]
    return cell(value, "text")


def evidence_text(value: Any) -> Cell:
    """Return a row's evidence (see `as_evidence`) as one cell: text as it is, everything else as JSON."""
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def cell(value: Any, kind: ColumnKind) -> Cell:
    """Return one value as text, None where it is missing.

    >>> cell(Decimal("1200.50"), "money"), cell(-3.0, "int"), cell(float("nan"), "int"), cell(date(2026, 1, 31), "date")
    ('1200.50', '-3', None, '2026-01-31')

    Raises:
        TypeError: the value is of another kind; money as float above all, since it is no longer exact.
        ValueError: text that is no number or no instant.
    """
    return None if _is_missing(value) else _AS_TEXT[kind](value)


def _column(column: Column, values: list[Any]) -> list[Cell]:
    done = []
    for at, value in enumerate(values):
        try:
            done.append(cell(value, column.kind))
        except (TypeError, ValueError, InvalidOperation) as problem:
            raise ValueError(f"column {column.name!r}, row {at}: {value!r} is no {column.kind} ({problem})") from problem
    return done


def _is_missing(value: Any) -> bool:
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, float | Decimal) and value != value  # noqa: PLR0124 - a number that is not itself is not a number


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return _instant(value) if value.tzinfo else value.isoformat()
    return str(value)


def _int(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT_FLOAT:
        # pandas turns integers into floats where one is missing.
        return str(int(value))
    if isinstance(value, bool | float):
        raise TypeError("an integer is needed")
    text = str(value)
    if not _INTEGER.fullmatch(text):
        raise ValueError("an integer is needed")
    return text


def _money(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        raise TypeError("money is Decimal or its text: a float is not exact")
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError("a finite amount is needed")
    return format(number, "f")


def _instant(value: Any) -> str:
    instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(instant, datetime):
        raise TypeError("an instant is needed")
    if instant.tzinfo is None:
        raise ValueError("an instant says its offset")
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _date(value: Any) -> str:
    day = date.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(day, date):
        raise TypeError("a date is needed")
    return day.strftime("%Y-%m-%d")


_AS_TEXT: dict[ColumnKind, Callable[[Any], str]] = {
    "text": _text,
    "prose": _text,
    "code": _text,
    "int": _int,
    "money": _money,
    "instant": _instant,
    "date": _date,
}
