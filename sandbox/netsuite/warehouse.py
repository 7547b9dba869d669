"""What people of a warehouse do: receive, adjust and transfer goods; actions of the control endpoint.

Units of serialized and lot-numbered items name their numbers: `numbers`, a list of texts or of {number, quantity,
expiration_date}.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sandbox.netsuite import numbers, stock
from sandbox.netsuite.account import Account
from sandbox.netsuite.lines import insert_line
from sandbox.netsuite.record_body import Part
from sandbox.netsuite.transactions import insert_header

_Action = Callable[[Account, dict[str, Any]], dict[str, Any]]


def _set_stock(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    item, location = int(body["item"]), int(body["location"])
    change = body["quantity"] - stock.balance(account, item, location)["quantityonhand"]
    return adjust_stock(account, body | {"quantity": change})


def adjust_stock(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Add units to what is on hand, or take them off it."""
    item, location = int(body["item"]), int(body["location"])
    document = insert_header(account, "inventoryAdjustment", Part(), "B")
    line = _document_line(account, document, item, location, body["quantity"])
    _numbers(account, document, line, item, body)
    stock.move(account, item, location, quantityonhand=body["quantity"])
    stock.commit_waiting(account, item, location)
    return {"transaction": str(document)}


def receive(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Receive goods; with `transfer`, those of a transfer under way, else an expected delivery."""
    item, location, quantity = int(body["item"]), int(body["location"]), body["quantity"]
    waiting = "quantityintransit" if "transfer" in body else "quantityonorder"
    known = stock.balance(account, item, location)[waiting]
    if "transfer" in body:
        _receive_transfer(account, int(body["transfer"]), item, location, quantity)
        _arrive(account, item, location, body.get("numbers", []))
    document = insert_header(account, "itemReceipt", Part(columns={"createdfrom": body.get("transfer")}), "B")
    line = _document_line(account, document, item, location, quantity)
    _numbers(account, document, line, item, body)
    stock.move(account, item, location, quantityonhand=quantity, **{waiting: -min(known, quantity)})
    stock.commit_waiting(account, item, location)
    return {"transaction": str(document)}


def _ship_transfer(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Send goods from one location to another: they leave on hand there and are in transit here."""
    item, quantity = int(body["item"]), body["quantity"]
    source, target = int(body["from_location"]), int(body["to_location"])
    document = insert_header(account, "transferOrder", Part(columns={"location": source}), "F")
    out = _document_line(account, document, item, source, -quantity)
    due = body.get("expected_receipt_date")
    more = {"transferorderitemlineid": out, "expectedreceiptdate": f"{due} 00:00:00" if due else None}
    _document_line(account, document, item, target, quantity, **more)
    account.db.execute(
        'UPDATE ns_transactionline SET quantityshiprecv = ? WHERE "transaction" = ? AND id = ?', (quantity, document, out)
    )
    sent = _numbers(account, document, out, item, body | {"quantity": -quantity})
    numbers.in_transit(account, sent, target, 1)
    stock.move(account, item, source, quantityonhand=-quantity)
    stock.move(account, item, target, quantityintransit=quantity)
    return {"transaction": str(document)}


def _arrive(account: Account, item: int, location: int, given: list[Any]) -> None:
    """Take the numbers of a transfer off the way.

    Raises:
        ValueError: one of them is not on the way there.
    """
    for one in given:
        told = one if isinstance(one, dict) else {"number": one}
        row = account.one(
            "SELECT n.id, l.quantityintransit AS units FROM ns_inventorynumber n JOIN ns_inventorynumberlocation l "
            "ON l.inventorynumber = n.id WHERE n.item = ? AND n.inventorynumber = ? AND l.location = ?",
            item, str(told["number"]), location,
        )  # fmt: skip
        units = told.get("quantity", 1)
        if row is None or row["units"] < units:
            raise ValueError(f"number {told['number']} of item {item} is not on the way to location {location}")
        numbers.in_transit(account, [numbers.Assigned(row["id"], units)], location, -1)


def _receive_transfer(account: Account, transfer: int, item: int, location: int, quantity: float) -> None:
    line = account.one(
        'SELECT l.* FROM ns_transactionline l JOIN ns_transaction t ON t.id = l."transaction" WHERE t.id = ? '
        "AND t.type = 'TrnfrOrd' AND l.item = ? AND l.location = ? AND l.quantity > 0",
        transfer, item, location,
    )  # fmt: skip
    if line is None or line["quantity"] - line["quantityshiprecv"] < quantity:
        raise ValueError(f"transfer {transfer} has no {quantity} of item {item} under way to location {location}")
    account.db.execute(
        "UPDATE ns_transactionline SET quantityshiprecv = quantityshiprecv + ? WHERE uniquekey = ?",
        (quantity, line["uniquekey"]),
    )
    if line["quantityshiprecv"] + quantity == line["quantity"]:
        account.db.execute("UPDATE ns_transaction SET status = 'G' WHERE id = ?", (transfer,))
    stock.touch(account, transfer, line["id"])


def _document_line(account: Account, document: int, item: int, location: int, quantity: float, **more: Any) -> int:
    kind = account.one("SELECT itemtype FROM ns_item WHERE id = ?", item)
    if kind is None:
        raise ValueError(f"there is no item {item}")
    return insert_line(account, document, quantity, {"item": item, "itemtype": kind["itemtype"], "location": location} | more)


def edit_numbers(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Change which numbers a line of a fulfilment, receipt, adjustment or cash sale names: {transaction, line, numbers}.

    Raises:
        ValueError: there is no such line.
    """
    document, number = int(body["transaction"]), int(body["line"])
    line = account.one(
        'SELECT l.*, t.type, t.status FROM ns_transactionline l JOIN ns_transaction t ON t.id = l."transaction" '
        "WHERE t.id = ? AND l.id = ? AND t.type IN ('ItemShip', 'ItemRcpt', 'InvAdjst', 'CashSale')",
        document,
        number,
    )
    if line is None or numbers.kind_of(account, line["item"]) is None:
        raise ValueError(f"document {document} has no line {number} of numbered goods")
    is_moved = line["isinventoryaffecting"] == "T" and (line["type"] != "ItemShip" or line["status"] == "C")
    if is_moved:
        numbers.post(account, document, number, back=True)
    account.db.execute('DELETE FROM ns_inventoryassignment WHERE "transaction" = ? AND transactionline = ?', (document, number))
    inbound, units = line["quantity"] > 0, abs(line["quantity"])
    detail = numbers.detail_of(account, line["item"], body["numbers"], inbound=inbound)
    if inbound:
        found = numbers.received(account, line["item"], units, detail)
    else:
        found = numbers.issued(account, line["item"], line["location"], units, detail)
    numbers.assign(account, document, number, found, 1 if inbound else -1)
    if is_moved:
        numbers.post(account, document, number)
    told = {**json.loads(line["body"] or "{}"), "inventoryDetail": detail}
    account.db.execute("UPDATE ns_transactionline SET body = ? WHERE uniquekey = ?", (json.dumps(told), line["uniquekey"]))
    stock.touch(account, document, number)
    return {"transaction": str(document)}


def _numbers(account: Account, document: int, line: int, item: int, body: dict[str, Any]) -> list[numbers.Assigned]:
    """Let the numbers that a body names arrive with a line, or leave where its quantity is below zero."""
    inbound = body["quantity"] > 0
    detail = numbers.detail_of(account, item, body.get("numbers", []), inbound=inbound)
    act = numbers.receive_line if inbound else numbers.issue_line
    return act(account, document, line, abs(body["quantity"]), detail)


ACTIONS: dict[str, _Action] = {
    "set_stock": _set_stock,
    "adjust_stock": adjust_stock,
    "receive": receive,
    "ship_transfer": _ship_transfer,
    "edit_numbers": edit_numbers,
}
