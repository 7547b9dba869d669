"""Shopify's JSON as raw frames: text only, nested values as compact JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from contract.errors import RetriableError
from contract.tables import TABLES

Row = Mapping[str, Any]


def to_raw_frame(table: str, rows: Iterable[Row], run_id: str, extracted_at: datetime) -> pd.DataFrame:
    """Return rows as the raw frame of that name: the catalogue's columns, text or missing.

    Args:
        table: the frame's name.
        rows: column to value; a column left out is missing.
        run_id: the run.
        extracted_at: the instant of the read.
    """
    stamp = {"run_id": run_id, "extracted_at_utc": extracted_at.isoformat()}
    columns = TABLES[table].columns
    listed = [{name: as_text(value) for name, value in {**row, **stamp}.items()} for row in rows]
    return pd.DataFrame(listed, columns=list(columns), dtype="str")


def check_keys(table: str, shop_code: str, rows: Iterable[Row]) -> None:
    """Raise where a key stands twice: a page was repeated, or changed while we paged.

    Args:
        table: the frame's name.
        shop_code: the shop, for the message.
        rows: column to value.

    Raises:
        RetriableError: a key stands twice.
    """
    seen: set[tuple[Any, ...]] = set()
    for row in rows:
        key = tuple(row[column] for column in TABLES[table].key)
        if key in seen:
            named = " ".join(map(str, key))
            raise RetriableError(f"Shopify {shop_code}: {table}: {named} comes twice: a page repeats; try again later")
        seen.add(key)


def as_text(value: Any) -> str | None:
    """Return a JSON value as text.

    >>> as_text(True), as_text(7), as_text({"a": 1}), as_text("")
    ('true', '7', '{"a":1}', None)
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return value.isoformat() if isinstance(value, datetime) else str(value)


def dig(row: Any, path: str) -> Any:
    """Return the value at a dotted path of nested JSON, or None where a step is missing."""
    for step in path.split("."):
        if row is None:
            return None
        row = row.get(step)
    return row
