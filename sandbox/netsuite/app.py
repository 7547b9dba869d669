"""The account's HTTP: routes, sign-in, the concurrency limit, errors as JSON."""

import asyncio
import json
import threading
from collections.abc import Callable
from email.utils import format_datetime
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.netsuite import metadata, suiteql
from sandbox.netsuite.account import Account, account_of
from sandbox.netsuite.problems import NetSuiteError, invalid_content, not_modelled, too_many_requests
from sandbox.netsuite.records import Call, serve_record
from sandbox.netsuite.sign_in import TOKEN_PATH, TokenRefusedError, check_caller, issue_token
from sandbox.world import World

_Handler = Callable[[Account, Request, bytes], Response]


def netsuite_app(world: World) -> ASGIApp:
    """Return the NetSuite account of a world as an ASGI app.

    Requests beyond the account's concurrency limit are answered 429 at once, sign-in apart.
    """
    record = "/services/rest/record/v1/{kind}"
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    routes = [
        Route(TOKEN_PATH, _endpoint(world, _token, signs_in=True), methods=["POST"]),
        Route("/services/rest/query/v1/suiteql", _endpoint(world, _suiteql), methods=["POST"]),
        Route("/services/rest/system/v1/governanceLimits", _endpoint(world, _limits), methods=["GET"]),
        Route(metadata.CATALOG, _endpoint(world, _catalog), methods=["GET"]),
        Route(metadata.CATALOG + "/{record}", _endpoint(world, _catalog), methods=["GET"]),
        Route(record, _endpoint(world, _record), methods=methods),
        Route(record + "/{id}", _endpoint(world, _record), methods=methods),
        Route(record + "/{id}/!transform/{target}", _endpoint(world, _record), methods=methods),
        Route("/{path:path}", _endpoint(world, _not_modelled), methods=methods),
    ]
    return _AtTheBorder(Starlette(routes=routes), world)


class _AtTheBorder:
    """Counts the requests under way, and dates every answer by the world's clock."""

    def __init__(self, app: ASGIApp, world: World) -> None:
        self.app, self.world = app, world
        self.account = account_of(world)
        self.under_way = 0
        self.count = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""

        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = format_datetime(self.world.clock.now(), usegmt=True).encode()
                message = {**message, "headers": [*message["headers"], (b"date", date)]}
            await send(message)

        if scope["type"] != "http" or scope["path"] == TOKEN_PATH:
            await self.app(scope, receive, send_dated)
            return
        with self.count:
            has_room = self.under_way < self.account.settings.concurrency
            self.under_way += has_room
        if not has_room:
            await _problem(too_many_requests())(scope, receive, send_dated)
            return
        try:
            if scope["method"] in ("POST", "PATCH") and "/record/" in scope["path"]:
                # A write takes its time, and a place of the concurrency limit for as long.
                await asyncio.sleep(self.account.settings.write_seconds)
            await self.app(scope, receive, send_dated)
        finally:
            with self.count:
                self.under_way -= 1


def _endpoint(world: World, handler: _Handler, *, signs_in: bool = False) -> Callable[[Request], Any]:
    async def serve(request: Request) -> Response:
        return await run_in_threadpool(_serve, world, handler, request, await request.body(), signs_in)

    return serve


def _serve(world: World, handler: _Handler, request: Request, body: bytes, signs_in: bool) -> Response:
    account = account_of(world)
    try:
        with account.change():
            if not signs_in:
                check_caller(account, request.headers.get("authorization", ""), request.method, _called_url(request))
        with account.change():
            return handler(account, request, body)
    except NetSuiteError as problem:
        return _problem(problem)
    except TokenRefusedError as refused:
        return JSONResponse({"error": refused.code}, status_code=refused.status)


def _problem(problem: NetSuiteError) -> JSONResponse:
    media_type = "application/vnd.oracle.resource+json; type=error"
    return JSONResponse(problem.body(), status_code=problem.status, media_type=media_type)


def _token(account: Account, request: Request, body: bytes) -> Response:
    return JSONResponse(issue_token(account, body, _called_url(request)))


def _suiteql(account: Account, request: Request, body: bytes) -> Response:
    prefer = request.headers.get("prefer", "")
    return JSONResponse(suiteql.answer(account, _json(body), dict(request.query_params), prefer, _base(request)))


def _catalog(account: Account, request: Request, _body: bytes) -> Response:
    accept, record = request.headers.get("accept", ""), request.path_params.get("record")
    if record is None:
        told = metadata.record_list(account, _base(request), accept, request.query_params.get("select"))
    else:
        told = metadata.record_schema(account, record, _base(request), accept)
    return JSONResponse(told, media_type=metadata.media_type(accept))


def _limits(account: Account, _request: Request, _body: bytes) -> Response:
    limit = account.settings.concurrency
    # The names are Oracle's; the value of integrationLimitType is illustrative in its own example.
    body = {"accountConcurrencyLimit": limit, "accountUnallocatedConcurrencyLimit": limit}
    return JSONResponse(body | {"integrationConcurrencyLimit": limit, "integrationLimitType": "accountLimit"})


def _record(account: Account, request: Request, body: bytes) -> Response:
    call = Call(
        method=request.method,
        kind=request.path_params["kind"],
        key=request.path_params.get("id"),
        parameters=dict(request.query_params),
        headers={name.lower(): value for name, value in request.headers.items()},
        path=request.url.path,
        base=_base(request),
        target=request.path_params.get("target"),
    )
    status, answer, headers = serve_record(account, call, _json(body) if body else None)
    if answer is None:
        return Response(status_code=status, headers=headers)
    return JSONResponse(answer, status_code=status, headers=headers)


def _not_modelled(_account: Account, request: Request, _body: bytes) -> Response:
    raise not_modelled(f"{request.method} {request.url.path}")


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as error:
        raise invalid_content("The request body is not valid JSON.") from error


def _called_url(request: Request) -> str:
    """Return the URL as it stood on the wire: what a client signed."""
    query: bytes = request.scope["query_string"]
    path: bytes = request.scope["raw_path"]
    return _base(request) + (path + (b"?" + query if query else b"")).decode("ascii")


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"
