"""Http channels over a real socket: the signature, a repeat's key, and what each answer means."""

import base64
import hashlib
import hmac
import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from connectors.endpoints import Endpoint
from connectors.http import Patience, redact
from contract.errors import FatalError, RejectedError, RetriableError

SECRET = "whsec_" + base64.b64encode(b"a secret of the receiver").decode()
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Receiver(BaseHTTPRequestHandler):
    """Checks a call by the Standard Webhooks specification, as a receiver would."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        signed = b".".join([self.headers["webhook-id"].encode(), self.headers["webhook-timestamp"].encode(), body])
        wanted = base64.b64encode(hmac.new(b"a secret of the receiver", signed, hashlib.sha256).digest()).decode()
        is_signed = self.headers["webhook-signature"] == f"v1,{wanted}"
        self.server.seen.append((self.path, self.headers["webhook-id"], is_signed, json.loads(body)))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Be silent."""


@pytest.fixture
def receiver():
    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        server.seen, server.answers = [], []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def endpoint(receiver, secret=SECRET, attempts=3):
    url = f"http://127.0.0.1:{receiver.server_address[1]}/hooks/stock?shop=1"
    return Endpoint("MARKET", url, secret, sleep=lambda _: None, patience=Patience(attempts=attempts))


def test_numbers_are_signed_so_that_a_receiver_can_trust_them(receiver):
    endpoint(receiver).post([("A", 5), ("B", 0)], "key-1", run_id="r1", at=AT)
    path, key, is_signed, body = receiver.seen[0]
    assert (path, key, is_signed) == ("/hooks/stock?shop=1", "key-1", True)
    assert body["numbers"] == [{"sku": "A", "quantity": 5}, {"sku": "B", "quantity": 0}]
    assert (body["channel_code"], body["run_id"], body["sent_at_utc"]) == ("MARKET", "r1", "2026-11-23T12:00:00+00:00")


def test_a_repeat_has_the_same_key_and_body(receiver):
    receiver.answers = [503, 429, 200]
    endpoint(receiver).post([("A", 5)], "key-1", run_id="r1", at=AT)
    assert len(receiver.seen) == 3
    assert {(key, json.dumps(body), is_signed) for _, key, is_signed, body in receiver.seen} == {
        ("key-1", json.dumps(receiver.seen[0][3]), True)
    }


@pytest.mark.parametrize(
    ("answers", "error", "told"),
    [
        ([422], RejectedError, r"channel MARKET: the numbers are refused \(HTTP 422\)"),
        ([401], FatalError, "channel MARKET: numbers: HTTP 401"),
        ([404], FatalError, "nothing answers there"),
        ([500, 500, 500], RetriableError, "HTTP 500"),
    ],
)
def test_what_each_refusal_means(receiver, answers, error, told):
    receiver.answers = answers
    with pytest.raises(error, match=told):
        endpoint(receiver).post([("A", 5)], "key-1", run_id="r1", at=AT)


def test_without_a_secret_nothing_is_sent(receiver):
    with pytest.raises(FatalError, match="TRUECOUNT_CHANNEL_MARKET_SECRET is not set"):
        endpoint(receiver, secret="").post([("A", 5)], "key-1", run_id="r1", at=AT)
    assert receiver.seen == []


def test_a_secret_is_redacted():
    assert SECRET not in redact(f"refused: {SECRET}")
