"""The client over a real socket: how many calls at once, lost replies, cut-off answers, a host that is not there."""

import json
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from connectors.http import Patience
from connectors.netsuite.client import NetsuiteClient
from connectors.netsuite.records import WriteOutcome, create_or_adopt
from contract.errors import RetriableError
from contract.settings import NetsuiteSettings
from tests.connectors.netsuite.answers import error_body, page_body


@contextmanager
def serve(answer):
    """Run a server whose `answer(method, path)` gives status, headers and body, or None to hang up."""

    class Handler(BaseHTTPRequestHandler):
        def reply(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            given = answer(self.command, self.path)
            if given is None:
                self.close_connection = True
                return
            status, headers, body = given
            self.send_response(status)
            for name, value in ({"Content-Type": "application/json"} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = reply  # noqa: N815 - the names that the server calls

        def log_message(self, *args):
            """Keep the test's output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def make_client(url: str, folder, **more) -> NetsuiteClient:
    settings = NetsuiteSettings(url, consumer_key="a", consumer_secret="b", token_id="c", token_secret="d")
    patience = Patience(connect_seconds=2, read_seconds=0.5, attempts=2)
    return NetsuiteClient("1234567", settings, state_folder=folder, patience=patience, sleep=lambda s: None, **more)


def body_of(value: dict) -> bytes:
    return json.dumps(value).encode()


def test_two_clients_together_keep_the_accounts_limit(tmp_path):
    lock, now, most = threading.Lock(), [0], [0]

    def answer(method, path):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.03)
        with lock:
            now[0] -= 1
        return 200, {}, body_of(page_body([]))

    with serve(answer) as url:
        clients = [make_client(url, tmp_path, concurrency=3) for _ in range(2)]
        threads = [threading.Thread(target=clients[n % 2].query, args=("SELECT 1", [], "t")) for n in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert most[0] == 3


@pytest.mark.parametrize("silent_for", [0.0, 0.8])
def test_a_create_whose_reply_is_lost_after_the_commit_is_made_once(tmp_path, silent_for):
    made = []

    def answer(method, path):
        if method == "POST":
            made.append(path)
            time.sleep(silent_for)
            return None
        return 200, {}, body_of({"id": "9", "externalId": "S-1"})

    with serve(answer) as url:
        outcome = create_or_adopt(make_client(url, tmp_path), "salesOrder", {"externalId": "S-1"})
    assert outcome == WriteOutcome("9", was_adopted=True)
    assert len(made) == 1


def test_a_cut_off_page_is_asked_for_again(tmp_path):
    whole = body_of(page_body([{"a": "1"}]))
    answers = [(200, {"Content-Length": str(len(whole))}, whole[:20]), (200, {}, whole)]
    with serve(lambda method, path: answers.pop(0)) as url:
        assert make_client(url, tmp_path).query("SELECT 1", [], "t") == [{"a": "1"}]


def test_throttling_without_end_says_so(tmp_path):
    refused = body_of(error_body(429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded."))
    with serve(lambda method, path: (429, {}, refused)) as url:
        client = make_client(url, tmp_path)
        with pytest.raises(RetriableError, match=r"orders: Concurrent request limit exceeded\. \(429"):
            client.query("SELECT 1", [], "orders")


def test_a_host_that_does_not_answer_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(RetriableError, match=url) as lost:
            create_or_adopt(make_client(url, tmp_path), "salesOrder", {"externalId": "S-1"})
    assert not lost.value.is_write_uncertain, "nothing was sent"
