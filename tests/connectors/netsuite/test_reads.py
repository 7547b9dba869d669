"""The raw frames: which query is sent, and what its rows become."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from connectors.netsuite.read_order_lines import read_order_lines, read_order_lines_by_reference, reread_order_lines
from connectors.netsuite.read_stock import read_items, read_locations, read_stock
from contract.errors import FatalError
from contract.tables import TABLES
from tests.connectors.netsuite.answers import page_body, sent

URL = "https://1234567-sb1.suitetalk.api.netsuite.com/services/rest/query/v1/suiteql"
RUN = {"run_id": "r1", "extracted_at": datetime(2026, 11, 23, 9, 30, tzinfo=UTC)}
FIRST = -1_000_000_000


def test_items_carry_the_custom_fields_of_the_contract(client, mocked):
    row = {
        "item_id_netsuite": "42",
        "item_code": "A-1",
        "item_type": "InvtPart",
        "is_serial": "F",
        "custitem_colour": "red",
    }
    mocked.post(URL, json=page_body([row]))
    frame = read_items(client, ["custitem_Colour"], **RUN)
    assert list(frame.columns) == [*TABLES["raw_netsuite__items"].columns, "custitem_colour"]
    assert frame.loc[0, ["item_id_netsuite", "item_code", "custitem_colour", "run_id"]].tolist() == [
        "42",
        "A-1",
        "red",
        "r1",
    ]
    assert frame["upc_code"].isna().all()
    assert "i.custitem_colour AS custitem_colour" in sent(mocked.calls[0])["q"]


def test_a_custom_field_that_is_none_is_refused_before_any_call(client):
    with pytest.raises(FatalError, match="correct the contract"):
        read_items(client, ["cost FROM item --"], **RUN)


def test_locations(client, mocked):
    mocked.post(URL, json=page_body([{"location_id_netsuite": "6", "name": "East", "is_inactive": "F"}]))
    frame = read_locations(client, **RUN)
    assert list(frame.columns) == list(TABLES["raw_netsuite__locations"].columns)
    assert frame["name"].tolist() == ["East"]


def test_stock_is_asked_for_the_given_locations_only_and_a_null_is_missing(client, mocked):
    mocked.post(URL, json=page_body([{"item_id_netsuite": "42", "location_id_netsuite": "6", "on_hand_qty": "10.5"}]))
    seen = []
    frame = read_stock(client, ["6", "9"], on_page=seen.append, **RUN)
    query = sent(mocked.calls[0])
    assert "ail.location IN (?, ?)" in query["q"]
    assert query["params"] == [6, 9, FIRST, FIRST, FIRST]
    assert frame["on_hand_qty"].tolist() == ["10.5"]
    assert frame["available_qty"].isna().all()
    assert seen == [1]


def test_no_locations_make_no_call(client):
    frame = read_stock(client, [], **RUN)
    assert frame.empty
    assert list(frame.columns) == list(TABLES["raw_netsuite__stock"].columns)


def test_a_location_id_that_is_no_number_is_refused(client):
    with pytest.raises(FatalError, match="whole number"):
        read_stock(client, ["EAST"], **RUN)


def test_order_lines_ask_for_open_orders_and_for_what_was_modified_since_in_utc(client, mocked):
    line = {"transaction_id_netsuite": "7", "line_id_netsuite": "2", "ordered_qty": "3", "x0": "PO-9", "x1": "gid-5"}
    mocked.post(URL, json=page_body([line]))
    frame = read_order_lines(
        client,
        since=datetime(2026, 11, 1, 1, 30, tzinfo=timezone(timedelta(hours=2))),
        line_id_column="custcol_shopify_line_id",
        custom_fields={"web_reference": "custbody_web_ref"},
        **RUN,
    )
    query = sent(mocked.calls[0])
    assert query["params"] == ["2026-10-30", "2026-10-31 23:30:00", FIRST, FIRST, FIRST]
    assert "t.custbody_web_ref AS x0, tl.custcol_shopify_line_id AS x1" in query["q"]
    for part in (
        "tl.mainline = 'F'",
        "tl.taxline = 'F'",
        "NVL(tl.iscogs, 'F') = 'F'",
        "'SalesOrd', 'ItemShip', 'CashSale'",
    ):
        assert part in query["q"]
    assert list(frame.columns) == [*TABLES["raw_netsuite__order_lines"].columns, "web_reference"]
    assert frame.loc[0, "order_line_id_shopify"] == "gid-5"
    assert frame.loc[0, "web_reference"] == "PO-9"


def test_without_a_column_of_ours_the_line_id_is_missing(client, mocked):
    mocked.post(URL, json=page_body([{"transaction_id_netsuite": "7", "line_id_netsuite": "2"}]))
    frame = read_order_lines(client, since=datetime(2026, 11, 1, tzinfo=UTC), line_id_column=None, **RUN)
    assert list(frame.columns) == list(TABLES["raw_netsuite__order_lines"].columns)
    assert frame["order_line_id_shopify"].isna().all()


def test_reading_again_asks_for_a_thousand_ids_at_a_time(client, mocked):
    mocked.post(URL, json=page_body([{"transaction_id_netsuite": "1", "line_id_netsuite": "1"}]))
    mocked.post(URL, json=page_body([{"transaction_id_netsuite": "1001", "line_id_netsuite": "1"}]))
    ids = [str(number) for number in range(1, 1002)]
    frame = reread_order_lines(client, ids, line_id_column=None, **RUN)
    assert [len(sent(call)["params"]) for call in mocked.calls] == [1003, 4]
    assert frame["transaction_id_netsuite"].tolist() == ["1", "1001"]
    assert list(frame.columns) == list(TABLES["raw_netsuite__order_lines_reread"].columns)


def test_reading_nothing_again_makes_no_call(client):
    assert reread_order_lines(client, [], line_id_column=None, **RUN).empty


def test_reading_by_external_id_takes_what_came_from_the_document_too(client, mocked):
    mocked.post(URL, json=page_body([{"transaction_id_netsuite": "7", "line_id_netsuite": "1"}]))
    frame = read_order_lines_by_reference(client, {"externalid": ["SHOPIFY-a-1"]}, line_id_column=None, **RUN)
    assert sent(mocked.calls[0])["params"] == ["SHOPIFY-a-1", "SHOPIFY-a-1", FIRST, FIRST, FIRST]
    assert "o.externalid IN (?)" in sent(mocked.calls[0])["q"]
    assert len(frame) == 1
