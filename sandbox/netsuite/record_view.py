"""A record as GET shows it: references with id and name, custom fields by type, sublists when expanded."""

import json
from typing import Any

from sandbox.netsuite.account import Account
from sandbox.netsuite.catalog import DISPLAY
from sandbox.netsuite.lines import shown_lines
from sandbox.netsuite.payments import remaining
from sandbox.netsuite.sql_functions import to_char
from sandbox.netsuite.transactions import TYPES

_STATUS = {
    "A": "Pending Approval",
    "B": "Pending Fulfillment",
    "C": "Cancelled",
    "D": "Partially Fulfilled",
    "E": "Pending Billing/Partially Fulfilled",
    "F": "Pending Billing",
    "G": "Billed",
    "H": "Closed",
}
_REST_NAMES = {"ns_customer": "customer", "ns_location": "location", "ns_item": "inventoryItem", "ns_currency": "currency"}


def transaction_view(account: Account, kind: str, identifier: int, base: str, *, expands: bool) -> dict[str, Any] | None:
    """Return a sales order or cash sale as GET answers it, or None where there is none.

    Args:
        account: the account; its world's lock is held.
        kind: salesOrder or cashSale.
        identifier: transaction id.
        base: scheme and host for links.
        expands: expandSubResources: with the lines, not only a link to them.
    """
    row = account.one("SELECT * FROM ns_transaction WHERE id = ? AND type = ?", identifier, TYPES[kind][0])
    if row is None:
        return None
    here = f"{base}/services/rest/record/v1/{kind.lower()}/{identifier}"
    main = account.one('SELECT * FROM ns_transactionline WHERE "transaction" = ? AND id = 0', identifier) or {}
    view: dict[str, Any] = {
        "links": [{"rel": "self", "href": here}],
        "id": str(identifier),
        "tranId": row["tranid"],
        "externalId": row["externalid"],
        "tranDate": row["trandate"][:10],
        "otherRefNum": row["otherrefnum"],
        "memo": row["memo"],
        "email": row["email"],
        "total": abs(row["foreigntotal"] or 0),
        "amountRemaining": remaining(row) if row["type"] in ("CustInvc", "CustCred") else None,
        "createdDate": _instant(account, row["createddate"]),
        "lastModifiedDate": _instant(account, row["lastmodifieddate"]),
        "entity": _reference(account, "entity", row["entity"], base),
        "currency": _reference(account, "currency", row["currency"], base),
        "exchangeRate": row["exchangerate"],
        "location": _reference(account, "location", main.get("location"), base),
        # A real answer had the label where the schema lists letters (facts/netsuite.md 4.1): do not rely on it.
        "status": {"id": _label(kind, row["status"]), "refName": _label(kind, row["status"])},
        **{name: value for name, value in json.loads(row["body"]).items() if not name.startswith("sandbox")},
        **_custom_values(account, json.loads(row["custom"])),
        "item": _sublist(account, identifier, here, base) if expands else {"links": [{"rel": "self", "href": f"{here}/item"}]},
    }
    if kind == "salesOrder" and row["status"] in ("A", "B"):
        view["orderStatus"] = {"id": row["status"], "refName": _STATUS[row["status"]]}
    return {name: value for name, value in view.items() if value is not None}


def customer_view(account: Account, identifier: int, base: str) -> dict[str, Any] | None:
    """Return a customer as GET answers it, or None where there is none."""
    row = account.one("SELECT * FROM ns_customer WHERE id = ?", identifier)
    if row is None:
        return None
    view = {
        "links": [{"rel": "self", "href": f"{base}/services/rest/record/v1/customer/{identifier}"}],
        "id": str(identifier),
        "externalId": row["externalid"],
        "entityId": row["entityid"],
        "companyName": row["companyname"],
        "firstName": row["firstname"],
        "lastName": row["lastname"],
        "isPerson": row["isperson"] == "T",
        "isInactive": row["isinactive"] == "T",
        "email": row["email"],
        "phone": row["phone"],
        "subsidiary": _reference(account, "subsidiary", row["subsidiary"], base),
        "currency": _reference(account, "currency", row["currency"], base),
        "dateCreated": _instant(account, row["datecreated"]),
        "lastModifiedDate": _instant(account, row["lastmodifieddate"]),
        **json.loads(row["body"] or "{}"),
        **_custom_values(account, json.loads(row["custom"] or "{}")),
    }
    return {name: value for name, value in view.items() if value is not None}


def _sublist(account: Account, identifier: int, here: str, base: str) -> dict[str, Any]:
    items = []
    for line in shown_lines(account, identifier):
        element = {
            "links": [{"rel": "self", "href": f"{here}/item/{line['id']}"}],
            "line": line["id"],
            "lineUniqueKey": str(line["uniquekey"]),
            "item": _reference(account, "item", line["item"], base),
            "itemType": {"id": line["itemtype"], "refName": line["itemtype"]},
            "quantity": abs(line["quantity"] or 0),
            "rate": line["rate"],
            "amount": _shown_amount(line),
            "location": _reference(account, "location", line["location"], base),
            "isClosed": line["isclosed"] == "T",
            "kitMemberOf": line["kitmemberof"],
            "description": line["memo"],
            "quantityCommitted": line["quantitycommitted"],
            "quantityBackOrdered": line["quantitybackordered"],
            "quantityFulfilled": line["quantityshiprecv"],
            **json.loads(line["body"] or "{}"),
            **_custom_values(account, json.loads(line["custom"] or "{}")),
        }
        items.append({name: value for name, value in element.items() if value is not None})
    # An expanded sublist has no count and hasMore (facts/netsuite.md 4.1, live).
    return {"links": [{"rel": "self", "href": f"{here}/item"}], "items": items, "totalResults": len(items)}


def _shown_amount(line: dict[str, Any]) -> Any:
    """Return a line's amount as its own document shows it: a discount below zero, on a sale and on a credit."""
    amount = line["foreignamount"]
    return None if amount is None else -amount if (line["quantity"] or 0) < 0 else amount


def _reference(account: Account, name: str, identifier: int | None, base: str) -> dict[str, Any] | None:
    if identifier is None:
        return None
    table, shown = DISPLAY[name]
    row = account.one(f"SELECT {shown} AS shown FROM {table} WHERE id = ?", identifier) or {"shown": ""}
    rest = _REST_NAMES.get(table, name).lower()
    href = f"{base}/services/rest/record/v1/{rest}/{identifier}"
    return {"links": [{"rel": "self", "href": href}], "id": str(identifier), "refName": row["shown"]}


def _custom_values(account: Account, values: dict[str, Any]) -> dict[str, Any]:
    """Return custom values as JSON shows them: boolean, reference, collection, day, number or text."""
    shown: dict[str, Any] = {}
    for name, value in values.items():
        definition = account.custom_field(name)
        if definition is None or value in (None, ""):
            continue
        kind = definition["fieldtype"].lower()
        names = json.loads(definition["listvalues"] or "{}")
        if "multi" in kind:
            items = [{"links": [], "id": one, "refName": names.get(one, one)} for one in str(value).split(", ")]
            count = len(items)
            shown[name] = {"links": [], "count": count, "hasMore": False, "items": items, "offset": 0, "totalResults": count}
        elif any(word in kind for word in ("list", "select", "record")):
            shown[name] = {"links": [], "id": value, "refName": names.get(value, value)}
        elif "check" in kind or "bool" in kind:
            shown[name] = value == "T"
        else:
            shown[name] = value[:10] if "date" in kind else value
    return shown


def _instant(account: Account, stored: str | None) -> str | None:
    return to_char(account.utc(stored), 'YYYY-MM-DD"T"HH24:MI:SS"Z"') if stored else None


def _label(kind: str, status: str) -> str:
    return _STATUS[status] if kind == "salesOrder" else "Not Deposited" if kind == "cashSale" else status
