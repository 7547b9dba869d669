"""Connections: pages by cursor, at most 250 at a time.

Recorded: a cursor is base64 of {"last_id":…,"last_value":…}: the sort value and id of its row. So a page follows its
cursor's row by order, whether or not that row is still there, and rows put in before it shift nothing.
"""

from __future__ import annotations

import base64
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, NoReturn

from graphql import GraphQLError

LARGEST_PAGE = 250
_IS_WHOLE: ContextVar[bool] = ContextVar("is_whole", default=False)
_BAD_CURSOR = "Invalid cursor for current pagination sort."
Key = tuple[Any, int]
"""A row's sort value and the number of its id."""


def number(gid: str) -> int:
    """Return the number of a global id; a seed's own id without one is as good as 0."""
    digits = gid.rsplit("/", 1)[-1].split("?", maxsplit=1)[0]
    return int(digits) if digits.isdigit() else 0


@contextmanager
def whole() -> Iterator[None]:
    """Let every connection give all its rows, as a bulk operation does."""
    token = _IS_WHOLE.set(True)
    try:
        yield
    finally:
        _IS_WHOLE.reset(token)


def connection(
    rows: Sequence[Any],
    given: Mapping[str, Any],
    node: Callable[[Any], Any],
    key: Callable[[Any], Key] | None = None,
) -> dict[str, Any]:
    """Return one page of rows.

    Args:
        rows: all rows; in the order of their keys where there is a key, else in an order of their own to which rows are
            only added at the end.
        given: first, after, last, before, reverse.
        node: turns a row into its object.
        key: a row's sort value and id; None: its place.

    Raises:
        GraphQLError: no page size, two of them, one below 0 or over 250, or a cursor of another sort.
    """
    if _IS_WHOLE.get():
        return {"edges": lambda: [{"cursor": "", "node": node(row)} for row in rows]}
    _check_sizes(given)
    reverse = bool(given.get("reverse"))
    low, high = _between(rows, given, key, reverse=reverse)
    places = range(low, high)
    if reverse:
        places = places[::-1]
    from_start = given.get("first") is not None
    places = places[: given["first"]] if from_start else places[max(0, len(places) - given["last"]) :]
    shown = [(rows[place], _cursor(key(rows[place]) if key else (place, place))) for place in places]
    start, end = (0, len(rows) - 1) if not reverse else (len(rows) - 1, 0)
    return {
        "nodes": lambda: [node(row) for row, _ in shown],
        "edges": lambda: [{"cursor": cursor, "node": node(row)} for row, cursor in shown],
        "pageInfo": {
            "__typename": "PageInfo",
            "hasNextPage": bool(places) and places[-1] != end,
            "hasPreviousPage": bool(places) and places[0] != start,
            "startCursor": shown[0][1] if shown else None,
            "endCursor": shown[-1][1] if shown else None,
        },
    }


def _between(rows: Sequence[Any], given: Mapping[str, Any], key: Callable[[Any], Key] | None, *, reverse: bool) -> tuple[int, int]:
    """Return the range of places that lie after and before the cursors given."""
    low, high = 0, len(rows)
    after, before = given.get("after"), given.get("before")
    if reverse:
        after, before = before, after
    if after:
        low = bisect_right(rows, _key(after, rows, key), key=key) if key else _key(after, rows, key)[1] + 1
    if before:
        high = bisect_left(rows, _key(before, rows, key), key=key) if key else _key(before, rows, key)[1]
    return low, max(low, high)


def _check_sizes(given: Mapping[str, Any]) -> None:
    # How Shopify words these refusals is not recorded.
    sizes = {name: given[name] for name in ("first", "last") if given.get(name) is not None}
    if not sizes:
        _refuse("you must provide one of first or last")
    if len(sizes) > 1:
        _refuse("providing both first and last is not supported")
    for name, size in sizes.items():
        if size > LARGEST_PAGE:
            _refuse(f"{name} cannot exceed {LARGEST_PAGE}")
        if size < 0:
            _refuse(f"{name} must be a positive number")


def _cursor(key: Key) -> str:
    value = key[0].astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(key[0], datetime) else key[0]
    return base64.b64encode(json.dumps({"last_id": key[1], "last_value": value}, separators=(",", ":")).encode()).decode()


def _key(cursor: str, rows: Sequence[Any], key: Callable[[Any], Key] | None) -> Key:
    like = key(rows[0])[0] if key and rows else 0
    try:
        told = json.loads(base64.b64decode(cursor))
        value, place = told["last_value"], told["last_id"]
        if isinstance(like, datetime):
            value = datetime.strptime(value, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC)
    except (ValueError, TypeError, KeyError) as error:
        raise GraphQLError(_BAD_CURSOR, extensions={"code": "BAD_REQUEST"}) from error
    if not isinstance(place, int) or (rows and not isinstance(value, type(like))):
        _refuse(_BAD_CURSOR)
    return value, place


def _refuse(told: str) -> NoReturn:
    raise GraphQLError(told, extensions={"code": "BAD_REQUEST"})
