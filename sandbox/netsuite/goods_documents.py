"""Deletes documents that moved goods by themselves (adjustments, receipts, transfers, builds, counts): all moves back."""

from __future__ import annotations

from typing import Any

from sandbox.netsuite import derived, numbers, stock, transactions, transfers
from sandbox.netsuite.account import Account

Row = dict[str, Any]
KINDS = ("InvAdjst", "ItemRcpt", "TrnfrOrd", "Build", "Unbuild", "InvTrnfr", "BinTrnfr", "InvCount")


def delete_goods(account: Account, document: Row) -> None:
    """Delete such a document, or the fulfilment of a transfer order.

    Raises:
        ValueError: what it moved was received or sent on since.
        NetSuiteError: a number that it brought is no longer there.
    """
    if document["type"] == "ItemShip":
        transfers.take_back_shipment(account, document["id"])
    lines = account.rows(
        "SELECT * FROM ns_transactionline WHERE \"transaction\" = ? AND item IS NOT NULL AND iscogs = 'F' "
        "ORDER BY quantity DESC, id",  # what came goes first
        document["id"],
    )
    for line in lines if document["type"] != "BinTrnfr" else []:
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
    transfers.take_back_receipt(account, document["id"])
    returns = set()
    for line in lines:
        link = account.one(
            "SELECT * FROM ns_link WHERE nextdoc = ? AND nextline = ? AND previoustype != ?",
            document["id"],
            line["id"],
            transfers.TYPE,
        )
        if link is not None:
            _uncount(account, link["previousdoc"], link["previousline"], line["quantity"])
            returns.add(link["previousdoc"])
    for identifier in returns:
        derived.refresh_return(account, identifier)


def _uncount(account: Account, document: int, line: int, units: float) -> None:
    account.db.execute(
        'UPDATE ns_transactionline SET quantityshiprecv = quantityshiprecv - ? WHERE "transaction" = ? AND id = ?',
        (units, document, line),
    )
    stock.touch(account, document, line)
