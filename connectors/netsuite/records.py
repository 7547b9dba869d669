"""Writes NetSuite records, once: by external id, adopting what is there already.

A create with a deterministic external id is refused when the record exists (400, "This record already exists." for a
transaction, "This entity already exists." for an entity), so that a repeat is safe: the refusal is confirmed by a read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from connectors.netsuite.client import RECORD_PATH, NetsuiteClient
from connectors.netsuite.suiteql import load_query
from contract.errors import RejectedError, RetriableError

_ATTEMPTS = 3
_EXTERNAL_ID = re.compile(r"^[A-Za-z0-9_-]+$")
_ID = re.compile(r"^[0-9]+$")


@dataclass(frozen=True)
class WriteOutcome:
    """The record that holds the external id now, and whether it was there before this call saw it made."""

    id: str
    was_adopted: bool


def create(client: NetsuiteClient, record_type: str, body: Mapping[str, Any]) -> str:
    """Create one record and return its internal id.

    Args:
        client: the account.
        record_type: the record's REST name, such as `salesOrder`.
        body: the record, in NetSuite's field names.

    Raises:
        RejectedError: NetSuite refuses it: `duplicate_external_id`, `invalid_property` (the field is in `path`),
            `locked_record`, or the vendor's own code.
        RetriableError: throttled or no answer; `is_write_uncertain` says if it may be there nevertheless.
        FatalError: login or role.
    """
    what = _name(record_type, body.get("externalId"))
    response = client.send(
        "POST",
        f"{RECORD_PATH}/{record_type}",
        what=what,
        json=body,
        # With the default, an unknown custom field is only a warning in a header and its value is lost.
        headers={"X-NetSuite-PropertyNameValidation": "Error"},
        is_write=True,
    )
    return new_record_id(response, what)


def new_record_id(response: requests.Response, what: str) -> str:
    """Return the internal id that the answer to a create names.

    Args:
        response: the answer.
        what: the record, for the message.

    Raises:
        RetriableError: it names none; the record may be there.
    """
    record_id = urlsplit(response.headers.get("Location", "")).path.rstrip("/").rpartition("/")[2]
    if not _ID.match(record_id):
        raise RetriableError(
            f"NetSuite: {what}: the answer to the create ({response.status_code}) names no record id; look it up",
            is_write_uncertain=True,
        )
    return record_id


def get_by_external_id(
    client: NetsuiteClient, record_type: str, external_id: str, *, expand: bool = False
) -> dict[str, Any] | None:
    """Return the record with this external id, or None where there is none.

    Args:
        client: the account.
        record_type: the record's REST name.
        external_id: letters, digits, `_` and `-` only.
        expand: whether sublists are read too.

    Raises:
        RejectedError: the external id holds a character that NetSuite's paths do not take.
        RetriableError: throttled, or no answer, or one that cannot be read.
        FatalError: login or role.
    """
    what = _name(record_type, external_id)
    if not _EXTERNAL_ID.match(external_id):
        raise RejectedError(
            f"NetSuite: {what}: an external id holds letters, digits, _ and - only",
            code="invalid_external_id",
            path="externalId",
        )
    params = {"expandSubResources": "true"} if expand else None
    try:
        response = client.send("GET", f"{RECORD_PATH}/{record_type}/eid:{external_id}", what=what, params=params)
    except RejectedError as error:
        if error.code == "NONEXISTENT_ID":
            return None
        raise
    try:
        record = response.json()
    except ValueError as error:
        raise RetriableError(f"NetSuite: {what}: the answer is not JSON; try again later") from error
    if not isinstance(record, dict) or not record.get("id"):
        raise RetriableError(f"NetSuite: {what}: the answer is not a record; try again later")
    return record


def find_transaction_by_external_id(client: NetsuiteClient, type_code: str, external_id: str) -> str | None:
    """Return the internal id of the transaction with this external id, or None.

    Args:
        client: the account.
        type_code: the transaction's type, such as `SalesOrd`.
        external_id: the external id, as written (the comparison is case-sensitive).

    Raises:
        RejectedError: more than one transaction has it (`ambiguous_external_id`).
        RetriableError: throttled or no answer.
        FatalError: login or role.
    """
    what = f"{type_code} {external_id}"
    rows = client.query(load_query("transaction_by_external_id"), [type_code, external_id], what)
    if len(rows) > 1:
        ids = ", ".join(row["id"] for row in rows)
        raise RejectedError(
            f"NetSuite: {what}: the transactions {ids} all have this external id; keep it on one",
            code="ambiguous_external_id",
            path="externalId",
        )
    return rows[0]["id"] if rows else None


def create_or_adopt(client: NetsuiteClient, record_type: str, body: Mapping[str, Any]) -> WriteOutcome:
    """Create one record, or adopt the one that has its external id already; never a second one.

    After a lost reply the record is looked up before anything is sent again, three attempts in all.

    Args:
        client: the account.
        record_type: the record's REST name.
        body: the record, with `externalId`.

    Returns:
        The record's internal id; `was_adopted` where it was found, not seen made.

    Raises:
        RejectedError: NetSuite refuses it, or says that it exists and no such record can be read.
        RetriableError: still no answer after the attempts; `is_write_uncertain` where it may be there nevertheless.
        FatalError: login or role.
    """
    return make_or_adopt(client, record_type, body, lambda: create(client, record_type, body))


def make_or_adopt(client: NetsuiteClient, record_type: str, body: Mapping[str, Any], make: Callable[[], str]) -> WriteOutcome:
    """Make one record by a call that is refused where its external id is taken, or adopt what has it (see `create_or_adopt`).

    Args:
        client: the account.
        record_type: the record's REST name.
        body: the record, with `externalId`.
        make: sends the call and returns the new record's internal id.

    Raises:
        RejectedError: NetSuite refuses it, or says that it exists and no such record can be read.
        RetriableError: still no answer after the attempts; `is_write_uncertain` where it may be there nevertheless.
    """
    external_id = _own_external_id(record_type, body)
    attempt = 0
    while True:
        attempt += 1
        try:
            return WriteOutcome(make(), was_adopted=False)
        except RejectedError as refusal:
            if refusal.code != "duplicate_external_id":
                raise
            return _adopt(client, record_type, external_id, refusal)
        except RetriableError as lost:
            if not lost.is_write_uncertain:
                raise
            found = _look_up(client, record_type, external_id)
            if found is not None:
                return WriteOutcome(found, was_adopted=True)
            if attempt == _ATTEMPTS:
                raise


def _own_external_id(record_type: str, body: Mapping[str, Any]) -> str:
    external_id = str(body.get("externalId") or "")
    if not _EXTERNAL_ID.match(external_id):
        raise RejectedError(
            f"NetSuite: {_name(record_type, external_id)}: a create needs an external id of letters, digits, _ and -",
            code="invalid_external_id",
            path="externalId",
        )
    return external_id


def _adopt(client: NetsuiteClient, record_type: str, external_id: str, refusal: RejectedError) -> WriteOutcome:
    found = _look_up(client, record_type, external_id)
    if found is None:
        raise RejectedError(
            f"{refusal}; yet no {record_type} with this external id can be read: another record type holds it, or "
            "the role cannot see it",
            code=refusal.code,
            path=refusal.path,
        ) from refusal
    return WriteOutcome(found, was_adopted=True)


def _look_up(client: NetsuiteClient, record_type: str, external_id: str) -> str | None:
    """Return the record's internal id; a look-up that fails after a lost write leaves the write uncertain."""
    try:
        record = get_by_external_id(client, record_type, external_id)
    except RetriableError as error:
        raise RetriableError(str(error), retry_after=error.retry_after, is_write_uncertain=True) from error
    if record is None or str(record.get("externalId", external_id)) != external_id:
        return None
    return str(record["id"])


def _name(record_type: str, external_id: object) -> str:
    return f"{record_type} {external_id}" if external_id else record_type
