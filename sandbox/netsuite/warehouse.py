"""What people of a warehouse do: receive, adjust and transfer goods, and change the numbers of a document; control actions.

Units of serialized and lot-numbered items name their numbers: `numbers`, a list of texts or of {number, quantity,
expiration_date}.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sandbox.netsuite import numbers, stock, transfers
from sandbox.netsuite.account import Account
from sandbox.netsuite.goods_lines import goods_line, post_line
from sandbox.netsuite.record_body import Part
from sandbox.netsuite.stock_documents import ACTIONS as STOCK_DOCUMENTS
from sandbox.netsuite.transactions import insert_header

Row = dict[str, Any]
_Action = Callable[[Account, Row], Row]
_EDITED = ("ItemShip", "ItemRcpt", "InvAdjst", "CashSale", "Build", "Unbuild", "InvTrnfr", "BinTrnfr")


def _set_stock(account: Account, body: Row) -> Row:
    item, location = int(body["item"]), int(body["location"])
    change = body["quantity"] - stock.balance(account, item, location)["quantityonhand"]
    return adjust_stock(account, body | {"quantity": change})


def adjust_stock(account: Account, body: Row) -> Row:
    """Add units to what is on hand, or take them off it; with `lines`, several of them in one document."""
    document = insert_header(account, "inventoryAdjustment", Part(), "B")
    given = body.get("lines") or [body]
    made = [(goods_line(account, document, int(one["item"]), int(one["location"]), one["quantity"]), one) for one in given]
    # What leaves, leaves before what it becomes arrives.
    for line, one in sorted(made, key=lambda pair: pair[1]["quantity"]):
        post_line(account, document, line, one.get("numbers", []))
    return {"transaction": str(document)}


def receive(account: Account, body: Row) -> Row:
    """Receive goods; with `transfer`, those of a transfer under way, else an expected delivery."""
    if "transfer" in body:
        return transfers.arrive(account, body)
    item, location, quantity = int(body["item"]), int(body["location"]), body["quantity"]
    expected = stock.balance(account, item, location)["quantityonorder"]
    document = insert_header(account, "itemReceipt", Part(), "B")
    post_line(account, document, goods_line(account, document, item, location, quantity), body.get("numbers", []))
    stock.move(account, item, location, quantityonorder=-min(expected, quantity))
    return {"transaction": str(document)}


def edit_numbers(account: Account, body: Row) -> Row:
    """Change which numbers a line of a document that moved goods names: {transaction, line, numbers}.

    The two lines of a transfer name the same ones.

    Raises:
        ValueError: there is no such line.
    """
    document, number = int(body["transaction"]), int(body["line"])
    lines = _edited(account, document, number)
    if not lines:
        raise ValueError(f"document {document} has no line {number} of numbered goods")
    moved = [line for line in lines if _is_moved(line)]
    for line in reversed(moved):
        numbers.post(account, document, line["id"], back=True)
    for line in lines:
        _assign_anew(account, line, body["numbers"])
        if line in moved:
            numbers.post(account, document, line["id"])
    stock.touch(account, document, number)
    return {"transaction": str(document)}


def _edited(account: Account, document: int, number: int) -> list[Row]:
    """Return the line, and the other one of a transfer, what leaves before what arrives."""
    kinds = ", ".join("?" * len(_EDITED))
    rows = account.rows(
        'SELECT l.*, t.type, t.status FROM ns_transactionline l JOIN ns_transaction t ON t.id = l."transaction" '
        f"WHERE t.id = ? AND t.type IN ({kinds}) AND l.item IS NOT NULL AND l.iscogs = 'F' ORDER BY l.quantity",
        document,
        *_EDITED,
    )
    wanted = next((row for row in rows if row["id"] == number), None)
    if wanted is None or numbers.kind_of(account, wanted["item"]) is None:
        return []
    return rows if wanted["type"] in ("InvTrnfr", "BinTrnfr") else [wanted]


def _is_moved(line: Row) -> bool:
    is_shipped = line["type"] != "ItemShip" or line["status"] == "C"
    return bool(line["isinventoryaffecting"] == "T" and is_shipped and line["type"] != "BinTrnfr")


def _assign_anew(account: Account, line: Row, given: list[Any]) -> None:
    document, number = line["transaction"], line["id"]
    where = 'WHERE "transaction" = ? AND transactionline = ?'
    old = account.one(f"SELECT MAX(bin) AS bin FROM ns_inventoryassignment {where}", document, number) or {}
    account.db.execute(f"DELETE FROM ns_inventoryassignment {where}", (document, number))
    inbound, units = line["quantity"] > 0, abs(line["quantity"])
    detail = numbers.detail_of(account, line["item"], given, inbound=inbound)
    if inbound:
        found = numbers.received(account, line["item"], units, detail)
    else:
        found = numbers.issued(account, line["item"], line["location"], units, detail)
    numbers.assign(account, document, number, found, 1 if inbound else -1, old.get("bin"))
    told = {**json.loads(line["body"] or "{}"), "inventoryDetail": detail}
    account.db.execute("UPDATE ns_transactionline SET body = ? WHERE uniquekey = ?", (json.dumps(told), line["uniquekey"]))


ACTIONS: dict[str, _Action] = {
    "set_stock": _set_stock,
    "adjust_stock": adjust_stock,
    "receive": receive,
    "ship_transfer": transfers.ship_transfer,
    "edit_numbers": edit_numbers,
    **STOCK_DOCUMENTS,
}
