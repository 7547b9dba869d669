"""The sandbox over real HTTP, on loopback: a port for NetSuite, one for each shop, one for control.

A base URL replaces scheme, host and port and nothing else, and a shop's name is in its host only: so every shop has a
port of its own.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.control import control_app
from sandbox.faults import FaultMiddleware
from sandbox.world import World

if TYPE_CHECKING:
    from asyncio import Transport

    from starlette.types import ASGIApp


class Sandbox:
    """A running sandbox: its world and its URLs."""

    def __init__(self, world: World, urls: dict[str, Any]) -> None:
        self.world = world
        self.urls = urls

    @classmethod
    @contextmanager
    def start(cls, folder: Path, seed: dict[str, Any], port: int = 0) -> Iterator[Sandbox]:
        """Serve a world until the context ends.

        Args:
            folder: where the world's file is made.
            seed: what the world begins with.
            port: the first port, for control; the others follow it. 0: any free ones.
        """
        from sandbox.netsuite.app import netsuite_app  # noqa: PLC0415 - costs a second
        from sandbox.shopify.app import shop_app  # noqa: PLC0415

        world = World(folder)
        world.reset(seed)
        apps: dict[str, ASGIApp] = {
            "control": control_app(world),
            "netsuite": FaultMiddleware(netsuite_app(world), world, "netsuite"),
        }
        apps |= {code: FaultMiddleware(shop_app(world, code), world, "shopify", code) for code in world.shops}
        servers = {name: _serve(app, port + index if port else 0) for index, (name, app) in enumerate(apps.items())}
        urls = {name: url for name, (_, _, url) in servers.items()}
        shops = {code: urls[code] for code in world.shops}
        try:
            yield cls(world, {"control": urls["control"], "netsuite": urls["netsuite"], "shopify": shops})
        finally:
            for server, _, _ in servers.values():
                server.should_exit = True
            for server, thread, _ in servers.values():
                thread.join(timeout=2)
                server.force_exit = True
                thread.join(timeout=5)
            world.db.close()


class _Protocol(H11Protocol):
    """Gives an app its connection, so that a fault can hang up: `scope["state"]["transport"]`."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Keep the connection."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


def _serve(app: ASGIApp, port: int) -> tuple[uvicorn.Server, threading.Thread, str]:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    # A fault cuts an answer off by raising, which uvicorn would log as an error.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    # The vendors send a Date header by the world's clock, so uvicorn must send none.
    config = uvicorn.Config(
        app,
        http=_Protocol,
        log_config=None,
        lifespan="off",
        access_log=False,
        date_header=False,
        server_header=False,
        ws="none",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    return server, thread, f"http://127.0.0.1:{listener.getsockname()[1]}"
