"""SystemNote: who changed which custom field of which record, when, from what to what.

The columns are those of the SuiteQL table as clients of it read them (date, name, role, context, type, record, recordid,
recordtypeid, lineid, field, oldvalue, newvalue); custom fields stand there under their script ids in upper case, people as
the ids of employees, -30 for transactions and -9 for entities. Only changes of custom fields are noted: under which names
the standard ones stand is not recorded. Not certain [?]: the texts of `type` (Set, Change, Unset) and of `context` for REST,
that a list's value stands as its name, that `lineid` is the line's id.
"""

from __future__ import annotations

import json
from typing import Any

from sandbox.netsuite.account import Account

TRANSACTION, ENTITY = -30, -9


def note_changes(  # noqa: PLR0913 - what changed of which record
    account: Account, record_type: int, record: int, before: dict[str, Any], after: dict[str, Any], *, line: int | None = None
) -> None:
    """Note each custom field whose value is another now."""
    fields = account.custom_fields()
    for name in sorted(set(before) | set(after)):
        old, new = before.get(name), after.get(name)
        if old == new or (old in (None, "") and new in (None, "")):
            continue
        names = json.loads((fields.get(name) or {}).get("listvalues") or "{}")
        _insert(account, record_type, record, line, (name, _shown(old, names), _shown(new, names)))


def forget(account: Account, record_type: int, record: int) -> None:
    """Delete the notes of a record that is deleted (Oracle's help: they go with it)."""
    account.db.execute("DELETE FROM ns_systemnote WHERE recordtypeid = ? AND recordid = ?", (record_type, record))


def _insert(account: Account, record_type: int, record: int, line: int | None, change: tuple[str, Any, Any]) -> None:
    name, old, new = change
    author = account.author
    told = account.one("SELECT tranid FROM ns_transaction WHERE id = ?", record) if record_type == TRANSACTION else None
    row = {"date": account.stamp(), "name": author.employee, "role": author.role, "context": author.context}
    row |= {"type": "Set" if old is None else "Unset" if new is None else "Change", "record": (told or {}).get("tranid")}
    row |= {"recordid": record, "recordtypeid": record_type, "lineid": line}
    account.insert("ns_systemnote", row | {"field": name.upper(), "oldvalue": old, "newvalue": new})


def _shown(value: Any, names: dict[str, str]) -> str | None:
    if value in (None, ""):
        return None
    return ", ".join(names.get(one, one) for one in str(value).split(", ")) if names else str(value)
