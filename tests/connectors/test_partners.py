"""Partner snapshots: what can be read, and in what words the rest is refused."""

import csv
import json
import os
import re
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from connectors.partners import read_partner, read_shipments
from contract.partners import Partner, PartnerShipments


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
        ('Item,Qty\nMILK,"5\nBREAD,2\n', "line 3: unexpected end of data; a quote may be open, or the file half written"),
        ('Item,Qty\nMILK,"5\nBREAD,"2\n', "line 3: ',' expected after '\"'; a quote may be open"),
        ('Item,Qty\nMILK,"' + "5" * 140_000 + '"\n', "line 2: field larger than field limit"),
        ("Article,Qty\nMILK,5\n", r"column Item is not there \(found: Article, Qty\); check columns in the contract"),
    ],
)
def test_a_snapshot_that_cannot_be_trusted_as_a_whole(tmp_path, text, told):
    path = tmp_path / "stock.csv"
    path.write_text(text)
    # Python's own limit: it is the process's, and a library may have raised it.
    before = csv.field_size_limit(131_072)
    read = read_partner(partner(), str(path))
    csv.field_size_limit(before)
    assert read.rows == ()
    assert read.written_at is None
    assert re.search(told, read.problem), read.problem
    assert read.problem.startswith("partner THREEPL: ")


def test_values_in_quotes_are_read(tmp_path):
    path = tmp_path / "stock.csv"
    path.write_text('Item,Qty\n"MILK, ""whole""","5"\n5" PIPE,2\n')
    assert [(row["sku"], row["on_hand"]) for row in read_partner(partner(), str(path)).rows] == [
        ('MILK, "whole"', "5"),
        ('5" PIPE', "2"),
    ]


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


NOTICES = {"notice": "Delivery", "order": "Ref", "sku": "Item", "number": "Serial", "quantity": "Qty", "shipped_at": "When"}


def notices(**more):
    return PartnerShipments.model_validate({"url": "s.csv", "columns": NOTICES, **more})


def test_shipment_notices_under_our_names(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("Delivery,Ref,Item,Serial,Qty,When,Van\n77,#1,PHONE,'00123,1,2026-11-23,3\n78,#2,BREAD,,2,,3\n")
    read = read_shipments("THREEPL", notices(), str(path))
    first = {
        "line": "1",
        "notice": "77",
        "order": "#1",
        "sku": "PHONE",
        "number": "'00123",
        "quantity": "1",
        "shipped_at": "2026-11-23",
    }
    assert read.rows[0] == first | {"tracking": None}
    assert (read.rows[1]["number"], read.rows[1]["shipped_at"]) == (None, None), "the domain judges what is missing"
    assert read.written_at is not None


def test_shipment_notices_as_json_with_several_numbers_in_a_list(tmp_path):
    path = tmp_path / "s.json"
    row = {"id": 77, "ref": "#1", "sku": "PHONE", "sns": ["A", "B"], "units": 2, "at": "2026-11-23", "trackingNo": "1Z"}
    path.write_text(json.dumps({"notices": [row]}))
    names = {"notice": "id", "order": "ref", "sku": "sku", "number": "sns", "quantity": "units", "shipped_at": "at"}
    read = read_shipments("P", notices(format="json", rows_path="notices", columns={**names, "tracking": "trackingNo"}), str(path))
    (row,) = read.rows
    assert (row["notice"], row["number"], row["quantity"], row["tracking"]) == ("77", "A;B", "2", "1Z")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file is empty; it may be half written"),
        ("Delivery,Ref,Item,Serial,Qty,When\n77,#1,PH", "line 2 has 3 fields and the header 6; the file may be half written"),
        (
            'Delivery,Ref,Item,Serial,Qty,When\n77,#1,PHONE,A,1,"2026\n78,#2,PHONE,B,1,2026\n',
            "line 3: unexpected end of data; a quote may",
        ),
        ("Delivery,Ref,Item,Qty,When\n77,#1,PHONE,1,2026\n", r"column Serial is not there \(found: "),
    ],
)
def test_notices_that_cannot_be_trusted_as_a_whole(tmp_path, text, told):
    path = tmp_path / "s.csv"
    path.write_text(text)
    read = read_shipments("THREEPL", notices(), str(path))
    assert (read.rows, read.written_at) == ((), None)
    assert re.search(told, read.problem), read.problem
    assert read.problem.startswith("partner THREEPL: ")
    assert "s2.csv" in read_shipments("THREEPL", notices(), str(tmp_path / "s2.csv")).problem
