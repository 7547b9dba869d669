"""The record API: create, upsert, lines, validation, what GET shows."""

import concurrent.futures
import json
import time

import pytest
import requests

from sandbox.netsuite import seed as seeds

from .conftest import RECORD, SUITEQL, account_seed, detail, line, new_key, order

ORDERS = f"{RECORD}/salesOrder"
USER = "Error while accessing a resource. "


def lines_of(client, identifier):
    return client.call("GET", f"{ORDERS}/{identifier}?expandSubResources=true").json()["item"]["items"]


def test_create_answers_204_and_a_location(client):
    answer = client.call("POST", ORDERS, order(line()))
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Location"] == f"{client.url}{ORDERS}/1"


def test_a_second_create_with_the_same_external_id_is_refused(client):
    client.create("salesOrder", order(line(), externalId="X-1"))
    answer = client.call("POST", ORDERS, order(line(), externalId="X-1"))
    assert detail(answer) == (400, "USER_ERROR", USER + "This record already exists.")
    assert client.balance(101)[1] == "1"
    client.create("customer", {"companyName": "New", "externalId": "X-1"})
    answer = client.call("POST", f"{RECORD}/customer", {"companyName": "New", "externalId": "X-1"})
    assert detail(answer) == (400, "USER_ERROR", USER + "This entity already exists.")


def test_an_external_id_with_a_pipe_is_refused(client):
    assert client.call("POST", ORDERS, order(line(), externalId="A|B")).status_code == 400


@pytest.mark.parametrize("mode", ["Error", "error"])
def test_an_unknown_property_fails_loudly_when_asked(client, mode):
    body = order(line(), custbody_nope="x")
    answer = client.call("POST", ORDERS, body, headers={"X-NetSuite-PropertyNameValidation": mode})
    assert detail(answer) == (400, "INVALID_CONTENT", USER + "Invalid property: custbody_nope.")
    body = order(line(custcol_nope="x"))
    answer = client.call("POST", ORDERS, body, headers={"X-NetSuite-PropertyNameValidation": mode})
    assert answer.json()["o:errorDetails"][0]["o:errorPath"] == "item.items[0].custcol_nope"
    assert client.rows("SELECT COUNT(*) AS n FROM transaction") == [{"n": "0"}]


def test_an_unknown_property_is_only_a_warning_by_default(client):
    answer = client.call("POST", ORDERS, order(line(), custbody_nope="x", wrong=1))
    assert answer.status_code == 204
    assert "custbody_nope" in answer.headers["Warning"]
    answer = client.call("POST", ORDERS, order(line(), wrong=1), headers={"X-NetSuite-PropertyNameValidation": "Ignore"})
    assert "Warning" not in answer.headers


@pytest.mark.parametrize(
    ("body", "sentence", "path"),
    [
        (order(line(9999)), "You have entered an Invalid Field Value 9999 for the following field: item.", "item.items[0].item"),
        (order(line(), line(location=9)), "You have entered an Invalid Field Value 9 for the following field: location.", "item.items[1].location"),
        (order(line()) | {"entity": {"id": "9"}}, "You have entered an Invalid Field Value 9 for the following field: entity.", "entity"),
        (order(line()) | {"entity": None}, "Please enter value(s) for: Customer.", None),
        (order({"quantity": 1}), "Please enter value(s) for: Item.", None),
        (order(line(), custbody_channel={"id": "7"}), "You have entered an Invalid Field Value 7 for the following field: custbody_channel.", "custbody_channel"),
        (order(line(), custbody_gift="T"), "You have entered an Invalid Field Value T for the following field: custbody_gift.", "custbody_gift"),
        (order(line(), tranDate="11/20/2026"), "You have entered an Invalid Field Value 11/20/2026 for the following field: tranDate.", "tranDate"),
        (order(line(quantity="2")), "You have entered an Invalid Field Value 2 for the following field: quantity.", "item.items[0].quantity"),
        (order(line(), status="C"), "You have entered an Invalid Field Value C for the following field: orderStatus.", "orderStatus"),
    ],
)  # fmt: skip
def test_a_bad_value_rejects_the_whole_record(client, body, sentence, path):
    answer = client.call("POST", ORDERS, body)
    assert detail(answer) == (400, "USER_ERROR", USER + sentence)
    assert answer.json()["o:errorDetails"][0].get("o:errorPath") == path
    assert client.rows("SELECT COUNT(*) AS n FROM transaction") == [{"n": "0"}]
    assert client.balance(101) == ("10", "0", "0", "10")


def test_a_mandatory_custom_field_is_asked_for_by_its_label(client):
    _, public = new_key()
    seed = account_seed(public)
    seed["custom_fields"][0]["ismandatory"] = True
    seed["m2m_clients"] = []
    seeds.load(client.sandbox.world, seed)
    account_key = client.sandbox.world.db.execute("SELECT COUNT(*) FROM ns_m2m_client").fetchone()
    assert account_key == (0,)
    seed["m2m_clients"] = account_seed(public)["m2m_clients"]
    with pytest.raises(ValueError, match=r"Please enter value\(s\) for: Order Id"):
        seeds.load(client.sandbox.world, seed | {"transactions": [{"type": "salesOrder", "body": order(line())}]})


def test_get_shows_each_kind_of_field(client):
    body = order(
        line(custcol_line_id="L-1", description="red"),
        externalId="X-2",
        custbody_channel={"id": "2"},
        custbody_gift=True,
        custbody_order_id="77",
        otherRefNum="#77",
        shippingAddress={"city": "Ulm"},
    )
    identifier = client.create("salesOrder", body)
    shown = client.call("GET", f"{ORDERS}/eid:X-2?expandSubResources=true").json()
    assert shown["id"] == identifier
    assert shown["custbody_channel"] == {"links": [], "id": "2", "refName": "Till"}
    assert (shown["custbody_gift"], shown["custbody_order_id"], shown["otherRefNum"]) == (True, "77", "#77")
    assert shown["shippingAddress"] == {"city": "Ulm"}
    assert shown["orderStatus"] == {"id": "B", "refName": "Pending Fulfillment"}
    assert set(shown["item"]) == {"links", "items", "totalResults"}
    element = shown["item"]["items"][0]
    assert (element["line"], element["quantity"], element["amount"], element["custcol_line_id"]) == (1, 1, 2.5, "L-1")
    plain = client.call("GET", f"{ORDERS}/{identifier}").json()
    assert set(plain["item"]) == {"links"}


def test_a_record_that_is_not_there(client):
    for path in (f"{ORDERS}/7", f"{ORDERS}/eid:NOPE", f"{RECORD}/cashSale/7"):
        answer = client.call("GET", path)
        sentence = "The record instance does not exist. Provide a valid record instance ID."
        assert detail(answer) == (404, "NONEXISTENT_ID", sentence)
        assert answer.json()["o:errorDetails"][0]["o:errorUrl"] == path


def test_put_by_external_id_creates_then_changes(client):
    assert client.call("PUT", f"{ORDERS}/eid:X-3", order(line(), memo="one")).status_code == 204
    assert client.call("PUT", f"{ORDERS}/eid:X-3", {"memo": "two"}).status_code == 204
    assert client.rows("SELECT id, memo, externalid FROM transaction") == [{"id": "1", "memo": "two", "externalid": "X-3"}]
    assert client.call("PUT", f"{ORDERS}/1", {"memo": "three"}).status_code == 400


def test_lines_sent_again_without_a_key_are_appended(client):
    body = order(line(quantity=2))
    client.call("PUT", f"{ORDERS}/eid:X-4", body)
    client.call("PUT", f"{ORDERS}/eid:X-4", body)
    assert len(lines_of(client, 1)) == 2
    assert client.balance(101)[1] == "4"


def test_replace_item_replaces_and_a_key_changes(client):
    client.call("PUT", f"{ORDERS}/eid:X-5", order(line(quantity=2), line(102)))
    client.call("PATCH", f"{ORDERS}/1", {"item": {"items": [{"line": 1, "quantity": 5}]}})
    assert [(row["line"], row["quantity"]) for row in lines_of(client, 1)] == [(1, 5), (2, 1)]
    client.call("PUT", f"{ORDERS}/eid:X-5?replace=item", order(line(quantity=3)))
    assert [(row["line"], row["quantity"]) for row in lines_of(client, 1)] == [(3, 3)]
    assert client.balance(101)[1] == "3"
    assert client.balance(102)[1] == "0"
    assert client.rows("SELECT foreigntotal FROM transaction") == [{"foreigntotal": "7.5"}]


def test_null_empties_a_field(client):
    client.create("salesOrder", order(line(), memo="x", custbody_order_id="1"))
    client.call("PATCH", f"{ORDERS}/1", {"memo": None, "custbody_order_id": None})
    assert client.rows("SELECT memo, custbody_order_id FROM transaction") == [{}]


def test_delete_leaves_a_trace(client):
    client.create("salesOrder", order(line(quantity=4)))
    assert client.call("DELETE", f"{ORDERS}/1").status_code == 204
    assert client.balance(101) == ("10", "0", "0", "10")
    assert client.rows("SELECT recordid, type FROM DeletedRecord") == [{"recordid": "1", "type": "salesOrder"}]
    assert client.create("salesOrder", order(line())) == "2"


def test_what_is_not_modelled_says_so(client):
    for method, path in (("POST", f"{ORDERS}/1/!attach"), ("GET", f"{RECORD}/vendorBill/1"), ("GET", ORDERS)):
        assert detail(client.call(method, path, {}))[:2] == (501, "SANDBOX_NOT_MODELLED")
    answer = client.call("POST", ORDERS, order(line()), headers={"Prefer": "respond-async"})
    assert answer.status_code == 501


def test_a_body_that_is_not_json(client):
    answer = client.http.post(client.url + ORDERS, data="{", timeout=10)
    assert detail(answer)[:2] == (400, "INVALID_CONTENT")


def test_more_requests_at_once_than_the_account_allows(client):
    world, headers = client.sandbox.world, {**client.http.headers, "Prefer": "transient"}

    def ask(_):
        return requests.post(client.url + SUITEQL, data=json.dumps({"q": "SELECT id FROM item"}), headers=headers, timeout=20)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        with world.lock:
            under_way = [pool.submit(ask, n) for n in range(8)]
            deadline = time.monotonic() + 10
            while sum(one.done() for one in under_way) < 5 and time.monotonic() < deadline:
                time.sleep(0.01)
        answers = [one.result() for one in under_way]
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [429] * 5
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert detail(refused) == (429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.")
    assert refused.json()["title"] == "Bad Request"
    assert client.query("SELECT id FROM item").status_code == 200


def test_governance_limits(client):
    limits = client.call("GET", "/services/rest/system/v1/governanceLimits").json()
    assert limits["accountConcurrencyLimit"] == 3


@pytest.mark.parametrize("kind", ["cashSale", "salesOrder"])
def test_a_serial_number_that_is_not_there_is_refused_by_its_place(client, kind):
    rows = [{"issueInventoryNumber": {"id": "430"}, "quantity": 1}]
    given = line(101, 1) | {"inventoryDetail": {"quantity": 1, "inventoryAssignment": {"items": rows}}}
    answer = client.call("POST", f"{RECORD}/{kind}", order(given))
    sentence = "You have entered an Invalid Field Value 430 for the following field: issueinventorynumber."
    assert detail(answer) == (400, "USER_ERROR", f"Error while accessing a resource. {sentence}")
    place = "item.items[0].inventoryDetail.inventoryAssignment.items[0].issueInventoryNumber"
    assert answer.json()["o:errorDetails"][0]["o:errorPath"] == place
