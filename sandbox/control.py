"""The control endpoint: reset, clock, faults, and what happens in the world besides our requests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from sandbox.world import World


def control_app(world: World) -> Starlette:
    """Return the control endpoint's app (`sandbox/README.md` lists its calls)."""

    def reset(body: dict[str, Any], _: Request) -> Any:
        world.reset(body)
        return {}

    def clock(body: dict[str, Any], _: Request) -> Any:
        now = body.get("now")
        world.clock.set(datetime.fromisoformat(now) if now else None, frozen=bool(body.get("frozen")))
        return {"now": world.clock.now().isoformat()}

    def faults(body: dict[str, Any], request: Request) -> Any:
        if request.method == "DELETE":
            world.faults.clear()
        else:
            world.faults.order(body)
        return {}

    def shopify(body: dict[str, Any], request: Request) -> Any:
        with world.lock:
            return world.shops[request.path_params["shop"]].act(request.path_params["action"], body)

    def netsuite(body: dict[str, Any], request: Request) -> Any:
        from sandbox.netsuite.actions import act  # noqa: PLC0415 - the vendor imports the world

        with world.lock:
            return act(world, request.path_params["action"], body)

    return Starlette(
        routes=[
            Route("/reset", _endpoint(reset), methods=["POST"]),
            Route("/clock", _endpoint(clock), methods=["POST"]),
            Route("/faults", _endpoint(faults), methods=["POST", "DELETE"]),
            Route("/log", _endpoint(lambda _b, _r: {"requests": world.log()}), methods=["GET"]),
            Route("/truth", _endpoint(lambda _b, _r: {"truth": world.truth}), methods=["GET"]),
            Route("/shopify/{shop}/{action}", _endpoint(shopify), methods=["POST"]),
            Route("/netsuite/{action}", _endpoint(netsuite), methods=["POST"]),
        ]
    )


def _endpoint(action: Callable[[dict[str, Any], Request], Any]) -> Callable[[Request], Any]:
    async def serve(request: Request) -> Response:
        try:
            body = await request.json() if request.method == "POST" and await request.body() else {}
            return JSONResponse(await run_in_threadpool(action, body, request))
        except (KeyError, ValueError, TypeError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, status_code=400)

    return serve
