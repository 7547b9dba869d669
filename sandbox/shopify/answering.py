"""Answers one GraphQL request: refused as Shopify refuses, paid for from the bucket, executed."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from sandbox.shopify import bulk
from sandbox.shopify.cost import CostEstimate
from sandbox.shopify.executor import Context, StraightExecutor, resolve
from sandbox.shopify.mutations import mutation_root
from sandbox.shopify.queries import query_root
from sandbox.shopify.refusals import document_refusals, parse_refusal, size_refusals, variable_refusals
from sandbox.shopify.search import Search
from sandbox.shopify.shop import Shop

if TYPE_CHECKING:
    from sandbox.world import World

DEAREST_QUERY = 1000
_RATE_LIMITS = "https://shopify.dev/api/usage/rate-limits"


@cache
def schema() -> GraphQLSchema:
    """Return the real Admin schema 2026-10: names and types, no descriptions."""
    text = gzip.decompress((Path(__file__).parent / "schema.graphql.gz").read_bytes()).decode()
    # Shopify's own schema breaks six rules of the specification.
    return build_schema(text, assume_valid=True, no_location=True)


@dataclass
class _Prepared:
    """A document that was read before: what it says, or why it is refused, and what it costs by the sizes asked for."""

    document: DocumentNode
    refused: list[dict[str, Any]]
    operations: dict[str, OperationDefinitionNode] = field(default_factory=dict)
    fragments: dict[str, FragmentDefinitionNode] = field(default_factory=dict)
    costs: dict[tuple[Any, ...], int] = field(default_factory=dict)


def answer(world: World, shop: Shop, body: Mapping[str, Any], token: str = "") -> dict[str, Any]:
    """Return the reply to one GraphQL request.

    Args:
        world: for its lock.
        shop: the shop asked.
        body: query, variables and operationName.
        token: whose scopes hold; a token that the shop does not know has them all.
    """
    prepared = _prepared(body.get("query") or "")
    variables = body.get("variables") or {}
    operation = prepared.operations.get(body.get("operationName") or "") or next(iter(prepared.operations.values()), None)
    refused = prepared.refused or (variable_refusals(schema(), operation, variables) if operation else [])
    if refused or operation is None:
        return {"errors": refused}
    estimate = CostEstimate(schema(), prepared.fragments, variables)
    requested = _requested(prepared, operation, estimate, variables)
    if oversized := size_refusals(operation, variables):
        return {"errors": oversized, "extensions": _cost(shop, requested, None)}
    if requested > DEAREST_QUERY:
        return {"errors": [_too_dear(requested)]}
    if not shop.bucket.reserve(requested):
        throttled = {"message": "Throttled", "extensions": {"code": "THROTTLED", "documentation": _RATE_LIMITS}}
        return {"errors": [throttled], "extensions": _cost(shop, requested, None)}
    with world.lock:
        reply, search = _executed(shop, prepared, operation, body, token)
    actual = min(requested, estimate.of(operation, reply["data"] or {}))
    shop.bucket.give_back(requested, actual)
    return reply | {"extensions": _cost(shop, requested, actual) | search}


def _executed(
    shop: Shop, prepared: _Prepared, operation: OperationDefinitionNode, body: Mapping[str, Any], token: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return data and errors, and what the search has to say."""
    shop.settle()
    context = Context(shop.scopes_of(token))
    search = Search(shop.timezone, context)
    is_mutation = operation.operation.value == "mutation"
    result = execute_sync(
        schema(),
        prepared.document,
        mutation_root(shop) if is_mutation else _query_root(shop, search, context),
        context,
        body.get("variables"),
        body.get("operationName"),
        field_resolver=resolve,
        executor_class=StraightExecutor,
    )
    reply: dict[str, Any] = {"data": result.data}
    if result.errors:
        reply["errors"] = [_told(error, "INTERNAL_SERVER_ERROR") for error in result.errors]
    return reply, {"search": search.told} if search.told else {}


def _query_root(shop: Shop, search: Search, context: Context) -> dict[str, Any]:
    """Return the query root, with what an operation in bulk cannot ask for: another one."""
    return query_root(shop, search, context) | {"bulkOperation": lambda id: bulk.find(shop, schema(), id, context)}  # noqa: A006


@lru_cache(maxsize=512)
def _prepared(text: str) -> _Prepared:
    try:
        document = parse(text)
    except GraphQLError as error:
        return _Prepared(DocumentNode(), [parse_refusal(text, error)])
    refused = document_refusals(schema(), document, validate(schema(), document))
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    fragments = [node for node in document.definitions if isinstance(node, FragmentDefinitionNode)]
    return _Prepared(
        document,
        refused,
        {node.name.value if node.name else "": node for node in operations},
        {node.name.value: node for node in fragments},
    )


def _requested(
    prepared: _Prepared, operation: OperationDefinitionNode, estimate: CostEstimate, variables: Mapping[str, Any]
) -> int:
    """Return the cost by what is asked for; of the variables only whole numbers, the sizes of pages, can change it."""
    sizes = tuple(sorted((name, value) for name, value in variables.items() if isinstance(value, int)))
    key = (id(operation), sizes)
    if key not in prepared.costs:
        prepared.costs[key] = estimate.of(operation)
    return prepared.costs[key]


def _too_dear(requested: int) -> dict[str, Any]:
    told = f"Query cost is {requested}, which exceeds the single query max cost limit ({DEAREST_QUERY})."
    return {"message": told, "extensions": {"code": "MAX_COST_EXCEEDED", "cost": requested, "maxCost": DEAREST_QUERY}}


def _told(error: GraphQLError, code: str) -> dict[str, Any]:
    told: dict[str, Any] = {"message": error.message, "extensions": {"code": code} | dict(error.extensions or {})}
    if error.locations:
        told["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    return told | ({"path": error.path} if error.path else {})


def _cost(shop: Shop, requested: int, actual: int | None) -> dict[str, Any]:
    return {"cost": {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": shop.bucket.status()}}
