"""The SuiteQL records and columns that the account shows, with where each lives in the SQLite file."""

import re
import sqlite3
from dataclasses import dataclass

from sandbox.netsuite.account import Account

# NetSuite's record name -> physical table. Names are matched without case, as SuiteQL does.
_RECORDS = {
    "item": "ns_itemview",
    "location": "ns_location",
    "subsidiary": "ns_subsidiary",
    "currency": "ns_currency",
    "customer": "ns_customer",
    "aggregateitemlocation": "ns_aggregateitemlocation",
    "inventoryitemlocations": "ns_inventoryitemlocations",
    "inventorybalance": "ns_inventorybalance",
    "inventorynumber": "ns_inventorynumberview",
    "inventorynumberlocation": "ns_inventorynumberlocation",
    "inventoryassignment": "ns_inventoryassignment",
    "kititemmember": "ns_kititemmember",
    "assemblyitemmember": "ns_assemblyitemmember",
    "transaction": "ns_transaction",
    "transactionline": "ns_transactionline",
    "transactiontaxdetail": "ns_transactiontaxdetail",
    "nexttransactionlinelink": "ns_link",
    "previoustransactionlinelink": "ns_link",
    "nexttransactionlink": "ns_headerlink",
    "previoustransactionlink": "ns_headerlink",
    "customfield": "ns_customfield",
    "deletedrecord": "ns_deletedrecord",
    "customlist": "ns_customlist",
    "employee": "ns_employee",
    "systemnote": "ns_systemnote",
}
_HIDDEN = {"custom", "body", "moves_stock", "lines_made", "baseprice", "listvalues", "closedvalues", "access", "list"}
_DATES = {
    "createddate", "lastmodifieddate", "trandate", "shipdate", "linelastmodifieddate", "lastquantityavailablechange",
    "deleteddate", "expirationdate", "datecreated", "expectedreceiptdate",
    "date",
}  # fmt: skip
_CUSTOM_PREFIXES = {"transaction": "custbody", "transactionline": "custcol", "item": "custitem", "customer": "custentity"}
# What BUILTIN.DF shows for a reference: the table and column of the name.
DISPLAY = {
    "currency": ("ns_currency", "name"),
    "location": ("ns_location", "name"),
    "subsidiary": ("ns_subsidiary", "name"),
    "item": ("ns_item", "itemid"),
    "parentitem": ("ns_item", "itemid"),
    "entity": ("ns_customer", "entityid"),
    "transaction": ("ns_transaction", "tranid"),
    "createdfrom": ("ns_transaction", "tranid"),
    "previousdoc": ("ns_transaction", "tranid"),
    "nextdoc": ("ns_transaction", "tranid"),
    "inventorynumber": ("ns_inventorynumber", "inventorynumber"),
    "systemnote.name": ("ns_employee", "entityid"),
}


@dataclass(frozen=True)
class Column:
    """One column: its name, whether it holds a date, and the custom field behind it, if any."""

    name: str
    is_date: bool = False
    custom_type: str | None = None


@dataclass(frozen=True)
class Record:
    """One SuiteQL record: NetSuite's name, the physical table, the visible columns by lower-case name."""

    name: str
    table: str
    columns: dict[str, Column]


def find_record(account: Account, name: str) -> Record | None:
    """Return the record of that name, or None where the account does not show one.

    The column `subsidiary` and the record of that name exist only in an account with subsidiaries, TransactionTaxDetail only in
    one with SuiteTax (its columns are those that public SuiteScripts query: docs of it are not public). A custom list is a
    record by its script id. A role without the permission System Notes sees the notes of its own changes only (Oracle's
    help on system notes).
    """
    db, has_subsidiaries, key = account.db, account.settings.has_subsidiaries, name.lower()
    if key.startswith("customlist_"):
        return _custom_list(db, name)
    if key not in _RECORDS or (key == "subsidiary" and not has_subsidiaries):
        return None
    if key == "transactiontaxdetail" and not account.settings.has_suitetax:
        return None
    columns = {
        row[1].lower(): Column(row[1].lower(), is_date=row[1].lower() in _DATES)
        for row in db.execute(f"PRAGMA table_info({_RECORDS[key]})")
        if row[1] not in _HIDDEN and (row[1] != "subsidiary" or has_subsidiaries)
    }
    prefix = _CUSTOM_PREFIXES.get(key)
    if prefix:
        pattern = prefix + "_%"
        for script_id, kind in db.execute(
            "SELECT LOWER(scriptid), LOWER(fieldtype) FROM ns_customfield WHERE LOWER(scriptid) LIKE ? "
            "AND COALESCE(isinactive, 'F') != 'T' AND COALESCE(access, 'edit') != 'none'",
            (pattern,),
        ):
            columns[script_id] = Column(script_id, is_date="date" in kind, custom_type=kind)
    table = "ns_ownnote" if key == "systemnote" and not account.settings.sees_system_notes else _RECORDS[key]
    return Record(name, table, columns)


def _custom_list(db: sqlite3.Connection, name: str) -> Record | None:
    """Return a custom list as a record of id, name and isinactive (what more columns it has is not in our sources)."""
    if (
        not re.fullmatch(r"\w+", name)
        or not db.execute("SELECT 1 FROM ns_customlist WHERE LOWER(scriptid) = ?", (name.lower(),)).fetchone()
    ):
        return None
    columns = {column: Column(column) for column in ("id", "name", "isinactive")}
    return Record(name, f"ns_list_{name.lower()}", columns)
