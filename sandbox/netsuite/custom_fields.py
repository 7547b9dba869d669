"""Custom fields and the lists behind them: how a seed defines them, and what an administrator does to them.

A change of a script id keeps the values that records hold; so does a change of the label. A change of type converts what
can be converted and empties the rest, and an inactive field is gone from REST, SuiteQL and the catalog while its row in
CustomField stays: neither is in Oracle's documents as such [?]. So is the name `isinactive` of that row's column [?].
"""

from __future__ import annotations

import json
import re
from typing import Any

from sandbox.netsuite.account import Account

LEVELS = {"custbody": "TransactionBody", "custcol": "TransactionColumn", "custitem": "Item", "custentity": "Entity"}
HOLDERS = {"custbody": "ns_transaction", "custcol": "ns_transactionline", "custitem": "ns_item", "custentity": "ns_customer"}
_SCRIPT_ID = re.compile(r"[a-z][a-z0-9_]*")


def define(account: Account, row: dict[str, Any], number: int | None = None) -> None:
    """Define a custom field as a seed or an administrator gives it.

    Args:
        account: the account; its world's lock is held.
        row: scriptid, and name, fieldtype, ismandatory, values ({id: name}), list (a custom list's script id), access.
        number: its internal id; None: the next.

    Raises:
        ValueError: the script id has none of the prefixes, or its list is not there.
    """
    script_id = row["scriptid"]
    prefix = _prefix(script_id)
    kind = row.get("fieldtype") or row.get("type", "text")
    behind = row.get("list")
    if row.get("values"):
        behind = behind or "customlist" + script_id.lower().removeprefix(prefix)
        define_list(account, {"scriptid": behind, "name": row.get("name", script_id), "values": row["values"]})
    definition = {
        "internalid": number,
        "scriptid": script_id,
        "name": row.get("name", script_id),
        "fieldtype": kind,
        "fieldvaluetype": row.get("fieldvaluetype") or kind,
        "ismandatory": _flag(row.get("ismandatory", False)),
        "isstored": "T",
        "isshowinlist": "F",
        "recordtype": row.get("recordtype") or LEVELS[prefix],
        "lastmodifieddate": account.stamp(),
        "list": behind.lower() if behind else None,
        "access": row.get("access", "edit"),
    }
    account.insert("ns_customfield", definition)
    refresh_values(account)


def define_list(account: Account, row: dict[str, Any]) -> None:
    """Define a custom list: scriptid, name, values ({id: name}); a list that is there gets the values it lacks."""
    key = row["scriptid"].lower()
    if not _SCRIPT_ID.fullmatch(key) or not key.startswith("customlist_"):
        raise ValueError(f"custom list {row['scriptid']}: its script id is no customlist_…")
    if account.one("SELECT 1 FROM ns_customlist WHERE LOWER(scriptid) = ?", key) is None:
        stamp = account.stamp()
        named = {"scriptid": row["scriptid"], "name": row.get("name", key), "isinactive": "F", "lastmodifieddate": stamp}
        account.insert("ns_customlist", named)
        account.db.execute(
            f"CREATE VIEW IF NOT EXISTS ns_list_{key} AS SELECT id, name, isinactive FROM ns_customlistvalue WHERE list = '{key}'"
        )
    for number, name in row.get("values", {}).items():
        account.db.execute("INSERT OR IGNORE INTO ns_customlistvalue VALUES (?, ?, ?, 'F')", (key, int(number), name))
    refresh_values(account)


def find(account: Account, script_id: str) -> dict[str, Any]:
    """Return a field's row, whoever may see it.

    Raises:
        ValueError: there is none.
    """
    row = account.one("SELECT * FROM ns_customfield WHERE LOWER(scriptid) = ?", script_id.lower())
    if row is None:
        raise ValueError(f"there is no custom field {script_id}")
    return row


def change(account: Account, script_id: str, **values: Any) -> None:
    """Set columns of a field's row and stamp it."""
    row = find(account, script_id)
    values["lastmodifieddate"] = account.stamp()
    account.db.execute(
        f"UPDATE ns_customfield SET {', '.join(f'{name} = ?' for name in values)} WHERE scriptid = ?",
        (*values.values(), row["scriptid"]),
    )
    account.forget_fields()


def rename(account: Account, script_id: str, to: str) -> None:
    """Give a field another script id; records keep their values under it.

    Raises:
        ValueError: the new one is taken, or of another record's fields.
    """
    row, new = find(account, script_id), to.lower()
    if not _SCRIPT_ID.fullmatch(new) or _prefix(new) != _prefix(script_id):
        raise ValueError(f"custom field {script_id} cannot be called {to}")
    if account.one("SELECT 1 FROM ns_customfield WHERE LOWER(scriptid) = ?", new):
        raise ValueError(f"there is a custom field {to} already")
    change(account, row["scriptid"], scriptid=to)
    old, table = script_id.lower(), HOLDERS[_prefix(new)]
    account.db.execute(
        f"UPDATE {table} SET custom = json_remove(json_set(custom, '$.{new}', json_extract(custom, '$.{old}')), '$.{old}') "
        f"WHERE json_type(custom, '$.{old}') IS NOT NULL"
    )


def remove(account: Account, script_id: str) -> None:
    """Delete a field, with the values that records hold in it."""
    row = find(account, script_id)
    key = row["scriptid"].lower()
    account.db.execute("DELETE FROM ns_customfield WHERE scriptid = ?", (row["scriptid"],))
    account.db.execute(f"UPDATE {HOLDERS[_prefix(key)]} SET custom = json_remove(custom, '$.{key}') WHERE custom IS NOT NULL")
    account.forget_fields()


def retype(account: Account, script_id: str, kind: str, list_id: str | None = None) -> None:
    """Make a field one of another type (and list); values that do not fit it are emptied [?]."""
    row = find(account, script_id)
    names = json.loads(row["listvalues"] or "{}")
    if list_id is not None and account.one("SELECT 1 FROM ns_customlist WHERE LOWER(scriptid) = ?", list_id.lower()) is None:
        raise ValueError(f"there is no custom list {list_id}")
    change(account, script_id, fieldtype=kind, fieldvaluetype=kind, list=list_id.lower() if list_id else None)
    refresh_values(account)
    key = row["scriptid"].lower()
    table, allowed = HOLDERS[_prefix(key)], json.loads(find(account, script_id)["listvalues"] or "{}")
    held = account.rows(f"SELECT rowid AS place, custom FROM {table} WHERE json_type(custom, '$.{key}') IS NOT NULL")
    for one in held:
        custom = json.loads(one["custom"])
        custom[key] = _converted(custom[key], kind.lower(), names, allowed)
        account.db.execute(f"UPDATE {table} SET custom = ? WHERE rowid = ?", (json.dumps(custom), one["place"]))


def refresh_values(account: Account) -> None:
    """Copy the lists' values to the fields that choose from them, and the lists' ids to CustomField's own column."""
    values = "FROM ns_customlistvalue v WHERE v.list = ns_customfield.list"
    account.db.execute(
        "UPDATE ns_customfield SET fieldvaluetyperecord = "
        "(SELECT l.internalid FROM ns_customlist l WHERE LOWER(l.scriptid) = ns_customfield.list), "
        f"listvalues = (SELECT json_group_object(CAST(v.id AS TEXT), v.name) {values}), "
        f"closedvalues = (SELECT json_group_array(CAST(v.id AS TEXT)) {values} AND v.isinactive = 'T') WHERE list IS NOT NULL"
    )
    emptied = "fieldvaluetyperecord = NULL, listvalues = NULL, closedvalues = NULL"
    account.db.execute(f"UPDATE ns_customfield SET {emptied} WHERE list IS NULL")
    account.forget_fields()


def is_chosen(kind: str) -> bool:
    """Return whether a type's values are chosen from a list."""
    return any(word in kind.lower() for word in ("list", "select", "record"))


def is_numeric(kind: str) -> bool:
    """Return whether a type's values are numbers."""
    return any(word in kind.lower() for word in ("int", "decimal", "float", "number", "currency", "percent"))


def _converted(value: Any, kind: str, names: dict[str, str], allowed: dict[str, str]) -> Any:
    """Return a stored value as one of another type; None where it is none."""
    text = names.get(str(value), str(value)) if value is not None else ""
    if not text:
        return None
    if is_chosen(kind):
        return next((number for number, name in allowed.items() if text in (number, name)), None)
    if "check" in kind or "bool" in kind:
        return text if text in ("T", "F") else None
    if is_numeric(kind):
        return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else None
    if "date" in kind:
        return text if re.match(r"\d{4}-\d\d-\d\d", text) else None
    return text


def _prefix(script_id: str) -> str:
    prefix = script_id.lower().split("_")[0]
    if prefix not in LEVELS:
        raise ValueError(f"custom field {script_id}: the script id begins with none of {', '.join(LEVELS)}")
    return prefix


def _flag(value: Any) -> Any:
    return {True: "T", False: "F"}.get(value, value)
