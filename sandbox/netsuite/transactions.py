"""Creates, changes and deletes transactions, with their lines and what they do to the stock."""

import json
from typing import Any

from sandbox.netsuite import numbers, stock, system_notes
from sandbox.netsuite.account import Account
from sandbox.netsuite.lines import add_line, change_line, main_line, remove_line, sales_lines
from sandbox.netsuite.order_status import refresh_status
from sandbox.netsuite.problems import already_exists, invalid_content, missing_mandatory, not_modelled, user_error
from sandbox.netsuite.record_body import EXTERNAL_ID, Body, Part, check_mandatory_custom

# Record name over REST -> type code, record type in SuiteQL, prefix of the document number.
TYPES = {
    "salesOrder": ("SalesOrd", "salesorder", "SO"),
    "cashSale": ("CashSale", "cashsale", "CS"),
    "itemFulfillment": ("ItemShip", "itemfulfillment", "IF"),
    "transferOrder": ("TrnfrOrd", "transferorder", "TO"),
    "itemReceipt": ("ItemRcpt", "itemreceipt", "IR"),
    "inventoryAdjustment": ("InvAdjst", "inventoryadjustment", "IA"),
    "assemblyBuild": ("Build", "assemblybuild", "AB"),
    "assemblyUnbuild": ("Unbuild", "assemblyunbuild", "AU"),
    "inventoryTransfer": ("InvTrnfr", "inventorytransfer", "IT"),
    "binTransfer": ("BinTrnfr", "bintransfer", "BT"),
    "inventoryCount": ("InvCount", "inventorycount", "IC"),
    "invoice": ("CustInvc", "invoice", "INV"),
    "returnAuthorization": ("RtnAuth", "returnauthorization", "RMA"),
    "creditMemo": ("CustCred", "creditmemo", "CM"),
    "cashRefund": ("CashRfnd", "cashrefund", "CR"),
    "customerDeposit": ("CustDep", "customerdeposit", "CD"),
    "depositApplication": ("DepAppl", "depositapplication", "DA"),
    "customerPayment": ("CustPymt", "customerpayment", "PYMT"),
    "customerRefund": ("CustRfnd", "customerrefund", "REF"),
}
_NOT_HEADER = ("createdfrom", "location", "subsidiary", "status", "shippingcost", "payment", "salesorder")


def create(account: Account, kind: str, body: Body, *, moves_stock: bool = True, checks_external_id: bool = True) -> int:
    """Create a sales order or cash sale (`kind`) and return its id.

    Args:
        account: the account; its world's lock is held.
        kind: salesOrder or cashSale.
        body: what was sent.
        moves_stock: false for a seeded cash sale that the seeded on-hand quantities contain already.
        checks_external_id: false for seeds, which may hold ids that came by other ways than REST.

    Raises:
        NetSuiteError: 400, for a missing mandatory field or an external id that is taken.
    """
    header = body.header
    if checks_external_id:
        check_external_id(header.columns.get("externalid"))
    if find_by_external_id(account, kind, header.columns.get("externalid")) is not None:
        raise already_exists(is_entity=False)
    if header.columns.get("entity") is None:
        raise missing_mandatory("Customer")
    if not body.lines:
        raise user_error("You must enter at least one line item for this transaction.")
    check_mandatory_custom(account, "custbody", header.custom)
    status = header.columns.get("status") or account.settings.default_order_status
    identifier = insert_header(account, kind, header, status if kind == "salesOrder" else "B", moves_stock=moves_stock)
    for part in body.lines:
        add_line(account, identifier, part)
    _settle(account, identifier)
    return identifier


def insert_header(account: Account, kind: str, header: Part, status: str, *, moves_stock: bool = True) -> int:
    """Insert a transaction and its main line (id 0); returns the id. It has no lines and moves nothing yet."""
    type_code, record_type, prefix = TYPES[kind]
    stamp, given = account.stamp(), header.columns
    row = {
        "type": type_code,
        "recordtype": record_type,
        "status": status,
        "createddate": stamp,
        "lastmodifieddate": stamp,
        "trandate": stamp[:10] + " 00:00:00",
        "currency": 1,
        "exchangerate": 1,
        "void": "F",
        "voided": "F",
        "posting": "F" if kind == "salesOrder" else "T",
        "custom": json.dumps(header.custom),
        "body": json.dumps({**header.other, **_shipping(header)}),
        "moves_stock": int(moves_stock),
        **{name: value for name, value in given.items() if name not in _NOT_HEADER and value is not None},
    }
    identifier = account.insert("ns_transaction", row)
    number = f"{prefix}{identifier}"
    account.db.execute(
        "UPDATE ns_transaction SET tranid = COALESCE(tranid, ?), transactionnumber = ? WHERE id = ?",
        (number, number, identifier),
    )
    main_line(account, identifier, given)
    return identifier


def update(account: Account, identifier: int, body: Body, *, replaces_lines: bool = False) -> None:
    """Change a transaction: fields given are set, null empties; keyed lines change, the others are appended.

    Args:
        account: the account; its world's lock is held.
        identifier: transaction id.
        body: what was sent.
        replaces_lines: ?replace=item: lines that the body does not name by key are removed first.

    Raises:
        NetSuiteError: 400, for an external id that is taken, a line that is not there or cannot be removed.
    """
    row = account.one("SELECT * FROM ns_transaction WHERE id = ?", identifier)
    kind = next(name for name, codes in TYPES.items() if row and codes[0] == row["type"])
    if kind not in ("salesOrder", "cashSale"):
        _update_fields(account, kind, row or {}, body)
        return
    _reverse_cash_sale(account, identifier)
    _update_header(account, kind, row or {}, body.header)
    if body.lines is not None:
        _update_lines(account, identifier, body.lines, replaces_lines=replaces_lines)
    stock.touch(account, identifier)
    _settle(account, identifier)
    for line in account.rows('SELECT DISTINCT item, location FROM ns_transactionline WHERE "transaction" = ?', identifier):
        if line["item"] is not None and line["location"] is not None:
            stock.commit_waiting(account, line["item"], line["location"])


def _update_fields(account: Account, kind: str, row: dict[str, Any], body: Body) -> None:
    """Change fields of a document that another one made; its quantities and amounts stay as they are."""
    if any(part.key is None or part.columns for part in body.lines or []):
        raise user_error("Only the custom fields of its lines can be changed in the sandbox.", "item.items")
    _update_header(account, kind, row, body.header)
    for part in body.lines or []:
        change_line(account, row["id"], part)
    stock.touch(account, row["id"])


def _update_lines(account: Account, identifier: int, parts: list[Part], *, replaces_lines: bool) -> None:
    if replaces_lines:
        kept = {part.key for part in parts}
        for line in sales_lines(account, identifier):
            if line["id"] not in kept:
                remove_line(account, line)
    for part in parts:
        if part.key is None:
            add_line(account, identifier, part)
        else:
            change_line(account, identifier, part)


def delete(account: Account, identifier: int) -> None:
    """Delete a transaction: it releases what it had committed or taken, and leaves a row in DeletedRecord.

    Raises:
        NetSuiteError: 400, for a document that another one was made from.
    """
    row = account.one("SELECT * FROM ns_transaction WHERE id = ?", identifier) or {}
    if account.one("SELECT 1 FROM ns_link WHERE previousdoc = ?", identifier):
        raise user_error("This transaction cannot be deleted because it is linked to by one or more transactions.")
    _reverse_cash_sale(account, identifier)
    lines = account.rows('SELECT * FROM ns_transactionline WHERE "transaction" = ?', identifier)
    for line in lines:
        stock.release_line(account, identifier, line["id"])
    account.db.execute('DELETE FROM ns_transactionline WHERE "transaction" = ?', (identifier,))
    account.db.execute("DELETE FROM ns_link WHERE nextdoc = ?", (identifier,))
    account.db.execute("DELETE FROM ns_transaction WHERE id = ?", (identifier,))
    system_notes.forget(account, system_notes.TRANSACTION, identifier)
    numbers.forget(account, identifier)
    kind = next(name for name, codes in TYPES.items() if codes[0] == row["type"])
    account.insert(
        "ns_deletedrecord",
        {"recordid": identifier, "type": kind, "name": row["tranid"], "deleteddate": account.stamp()},
    )
    for item, location in {(line["item"], line["location"]) for line in lines if line["item"] and line["location"]}:
        stock.commit_waiting(account, item, location)


def find_by_external_id(account: Account, kind: str, external_id: str | None) -> int | None:
    """Return the id of the transaction of that kind with that external id, case-sensitive."""
    row = account.one("SELECT id FROM ns_transaction WHERE externalid = ? AND type = ?", external_id, TYPES[kind][0])
    return int(row["id"]) if row else None


def check_external_id(external_id: str | None) -> None:
    """Refuse an external id that an eid: URL could not carry (letters, digits, _ and -; the sentence is ours).

    Raises:
        NetSuiteError: 400 INVALID_CONTENT.
    """
    if external_id is not None and not EXTERNAL_ID.fullmatch(external_id):
        raise invalid_content(f"Invalid external id: {external_id}.", "externalId")


def _settle(account: Account, identifier: int) -> None:
    """Bring stock, status and total of a transaction in line with its lines."""
    row = account.one("SELECT * FROM ns_transaction WHERE id = ?", identifier) or {}
    lines = account.rows('SELECT * FROM ns_transactionline WHERE "transaction" = ? AND item IS NOT NULL', identifier)
    numbers.forget(account, identifier)
    for line in lines:
        if row["type"] == "SalesOrd":
            stock.commit_line(account, identifier, line["id"])
            _note_numbers(account, line)
        elif row["type"] == "CashSale" and row["moves_stock"] and _takes_stock(line):
            stock.move(account, line["item"], line["location"], quantityonhand=line["quantity"])
            if line["kitmemberof"] is not None and numbers.kind_of(account, line["item"]):
                raise not_modelled("numbers of a kit's members")
            numbers.issue_line(account, identifier, line["id"], -line["quantity"], _detail(line))
    refresh_status(account, identifier)
    total = sum(-(line["foreignamount"] or 0) for line in lines if line["iscogs"] != "T")
    more = json.loads(row["body"])
    total = round(total + more.get("shippingCost", 0) + tax_of(account, more), 2)
    account.db.execute("UPDATE ns_transaction SET foreigntotal = ? WHERE id = ?", (total, identifier))
    account.db.execute(
        'UPDATE ns_transactionline SET foreignamount = ?, netamount = ? WHERE "transaction" = ? AND id = 0',
        (total, total, identifier),
    )


def _note_numbers(account: Account, line: dict[str, Any]) -> None:
    """Write down the numbers that a sales order's line asks for: they move nothing."""
    if _detail(line):
        found = numbers.wished(account, line["item"], -line["quantity"], _detail(line))
        numbers.assign(account, line["transaction"], line["id"], found, -1)


def _detail(line: dict[str, Any]) -> Any:
    return json.loads(line["body"] or "{}").get("inventoryDetail")


def tax_of(account: Account, body: dict[str, Any]) -> float:
    """Return the tax of a transaction's `taxDetails`: in the total where `taxDetailsOverride` says that they are the caller's.

    Raises:
        NetSuiteError: 400 in an account without SuiteTax: REST does not support legacy tax (the sentence is ours).
    """
    if "taxDetails" not in body and "taxDetailsOverride" not in body:
        return 0
    if not account.settings.has_suitetax:
        raise user_error("Tax details need the SuiteTax feature.", "taxDetails")
    rows = body.get("taxDetails", {}).get("items", []) if body.get("taxDetailsOverride") else []
    return float(round(sum(row.get("taxAmount", 0) for row in rows), 2))


def _reverse_cash_sale(account: Account, identifier: int) -> None:
    """Give back what a cash sale has taken, before it is changed or deleted."""
    row = account.one("SELECT * FROM ns_transaction WHERE id = ?", identifier)
    if row is None or row["type"] != "CashSale" or not row["moves_stock"]:
        return
    for line in account.rows('SELECT * FROM ns_transactionline WHERE "transaction" = ?', identifier):
        if _takes_stock(line):
            stock.move(account, line["item"], line["location"], quantityonhand=-line["quantity"])
            numbers.post(account, identifier, line["id"], back=True)


def _takes_stock(line: dict[str, Any]) -> bool:
    return stock.is_stocked(line["itemtype"]) and line["iscogs"] != "T" and line["location"] is not None


def _update_header(account: Account, kind: str, row: dict[str, Any], header: Part) -> None:
    given = header.columns
    if "externalid" in given:
        check_external_id(given["externalid"])
        other = find_by_external_id(account, kind, given["externalid"])
        if other is not None and other != row["id"]:
            raise already_exists(is_entity=False)
    if "entity" in given and given["entity"] is None:
        raise missing_mandatory("Customer")
    custom = {**json.loads(row["custom"]), **header.custom}
    check_mandatory_custom(account, "custbody", custom)
    system_notes.note_changes(account, system_notes.TRANSACTION, row["id"], json.loads(row["custom"]), custom)
    values = {name: value for name, value in given.items() if name not in _NOT_HEADER}
    values |= {"custom": json.dumps(custom), "body": json.dumps({**json.loads(row["body"]), **header.other, **_shipping(header)})}
    if kind == "salesOrder" and given.get("status"):
        if given["status"] == "A" and row["status"] not in ("A", "B"):
            raise user_error("The order has been fulfilled and cannot be set to pending approval.")
        values["status"] = given["status"] if row["status"] in ("A", "B") else row["status"]
    account.db.execute(
        f"UPDATE ns_transaction SET {', '.join(f'{name} = ?' for name in values)} WHERE id = ?",
        (*values.values(), row["id"]),
    )
    for name in ("location", "subsidiary", "entity"):
        if name in given:
            account.db.execute(
                f'UPDATE ns_transactionline SET {name} = ? WHERE "transaction" = ? AND id = 0', (given[name], row["id"])
            )


def _shipping(header: Part) -> dict[str, Any]:
    cost = header.columns.get("shippingcost")
    return {} if cost is None else {"shippingCost": cost}
