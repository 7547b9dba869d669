"""One shop over HTTP: tokens, the GraphQL endpoint, and the rate limit."""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.shopify import bulk
from sandbox.shopify.answering import answer, schema
from sandbox.shopify.installation import VERSION, version_used
from sandbox.shopify.shop import Shop

if TYPE_CHECKING:
    from sandbox.world import World

TOKEN_SECONDS = 86399
Handler = Callable[[Request], Awaitable[Response]]

__all__ = ["schema", "shop_app"]


def shop_app(world: World, shop_code: str) -> Starlette:
    """Return one shop's app."""

    async def graphql(request: Request) -> Response:
        shop: Shop = world.shops[shop_code]
        token = request.headers.get("X-Shopify-Access-Token", "")
        if not _is_allowed(shop, token):
            told = "[API] Invalid API key or access token (unrecognized login or wrong password)"
            return _reply(shop, {"errors": told}, 401)
        try:
            body = await request.json()
        except ValueError:
            return _reply(shop, {"errors": "Bad Request"}, 400)
        shop.origin = str(request.base_url).rstrip("/")
        return _reply(shop, await run_in_threadpool(answer, world, shop, body, token))

    async def issue(request: Request) -> Response:
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
            Route("/admin/oauth/access_token", issue, methods=["POST"]),
            Route("/bulk/{key}.jsonl", _bulk_files(world, shop_code)),
        ],
        # Dated by the world's clock like every answer: a request to any other path still tells the shop's time.
        exception_handlers={HTTPException: _elsewhere(world, shop_code)},
    )


def _bulk_files(world: World, shop_code: str) -> Handler:
    async def bulk_file(request: Request) -> Response:
        # The signed address of a storage service: it takes no token, and would not know one.
        content = bulk.file_of(world.shops[shop_code], request.path_params["key"], request.query_params.get("signature", ""))
        return Response(content, 200, media_type="application/jsonl") if content else Response("", 403)

    return bulk_file


def _elsewhere(world: World, shop_code: str) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def elsewhere(_request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return _reply(world.shops[shop_code], {"errors": HTTPStatus(status).phrase}, status)

    return elsewhere


def _is_allowed(shop: Shop, token: str) -> bool:
    if token not in shop.tokens:
        return False
    expires = shop.tokens[token]
    return expires is None or shop.clock.now() < expires


def _reply(shop: Shop, body: dict[str, Any], status: int = 200) -> Response:
    headers = {
        "X-Shopify-API-Version": version_used(shop),
        "Date": format_datetime(shop.clock.now(), usegmt=True),
        "Content-Type": "application/json; charset=utf-8",
    }
    return Response(json.dumps(body, separators=(",", ":")), status, headers)
