"""Reading to the end: keyset pages against a server that keeps rows, and pages that cannot be trusted."""

import json
from datetime import UTC, datetime

import pytest
import requests
import responses

from connectors.netsuite.client import NetsuiteClient
from connectors.netsuite.suiteql import check_identifier, load_query, query_all, split_members, to_raw_frame
from contract.errors import FatalError, RetriableError
from contract.settings import NetsuiteSettings
from tests.connectors.netsuite.answers import error_body, page_body, sent

URL = "https://1234567-sb1.suitetalk.api.netsuite.com/services/rest/query/v1/suiteql"
ONE = "SELECT a FROM t WHERE a > ? ORDER BY a FETCH FIRST 1000 ROWS ONLY"
TWO = "SELECT a, b FROM t WHERE a >= ? AND (a > ? OR b > ?) ORDER BY a, b FETCH FIRST 1000 ROWS ONLY"


def serve(mock: responses.RequestsMock, rows: list[tuple[int, ...]], names: str) -> None:
    """Answer each query with the rows after the key that it binds last."""

    def answer(request: requests.PreparedRequest):
        bound = json.loads(request.body)["params"]
        last = (bound[-1],) if len(names) == 1 else (bound[-2], bound[-1])
        page = [row for row in sorted(rows) if row > last][:1000]
        items = [{name.upper(): str(value) for name, value in zip(names, row, strict=True)} for row in page]
        return 200, {}, json.dumps(page_body(items))

    mock.add_callback("POST", URL, answer)


def test_a_query_binds_its_values_and_gives_text_in_lower_case_without_links(client, mocked):
    loose = {"id": 2, "rate": 0.10, "flag": True, "gone": None}
    mocked.post(URL, json=page_body([{"ID": "1", "Rate": "-56610.19"}, loose]))
    rows = client.query("SELECT id FROM item WHERE id > ?", [0], "items")
    assert rows == [{"id": "1", "rate": "-56610.19"}, {"id": "2", "rate": "0.1", "flag": "T"}]
    request = mocked.calls[0].request
    assert sent(mocked.calls[0]) == {"q": "SELECT id FROM item WHERE id > ?", "params": [0]}
    assert request.params == {"limit": "1000", "offset": "0"}
    assert request.headers["Prefer"] == "transient"
    assert request.headers["Accept-Language"] == "en"
    assert request.headers["Content-Type"].startswith("application/json")
    assert request.headers["Authorization"].startswith("OAuth ")


@pytest.mark.parametrize(("count", "calls"), [(0, 1), (1, 1), (999, 1), (1000, 2), (1001, 2), (2500, 3)])
def test_every_row_comes_once_in_as_many_calls_as_pages(client, mocked, count, calls):
    serve(mocked, [(number,) for number in range(count)], "a")
    seen = []
    rows = query_all(client, ONE, ("a",), what="t", on_page=seen.append)
    assert [row["a"] for row in rows] == [str(number) for number in range(count)]
    assert len(mocked.calls) == calls
    assert seen[-1] == count


def test_a_compound_key_goes_on_inside_a_group_that_fills_a_page(client, mocked):
    expected = [(7, number) for number in range(1500)] + [(8, 1)]
    serve(mocked, expected, "ab")
    rows = query_all(client, TWO, ("a", "b"), what="t")
    assert [(int(row["a"]), int(row["b"])) for row in rows] == expected
    assert sent(mocked.calls[1])["params"] == [7, 7, 999]


def test_negative_ids_are_read_too(client, mocked):
    serve(mocked, [(-5,), (0,), (5,)], "a")
    assert [row["a"] for row in query_all(client, ONE, ("a",), what="t")] == ["-5", "0", "5"]


def test_values_of_the_caller_come_before_those_of_the_key(client, mocked):
    mocked.post(URL, json=page_body([]))
    query_all(client, ONE, ("a",), ["x"], what="t")
    assert sent(mocked.calls[0])["params"] == ["x", -1_000_000_000]


def test_a_page_that_repeats_is_an_error_and_not_a_loop(client, mocked):
    mocked.post(URL, json=page_body([{"a": str(number)} for number in range(1000)]))
    with pytest.raises(RetriableError, match=r"t: the row a 0 comes after a 999"):
        query_all(client, ONE, ("a",), what="t")
    assert len(mocked.calls) == 2


@pytest.mark.parametrize("values", [["1", "3", "2"], ["1", "1"]])
def test_rows_out_of_order_or_twice_are_an_error(client, mocked, values):
    mocked.post(URL, json=page_body([{"a": value} for value in values]))
    with pytest.raises(RetriableError, match="cursor does not advance"):
        query_all(client, ONE, ("a",), what="t")


@pytest.mark.parametrize("row", [{"b": "1"}, {"a": "x"}, {"a": "1.5"}])
def test_a_row_without_a_whole_key_is_an_error(client, mocked, row):
    mocked.post(URL, json=page_body([row]))
    with pytest.raises(RetriableError, match="whole number in its key a"):
        query_all(client, ONE, ("a",), what="t")


@pytest.mark.parametrize("body", ['{"items": [{"a": "1"', "[]", '{"count": 1}', '{"items": 3}'])
def test_a_truncated_or_foreign_answer_is_worth_another_try(client, mocked, body):
    mocked.post(URL, body=body, content_type="application/json")
    with pytest.raises(RetriableError):
        client.query("SELECT 1", [], "t")


def test_a_page_that_holds_fewer_rows_than_it_says_is_an_error(client, mocked):
    mocked.post(URL, json=page_body([{"a": "1"}], count=2))
    with pytest.raises(RetriableError, match="says 2 rows and holds 1"):
        client.query("SELECT 1", [], "t")


def test_an_unknown_field_is_named(client, mocked):
    detail = "Invalid search query. Search error occurred: Unknown identifier 'custitem_gone'."
    mocked.post(URL, json=error_body(400, "INVALID_PARAMETER", detail, QueryParam="q"), status=400)
    with pytest.raises(FatalError, match=r"items: .*field custitem_gone .*role"):
        client.query("SELECT 1", [], "items")
    assert len(mocked.calls) == 1


def test_throttling_is_waited_out(client, mocked):
    mocked.post(URL, json=error_body(429, "CONCURRENCY_LIMIT_EXCEEDED", "Request blocked."), status=429)
    mocked.post(URL, json=page_body([{"a": "1"}]))
    assert client.query("SELECT 1", [], "t") == [{"a": "1"}]
    first, second = (call.request.headers["Authorization"] for call in mocked.calls)
    assert first != second, "a repeat needs a nonce of its own"


def test_one_refused_login_earns_one_more_try(client, mocked):
    refused = error_body(401, "INVALID_LOGIN", "Invalid login attempt.")
    mocked.post(URL, json=refused, status=401)
    mocked.post(URL, json=page_body([{"a": "1"}]))
    assert client.query("SELECT 1", [], "t") == [{"a": "1"}]


def test_two_refused_logins_stop(client, mocked):
    mocked.post(URL, json=error_body(401, "INVALID_LOGIN", "Invalid login attempt."), status=401)
    with pytest.raises(FatalError, match="Invalid login attempt"):
        client.query("SELECT 1", [], "t")
    assert len(mocked.calls) == 2


def test_a_base_url_stands_in_for_the_host(tmp_path, mocked):
    settings = NetsuiteSettings("http://127.0.0.1:9", consumer_key="a", consumer_secret="b", token_id="c", token_secret="d")
    mocked.post("http://127.0.0.1:9/services/rest/query/v1/suiteql", json=page_body([]))
    assert NetsuiteClient("1234567", settings, state_folder=tmp_path).query("SELECT 1", [], "t") == []


def test_what_is_no_custom_field_never_enters_a_query():
    assert check_identifier("custItem_Colour2", "custitem") == "custitem_colour2"
    for name in ("custbody_x", "custitem_x, i.cost", "itemid", "custitem_x--", ""):
        with pytest.raises(FatalError, match="correct the contract"):
            check_identifier(name, "custitem")


def test_query_files_are_oracle_syntax_and_their_comments_stay_at_home():
    parts = {"locations": "?", "custom_columns": "", "scope": "1 = 1", "members": "?", "items": "AND 1 = 1"}
    for name in ("items", "locations", "stock", "order_lines", "transfers_in_transit"):
        sql = load_query(name, **parts)
        assert "--" not in sql
        assert " LIMIT " not in sql
        assert "FETCH  FIRST 1000 ROWS ONLY" in sql or "FETCH FIRST 1000 ROWS ONLY" in sql


def test_an_in_list_holds_a_thousand_and_no_value_twice():
    parts = split_members([str(number) for number in range(1500)] + ["0"])
    assert [len(part) for part in parts] == [1000, 500]
    assert split_members([]) == []


def test_a_raw_frame_has_the_catalogues_columns_in_order_and_nothing_but_text():
    at = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    frame = to_raw_frame("raw_netsuite__locations", [{"location_id_netsuite": "6", "name": ""}], ("r1", at))
    assert list(frame.columns) == [
        "location_id_netsuite", "name", "is_inactive", "make_inventory_available", "run_id", "extracted_at_utc",
    ]  # fmt: skip
    assert frame["name"].isna().all()
    assert frame.loc[0, "extracted_at_utc"] == "2026-11-23T09:30:00Z"
    empty = to_raw_frame("raw_netsuite__locations", [], ("r1", at))
    assert list(empty.columns) == list(frame.columns)
    assert set(map(str, empty.dtypes)) == {"str"}
