"""Partner snapshots: what can be read, and in what words the rest is refused."""

import json
import os
import re
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from connectors.partners import read_partner
from contract.partners import Partner


def partner(**more):
    given = {
        "partner_code": "THREEPL",
        "location": "A",
        "url": "stock.csv",
        "columns": {"sku": "Item", "on_hand": "Qty"},
        "max_age_minutes": 60,
    }
    return Partner.model_validate({**given, **more})


def test_a_csv_under_our_names(tmp_path):
    path = tmp_path / "stock.csv"
    path.write_bytes("\ufeffItem, Qty ,Bin\nMILK, 5 ,B1\n\nBREAD,,B2\n".encode())
    os.utime(path, (1_790_000_000, 1_790_000_000))
    read = read_partner(partner(), str(path))
    assert read.problem == ""
    assert read.written_at == datetime.fromtimestamp(1_790_000_000, UTC)
    nothing = {"in_transit": None, "due_date": None, "as_of": None}
    assert read.rows == [
        {"line": "1", **nothing, "sku": "MILK", "on_hand": "5"},
        {"line": "2", **nothing, "sku": "BREAD", "on_hand": None},
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file is empty; it may be half written"),
        ("Item,Qty\nMILK,5\nBRE", "line 3 has 1 fields and the header 2; the file may be half written"),
        ("Article,Qty\nMILK,5\n", r"column Item is not there \(found: Article, Qty\); check columns in the contract"),
    ],
)
def test_a_snapshot_that_cannot_be_trusted_as_a_whole(tmp_path, text, told):
    path = tmp_path / "stock.csv"
    path.write_text(text)
    read = read_partner(partner(), str(path))
    assert read.rows == ()
    assert read.written_at is None
    assert re.search(told, read.problem), read.problem
    assert read.problem.startswith("partner THREEPL: ")


def test_a_file_that_is_not_there(tmp_path):
    assert "stock.csv" in read_partner(partner(), str(tmp_path / "stock.csv")).problem


class Warehouse(BaseHTTPRequestHandler):
    def do_GET(self):
        is_known = self.headers["Authorization"] == "Bearer t0ken"
        body = json.dumps({"data": {"items": [{"id": "MILK", "free": 5, "when": "2026-11-23T12:00:00Z"}]}}).encode()
        self.send_response(200 if is_known else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Last-Modified", "Mon, 23 Nov 2026 11:00:00 GMT")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Be silent."""


@pytest.fixture
def warehouse():
    with ThreadingHTTPServer(("127.0.0.1", 0), Warehouse) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/stock?site=1"
        server.shutdown()
        thread.join()


def by_http(**more):
    columns = {"sku": "id", "on_hand": "free", "as_of": "when"}
    return partner(format="json", rows_path="data.items", columns=columns, **more)


def test_json_by_http(warehouse):
    read = read_partner(by_http(), warehouse, token="t0ken")
    assert [row["on_hand"] for row in read.rows] == ["5"]
    assert read.written_at == datetime(2026, 11, 23, 11, tzinfo=UTC)


def test_a_token_that_is_refused_is_told_without_it(warehouse):
    read = read_partner(by_http(), warehouse, token="wr0ng")
    assert "HTTP 401" in read.problem
    assert "wr0ng" not in read.problem


def test_a_list_that_is_not_where_the_contract_says(warehouse):
    read = read_partner(by_http().model_copy(update={"rows_path": "items"}), warehouse, token="t0ken")
    assert "no list of objects at items; check rows_path in the contract" in read.problem
