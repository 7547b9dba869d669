"""SuiteQL: queries from their files, read to the end by keyset paging.

Offset paging is unstable over REST and ends at 100,000 rows, so that each page asks for the rows after the last key
instead: `WHERE key > ? ORDER BY key FETCH FIRST 1000 ROWS ONLY` (the pattern of PostHog's NetSuite source).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from string import Template

import pandas as pd

from connectors.netsuite.client import PAGE_ROWS, NetsuiteClient
from contract.errors import FatalError, RetriableError
from contract.tables import TABLES

IN_MEMBERS = 1000
"""The most members that an IN list may have."""

_BEFORE_EVERY_ID = -1_000_000_000
_IDENTIFIER = re.compile(r"^cust(?:item|body|col)[a-z0-9_]*$")

Row = dict[str, str]
OnPage = Callable[[int], None]


def load_query(name: str, **parts: str) -> str:
    """Return the text of a query's file, its `$parts` filled in.

    Args:
        name: the file's name in `queries/`, without `.sql`.
        parts: SQL fragments made by this package; never a value of anyone's.
    """
    text = files("connectors.netsuite").joinpath("queries", f"{name}.sql").read_text(encoding="utf-8")
    lines = (line.split("--")[0].rstrip() for line in text.splitlines())
    return Template("\n".join(line for line in lines if line)).substitute(parts)


def query_all(  # noqa: PLR0913 - what to read, and how to say so
    client: NetsuiteClient,
    sql: str,
    key: tuple[str, ...],
    params: Sequence[str | int] = (),
    *,
    what: str,
    on_page: OnPage | None = None,
) -> list[Row]:
    """Return every row of a query, page by page.

    Grain: one row per key, in ascending order of the key. The query must end in a condition on the key, whose
    placeholders come after those of `params`: `k > ?` for one column, `a >= ? AND (a > ? OR b > ?)` for two,
    `a >= ? AND (a > ? OR b > ? OR (b = ? AND c > ?))` for three.

    Args:
        client: the account.
        sql: the query, with `ORDER BY` the key and `FETCH FIRST 1000 ROWS ONLY`.
        key: one to three numeric columns of the answer that identify a row.
        params: the bound values before those of the key.
        what: the object of the query, for messages.
        on_page: told the number of rows read so far, after each page.

    Raises:
        RetriableError: a page repeats, is out of order, or a row has no key: the read cannot be trusted.
        FatalError: see `NetsuiteClient.query`.
    """
    rows: list[Row] = []
    last = (_BEFORE_EVERY_ID,) * len(key)
    while True:
        page = client.query(sql, [*params, *_bind(last)], what)
        for row in page:
            found = _key_of(row, key, what)
            if found <= last:
                raise RetriableError(
                    f"NetSuite: {what}: the row {_spell(key, found)} comes after {_spell(key, last)}: a page repeats "
                    "or the cursor does not advance; try again later"
                )
            last = found
        rows += page
        if on_page is not None:
            on_page(len(rows))
        if len(page) < PAGE_ROWS:
            return rows


def split_members(values: Iterable[str]) -> list[list[str]]:
    """Return the values without repeats, in lists that fit an IN list.

    Args:
        values: ids or external ids.

    >>> [len(part) for part in split_members(str(n) for n in range(2001))]
    [1000, 1000, 1]
    """
    unique = list(dict.fromkeys(values))
    return [unique[start : start + IN_MEMBERS] for start in range(0, len(unique), IN_MEMBERS)]


def marks(values: Sequence[object]) -> str:
    """Return one placeholder per value, for an IN list.

    >>> marks(["a", "b"])
    '?, ?'
    """
    return ", ".join("?" for _ in values)


def as_ids(values: Iterable[str], what: str) -> list[int]:
    """Return internal ids as numbers, so that NetSuite compares numbers with numbers.

    Raises:
        FatalError: one of them is not a number.
    """
    given = list(values)
    wrong = [value for value in given if not re.fullmatch(r"-?[0-9]+", value)]
    if wrong:
        raise FatalError(f"NetSuite: {what}: {wrong[0]!r}: an internal id is a whole number; correct the contract")
    return [int(value) for value in given]


def check_identifier(name: str, prefix: str) -> str:
    """Return a custom field's id in lower case, as SuiteQL spells it.

    Raises:
        FatalError: it is not a plain identifier with the prefix; nothing else may enter a query's text.
    """
    lowered = name.lower()
    if not _IDENTIFIER.match(lowered) or not lowered.startswith(prefix):
        raise FatalError(f"NetSuite: {name!r} is no {prefix} field id; correct the contract")
    return lowered


def to_raw_frame(
    table: str, rows: Iterable[Mapping[str, str]], stamp: tuple[str, datetime], more: Sequence[str] = ()
) -> pd.DataFrame:
    """Return rows as the raw frame of the catalogue: its columns in order, text or missing.

    Args:
        table: the frame's name in `contract.tables.TABLES`.
        rows: dicts by the frame's column names.
        stamp: the run's id and the instant of the read.
        more: columns beyond the catalogue's, named by the contract.
    """
    run_id, extracted_at = stamp
    fixed = {"run_id": run_id, "extracted_at_utc": extracted_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    columns = list(dict.fromkeys((*TABLES[table].columns, *more)))
    texts = [{name: value for name, value in row.items() if value} | fixed for row in rows]
    return pd.DataFrame(texts, columns=columns, dtype="str")


def _bind(last: tuple[int, ...]) -> list[int]:
    if len(last) == 1:
        return list(last)
    first, *rest = last
    return [first, first, *rest[:1], *rest] if len(rest) > 1 else [first, first, *rest]


def _key_of(row: Row, key: tuple[str, ...], what: str) -> tuple[int, ...]:
    try:
        return tuple(int(row[name]) for name in key)
    except (KeyError, ValueError) as error:
        raise RetriableError(f"NetSuite: {what}: a row has no whole number in its key {', '.join(key)}") from error


def _spell(key: tuple[str, ...], values: tuple[int, ...]) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(key, values, strict=True))
