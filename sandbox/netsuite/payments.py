"""Money that is no goods: deposits, payments, refunds, and what they are applied to.

A deposit on a sales order is applied to its invoices as they are made, oldest first, by a deposit application (told by
several users of NetSuite; the order among deposits is not [?]).
"""

import json
from typing import Any

from sandbox.netsuite.account import Account
from sandbox.netsuite.lines import insert_line
from sandbox.netsuite.problems import missing_mandatory, user_error
from sandbox.netsuite.record_body import Body, Part
from sandbox.netsuite.transactions import insert_header

Row = dict[str, Any]


def remaining(row: Row) -> float:
    """Return what of an invoice, credit memo or deposit is not applied, paid or refunded yet."""
    return float(round(abs(row["foreigntotal"] or 0) - json.loads(row["body"]).get("sandboxApplied", 0), 2))


def create_deposit(account: Account, body: Body) -> int:
    """Create a customer deposit; `salesOrder` links it to an order, whose later invoices it pays.

    Raises:
        NetSuiteError: 400, for a missing customer or payment.
    """
    given = body.header.columns
    if given.get("entity") is None:
        raise missing_mandatory("Customer")
    if not given.get("payment") or given["payment"] < 0:
        raise missing_mandatory("Payment Amount")
    columns = {**given, "foreigntotal": given["payment"], "createdfrom": given.get("salesorder")}
    other = body.header.other | {"payment": given["payment"], "sandboxOrder": given.get("salesorder")}
    return insert_header(account, "customerDeposit", Part(columns=columns, custom=body.header.custom, other=other), "B")


def apply_deposits(account: Account, order: int, invoice: int) -> None:
    """Apply what is left of an order's deposits to a new invoice of it."""
    deposits = account.rows("SELECT * FROM ns_transaction WHERE type = 'CustDep' ORDER BY id")
    for deposit in deposits:
        if json.loads(deposit["body"]).get("sandboxOrder") != order:
            continue
        bill = account.one("SELECT * FROM ns_transaction WHERE id = ?", invoice) or {}
        amount = min(remaining(deposit), remaining(bill))
        if amount > 0:
            header = Part(columns={"entity": bill["entity"], "createdfrom": deposit["id"], "foreigntotal": amount})
            made = insert_header(account, "depositApplication", header, "B")
            _link(account, deposit["id"], made, invoice)
            _apply(account, deposit["id"], amount)
            _apply(account, invoice, amount)
    _settle(account, invoice)


def pay_invoice(account: Account, source: Row, body: Body) -> int:
    """Make a customer payment of an invoice: `payment`, or all that is open.

    Raises:
        NetSuiteError: 400, for more than is open.
    """
    amount = body.header.columns.get("payment")
    amount = remaining(source) if amount is None else amount
    if amount <= 0 or amount > remaining(source):
        raise user_error(f"The invoice has {remaining(source):.2f} open, not {amount:.2f}.", "payment")
    columns = {"entity": source["entity"], "createdfrom": source["id"], "foreigntotal": amount, **body.header.columns}
    made = insert_header(account, "customerPayment", Part(columns, body.header.custom, body.header.other), "B")
    _apply(account, source["id"], amount)
    return made


def apply_credit(account: Account, credit: int, invoice: int) -> None:
    """Apply a new credit memo to the invoice that it was made from, as far as that is open."""
    rows = {row["id"]: row for row in account.rows("SELECT * FROM ns_transaction WHERE id IN (?, ?)", credit, invoice)}
    amount = min(remaining(rows[credit]), remaining(rows[invoice]))
    if amount > 0:
        _apply(account, credit, amount)
        _apply(account, invoice, amount)


def create_refund(account: Account, body: Body) -> int:
    """Create a customer refund of credit memos (`apply`) and deposits (`deposit`).

    Raises:
        NetSuiteError: 400, for a missing customer, nothing to refund, or more than is open.
    """
    if body.header.columns.get("entity") is None:
        raise missing_mandatory("Customer")
    parts = [(row, "CustCred") for row in _applied(body, "apply")] + [(row, "CustDep") for row in _applied(body, "deposit")]
    if not parts:
        raise user_error("You must apply this refund to at least one credit or deposit.", "apply")
    total = 0.0
    for row, kind in parts:
        source = account.one("SELECT * FROM ns_transaction WHERE id = ? AND type = ?", str(row["doc"]["id"]), kind)
        if source is None:
            raise user_error(f"There is no document {row['doc']['id']} to refund.", "apply.items")
        amount = row.get("amount", remaining(source))
        if amount <= 0 or amount > remaining(source):
            raise user_error(f"Document {source['id']} has {remaining(source):.2f} open, not {amount:.2f}.", "apply.items")
        _apply(account, source["id"], amount)
        total = round(total + amount, 2)
    columns = {**body.header.columns, "foreigntotal": -total}
    return insert_header(account, "customerRefund", Part(columns, body.header.custom, body.header.other), "R")


def _applied(body: Body, sublist: str) -> list[dict[str, Any]]:
    given = body.header.other.get(sublist) or {}
    rows = given.get("items") if isinstance(given, dict) else None
    chosen = [row for row in rows or [] if row.get("apply", True)]
    if any("refNum" in row for row in chosen):
        # refNum is read-only there (facts: seen live on vendor payments).
        raise user_error("Invalid sublist operation.", f"{sublist}.items")
    return chosen


def _apply(account: Account, identifier: int, amount: float) -> None:
    row = account.one("SELECT * FROM ns_transaction WHERE id = ?", identifier) or {}
    body = json.loads(row["body"])
    body["sandboxApplied"] = round(body.get("sandboxApplied", 0) + amount, 2)
    account.db.execute(
        "UPDATE ns_transaction SET body = ?, lastmodifieddate = ? WHERE id = ?", (json.dumps(body), account.stamp(), identifier)
    )
    _settle(account, identifier)


def _settle(account: Account, identifier: int) -> None:
    """Set the status of what is applied in full: an invoice paid (B), a credit memo applied (B), a deposit used up (C)."""
    row = account.one("SELECT * FROM ns_transaction WHERE id = ?", identifier) or {}
    done = {"CustInvc": "B", "CustCred": "B", "CustDep": "C"}[row["type"]]
    if remaining(row) <= 0:
        account.db.execute("UPDATE ns_transaction SET status = ? WHERE id = ?", (done, identifier))


def _link(account: Account, previous: int, made: int, invoice: int) -> None:
    number = insert_line(account, made, 0, {"createdfrom": invoice})
    account.insert(
        "ns_link",
        {"previousdoc": previous, "previousline": 0, "previoustype": "CustDep", "nextdoc": made, "nextline": number}
        | {"nexttype": "DepAppl", "linktype": "DepAppl"},
    )
