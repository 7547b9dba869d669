"""Connections: pages by cursor, at most 250 at a time."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphql import GraphQLError

LARGEST_PAGE = 250


def connection(rows: Sequence[Any], given: Mapping[str, Any], node: Callable[[Any], Any], order: str = "") -> dict[str, Any]:
    """Return one page of rows.

    Args:
        rows: all rows, in their order; a row's place in it is its cursor, which holds while no row is removed.
        given: first, after, last, before.
        node: turns a row into its object.
        order: part of the cursor, so that a cursor of another connection is refused.

    Raises:
        GraphQLError: no page size, one over 250, or a cursor of another connection.
    """
    size = given.get("first") if given.get("first") is not None else given.get("last")
    if size is None:
        raise GraphQLError("you must provide one of first or last", extensions={"code": "BAD_REQUEST"})
    if size > LARGEST_PAGE:
        raise GraphQLError(f"first cannot exceed {LARGEST_PAGE}", extensions={"code": "BAD_REQUEST"})
    if given.get("last") is not None or given.get("before") is not None:
        raise GraphQLError("paging backwards is not modelled", extensions={"code": "NOT_MODELLED"})
    start = _position(given["after"], order) + 1 if given.get("after") else 0
    page = list(rows[start : start + size])
    if given.get("reverse"):
        raise GraphQLError("reverse is not modelled", extensions={"code": "NOT_MODELLED"})
    nodes = [node(row) for row in page]
    cursors = [_cursor(start + index, order) for index in range(len(page))]
    return {
        "nodes": nodes,
        "edges": [{"cursor": cursor, "node": item} for cursor, item in zip(cursors, nodes, strict=True)],
        "pageInfo": {
            "__typename": "PageInfo",
            "hasNextPage": start + size < len(rows),
            "hasPreviousPage": start > 0,
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
        },
    }


def _cursor(position: int, order: str) -> str:
    return base64.b64encode(json.dumps([position, order]).encode()).decode()


def _position(cursor: str, order: str) -> int:
    try:
        position, made_for = json.loads(base64.b64decode(cursor))
    except (ValueError, TypeError) as error:
        raise GraphQLError("Invalid cursor for current pagination sort.", extensions={"code": "BAD_REQUEST"}) from error
    if made_for != order:
        raise GraphQLError("Invalid cursor for current pagination sort.", extensions={"code": "BAD_REQUEST"})
    return int(position)
