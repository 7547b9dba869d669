"""POST /services/rest/query/v1/suiteql: protocol, paging and wire format (facts/netsuite.md 2)."""

import logging
import re
import sqlite3
from typing import Any
from urllib.parse import urlencode

from sandbox.netsuite.account import Account
from sandbox.netsuite.catalog import Column
from sandbox.netsuite.problems import NetSuiteError, unsupported_search
from sandbox.netsuite.sql_functions import plain, register, to_char
from sandbox.netsuite.translate import translate

log = logging.getLogger(__name__)
MOST_ROWS = 100_000  # of one query, over all its pages
MOST_A_PAGE = 1000
_PATH = "/services/rest/query/v1/suiteql"


def answer(account: Account, body: Any, parameters: dict[str, str], prefer: str, base: str) -> dict[str, Any]:
    """Return one page of a query.

    Args:
        account: the account; its world's lock is held.
        body: {"q": text, "params": [values]}.
        parameters: of the URL: limit, offset.
        prefer: the Prefer header; must hold `transient`.
        base: scheme and host for the links.

    Raises:
        NetSuiteError: 400, in the recorded words where they are known.
    """
    if "transient" not in prefer.lower():
        # The rule is Oracle's, the sentence ours.
        raise NetSuiteError(400, "INVALID_HEADER", "The required header Prefer: transient is missing.", header="Prefer")
    limit, offset = _page(parameters)
    if not isinstance(body, dict) or not isinstance(body.get("q"), str) or not isinstance(body.get("params", []), list):
        raise NetSuiteError(400, "INVALID_CONTENT", "The request body must hold a query 'q'.")
    columns, rows = run(account, body["q"], body.get("params", []), offset)
    items = [_item(account, columns, row) for row in rows[offset : offset + limit]]
    has_more = offset + limit < len(rows)
    return {
        "links": _links(base, limit, offset, len(rows)),
        "count": len(items),
        "hasMore": has_more,
        "items": items,
        "offset": offset,
        "totalResults": len(rows),
    }


def run(account: Account, query: str, values: list[Any], offset: int = 0) -> tuple[list[Column], list[tuple[Any, ...]]]:
    """Return output columns and stored rows of a query, at most MOST_ROWS.

    Raises:
        NetSuiteError: 400, for a query or parameters that do not fit.
    """
    translated = translate(account, query)
    if len(values) != translated.parameters or any(isinstance(value, list | dict) for value in values):
        text = f"Invalid number of parameters. Expected: {translated.parameters}. Provided: {len(values)}."
        raise NetSuiteError(400, "INVALID_PARAMETER", text, query_param="params")
    register(account, f"{query}|{values}|{offset}")
    bound = {f"p{number}": _bound(value) for number, value in enumerate(values, start=1)}
    try:
        rows = account.db.execute(translated.sql, bound).fetchmany(MOST_ROWS)
    except sqlite3.Error as error:
        log.warning("suiteql_failed", extra={"sql": translated.sql, "cause": str(error)})
        raise unsupported_search() from error
    return translated.columns, rows


def _bound(value: Any) -> Any:
    """Return a parameter as SQLite compares it; Oracle takes the empty text for null."""
    if isinstance(value, bool):
        return "T" if value else "F"
    return None if value == "" else value


def _page(parameters: dict[str, str]) -> tuple[int, int]:
    """Return limit and offset; offset must be divisible by limit, and there are at most 1000 pages."""
    values: list[int] = []
    for name, default in (("limit", MOST_A_PAGE), ("offset", 0)):
        text = parameters.get(name, str(default))
        if not re.fullmatch(r"\d+", text) or (name == "limit" and not 1 <= int(text) <= MOST_A_PAGE):
            raise _bad_parameter(name, text)
        values.append(int(text))
    limit, offset = values
    if offset % limit or offset // limit >= 1000:
        raise _bad_parameter("offset", str(offset))
    return limit, offset


def _bad_parameter(name: str, text: str) -> NetSuiteError:
    """Return the refusal of a paging parameter; the rule is Oracle's, the sentence ours."""
    return NetSuiteError(400, "INVALID_PARAMETER", f"Invalid query parameter value '{text}'.", query_param=name)


def _item(account: Account, columns: list[Column], row: tuple[Any, ...]) -> dict[str, Any]:
    """Return a row as sent: every value a text, nulls left out, dates in the account's format without a time."""
    item: dict[str, Any] = {"links": []}
    for column, value in zip(columns, row, strict=True):
        if value is None or value == "":
            continue
        item[column.name] = to_char(value, account.settings.date_format) if column.is_date else plain(value)
    return item


def _links(base: str, limit: int, offset: int, total: int) -> list[dict[str, str]]:
    last = (max(total, 1) - 1) // limit * limit
    offsets = {"self": offset}
    if offset > 0:
        offsets |= {"previous": max(0, offset - limit), "first": 0}
    if offset + limit < total:
        offsets |= {"next": offset + limit, "last": last}
    return [{"rel": rel, "href": f"{base}{_PATH}?{urlencode({'limit': limit, 'offset': at})}"} for rel, at in offsets.items()]
