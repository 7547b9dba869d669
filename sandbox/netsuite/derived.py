"""Documents made from others: invoices, returns, receipts, credits and cash refunds (fulfilments: `shipments.py`).

A line that the body does not list keeps its default, as in NetSuite: it is fulfilled, billed, returned. A listed line is
left out by `itemReceive: false`; that a quantity of 0 leaves it out too is not certain [?].
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.netsuite import numbers, payments, stock
from sandbox.netsuite.account import Account
from sandbox.netsuite.lines import insert_line, sales_lines
from sandbox.netsuite.order_status import refresh_status
from sandbox.netsuite.problems import not_modelled, user_error
from sandbox.netsuite.record_body import Body, Part
from sandbox.netsuite.transactions import insert_header, tax_of

_NO_LINES = "You must enter at least one line item for this transaction."
_CREDITS = ("returnAuthorization", "creditMemo", "cashRefund")
Row = dict[str, Any]


@dataclass(frozen=True)
class Taken:
    """Units of a source line that go into the new document, and what the body says of them."""

    source: Row
    quantity: float
    part: Part

    @property
    def amount(self) -> float:
        """Return the amount sent, else the rate's, else the source line's share."""
        given = self.part.columns
        if given.get("foreignamount") is not None:
            return float(given["foreignamount"])
        if given.get("rate") is not None:
            return float(round(given["rate"] * self.quantity, 2))
        share = abs(self.source["foreignamount"] or 0) * self.quantity / abs(self.source["quantity"])
        return float(round(share, 2)) * _sign(self.source)


def bill_order(account: Account, source: Row, body: Body) -> int:
    """Make an invoice of a sales order: what was shipped, and every charge; deposits on the order are applied to it."""
    taken = taken_lines(account, source, body, _billable)
    document = _document(account, "invoice", source, body, taken)
    for one in taken:
        add_units(account, one.source, "quantitybilled", one.quantity)
    refresh_status(account, source["id"])
    payments.apply_deposits(account, source["id"], document)
    return document


def authorise_return(account: Account, source: Row, body: Body) -> int:
    """Make a return authorization of a sales order, cash sale or invoice; pending receipt where the body says B."""

    def returnable(line: Row) -> float:
        sold = abs(line["quantity"])
        if source["type"] == "SalesOrd" and stock.is_stocked(line["itemtype"]):
            sold = line["quantityshiprecv"]
        return float(sold - _linked(account, line, "RtnAuth"))

    return _document(account, "returnAuthorization", source, body, taken_lines(account, source, body, returnable))


def receive_return(account: Account, source: Row, body: Body) -> int:
    """Make an item receipt of a return: the goods are on hand again where it says; `restock: false` writes them off."""

    def awaited(line: Row) -> float:
        holds_goods = stock.is_stocked(line["itemtype"]) or line["itemtype"] == "Kit"
        return float(line["quantity"] - line["quantityshiprecv"]) if holds_goods else 0

    if source["status"] == "A":
        raise user_error("The return authorization is not approved.")
    taken = taken_lines(account, source, body, awaited)
    document = insert_header(account, "itemReceipt", _header(source, body.header), "B")
    for one in taken:
        place = one.part.columns.get("location") or body.header.columns.get("location") or one.source["location"]
        if place is None:
            raise user_error("Please enter value(s) for: Location.", "item.items")
        number = _derived_line(account, document, "ItemRcpt", one, {"location": place, "quantity": one.quantity})
        add_units(account, one.source, "quantityshiprecv", one.quantity)
        is_kept = one.part.columns.get("restock") != "F"
        numbers.receive_line(account, document, number, one.quantity, one.part.other.get("inventoryDetail"), is_kept)
        if is_kept:
            put_back(account, one.source, one.quantity, place)
        else:
            _write_off(account, document, number)
    refresh_return(account, source["id"])
    return document


def credit(account: Account, kind: str, source: Row, body: Body) -> int:
    """Make a credit memo or cash refund of a return, an invoice or a cash sale.

    From a return nothing moves (its receipt did); from an invoice or cash sale the goods are on hand again.
    """
    is_return = source["type"] == "RtnAuth"

    def open_units(line: Row) -> float:
        if is_return:
            held = line["quantityshiprecv"] if stock.is_stocked(line["itemtype"]) or line["itemtype"] == "Kit" else line["quantity"]
            return float(held - line["quantitybilled"])
        return float(abs(line["quantity"]) - _linked(account, line, "CustCred", "CashRfnd"))

    taken = taken_lines(account, source, body, open_units)
    document = _document(account, kind, source, body, taken)
    for one in taken:
        if is_return:
            add_units(account, one.source, "quantitybilled", one.quantity)
        elif one.source["location"] is not None:
            put_back(account, one.source, one.quantity, one.source["location"])
            made = account.one(
                "SELECT id FROM ns_transactionline WHERE \"transaction\" = ? AND json_extract(body, '$.orderLine') = ?",
                document,
                one.source["id"],
            )
            numbers.receive_line(account, document, (made or {})["id"], one.quantity, one.part.other.get("inventoryDetail"))
    if is_return:
        refresh_return(account, source["id"])
    elif kind == "creditMemo":
        payments.apply_credit(account, document, source["id"])
    return document


def create_credit(account: Account, kind: str, body: Body) -> int:
    """Create a credit memo or cash refund by itself; goods on it are on hand again.

    Raises:
        NetSuiteError: 400, for a missing customer, item or line.
    """
    if body.header.columns.get("entity") is None:
        raise user_error("Please enter value(s) for: Customer.")
    if not body.lines:
        raise user_error(_NO_LINES)
    made = insert_header(account, kind, body.header, "A" if kind == "creditMemo" else "B")
    for part in body.lines:
        given = part.columns
        if given.get("item") is None:
            raise user_error("Please enter value(s) for: Item.", "item.items")
        item = account.one("SELECT * FROM ns_item WHERE id = ?", given["item"]) or {}
        quantity = given.get("quantity") or 1
        amount = given["foreignamount"] if given.get("foreignamount") is not None else round(quantity * (given.get("rate") or 0), 2)
        place = given.get("location") or body.header.columns.get("location")
        values = {"item": given["item"], "itemtype": item["itemtype"], "rate": amount / quantity, "foreignamount": amount}
        values |= {"netamount": amount, "location": place, "memo": given.get("memo")}
        values |= {"custom": json.dumps(part.custom), "body": json.dumps(part.other)}
        number = insert_line(account, made, quantity, values)
        if stock.is_stocked(item["itemtype"]) and place is not None:
            numbers.receive_line(account, made, number, quantity, part.other.get("inventoryDetail"))
            stock.move(account, given["item"], place, quantityonhand=quantity)
    _total(account, made)
    return made


def taken_lines(account: Account, source: Row, body: Body, default: Callable[[Row], float]) -> list[Taken]:
    """Return what the body takes of the source's lines; what it does not list is taken as far as it is open."""
    lines = {line["id"]: line for line in sales_lines(account, source["id"]) if line["isclosed"] != "T"}
    listed: dict[int, Part] = {}
    for part in body.lines or []:
        number = part.columns.get("orderline")
        if number is not None and number not in lines:
            raise user_error(f"There is no open line {number} to take.", "item.items")
        if number is not None:
            listed[int(number)] = part
    taken = []
    for number, line in lines.items():
        part = listed.get(number, Part())
        most = default(line)
        quantity = part.columns.get("quantity")
        quantity = most if quantity is None else quantity
        if part.columns.get("itemreceive") == "F" or not quantity:
            continue
        if quantity > most or quantity < 0:
            raise user_error(f"Line {number} has {most:g} units open, not {quantity:g}.", "item.items")
        taken.append(Taken(line, quantity, part))
    if not taken and not any(part.columns.get("item") and part.columns.get("orderline") is None for part in body.lines or []):
        raise user_error(_NO_LINES)
    return taken


def _document(account: Account, kind: str, source: Row, body: Body, taken: list[Taken]) -> int:
    status = {"returnAuthorization": body.header.columns.get("status") or "A", "cashRefund": "B"}.get(kind, "A")
    document = insert_header(account, kind, _header(source, body.header), status)
    sign = 1 if kind in _CREDITS else -1
    for one in taken:
        values = {"quantity": sign * one.quantity, "foreignamount": sign * one.amount, "netamount": sign * one.amount}
        values |= {"location": one.part.columns.get("location") or one.source["location"]}
        row = account.one("SELECT type FROM ns_transaction WHERE id = ?", document) or {}
        _derived_line(account, document, row["type"], one, values | {"rate": one.amount / one.quantity})
    for part in body.lines or []:
        if part.columns.get("orderline") is None and part.columns.get("item") is not None:
            _own_line(account, document, part, sign)
    _total(account, document)
    return document


def _own_line(account: Account, document: int, part: Part, sign: int) -> None:
    given = part.columns
    item = account.one("SELECT * FROM ns_item WHERE id = ?", given["item"]) or {}
    quantity = given.get("quantity") or 1
    amount = given["foreignamount"] if given.get("foreignamount") is not None else round(quantity * (given.get("rate") or 0), 2)
    values = {"item": given["item"], "itemtype": item["itemtype"], "rate": amount / quantity, "memo": given.get("memo")}
    values |= {"foreignamount": sign * amount, "netamount": sign * amount, "location": given.get("location")}
    values |= {"custom": json.dumps(part.custom), "body": json.dumps(part.other)}
    insert_line(account, document, sign * quantity, values)


def _derived_line(account: Account, document: int, kind: str, one: Taken, values: Row) -> int:
    source = one.source
    row = {name: source[name] for name in ("item", "itemtype", "memo")} | {"createdfrom": source["transaction"]} | values
    row["custom"] = json.dumps({**json.loads(source["custom"] or "{}"), **one.part.custom})
    row["body"] = json.dumps({**one.part.other, "orderLine": source["id"]})
    quantity = row.pop("quantity")
    number = insert_line(account, document, quantity, row)
    origin = account.one("SELECT type FROM ns_transaction WHERE id = ?", source["transaction"]) or {}
    link = {"previousdoc": source["transaction"], "previousline": source["id"], "previoustype": origin["type"]}
    account.insert("ns_link", link | {"nextdoc": document, "nextline": number, "nexttype": kind, "linktype": _LINKS[kind]})
    return number


_LINKS = {"CustInvc": "OrdBill", "RtnAuth": "SaleRet", "ItemRcpt": "ShipRcpt", "CustCred": "OrdBill", "CashRfnd": "OrdBill"}


def _header(source: Row, header: Part) -> Part:
    columns = {"entity": source["entity"], "otherrefnum": source["otherrefnum"], "createdfrom": source["id"], **header.columns}
    return Part(columns=columns, custom={**json.loads(source["custom"]), **header.custom}, other=header.other)


def _total(account: Account, document: int) -> None:
    row = account.one("SELECT * FROM ns_transaction WHERE id = ?", document) or {}
    lines = account.rows('SELECT * FROM ns_transactionline WHERE "transaction" = ? AND item IS NOT NULL', document)
    is_credit = row["type"] in ("RtnAuth", "CustCred", "CashRfnd")
    goods = sum(line["foreignamount"] or 0 for line in lines if line["iscogs"] != "T")
    total = round((goods if is_credit else -goods) + tax_of(account, json.loads(row["body"])), 2)
    told = -total if is_credit else total  # a credit's is negative in SuiteQL [?]
    account.db.execute("UPDATE ns_transaction SET foreigntotal = ? WHERE id = ?", (told, document))


def _billable(line: Row) -> float:
    is_shipped = line["itemtype"] == "Kit" or stock.is_stocked(line["itemtype"])
    done = line["quantityshiprecv"] if is_shipped else abs(line["quantity"])
    return float(done - line["quantitybilled"])


def _write_off(account: Account, document: int, number: int) -> None:
    account.db.execute(
        "UPDATE ns_transactionline SET isinventoryaffecting = 'F' WHERE \"transaction\" = ? AND id = ?", (document, number)
    )


def put_back(account: Account, line: Row, quantity: float, place: int) -> None:
    """Bring goods back on hand; a kit's as its members."""
    goods = [{"item": line["item"], "quantity": 1}] if stock.is_stocked(line["itemtype"]) else []
    if line["itemtype"] == "Kit":
        goods = account.rows("SELECT item, quantity FROM ns_kititemmember WHERE parentitem = ?", line["item"])
        if any(numbers.kind_of(account, row["item"]) for row in goods):
            raise not_modelled("numbers of a kit's members that come back")
    for row in goods:
        stock.move(account, row["item"], place, quantityonhand=quantity * row["quantity"])
        stock.commit_waiting(account, row["item"], place)


def _linked(account: Account, line: Row, *kinds: str) -> float:
    """Return the units of a line that documents of some kinds were made of already."""
    marks = ", ".join("?" * len(kinds))
    row = account.one(
        'SELECT COALESCE(SUM(ABS(n.quantity)), 0) AS units FROM ns_link k JOIN ns_transactionline n ON n."transaction" = k.nextdoc '
        f"AND n.id = k.nextline WHERE k.previousdoc = ? AND k.previousline = ? AND k.nexttype IN ({marks})",
        line["transaction"], line["id"], *kinds,
    )  # fmt: skip
    return float((row or {})["units"])


def refresh_return(account: Account, identifier: int) -> None:
    """Set a return's status: B pending receipt, D partially received, E and F pending refund, G refunded."""
    lines = sales_lines(account, identifier)
    goods = [line for line in lines if stock.is_stocked(line["itemtype"]) or line["itemtype"] == "Kit"]
    is_received = all(line["quantityshiprecv"] >= line["quantity"] for line in goods)
    has_received = any(line["quantityshiprecv"] for line in goods)
    if lines and all(line["quantitybilled"] >= line["quantity"] for line in lines):
        status = "G"
    elif is_received:
        status = "F"
    else:
        waits = any(line["quantityshiprecv"] > line["quantitybilled"] for line in goods)
        status = ("E" if waits else "D") if has_received else "B"
    account.db.execute("UPDATE ns_transaction SET status = ? WHERE id = ?", (status, identifier))
    stock.touch(account, identifier)


def add_units(account: Account, line: Row, column: str, units: float) -> None:
    """Add units to a counter of a line, and stamp line and document."""
    account.db.execute(f"UPDATE ns_transactionline SET {column} = {column} + ? WHERE uniquekey = ?", (units, line["uniquekey"]))
    stock.touch(account, line["transaction"], line["id"])


def _sign(line: Row) -> int:
    """Return -1 for a line that takes off (a discount), seen as its document shows it."""
    is_sale = line["quantity"] < 0
    return -1 if (line["foreignamount"] or 0) * (-1 if is_sale else 1) < 0 else 1
