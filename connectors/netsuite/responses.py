"""The one place that turns a NetSuite response into an error, sorted by what to do next.

The shape and the codes are Oracle's (section_156570709583). `title` is "Bad Request" even for a 429, and USER_ERROR is
permanent at 400 and retriable at 429: so the status decides first, then the code, then the sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import requests

from connectors.http import redact
from contract.errors import FatalError, RejectedError, RetriableError, TruecountError

QUERY_PATH = "/services/rest/query/v1/suiteql"
_FREQUENCY_WINDOW_SECONDS = 60.0
_UNKNOWN_IDENTIFIER = re.compile(r"Unknown identifier '([^']+)'")
_UNKNOWN_RECORD = re.compile(r"Record '([^']+)' was not found")
_DUPLICATE = re.compile(r"This (?:record|entity) already exists")
_PROPERTY = re.compile(r"(?:invalid|unknown|unexpected) propert\w*(?: name)?:?\s*'?([\w.]*)", re.IGNORECASE)


class LoginRefusedError(FatalError):
    """NetSuite answered 401: worth one more try after a fresh login (overload can look like this), then fatal."""


@dataclass(frozen=True)
class Complaint:
    """What an error body says: the first error's code and path, and every sentence."""

    status: int
    code: str
    path: str
    text: str

    def __str__(self) -> str:
        place = f" at {self.path}" if self.path else ""
        return f"{self.text or 'no detail'} ({self.status} {self.code or 'no code'}{place})"


def classify(response: requests.Response, what: str = "request") -> TruecountError | None:
    """Return the error that a response means, or nothing where it is a success.

    Args:
        response: NetSuite's answer.
        what: the object of the call, for the message.

    Returns:
        A `RetriableError` (429, 408, 5xx), a `RejectedError` (this record is refused; `code` and `path` are the
        vendor's, apart from `duplicate_external_id`, `invalid_property` and `locked_record`), a `FatalError`
        (login, role, query, account), or None.
    """
    status = response.status_code
    if status < 300:
        return None
    complaint = read_complaint(response)
    where = f"NetSuite: {what}: {complaint}"
    if status in (408, 429) or status >= 500 or complaint.code == "SSS_REQUEST_LIMIT_EXCEEDED":
        return _wait(response, complaint, where)
    if status == 400:
        return _bad_request(response, complaint, where)
    return _refused(complaint, where)


def read_complaint(response: requests.Response) -> Complaint:
    """Return what an error body says; a body that is not NetSuite's gives an empty complaint.

    Args:
        response: NetSuite's answer.
    """
    try:
        details = response.json()["o:errorDetails"]
        first = details[0]
        places = (first.get(f"o:error{kind}") for kind in ("Path", "QueryParam", "Header", "Url"))
        text = " ".join(str(each.get("detail", "")) for each in details)
        path = next((str(place) for place in places if place), "")
        return Complaint(response.status_code, str(first.get("o:errorCode", "")), path, redact(text)[:500])
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return Complaint(response.status_code, "", "", "")


def _wait(response: requests.Response, complaint: Complaint, where: str) -> RetriableError:
    asked = response.headers.get("Retry-After", "")
    seconds = float(asked) if asked.isdecimal() else None
    if seconds is None and response.status_code == 429 and complaint.code == "USER_ERROR":
        # [one source] USER_ERROR at 429 is the 60-second (or 24-hour) frequency window: sooner is refused again.
        seconds = _FREQUENCY_WINDOW_SECONDS
    is_uncertain = response.status_code >= 500 and _is_record_write(response)
    return RetriableError(f"{where}; try again later", retry_after=seconds, is_write_uncertain=is_uncertain)


def _refused(complaint: Complaint, where: str) -> TruecountError:
    if complaint.status == 401:
        return LoginRefusedError(
            f"{where}; check TRUECOUNT_NETSUITE_CONSUMER_KEY, TRUECOUNT_NETSUITE_CONSUMER_SECRET, TRUECOUNT_NETSUITE_TOKEN_ID and "
            "TRUECOUNT_NETSUITE_TOKEN_SECRET (or those of OAuth 2.0), this machine's clock and the Login Audit Trail of the account"
        )
    if complaint.status == 403:
        return FatalError(f"{where}; give the integration's role the permission for this record")
    if complaint.code == "NONEXISTENT_ID":
        message = f"{where}; it was deleted, or the role cannot see it"
        return RejectedError(message, code=complaint.code, path=complaint.path)
    return FatalError(f"{where}; check the account id, TRUECOUNT_NETSUITE_BASE_URL and that REST Web Services is on")


def _bad_request(response: requests.Response, complaint: Complaint, where: str) -> TruecountError:
    if "role does not have permission" in complaint.text:
        return FatalError(
            f"{where}; the integration's role needs REST Web Services, Log in using OAuth 2.0 Access Tokens and "
            "SuiteAnalytics Workbook (Edit)"
        )
    if complaint.code == "INVALID_HEADER":
        return FatalError(f"{where}; check the language of the integration's user")
    if QUERY_PATH in (response.request.path_url if response.request is not None else ""):
        return _bad_query(complaint, where)
    return _bad_record(complaint, where)


def _bad_query(complaint: Complaint, where: str) -> FatalError:
    if found := _UNKNOWN_IDENTIFIER.search(complaint.text):
        return FatalError(
            f"{where}; the field {found[1]} does not exist in this account, its feature is off, or the "
            "integration's role cannot see it: correct the contract or the role"
        )
    if found := _UNKNOWN_RECORD.search(complaint.text):
        return FatalError(f"{where}; the table {found[1]} does not exist in this account or the integration's role cannot see it")
    return FatalError(f"{where}; the account does not run this query: its features or the role are not what it needs")


def _bad_record(complaint: Complaint, where: str) -> RejectedError:
    if _DUPLICATE.search(complaint.text):
        return RejectedError(where, code="duplicate_external_id", path=complaint.path or "externalId")
    found = _PROPERTY.search(complaint.text)
    if found and complaint.code in ("INVALID_CONTENT", "INVALID_PARAMETER", "USER_ERROR"):
        field = complaint.path or found[1].rstrip(".")
        return RejectedError(
            f"{where}; the account has no field {field}: correct the contract or restore the field",
            code="invalid_property",
            path=field,
        )
    if "locked by a user defined workflow" in complaint.text:
        return RejectedError(f"{where}; unlock the record in NetSuite", code="locked_record", path=complaint.path)
    return RejectedError(
        f"{where}; mend what it names: the next run tries again", code=complaint.code or "rejected", path=complaint.path
    )


def _is_record_write(response: requests.Response) -> bool:
    request = response.request
    return request is not None and request.method != "GET" and "/services/rest/record/" in request.path_url
