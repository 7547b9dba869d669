"""What an administrator does to the account's fields and lists, and people to documents: actions of the control endpoint.

Each is done by an employee (`by`, an id; else 7) in the user interface, and holds at once for REST, SuiteQL and the catalog.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.netsuite import custom_fields, customers
from sandbox.netsuite.account import Account
from sandbox.netsuite.record_body import read_body

Action = Callable[[Account, dict[str, Any]], dict[str, Any]]
_ACCESS = ("edit", "view", "none")


def add_field(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Define a new custom field: the keys of a seed's."""
    custom_fields.define(account, body)
    return {"scriptid": body["scriptid"]}


def rename_field(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Give a field another label (`name`), another script id (`to`), or both."""
    script_id = body["scriptid"]
    if "name" in body:
        custom_fields.change(account, script_id, name=body["name"])
    if "to" in body:
        custom_fields.rename(account, script_id, body["to"])
    return {"scriptid": body.get("to", script_id)}


def retype_field(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Make a field one of another type (`fieldtype`), choosing from a custom list (`list`) where it is a list."""
    custom_fields.retype(account, body["scriptid"], body["fieldtype"], body.get("list"))
    return {"scriptid": body["scriptid"]}


def set_mandatory(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Make a field mandatory, or (`mandatory`: false) no longer so."""
    custom_fields.change(account, body["scriptid"], ismandatory="T" if body.get("mandatory", True) else "F")
    return {"scriptid": body["scriptid"]}


def set_access(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Give our role a level of access to a field: edit; view (what it writes is dropped in silence); none (hidden)."""
    if body["access"] not in _ACCESS:
        raise ValueError(f"the access is one of {', '.join(_ACCESS)}")
    custom_fields.change(account, body["scriptid"], access=body["access"])
    return {"scriptid": body["scriptid"]}


def set_inactive(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Make a field inactive, or (`inactive`: false) active again."""
    custom_fields.change(account, body["scriptid"], isinactive="T" if body.get("inactive", True) else "F")
    return {"scriptid": body["scriptid"]}


def remove_field(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Delete a field with all its values."""
    custom_fields.remove(account, body["scriptid"])
    return {"scriptid": body["scriptid"]}


def edit_list_value(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Rename (`name`), deactivate (`inactive`), remove or add a value of a custom list: {list, id?, name?, inactive?, remove?}.

    Records that hold a value which is removed keep its number [?].

    Raises:
        ValueError: there is no such list or value.
    """
    key = body["list"].lower()
    if account.one("SELECT 1 FROM ns_customlist WHERE LOWER(scriptid) = ?", key) is None:
        raise ValueError(f"there is no custom list {body['list']}")
    if "id" not in body:
        highest = account.one("SELECT COALESCE(MAX(id), 0) AS id FROM ns_customlistvalue WHERE list = ?", key) or {}
        account.insert("ns_customlistvalue", {"list": key, "id": highest["id"] + 1, "name": body["name"], "isinactive": "F"})
        number = highest["id"] + 1
    else:
        number = int(body["id"])
        row = account.one("SELECT * FROM ns_customlistvalue WHERE list = ? AND id = ?", key, number)
        if row is None:
            raise ValueError(f"custom list {body['list']} has no value {number}")
        if body.get("remove"):
            account.db.execute("DELETE FROM ns_customlistvalue WHERE list = ? AND id = ?", (key, number))
        inactive = {True: "T", False: "F"}[body.get("inactive", row["isinactive"] == "T")]
        account.db.execute(
            "UPDATE ns_customlistvalue SET name = ?, isinactive = ? WHERE list = ? AND id = ?",
            (body.get("name", row["name"]), inactive, key, number),
        )
    account.db.execute("UPDATE ns_customlist SET lastmodifieddate = ? WHERE LOWER(scriptid) = ?", (account.stamp(), key))
    custom_fields.refresh_values(account)
    return {"list": body["list"], "id": str(number)}


def edit_item(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Give an item another code (`itemid`), or make it inactive (`inactive`: false: active again).

    Raises:
        ValueError: there is no such item.
    """
    row = account.one("SELECT * FROM ns_item WHERE id = ?", int(body["item"]))
    if row is None:
        raise ValueError(f"there is no item {body['item']}")
    inactive = {True: "T", False: "F"}[body.get("inactive", row["isinactive"] == "T")]
    values = (body.get("itemid", row["itemid"]), inactive, account.stamp(), row["id"])
    account.db.execute("UPDATE ns_item SET itemid = ?, isinactive = ?, lastmodifieddate = ? WHERE id = ?", values)
    return {"item": str(row["id"])}


def edit_customer(account: Account, identifier: int, change: dict[str, Any]) -> dict[str, Any]:
    """Change fields of a customer as somebody does in the user interface."""
    if account.one("SELECT 1 FROM ns_customer WHERE id = ?", identifier) is None:
        raise ValueError(f"there is no customer {identifier}")
    customers.update(account, identifier, read_body(account, "customer", change, "Error"))
    return {"customer": str(identifier)}


ACTIONS: dict[str, Action] = {
    "add_field": add_field,
    "rename_field": rename_field,
    "retype_field": retype_field,
    "set_mandatory": set_mandatory,
    "set_field_access": set_access,
    "set_field_inactive": set_inactive,
    "remove_field": remove_field,
    "edit_list_value": edit_list_value,
    "edit_item": edit_item,
}
