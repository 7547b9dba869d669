"""Documents made of others, each once: transforms, changes of orders, look-ups by external id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.netsuite.client import RECORD_PATH, NetsuiteClient
from connectors.netsuite.records import WriteOutcome, make_or_adopt, new_record_id
from connectors.netsuite.suiteql import as_ids, load_query, marks, query_all, split_members
from contract.errors import RejectedError, RetriableError

_STRICT = {"X-NetSuite-PropertyNameValidation": "Error"}


def transform_or_adopt(client: NetsuiteClient, source: tuple[str, str], record_type: str, body: Mapping[str, Any]) -> WriteOutcome:
    """Make one record of another, or adopt the one that has its external id already; never a second one.

    Args:
        client: the account.
        source: the source's REST name and internal id.
        record_type: the REST name of what is made.
        body: its body, with `externalId`; lines that it does not list keep NetSuite's default.

    Raises:
        RejectedError: NetSuite refuses it.
        RetriableError: no answer after the attempts; `is_write_uncertain` where it may be there nevertheless.
        FatalError: login or role.
    """
    path = f"{RECORD_PATH}/{source[0]}/{source[1]}/!transform/{record_type}"
    return make_or_adopt(client, record_type, body, lambda: _transform(client, path, record_type, body))


def change(client: NetsuiteClient, record_type: str, record_id: str, body: Mapping[str, Any]) -> None:
    """Change a record: lines with their `line` are changed, those without are added.

    Not safe to repeat where it adds lines: after a lost answer read the record again and send what still differs.

    Raises:
        RejectedError: NetSuite refuses it.
        RetriableError: throttled or no answer; `is_write_uncertain` says if it may have happened.
        FatalError: login or role.
    """
    path, what = f"{RECORD_PATH}/{record_type}/{record_id}", f"{record_type} {record_id}"
    client.send("PATCH", path, what=what, json=body, headers=_STRICT, is_write=True)


def get_expanded(client: NetsuiteClient, record_type: str, record_id: str) -> dict[str, Any]:
    """Return a record with its lines.

    Raises:
        RejectedError: it is not there.
        RetriableError: throttled, or no answer, or one that cannot be read.
        FatalError: login or role.
    """
    what = f"{record_type} {record_id}"
    response = client.send("GET", f"{RECORD_PATH}/{record_type}/{record_id}", what=what, params={"expandSubResources": "true"})
    try:
        record = response.json()
    except ValueError as error:
        raise RetriableError(f"NetSuite: {what}: the answer is not JSON; try again later") from error
    if not isinstance(record, dict) or str(record.get("id")) != record_id:
        raise RetriableError(f"NetSuite: {what}: the answer is not that record; try again later")
    return record


def read_member_lines(client: NetsuiteClient, record_id: str) -> list[dict[str, str]]:
    """Return the lines of a sales order that are members of kits: line_id_netsuite, kit_member_of, item_id_netsuite.

    Raises:
        RetriableError: the account is overloaded or cannot be reached, or the pages cannot be trusted.
        FatalError: a field is unknown, or login or role.
    """
    return query_all(
        client, load_query("kit_member_lines"), ("line_id_netsuite",), as_ids([record_id], "sales order"), what="kit members"
    )


def find_documents(client: NetsuiteClient, external_ids: Iterable[str]) -> dict[str, str]:
    """Return the internal ids of the transactions and customers that have these external ids.

    Raises:
        RejectedError: two transactions have one of them (`ambiguous_external_id`).
        RetriableError: the account is overloaded or cannot be reached.
        FatalError: a field is unknown, or login or role.
    """
    found: dict[str, str] = {}
    for part in split_members(external_ids):
        customers = [one for one in part if one.startswith("SHOPCUST-")]
        transactions = [one for one in part if not one.startswith("SHOPCUST-")]
        for name, members in (("documents_by_external_id", transactions), ("customers_by_external_id", customers)):
            if not members:
                continue
            sql = load_query(name, members=marks(members))
            for row in query_all(client, sql, ("id",), members, what=name.replace("_", " ")):
                other = found.setdefault(row["external_id"], row["id"])
                if other != row["id"]:
                    told = f"NetSuite: the transactions {other} and {row['id']} both have external id {row['external_id']}"
                    raise RejectedError(f"{told}; keep it on one", code="ambiguous_external_id", path="externalId")
    return found


def find_customer_by_email(client: NetsuiteClient, email: str) -> str | None:
    """Return the oldest active customer with this e-mail address, or None.

    Raises:
        RetriableError: the account is overloaded or cannot be reached.
        FatalError: a field is unknown, or login or role.
    """
    rows = client.query(load_query("customers_by_email"), [email.lower()], "customer by e-mail")
    return rows[0]["id"] if rows else None


def _transform(client: NetsuiteClient, path: str, record_type: str, body: Mapping[str, Any]) -> str:
    what = f"{record_type} {body.get('externalId', '')}".strip()
    response = client.send("POST", path, what=what, json=body, headers=_STRICT, is_write=True)
    return new_record_id(response, what)
