"""Deletes documents that have moved goods by themselves: adjustments, receipts and transfers; what they moved moves back."""

from __future__ import annotations

from typing import Any

from sandbox.netsuite import derived, numbers, stock, transactions
from sandbox.netsuite.account import Account

Row = dict[str, Any]
KINDS = ("InvAdjst", "ItemRcpt", "TrnfrOrd")


def delete_goods(account: Account, document: Row) -> None:
    """Delete an adjustment, receipt or transfer.

    Raises:
        ValueError: what it moved was received or sent on since.
        NetSuiteError: a number that it brought is no longer there.
    """
    lines = account.rows(
        "SELECT * FROM ns_transactionline WHERE \"transaction\" = ? AND mainline = 'F' AND iscogs = 'F' ORDER BY id", document["id"]
    )
    if document["type"] == "TrnfrOrd":
        _take_back_transfer(account, document, lines)
    else:
        for line in lines:
            _take_back(account, document, line)
    if document["type"] == "ItemRcpt":
        _open_source(account, document, lines)
    transactions.delete(account, document["id"])


def _take_back(account: Account, document: Row, line: Row) -> None:
    """Take the units of a line off the place that it put them at; what it wrote off was never there."""
    if line["isinventoryaffecting"] == "T":
        numbers.post(account, document["id"], line["id"], back=True)
        stock.move(account, line["item"], line["location"], quantityonhand=-line["quantity"])
        stock.commit_waiting(account, line["item"], line["location"])
    elif line["itemtype"] == "Kit":
        derived.put_back(account, line, -line["quantity"], line["location"])


def _open_source(account: Account, document: Row, lines: list[Row]) -> None:
    """Open again what a receipt had received: a return's lines, or a transfer's."""
    returns = set()
    for line in lines:
        link = account.one("SELECT * FROM ns_link WHERE nextdoc = ? AND nextline = ?", document["id"], line["id"])
        if link is not None:
            _uncount(account, link["previousdoc"], link["previousline"], line["quantity"])
            returns.add(link["previousdoc"])
    for identifier in returns:
        derived.refresh_return(account, identifier)
    main = account.one('SELECT createdfrom FROM ns_transactionline WHERE "transaction" = ? AND id = 0', document["id"]) or {}
    transfer = account.one("SELECT * FROM ns_transaction WHERE id = ? AND type = 'TrnfrOrd'", main.get("createdfrom"))
    for line in lines if transfer else []:
        assert transfer is not None  # noqa: S101 - there are no lines else
        account.db.execute(
            'UPDATE ns_transactionline SET quantityshiprecv = quantityshiprecv - ? WHERE "transaction" = ? AND item = ? '
            "AND location = ? AND quantity > 0",
            (line["quantity"], transfer["id"], line["item"], line["location"]),
        )
        account.db.execute("UPDATE ns_transaction SET status = 'F' WHERE id = ?", (transfer["id"],))
        stock.move(account, line["item"], line["location"], quantityintransit=line["quantity"])
        numbers.in_transit(account, _assigned(account, document["id"], line["id"]), line["location"], 1)
        stock.touch(account, transfer["id"])


def _take_back_transfer(account: Account, document: Row, lines: list[Row]) -> None:
    if any(line["quantity"] > 0 and line["quantityshiprecv"] for line in lines):
        raise ValueError(f"transfer {document['id']} was received: delete its receipts first")
    moved = [one for line in lines if line["quantity"] < 0 for one in _assigned(account, document["id"], line["id"])]
    for line in sorted(lines, key=lambda row: -row["quantity"]):  # off the way first
        if line["quantity"] > 0:
            stock.move(account, line["item"], line["location"], quantityintransit=-line["quantity"])
            numbers.in_transit(account, moved, line["location"], -1)
        else:
            _take_back(account, document, line)


def _assigned(account: Account, document: int, line: int) -> list[numbers.Assigned]:
    rows = account.rows(
        'SELECT inventorynumber, quantity FROM ns_inventoryassignment WHERE "transaction" = ? AND transactionline = ?',
        document,
        line,
    )
    return [numbers.Assigned(row["inventorynumber"], abs(row["quantity"])) for row in rows]


def _uncount(account: Account, document: int, line: int, units: float) -> None:
    account.db.execute(
        'UPDATE ns_transactionline SET quantityshiprecv = quantityshiprecv - ? WHERE "transaction" = ? AND id = ?',
        (units, document, line),
    )
    stock.touch(account, document, line)
