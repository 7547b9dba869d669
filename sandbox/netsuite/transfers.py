"""Transfer orders: goods leave by an item fulfilment made of the order, are in transit, and arrive by an item receipt.

Seen in others' SuiteQL: each item of a transfer order has a line of its own, and two more that name it in
`transferorderitemlineid`: SHIPPING at the source and RECEIVING at the target (`transactionlinetype`), which count in
`quantityshiprecv` what was shipped and what was received; a fulfilment's line is linked to the SHIPPING one.

Not certain [?]: the first line's type (ITEM), its sign and its counter; that a receipt is linked to the RECEIVING line; that the
order's own lines are not `isinventoryaffecting`. An order that was not shipped commits nothing here.
"""

from __future__ import annotations

from typing import Any

from sandbox.netsuite import numbers, stock
from sandbox.netsuite.account import Account
from sandbox.netsuite.goods_lines import goods_line, line_of, post_line
from sandbox.netsuite.record_body import Part
from sandbox.netsuite.transactions import insert_header

Row = dict[str, Any]
TYPE = "TrnfrOrd"


def ship_transfer(account: Account, body: Row) -> Row:
    """Order a transfer and ship it at once: the goods leave on hand at the source and are in transit at the target."""
    item, quantity = int(body["item"]), body["quantity"]
    source, target = int(body["from_location"]), int(body["to_location"])
    order = insert_header(account, "transferOrder", Part(columns={"location": source}), "B")
    due = body.get("expected_receipt_date")
    asks: Row = {"isinventoryaffecting": "F"}
    first = goods_line(account, order, item, source, -quantity, transactionlinetype="ITEM", **asks)
    asks |= {"transferorderitemlineid": first, "expectedreceiptdate": f"{due} 00:00:00" if due else None}
    shipping = goods_line(account, order, item, source, -quantity, transactionlinetype="SHIPPING", **asks)
    goods_line(account, order, item, target, quantity, transactionlinetype="RECEIVING", **asks)
    document = insert_header(account, "itemFulfillment", Part(columns={"createdfrom": order}), "C")
    line = goods_line(account, document, item, source, -quantity, createdfrom=order)
    sent = post_line(account, document, line, body.get("numbers", []))
    _transit(account, sent, (item, target), quantity)
    _link(account, (order, shipping), (document, line), "ItemShip")
    _count(account, order, shipping, quantity)
    return {"transaction": str(order), "fulfilment": str(document)}


def arrive(account: Account, body: Row) -> Row:
    """Receive goods of a transfer that is under way.

    Raises:
        ValueError: so many are not under way there, or not those numbers.
    """
    order, item = int(body["transfer"]), int(body["item"])
    location, quantity = int(body["location"]), body["quantity"]
    awaited = account.one(
        'SELECT l.* FROM ns_transactionline l JOIN ns_transaction t ON t.id = l."transaction" WHERE t.id = ? AND t.type = ? '
        "AND l.transactionlinetype = 'RECEIVING' AND l.item = ? AND l.location = ?",
        order, TYPE, item, location,
    )  # fmt: skip
    if awaited is None or _shipping_of(account, awaited)["quantityshiprecv"] - awaited["quantityshiprecv"] < quantity:
        raise ValueError(f"transfer {order} has no {quantity} of item {item} under way to location {location}")
    given = body.get("numbers", [])
    _transit(account, [_on_the_way(account, item, location, one) for one in given], (item, location), -quantity)
    document = insert_header(account, "itemReceipt", Part(columns={"createdfrom": order}), "B")
    line = goods_line(account, document, item, location, quantity, createdfrom=order)
    post_line(account, document, line, given)
    _link(account, (order, awaited["id"]), (document, line), "ItemRcpt")
    _count(account, order, awaited["id"], quantity)
    return {"transaction": str(document)}


def is_shipment(account: Account, document: int) -> bool:
    """Return whether a document is the fulfilment of a transfer order."""
    return any(link["nexttype"] == "ItemShip" for link in _links(account, document))


def take_back_shipment(account: Account, document: int) -> None:
    """Take the goods of a transfer's fulfilment off the way, before they are put back where they came from.

    Raises:
        ValueError: some of them were received.
    """
    for link in _links(account, document):
        shipping = line_of(account, link["previousdoc"], link["previousline"])
        awaited = _awaited_of(account, shipping)
        line = line_of(account, document, link["nextline"])
        if shipping["quantityshiprecv"] + line["quantity"] < awaited["quantityshiprecv"]:
            raise ValueError(f"transfer {link['previousdoc']} was received: delete its receipts first")
        sent = numbers.assigned(account, document, line["id"])
        _transit(account, sent, (line["item"], awaited["location"]), line["quantity"])
        _count(account, link["previousdoc"], shipping["id"], line["quantity"])


def take_back_receipt(account: Account, document: int) -> None:
    """Put the goods of a transfer's receipt on the way again, after they were taken off the place where they arrived."""
    for link in _links(account, document):
        line = line_of(account, document, link["nextline"])
        _transit(account, numbers.assigned(account, document, line["id"]), (line["item"], line["location"]), line["quantity"])
        _count(account, link["previousdoc"], link["previousline"], -line["quantity"])


def _links(account: Account, document: int) -> list[Row]:
    return account.rows("SELECT * FROM ns_link WHERE nextdoc = ? AND previoustype = ?", document, TYPE)


def _link(account: Account, previous: tuple[int, int], following: tuple[int, int], kind: str) -> None:
    link = {"previousdoc": previous[0], "previousline": previous[1], "previoustype": TYPE, "linktype": "ShipRcpt"}
    account.insert("ns_link", link | {"nextdoc": following[0], "nextline": following[1], "nexttype": kind})


def _transit(account: Account, moved: list[numbers.Assigned], place: tuple[int, int], quantity: float) -> None:
    """Put goods and their numbers on the way to a place (item, location), or take them off it where quantity is below zero."""
    numbers.in_transit(account, moved, place[1], 1 if quantity > 0 else -1)
    stock.move(account, *place, quantityintransit=quantity)


def _on_the_way(account: Account, item: int, location: int, given: Any) -> numbers.Assigned:
    told = given if isinstance(given, dict) else {"number": given}
    row = account.one(
        "SELECT n.id, l.quantityintransit AS units FROM ns_inventorynumber n JOIN ns_inventorynumberlocation l "
        "ON l.inventorynumber = n.id WHERE n.item = ? AND n.inventorynumber = ? AND l.location = ?",
        item, str(told["number"]), location,
    )  # fmt: skip
    units = told.get("quantity", 1)
    if row is None or row["units"] < units:
        raise ValueError(f"number {told['number']} of item {item} is not on the way to location {location}")
    return numbers.Assigned(row["id"], units)


def _count(account: Account, order: int, line: int, units: float) -> None:
    """Add units to what a line of the order has shipped or received, and bring the order's status in line."""
    account.db.execute(
        'UPDATE ns_transactionline SET quantityshiprecv = quantityshiprecv + ? WHERE "transaction" = ? AND id = ?',
        (units, order, line),
    )
    counts = {
        kind: account.one(
            "SELECT SUM(ABS(quantity)) AS wanted, SUM(quantityshiprecv) AS done FROM ns_transactionline "
            'WHERE "transaction" = ? AND transactionlinetype = ?', order, kind
        ) or {}
        for kind in ("SHIPPING", "RECEIVING")
    }  # fmt: skip
    wanted, shipped, received = counts["SHIPPING"]["wanted"], counts["SHIPPING"]["done"], counts["RECEIVING"]["done"]
    partly = "B" if not shipped else "E" if shipped > received else "D"
    status = "G" if received >= wanted else "F" if shipped >= wanted else partly
    account.db.execute("UPDATE ns_transaction SET status = ? WHERE id = ?", (status, order))
    stock.touch(account, order, line)


def _shipping_of(account: Account, awaited: Row) -> Row:
    return _sibling(account, awaited, "SHIPPING")


def _awaited_of(account: Account, shipping: Row) -> Row:
    return _sibling(account, shipping, "RECEIVING")


def _sibling(account: Account, line: Row, kind: str) -> Row:
    """Return the other line of the same item of a transfer order."""
    found = account.one(
        'SELECT * FROM ns_transactionline WHERE "transaction" = ? AND transferorderitemlineid = ? AND transactionlinetype = ?',
        line["transaction"], line["transferorderitemlineid"], kind,
    )  # fmt: skip
    assert found is not None  # noqa: S101 - they are made together
    return found
