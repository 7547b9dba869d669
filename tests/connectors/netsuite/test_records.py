"""Writing once: creation, duplicates, lost replies, unknown fields."""

import pytest
import requests

from connectors.netsuite.records import (
    WriteOutcome,
    create,
    create_or_adopt,
    find_transaction_by_external_id,
    get_by_external_id,
)
from contract.errors import FatalError, RejectedError, RetriableError
from tests.connectors.netsuite.answers import error_body, page_body, sent

HOST = "https://1234567-sb1.suitetalk.api.netsuite.com"
ORDERS = f"{HOST}/services/rest/record/v1/salesOrder"
QUERY = f"{HOST}/services/rest/query/v1/suiteql"
BODY = {"externalId": "SHOPIFY-a-1", "entity": {"id": "5"}}
MADE = {"status": 204, "headers": {"Location": f"{ORDERS}/12345"}}
DUPLICATE = error_body(400, "USER_ERROR", "Error while accessing a resource. This record already exists.")
NO_SUCH = error_body(404, "NONEXISTENT_ID", "The record instance does not exist. Provide a valid record instance ID.")


def test_a_create_sends_the_record_and_reads_its_id_from_the_location(client, mocked):
    mocked.post(ORDERS, **MADE)
    assert create(client, "salesOrder", BODY) == "12345"
    assert sent(mocked.calls[0]) == BODY
    assert mocked.calls[0].request.headers["X-NetSuite-PropertyNameValidation"] == "Error"


@pytest.mark.parametrize("headers", [{}, {"Location": ORDERS}, {"Location": f"{ORDERS}/"}])
def test_a_create_without_an_id_is_uncertain(client, mocked, headers):
    mocked.post(ORDERS, status=204, headers=headers)
    with pytest.raises(RetriableError) as lost:
        create(client, "salesOrder", BODY)
    assert lost.value.is_write_uncertain


def test_an_unknown_field_is_refused_with_its_name(client, mocked):
    body = error_body(400, "INVALID_CONTENT", "Invalid property: custbody_x.", Path="custbody_x")
    mocked.post(ORDERS, json=body, status=400)
    with pytest.raises(RejectedError, match="salesOrder SHOPIFY-a-1") as refused:
        create_or_adopt(client, "salesOrder", BODY)
    assert (refused.value.code, refused.value.path) == ("invalid_property", "custbody_x")
    assert len(mocked.calls) == 1


def test_a_record_is_read_by_its_external_id(client, mocked):
    mocked.get(f"{ORDERS}/eid:SHOPIFY-a-1", json={"id": "9", "externalId": "SHOPIFY-a-1"})
    record = get_by_external_id(client, "salesOrder", "SHOPIFY-a-1", expand=True)
    assert record == {"id": "9", "externalId": "SHOPIFY-a-1"}
    assert mocked.calls[0].request.params == {"expandSubResources": "true"}


def test_a_record_that_is_not_there_is_none(client, mocked):
    mocked.get(f"{ORDERS}/eid:SHOPIFY-a-1", json=NO_SUCH, status=404)
    assert get_by_external_id(client, "salesOrder", "SHOPIFY-a-1") is None


def test_a_404_that_is_not_netsuites_stops(client, mocked):
    mocked.get(f"{ORDERS}/eid:SHOPIFY-a-1", body="nginx", status=404)
    with pytest.raises(FatalError):
        get_by_external_id(client, "salesOrder", "SHOPIFY-a-1")


def test_another_refusal_of_a_read_is_passed_on(client, mocked):
    mocked.get(f"{ORDERS}/eid:SHOPIFY-a-1", json=error_body(400, "USER_ERROR", "no"), status=400)
    with pytest.raises(RejectedError):
        get_by_external_id(client, "salesOrder", "SHOPIFY-a-1")


@pytest.mark.parametrize("body", ["", "[]", "{}"])
def test_an_answer_that_is_no_record_is_worth_another_try(client, mocked, body):
    mocked.get(f"{ORDERS}/eid:SHOPIFY-a-1", body=body)
    with pytest.raises(RetriableError):
        get_by_external_id(client, "salesOrder", "SHOPIFY-a-1")


@pytest.mark.parametrize("external_id", ["", "a|b", "a/../b", "a b"])
def test_an_external_id_that_would_break_the_path_never_leaves(client, external_id):
    with pytest.raises(RejectedError) as refused:
        get_by_external_id(client, "salesOrder", external_id)
    assert refused.value.code == "invalid_external_id"
    with pytest.raises(RejectedError) as refused:
        create_or_adopt(client, "salesOrder", {"externalId": external_id})
    assert refused.value.code == "invalid_external_id"


@pytest.mark.parametrize(("rows", "found"), [([], None), ([{"id": "7"}], "7")])
def test_a_transaction_is_found_by_suiteql(client, mocked, rows, found):
    mocked.post(QUERY, json=page_body(rows))
    assert find_transaction_by_external_id(client, "SalesOrd", "SHOPIFY-a-1") == found
    assert sent(mocked.calls[0])["params"] == ["SalesOrd", "SHOPIFY-a-1"]


def test_two_transactions_with_one_external_id_are_set_aside(client, mocked):
    mocked.post(QUERY, json=page_body([{"id": "7"}, {"id": "8"}]))
    with pytest.raises(RejectedError, match="7, 8") as refused:
        find_transaction_by_external_id(client, "SalesOrd", "SHOPIFY-a-1")
    assert refused.value.code == "ambiguous_external_id"


def test_a_new_record_is_made_and_not_adopted(client, mocked):
    mocked.post(ORDERS, **MADE)
    assert create_or_adopt(client, "salesOrder", BODY) == WriteOutcome("12345", was_adopted=False)


@pytest.mark.parametrize("sentence", ["This record already exists.", "This entity already exists."])
def test_a_duplicate_is_confirmed_by_a_read_and_adopted(client, mocked, sentence):
    mocked.post(ORDERS, json=error_body(400, "USER_ERROR", f"Error while accessing a resource. {sentence}"), status=400)
    mocked.get(f"{ORDERS}/eid:SHOPIFY-a-1", json={"id": "9", "externalId": "SHOPIFY-a-1"})
    assert create_or_adopt(client, "salesOrder", BODY) == WriteOutcome("9", was_adopted=True)


@pytest.mark.parametrize("read", [{"json": NO_SUCH, "status": 404}, {"json": {"id": "9", "externalId": "SHOPIFY-A-1"}}])
def test_a_duplicate_that_no_read_confirms_is_not_adopted(client, mocked, read):
    mocked.post(ORDERS, json=DUPLICATE, status=400)
    mocked.get(f"{ORDERS}/eid:SHOPIFY-a-1", **read)
    with pytest.raises(RejectedError, match="another record type") as refused:
        create_or_adopt(client, "salesOrder", BODY)
    assert refused.value.code == "duplicate_external_id"


def test_a_lost_reply_after_the_commit_is_looked_up_and_not_sent_again(client, mocked):
    mocked.post(ORDERS, body=requests.exceptions.ReadTimeout("lost"))
    mocked.get(f"{ORDERS}/eid:SHOPIFY-a-1", json={"id": "9", "externalId": "SHOPIFY-a-1"})
    assert create_or_adopt(client, "salesOrder", BODY) == WriteOutcome("9", was_adopted=True)
    assert [call.request.method for call in mocked.calls] == ["POST", "GET"]


def test_a_lost_request_is_looked_up_and_then_sent_again(client, mocked):
    mocked.post(ORDERS, body=requests.exceptions.ReadTimeout("lost"))
    mocked.post(ORDERS, **MADE)
    mocked.get(f"{ORDERS}/eid:SHOPIFY-a-1", json=NO_SUCH, status=404)
    assert create_or_adopt(client, "salesOrder", BODY) == WriteOutcome("12345", was_adopted=False)
    assert [call.request.method for call in mocked.calls] == ["POST", "GET", "POST"]


def test_a_commit_that_comes_after_the_look_up_is_adopted_at_the_second_create(client, mocked):
    mocked.post(ORDERS, body=requests.exceptions.ReadTimeout("lost"))
    mocked.post(ORDERS, json=DUPLICATE, status=400)
    mocked.get(f"{ORDERS}/eid:SHOPIFY-a-1", json=NO_SUCH, status=404)
    mocked.get(f"{ORDERS}/eid:SHOPIFY-a-1", json={"id": "9", "externalId": "SHOPIFY-a-1"})
    assert create_or_adopt(client, "salesOrder", BODY) == WriteOutcome("9", was_adopted=True)


def test_a_500_on_a_create_is_looked_up_before_it_is_sent_again(client, mocked):
    mocked.post(ORDERS, json=error_body(500, "UNEXPECTED_ERROR", "An unexpected error occurred."), status=500)
    mocked.get(f"{ORDERS}/eid:SHOPIFY-a-1", json={"id": "9", "externalId": "SHOPIFY-a-1"})
    assert create_or_adopt(client, "salesOrder", BODY) == WriteOutcome("9", was_adopted=True)
    assert [call.request.method for call in mocked.calls] == ["POST", "GET"]


def test_replies_lost_again_and_again_end_after_three_attempts_and_stay_uncertain(client, mocked):
    mocked.post(ORDERS, body=requests.exceptions.ReadTimeout("lost"))
    mocked.get(f"{ORDERS}/eid:SHOPIFY-a-1", json=NO_SUCH, status=404)
    with pytest.raises(RetriableError) as lost:
        create_or_adopt(client, "salesOrder", BODY)
    assert lost.value.is_write_uncertain
    assert [call.request.method for call in mocked.calls] == ["POST", "GET"] * 3


def test_a_look_up_that_fails_leaves_the_write_uncertain(client, mocked):
    mocked.post(ORDERS, body=requests.exceptions.ReadTimeout("lost"))
    mocked.get(f"{ORDERS}/eid:SHOPIFY-a-1", status=503)
    with pytest.raises(RetriableError) as lost:
        create_or_adopt(client, "salesOrder", BODY)
    assert lost.value.is_write_uncertain


def test_throttling_to_the_end_is_certain_to_have_written_nothing(client, mocked):
    mocked.post(ORDERS, json=error_body(429, "CONCURRENCY_LIMIT_EXCEEDED", "Request blocked."), status=429)
    with pytest.raises(RetriableError) as throttled:
        create_or_adopt(client, "salesOrder", BODY)
    assert not throttled.value.is_write_uncertain
    assert {call.request.method for call in mocked.calls} == {"POST"}
