"""Faults on order: what may go wrong between a client and a vendor, a stated number of times."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from sandbox.world import World

_UNANSWERED = frozenset({"timeout_before", "timeout_after", "disconnect"})
KINDS = frozenset({"status", "truncate", "slow", "repeat_page"}) | _UNANSWERED


@dataclass
class Fault:
    """One rule: the next `times` requests that match it go wrong, or of those that match every so many.

    With `repeat_page` the first that matches is answered rightly, and the next `times` with that same answer again.
    A `body` that is a text is sent as it is, else as JSON.
    """

    system: str
    kind: str
    shop: str = ""
    operation: str = ""
    status: int = 503
    seconds: float = 1.0
    times: int = 1
    every: int = 1
    seen: int = 0
    headers: dict[str, str] | None = None
    body: Any = None
    page: _Answer | None = None


class FaultBook:
    """The faults ordered and not used up."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def order(self, rule: dict[str, Any]) -> None:
        """Add a rule.

        Raises:
            ValueError: its kind is unknown.
        """
        fault = Fault(**rule)
        if fault.kind not in KINDS:
            raise ValueError(f"fault kind {fault.kind!r} is none of {', '.join(sorted(KINDS))}")
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Forget every rule."""
        with self._lock:
            self._faults.clear()

    def take(self, system: str, shop: str, operation: str) -> Fault | None:
        """Return the first rule that matches a request, using it up once (a page to repeat must have been kept first)."""
        with self._lock:
            for fault in self._faults:
                fits = fault.system == system and fault.shop in ("", shop) and fault.operation in operation
                if fits and fault.times > 0:
                    fault.seen += 1
                    if fault.seen % fault.every:
                        continue
                    fault.times -= fault.kind != "repeat_page" or fault.page is not None
                    return fault
        return None


class FaultMiddleware:
    """Lets a vendor's app answer, unless a fault matches the request.

    Args:
        app: the vendor's app.
        world: for the faults and the request log.
        system: netsuite or shopify.
        shop: the shop's code, for Shopify.
    """

    def __init__(self, app: ASGIApp, world: World, system: str, shop: str = "") -> None:
        self.app, self.world, self.system, self.shop = app, world, system, shop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = await _whole_body(receive)
        operation = f"{scope['method']} {scope['path']} {_operation_name(body)}".strip()
        fault = self.world.faults.take(self.system, self.shop, operation)
        is_first = fault is not None and fault.kind == "repeat_page" and fault.page is None
        answer = _Answer(send, hold=fault is not None and fault.kind in ("timeout_after", "truncate"))
        if fault is None or is_first or fault.kind in ("slow", "timeout_after", "truncate"):
            if fault is not None and fault.kind == "slow":
                await asyncio.sleep(fault.seconds)
            await self.app(scope, _replay(body), answer)
        self.world.note(self.system, self.shop, operation, fault.kind if fault else "", answer.status)
        if fault is not None and is_first:
            fault.page = answer
        elif fault is not None and fault.kind in _UNANSWERED:
            await asyncio.sleep(fault.seconds if fault.kind != "disconnect" else 0)
            await _hang_up(scope, receive)
        elif fault is not None:
            await _go_wrong(fault, answer, send)


async def _go_wrong(fault: Fault, answer: _Answer, send: Send) -> None:
    if fault.kind == "status":
        body = fault.body if fault.body is not None else {"errors": f"sandbox fault {fault.status}"}
        kind = "text/html" if isinstance(body, str) else "application/json"
        given = {"Content-Type": kind} | (fault.headers or {})
        headers = [(name.lower().encode(), value.encode()) for name, value in given.items()]
        await send({"type": "http.response.start", "status": fault.status, "headers": headers})
        await send({"type": "http.response.body", "body": (body if isinstance(body, str) else json.dumps(body)).encode()})
    elif fault.kind == "repeat_page" and fault.page is not None:
        await send({"type": "http.response.start", "status": fault.page.status, "headers": fault.page.headers})
        await send({"type": "http.response.body", "body": b"".join(fault.page.parts)})
    elif fault.kind == "truncate":
        whole = b"".join(answer.parts)
        headers = [pair for pair in answer.headers if pair[0] != b"content-length"]
        await send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": [*headers, (b"content-length", str(len(whole)).encode())],
            }
        )
        await send({"type": "http.response.body", "body": whole[: len(whole) // 2], "more_body": True})
        raise ConnectionAbortedError("the sandbox cuts this answer off, as ordered")


async def _hang_up(scope: Scope, receive: Receive) -> None:
    """Close the connection without an answer (an exception would be answered with a 500 by the server)."""
    scope["state"]["transport"].abort()
    while (await receive())["type"] != "http.disconnect":
        continue


class _Answer:
    """Passes an answer on, or holds it back."""

    def __init__(self, send: Send, *, hold: bool) -> None:
        self._send, self._hold = send, hold
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.parts: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
        else:
            self.parts.append(message.get("body", b""))
        if not self._hold:
            await self._send(message)


async def _whole_body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _replay(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _operation_name(body: bytes) -> str:
    """Return the text of a GraphQL or SuiteQL request, so that a fault can name a field of it; nothing for other bodies."""
    try:
        request = json.loads(body)
    except ValueError:
        return ""
    return str(request.get("query") or request.get("q") or "") if isinstance(request, dict) else ""
