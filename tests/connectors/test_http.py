"""HTTP over a real socket: what is repeated, what is not, what a lost reply means, and what is logged."""

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from connectors.http import HttpSession, Patience, redact
from contract.errors import FatalError, RejectedError, RetriableError

Step = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    steps: ClassVar[list[Step]] = []
    seen: ClassVar[list[dict[str, str]]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.seen.append(dict(self.headers))
        self.steps.pop(0)(self)

    do_GET = do_POST  # noqa: N815 - the server's name

    def log_message(self, *args: object) -> None:
        """Be silent."""

    def answer(self, status: int, body: bytes = b"{}", length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    Handler.steps, Handler.seen = [], []
    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield running
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def session(server, waits) -> Iterator[HttpSession]:
    url = f"http://127.0.0.1:{server.server_address[1]}"
    made = HttpSession("Vendor", url, patience=Patience(1.0, 0.3, 3), sleep=waits.append, random=lambda: 0.5)
    yield made
    made._session.close()


def ok(handler: Handler) -> None:
    handler.answer(200, b'{"fine": true}')


def status(code: int, **headers: str) -> Step:
    return lambda handler: handler.answer(code, **headers)


def cut_off(handler: Handler) -> None:
    handler.answer(200, b'{"fine":', length=500)
    handler.hang_up()


def silent(handler: Handler) -> None:
    time.sleep(0.6)
    handler.hang_up()


def half_json(handler: Handler) -> None:
    handler.answer(200, b'{"fine":')


def chunk_cut_off(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"40\r\nnot all")
    handler.wfile.flush()
    handler.hang_up()


LOST: dict[str, Step] = {
    "a 500": status(500),
    "a cut-off body": cut_off,
    "a cut-off chunk": chunk_cut_off,
    "half a JSON text": half_json,
    "no answer in time": silent,
    "a connection that breaks": lambda handler: handler.hang_up(),
}


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
def test_a_read_is_sent_again(session, fault):
    Handler.steps = [fault, ok]
    assert session.send("GET", "/x", what="thing").json() == {"fine": True}
    assert len(Handler.seen) == 2


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
def test_a_write_whose_reply_is_lost_is_uncertain_and_not_sent_again(session, fault):
    Handler.steps = [fault, ok]
    with pytest.raises(RetriableError) as caught:
        session.send("POST", "/x", json={}, is_write=True, what="thing")
    assert caught.value.is_write_uncertain
    assert len(Handler.seen) == 1


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
def test_a_write_with_a_key_is_sent_again(session, fault):
    Handler.steps = [fault, ok]
    assert session.send("POST", "/x", json={}, is_write=True, repeat_writes=True, what="thing").ok
    assert len(Handler.seen) == 2


def test_a_refused_write_is_sent_again(session, waits):
    Handler.steps = [status(429, Retry_After="2"), ok]
    assert session.send("POST", "/x", json={}, is_write=True, what="thing").ok
    assert waits == [2.125]


def test_one_lost_reply_leaves_the_write_in_doubt_whatever_comes_after(session):
    Handler.steps = [cut_off, status(429), status(429)]
    with pytest.raises(RetriableError) as caught:
        session.send("POST", "/x", json={}, is_write=True, repeat_writes=True, what="thing")
    assert caught.value.is_write_uncertain


def test_a_write_that_never_left_is_certain():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        closed = HttpSession("Vendor", url, patience=Patience(1.0, 1.0, 2), sleep=lambda seconds: None)
        with pytest.raises(RetriableError) as caught:
            closed.send("POST", "/x", json={}, is_write=True, what="thing")
    assert not caught.value.is_write_uncertain


def test_attempts_are_bounded_and_waits_grow_with_jitter(session, waits):
    Handler.steps = [status(503)] * 3
    with pytest.raises(RetriableError, match="Vendor: thing: HTTP 503"):
        session.send("GET", "/x", what="thing")
    assert waits == [0.5, 1.0]


def test_no_wait_is_longer_than_a_minute(session, waits):
    Handler.steps = [status(503, Retry_After="3600"), ok]
    session.send("GET", "/x", what="thing")
    assert waits == [60.125]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (401, "credentials are refused"),
        (403, "credentials are refused"),
        (404, "nothing answers there"),
        (302, "nothing answers there"),
        (400, "refused"),
    ],
)
def test_what_no_repeat_will_change_stops_at_once(session, code, words):
    Handler.steps = [status(code, Location="/elsewhere"), ok]
    with pytest.raises(FatalError, match=words):
        session.send("GET", "/x", what="thing")
    assert len(Handler.seen) == 1


def test_every_attempt_is_signed_anew(session):
    Handler.steps = [status(500), ok]
    numbers = iter("12")

    def sign(request):
        request.headers["X-Signature"] = next(numbers)
        return request

    session.send("GET", "/x", auth=sign, what="thing")
    assert [headers["X-Signature"] for headers in Handler.seen] == ["1", "2"]


def test_the_callers_own_judgement_decides(session):
    Handler.steps = [ok]
    with pytest.raises(RejectedError, match="no"):
        session.send("GET", "/x", classify=lambda response: RejectedError("no"), what="thing")


def test_connections_are_kept(session, server):
    Handler.steps = [ok] * 3
    ports = []
    server.finish_request = lambda request, address: (ports.append(address), Handler(request, address, server))
    for _ in range(3):
        session.send("GET", "/x", what="thing")
    assert len(ports) == 1


def test_nothing_secret_is_logged(session, caplog):
    Handler.steps = [status(500), ok]

    def sign(request):
        request.headers["Authorization"] = "Bearer s3cret"
        return request

    with caplog.at_level(logging.DEBUG, logger="connectors"):
        session.send("POST", "/x?token=s3cret", json={"note": "s3cret"}, auth=sign, what="mail to jo@example.com")
    told = json.dumps([record.__dict__ for record in caplog.records if record.name.startswith("connectors")], default=str)
    assert "s3cret" not in told
    assert "example.com" not in told
    assert [record.message for record in caplog.records if record.name == "connectors.http"] == ["http", "http_again", "http"]


@pytest.mark.parametrize(
    "text",
    [
        "shpat_0123abcd",
        "shpca_0123abcd",
        "Bearer abc.def",
        "eyJhbGciOi.eyJpc3Mi.c2ln",
        'client_secret="abc"',
        "client_assertion=abc",
        '{"access_token": "abc"}',
        'oauth_signature="abc%3D"',
        "jo.public+x@example.com",
    ],
)
def test_redacted(text):
    found = redact(f"before {text} after")
    assert "abc" not in found
    assert "***" in found
    assert found.startswith("before ")
    assert found.endswith(" after")
    assert text not in found
