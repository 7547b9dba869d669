"""Customers: created, changed and found like transactions, without lines."""

import json

from sandbox.netsuite import system_notes
from sandbox.netsuite.account import Account
from sandbox.netsuite.problems import already_exists, missing_mandatory
from sandbox.netsuite.record_body import Body, check_mandatory_custom
from sandbox.netsuite.transactions import check_external_id


def create(account: Account, body: Body) -> int:
    """Create a customer and return its id.

    Raises:
        NetSuiteError: 400, for a missing name or subsidiary, or an external id that is taken.
    """
    given = body.header.columns
    check_external_id(given.get("externalid"))
    if given.get("externalid") and find_by_external_id(account, given["externalid"]) is not None:
        raise already_exists(is_entity=True)
    name = given.get("companyname") or " ".join(filter(None, (given.get("firstname"), given.get("lastname"))))
    if not name:
        raise missing_mandatory("Company Name")
    if account.settings.has_subsidiaries and given.get("subsidiary") is None:
        raise missing_mandatory("Subsidiary")
    check_mandatory_custom(account, "custentity", body.header.custom)
    stamp = account.stamp()
    row = {"entityid": name, "isperson": "F", "isinactive": "F", "currency": 1, **given}
    row |= {"datecreated": stamp, "lastmodifieddate": stamp}
    row |= {"custom": json.dumps(body.header.custom), "body": json.dumps(body.header.other)}
    return account.insert("ns_customer", row)


def update(account: Account, identifier: int, body: Body) -> None:
    """Set the fields given of a customer.

    Raises:
        NetSuiteError: 400, for an external id that is taken.
    """
    row = account.one("SELECT * FROM ns_customer WHERE id = ?", identifier) or {}
    given = dict(body.header.columns)
    check_external_id(given.get("externalid"))
    if given.get("externalid"):
        other = find_by_external_id(account, given["externalid"])
        if other is not None and other != identifier:
            raise already_exists(is_entity=True)
    before = json.loads(row["custom"] or "{}")
    given["custom"] = json.dumps({**before, **body.header.custom})
    system_notes.note_changes(account, system_notes.ENTITY, identifier, before, {**before, **body.header.custom})
    given["body"] = json.dumps({**json.loads(row["body"] or "{}"), **body.header.other})
    given["lastmodifieddate"] = account.stamp()
    account.db.execute(
        f"UPDATE ns_customer SET {', '.join(f'{name} = ?' for name in given)} WHERE id = ?", (*given.values(), identifier)
    )


def delete(account: Account, identifier: int) -> None:
    """Delete a customer; it leaves a row in DeletedRecord."""
    account.db.execute("DELETE FROM ns_customer WHERE id = ?", (identifier,))
    system_notes.forget(account, system_notes.ENTITY, identifier)
    account.insert("ns_deletedrecord", {"recordid": identifier, "type": "customer", "deleteddate": account.stamp()})


def find_by_external_id(account: Account, external_id: str) -> int | None:
    """Return the id of the customer with that external id."""
    row = account.one("SELECT id FROM ns_customer WHERE externalid = ?", external_id)
    return int(row["id"]) if row else None
