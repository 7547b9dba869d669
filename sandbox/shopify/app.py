"""One shop over HTTP: tokens, the GraphQL endpoint, and the rate limit."""

from __future__ import annotations

import gzip
import json
import secrets
from datetime import timedelta
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphql import (
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    execute_sync,
    parse,
    validate,
)
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.shopify.cost import CostEstimate
from sandbox.shopify.mutations import mutation_root
from sandbox.shopify.queries import query_root
from sandbox.shopify.refusals import document_refusals, parse_refusal, size_refusals, variable_refusals
from sandbox.shopify.shop import Shop

if TYPE_CHECKING:
    from sandbox.world import World

VERSION = "2026-10"
TOKEN_SECONDS = 86399
DEAREST_QUERY = 1000


@cache
def schema() -> GraphQLSchema:
    """Return the real Admin schema 2026-10: names and types, no descriptions."""
    text = gzip.decompress((Path(__file__).parent / "schema.graphql.gz").read_bytes()).decode()
    # Shopify's own schema breaks six rules of the specification.
    return build_schema(text, assume_valid=True, no_location=True)


def shop_app(world: World, shop_code: str) -> Starlette:
    """Return one shop's app."""

    async def graphql(request: Request) -> Response:
        shop: Shop = world.shops[shop_code]
        if not _is_allowed(shop, request.headers.get("X-Shopify-Access-Token", "")):
            told = "[API] Invalid API key or access token (unrecognized login or wrong password)"
            return _reply(shop, {"errors": told}, 401)
        try:
            body = await request.json()
        except ValueError:
            return _reply(shop, {"errors": "Bad Request"}, 400)
        return _reply(shop, await run_in_threadpool(answer, world, shop, body))

    async def token(request: Request) -> Response:
        shop: Shop = world.shops[shop_code]
        form = await request.form()
        seed = shop.seed
        if form.get("grant_type") != "client_credentials":
            return _reply(shop, {"error": "unsupported_grant_type"}, 400)
        if form.get("client_id") != seed["client_id"] or form.get("client_secret") != seed["client_secret"]:
            return _reply(shop, {"error": "invalid_client", "error_description": "Client authentication failed"}, 401)
        issued = f"shpca_{secrets.token_hex(16)}"
        shop.tokens[issued] = shop.clock.now() + timedelta(seconds=TOKEN_SECONDS)
        return _reply(shop, {"access_token": issued, "scope": ",".join(shop.scopes), "expires_in": TOKEN_SECONDS})

    return Starlette(
        routes=[
            Route(f"/admin/api/{VERSION}/graphql.json", graphql, methods=["POST"]),
            Route("/admin/oauth/access_token", token, methods=["POST"]),
        ]
    )


def answer(world: World, shop: Shop, body: dict[str, Any]) -> dict[str, Any]:
    """Return the reply to one GraphQL request: validated, paid for, executed."""
    try:
        document = parse(body.get("query") or "")
    except GraphQLError as error:
        return {"errors": [parse_refusal(body.get("query") or "", error)]}
    variables = body.get("variables") or {}
    operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    broken = document_refusals(schema(), document, validate(schema(), document))
    if refused := broken or variable_refusals(schema(), operation, variables):
        return {"errors": refused}
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    estimate = CostEstimate(schema(), fragments, variables)
    requested = estimate.of(operation)
    if oversized := size_refusals(operation, variables):
        return {"errors": oversized, "extensions": _cost(shop, requested, None)}
    if requested > DEAREST_QUERY:
        told = f"Query cost is {requested}, which exceeds the single query max cost limit ({DEAREST_QUERY})."
        return {
            "errors": [{"message": told, "extensions": {"code": "MAX_COST_EXCEEDED", "cost": requested, "maxCost": DEAREST_QUERY}}]
        }
    if not shop.bucket.reserve(requested):
        throttled = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
        return {"errors": [throttled], "extensions": _cost(shop, requested, None)}
    with world.lock:
        is_mutation = operation.operation.value == "mutation"
        root = mutation_root(shop) if is_mutation else query_root(shop)
        result = execute_sync(
            schema(),
            document,
            root,
            variable_values=body.get("variables"),
            operation_name=body.get("operationName"),
            field_resolver=_resolve,
        )
    actual = min(requested, estimate.of(operation, result.data or {}))
    shop.bucket.give_back(requested, actual)
    reply: dict[str, Any] = {"data": result.data, "extensions": _cost(shop, requested, actual)}
    if result.errors:
        reply["errors"] = [_told(error, "INTERNAL_SERVER_ERROR") for error in result.errors]
    return reply


def _resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    """Resolve a field from the object's own; a field that is valid but not modelled is refused, never invented."""
    if info.field_name not in source:
        told = f"{info.parent_type.name}.{info.field_name} is not modelled by the sandbox"
        raise GraphQLError(told, extensions={"code": "NOT_MODELLED"})
    value = source[info.field_name]
    if not callable(value):
        return value
    return value(info=info, **arguments) if info.parent_type.name == "Mutation" else value(**arguments)


def _is_allowed(shop: Shop, token: str) -> bool:
    if token not in shop.tokens:
        return False
    expires = shop.tokens[token]
    return expires is None or shop.clock.now() < expires


def _told(error: GraphQLError, code: str) -> dict[str, Any]:
    told: dict[str, Any] = {"message": error.message, "extensions": {"code": code} | dict(error.extensions or {})}
    if error.locations:
        told["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    return told | ({"path": error.path} if error.path else {})


def _cost(shop: Shop, requested: int, actual: int | None) -> dict[str, Any]:
    return {"cost": {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": shop.bucket.status()}}


def _reply(shop: Shop, body: dict[str, Any], status: int = 200) -> Response:
    headers = {
        "X-Shopify-API-Version": VERSION,
        "Date": format_datetime(shop.clock.now(), usegmt=True),
        "Content-Type": "application/json; charset=utf-8",
    }
    return JSONResponse(json.loads(json.dumps(body, default=str)), status, headers)
