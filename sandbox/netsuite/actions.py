"""What people do inside NetSuite while the world runs: the control endpoint's actions."""

from collections.abc import Callable
from typing import Any

from sandbox.netsuite import stock
from sandbox.netsuite.account import Account, account_of
from sandbox.netsuite.fulfilments import Shipment, advance, fulfil
from sandbox.netsuite.lines import insert_line
from sandbox.netsuite.problems import NetSuiteError
from sandbox.netsuite.record_body import Part, read_body
from sandbox.netsuite.records import delete_any
from sandbox.netsuite.transactions import TYPES, insert_header, update
from sandbox.world import World

_Action = Callable[[Account, dict[str, Any]], dict[str, Any]]


def act(world: World, action: str, body: dict[str, Any]) -> dict[str, Any]:
    """Do what a NetSuite user would, and return what came of it (README.md lists the actions).

    A transaction is named by `transaction` (id) or `external_id`.

    Raises:
        ValueError: the action is unknown, or NetSuite would refuse it; nothing has changed then.
    """
    if action not in _ACTIONS:
        raise ValueError(f"there is no action {action!r}; there are {', '.join(sorted(_ACTIONS))}")
    account = account_of(world)
    try:
        with account.change():
            return _ACTIONS[action](account, body)
    except NetSuiteError as problem:
        raise ValueError(problem.detail) from problem
    except KeyError as error:
        raise ValueError(f"action {action} needs {error}") from error


def _transaction(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    if "transaction" in body:
        row = account.one("SELECT * FROM ns_transaction WHERE id = ?", int(body["transaction"]))
    else:
        row = account.one(
            "SELECT * FROM ns_transaction WHERE externalid = ? AND type IN ('SalesOrd', 'CashSale')", body["external_id"]
        )
    if row is None:
        raise ValueError(f"there is no transaction {body.get('transaction') or body.get('external_id')}")
    return row


def _patch(account: Account, body: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    row = _transaction(account, body)
    kind = next(name for name, codes in TYPES.items() if codes[0] == row["type"])
    update(account, row["id"], read_body(account, kind, patch, "Error"))
    return {"transaction": str(row["id"])}


def _approve(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    return _patch(account, body, {"orderStatus": {"id": "B"}})


def _unapprove(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    return _patch(account, body, {"orderStatus": {"id": "A"}})


def _close_line(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    return _patch(account, body, {"item": {"items": [{"line": int(body["line"]), "isClosed": True}]}})


def _edit_field(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    change = {body["field"]: body["value"]}
    if "line" in body:
        change = {"item": {"items": [{"line": int(body["line"]), **change}]}}
    return _patch(account, body, change)


def _delete(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    row = _transaction(account, body)
    delete_any(account, row["id"])
    return {"transaction": str(row["id"])}


def _fulfil(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    row = _transaction(account, body)
    given = body.get("lines") or [body]
    shipments = [
        Shipment(int(one["line"]), one["quantity"], int(one["location"]) if one.get("location") else None) for one in given
    ]
    document = fulfil(account, row["id"], shipments, body.get("status", "C"), body.get("fulfilment_external_id"))
    return {"transaction": str(row["id"]), "fulfilment": str(document)}


def _advance(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    advance(account, int(body["fulfilment"]), body["status"])
    return {"fulfilment": str(body["fulfilment"])}


def _set_stock(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    item, location = int(body["item"]), int(body["location"])
    change = body["quantity"] - stock.balance(account, item, location)["quantityonhand"]
    return _adjust_stock(account, body | {"quantity": change})


def _adjust_stock(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    item, location = int(body["item"]), int(body["location"])
    document = insert_header(account, "inventoryAdjustment", Part(), "B")
    _document_line(account, document, item, location, body["quantity"])
    stock.move(account, item, location, quantityonhand=body["quantity"])
    stock.commit_waiting(account, item, location)
    return {"transaction": str(document)}


def _receive(account: Account, body: dict[str, Any]) -> dict[str, Any]:
    """Receive goods; with `transfer`, those of a transfer under way, else an expected delivery."""
    item, location, quantity = int(body["item"]), int(body["location"]), body["quantity"]
    waiting = "quantityintransit" if "transfer" in body else "quantityonorder"
    known = stock.balance(account, item, location)[waiting]
    if "transfer" in body:
        _receive_transfer(account, int(body["transfer"]), item, location, quantity)
    document = insert_header(account, "itemReceipt", Part(columns={"createdfrom": body.get("transfer")}), "B")
    _document_line(account, document, item, location, quantity)
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
    stock.move(account, item, source, quantityonhand=-quantity)
    stock.move(account, item, target, quantityintransit=quantity)
    return {"transaction": str(document)}


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


_ACTIONS: dict[str, _Action] = {
    "approve": _approve,
    "unapprove": _unapprove,
    "close_line": _close_line,
    "edit_field": _edit_field,
    "delete": _delete,
    "fulfil": _fulfil,
    "advance_fulfilment": _advance,
    "set_stock": _set_stock,
    "adjust_stock": _adjust_stock,
    "receive": _receive,
    "ship_transfer": _ship_transfer,
}
