"""What each answer of NetSuite means, by what to do next. The bodies restate recorded and documented ones."""

import re

import pytest
import requests

from connectors.netsuite.responses import LoginRefusedError, classify
from contract.errors import FatalError, RejectedError, RetriableError
from tests.connectors.netsuite.answers import error_body

QUERY = "https://h/services/rest/query/v1/suiteql?limit=1000"
RECORD = "https://h/services/rest/record/v1/salesOrder"
SEARCH = "Invalid search query. Detailed unprocessed description follows. Search error occurred: "
ACCESS = "Error while accessing a resource. "


def answer(url: str, status: int, body: object, *, headers: dict | None = None) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.headers.update(headers or {})
    response._content = body if isinstance(body, bytes) else requests.compat.json.dumps(body).encode()
    response.request = requests.Request("POST", url).prepare()
    return response


@pytest.mark.parametrize("status", [200, 202, 204])
def test_a_success_is_no_error(status):
    assert classify(answer(QUERY, status, b"")) is None


FATAL = [
    (QUERY, 400, "INVALID_PARAMETER", SEARCH + "Unknown identifier 'subsidiary'. Available identifiers are: {transaction=transaction}.", "field subsidiary .*role"),
    (QUERY, 400, "INVALID_PARAMETER", SEARCH + "Record 'customer' was not found.", "table customer .*role"),
    (QUERY, 400, "INVALID_PARAMETER", "Invalid or unsupported search.", "does not run this query"),
    (QUERY, 400, "USER_ERROR", "Your current role does not have permission to perform this action.", "SuiteAnalytics Workbook"),
    (QUERY, 400, "INVALID_HEADER", "Invalid language in the Accept-Language header.", "language"),
    (RECORD, 401, "INVALID_LOGIN", "Invalid login attempt. For more details, see the Login Audit Trail.", "Login Audit Trail"),
    (RECORD, 403, "INSUFFICIENT_PERMISSION", "Permission Violation", "permission"),
    (RECORD, 404, "", "", "REST Web Services"),
    (RECORD, 405, "INVALID_REQUEST", "no", "account id"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "status", "code", "detail", "says"), FATAL)
def test_wrong_login_role_query_or_account_stops(url, status, code, detail, says):
    error = classify(answer(url, status, error_body(status, code, detail)), "stock")
    assert isinstance(error, FatalError)
    assert str(error).startswith("NetSuite: stock: ")
    assert re.search(says, str(error)), str(error)
    assert isinstance(error, LoginRefusedError) == (status == 401)


REJECTED = [
    (400, "USER_ERROR", ACCESS + "You have entered an Invalid Field Value 9999 for the following field: item.", "item.items[0].item", "USER_ERROR", "item.items[0].item"),
    (400, "USER_ERROR", ACCESS + "Please enter value(s) for: Subsidiary.", "", "USER_ERROR", ""),
    (400, "USER_ERROR", ACCESS + "This record already exists.", "", "duplicate_external_id", "externalId"),
    (400, "USER_ERROR", ACCESS + "This entity already exists.", "", "duplicate_external_id", "externalId"),
    (400, "USER_ERROR", "This record has been locked by a user defined workflow.", "", "locked_record", ""),
    (400, "INVALID_CONTENT", ACCESS + "Invalid property: custbody_nope.", "custbody_nope", "invalid_property", "custbody_nope"),
    (400, "INVALID_CONTENT", ACCESS + "Invalid property: custbody_nope.", "", "invalid_property", "custbody_nope"),
    (404, "NONEXISTENT_ID", "The record instance does not exist. Provide a valid record instance ID.", "", "NONEXISTENT_ID", ""),
]  # fmt: skip


@pytest.mark.parametrize(("status", "sent_code", "detail", "sent_path", "code", "path"), REJECTED)
def test_a_refused_record_carries_the_vendors_code_and_path(status, sent_code, detail, sent_path, code, path):
    place = {"Path": sent_path} if sent_path else {}
    error = classify(answer(RECORD, status, error_body(status, sent_code, detail, **place)), "salesOrder S-1")
    assert isinstance(error, RejectedError)
    assert (error.code, error.path) == (code, path)
    assert detail in str(error)


WAIT = [
    (429, "CONCURRENCY_LIMIT_EXCEEDED", {}, None, False),
    (429, "CONCURRENCY_LIMIT_EXCEEDED", {"Retry-After": "7"}, 7.0, False),
    (429, "USER_ERROR", {}, 60.0, False),
    (400, "SSS_REQUEST_LIMIT_EXCEEDED", {}, None, False),
    (408, "", {}, None, False),
    (500, "UNEXPECTED_ERROR", {}, None, True),
    (503, "", {}, None, True),
]


@pytest.mark.parametrize(("status", "code", "headers", "retry_after", "is_uncertain"), WAIT)
def test_overload_is_worth_another_try(status, code, headers, retry_after, is_uncertain):
    body = error_body(status, code, "no")
    error = classify(answer(RECORD, status, body, headers=headers))
    assert isinstance(error, RetriableError)
    assert error.retry_after == retry_after
    assert error.is_write_uncertain == is_uncertain
    # A query changes nothing, whatever its method.
    asked = classify(answer(QUERY, status, body, headers=headers))
    assert isinstance(asked, RetriableError)
    assert not asked.is_write_uncertain


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"o:errorDetails": []}', b'{"o:errorDetails": ["x"]}'])
def test_a_body_that_is_not_netsuites_is_still_sorted_by_its_status(body):
    assert isinstance(classify(answer(RECORD, 502, body)), RetriableError)
    assert isinstance(classify(answer(RECORD, 400, body)), RejectedError)
    assert isinstance(classify(answer(QUERY, 400, body)), FatalError)
    assert isinstance(classify(answer(RECORD, 302, body)), FatalError)
