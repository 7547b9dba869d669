"""Bulk operations: a query over everything, run beside the rate limit; its answer is a file of JSON lines.

The operation reads when it ends, not when it begins (`bulk_seconds` of the shop's seed, 0 where left out), and children
come before and after their parents: both are allowed by the documentation, and hardest on a client.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from graphql import FieldNode, GraphQLSchema, execute_sync, parse

from sandbox.shopify import connections
from sandbox.shopify.bulk_rules import name_of, operation_of, refusal
from sandbox.shopify.executor import Context, StraightExecutor, resolve
from sandbox.shopify.queries import query_root
from sandbox.shopify.search import Search
from sandbox.shopify.shop import Shop

MOST_AT_ONCE = 5
URL_DAYS = 7
Node = dict[str, Any]


def run_query(shop: Shop, schema: GraphQLSchema, query: str) -> Node:
    """Begin an operation, and return what `bulkOperationRunQuery` answers."""
    told = refusal(schema, query)
    if told:
        return _payload(None, "INVALID", told, ["query"])
    running = [row for row in shop.bulk.values() if _status(shop, row) != "COMPLETED" and not row["failed"]]
    if len(running) >= MOST_AT_ONCE:
        return _payload(
            None, "OPERATION_IN_PROGRESS", f"{MOST_AT_ONCE} bulk query operations for this app and shop are in progress."
        )
    key = f"gid://shopify/BulkOperation/{9_000_000 + len(shop.bulk)}"
    ends = shop.clock.now() + timedelta(seconds=shop.seed.get("bulk_seconds", 0))
    shop.bulk[key] = {"id": key, "query": query, "created": shop.clock.now(), "ends": ends, "lines": None, "failed": ""}
    return _payload(_node(shop, shop.bulk[key]) | {"status": "CREATED"})


def find(shop: Shop, schema: GraphQLSchema, key: str, context: Context) -> Node | None:
    """Return an operation, run to its end if its time has come; None where there is none of that id."""
    row = shop.bulk.get(key)
    if row is None:
        return None
    if row["lines"] is None and not row["failed"] and shop.clock.now() >= row["ends"]:
        _run(shop, schema, row, context)
    return _node(shop, row)


def file_of(shop: Shop, key: str, signature: str) -> bytes | None:
    """Return an operation's file; None where there is none, its address is wrong, or seven days are over."""
    row = shop.bulk.get(f"gid://shopify/BulkOperation/{key}")
    if row is None or not row["lines"] or signature != _signature(row):
        return None
    if shop.clock.now() > row["ends"] + timedelta(days=URL_DAYS):
        return None
    return ("\n".join(json.dumps(line, separators=(",", ":")) for line in row["lines"]) + "\n").encode()


def _run(shop: Shop, schema: GraphQLSchema, row: Node, context: Context) -> None:
    document = parse(row["query"])
    operation = operation_of(document)
    shop.settle()
    with connections.whole():
        inner = Context(context.scopes)
        root = query_root(shop, Search(shop.timezone, inner), inner)
        result = execute_sync(schema, document, root, inner, None, None, field_resolver=resolve, executor_class=StraightExecutor)
    if result.errors or result.data is None:
        is_denied = any((error.extensions or {}).get("code") == "ACCESS_DENIED" for error in result.errors or [])
        row["failed"] = "ACCESS_DENIED" if is_denied else "INTERNAL_SERVER_ERROR"
        return
    parents: list[Node] = []
    children: list[Node] = []
    for node in operation.selection_set.selections:
        if isinstance(node, FieldNode):
            for found in _rows(result.data[name_of(node)]):
                _flatten(found, None, parents, children)
    row["roots"], half = len(parents), len(children) // 2
    row["lines"] = [*children[:half], *parents, *children[half:]]


def _flatten(node: Node, parent: str | None, rows: list[Node], below: list[Node]) -> None:
    line = {name: value for name, value in node.items() if not _is_connection(value)}
    rows.append(line | ({"__parentId": parent} if parent else {}))
    for value in node.values():
        if _is_connection(value):
            for child in _rows(value):
                _flatten(child, node["id"], below, below)


def _is_connection(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"edges"}


def _rows(connection: Any) -> Iterator[Node]:
    yield from (edge["node"] for edge in (connection or {"edges": []})["edges"])


def _status(shop: Shop, row: Node) -> str:
    if row["failed"]:
        return "FAILED"
    return "COMPLETED" if row["lines"] is not None else "RUNNING" if shop.clock.now() > row["created"] else "CREATED"


def _signature(row: Node) -> str:
    return hashlib.sha256(f"{row['id']}{row['query']}".encode()).hexdigest()


def _node(shop: Shop, row: Node) -> Node:
    lines, status = row["lines"] or [], _status(shop, row)
    number = row["id"].rsplit("/", 1)[1]
    has_file = status == "COMPLETED" and bool(lines)
    return {
        "__typename": "BulkOperation",
        "id": row["id"],
        "status": status,
        "errorCode": row["failed"] or None,
        "createdAt": _instant(row["created"]),
        "completedAt": _instant(row["ends"]) if status in ("COMPLETED", "FAILED") else None,
        "objectCount": str(len(lines)),
        "rootObjectCount": str(row.get("roots", 0)),
        "fileSize": str(len(file_of(shop, number, _signature(row)) or b"")) if has_file else None,
        "url": f"{shop.origin}/bulk/{number}.jsonl?signature={_signature(row)}" if has_file else None,
        "partialDataUrl": None,
        "query": row["query"],
        "type": "QUERY",
    }


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _payload(node: Node | None, code: str = "", told: str = "", field: list[str] | None = None) -> Node:
    errors = [{"__typename": "BulkOperationUserError", "field": field, "message": told, "code": code}] if told else []
    return {"__typename": "BulkOperationRunQueryPayload", "bulkOperation": node, "userErrors": errors}
