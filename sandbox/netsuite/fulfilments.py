"""Item fulfilments: documents with lines of their own, made from a sales order's lines.

Picked (A) and packed (B) leave the stock alone; shipped (C) lowers on hand at the fulfilment's location and the
order line's commitment at the line's own. A kit's line is followed by its members' (`kitmemberof`), each made of the order's own
line of that member, with the numbers of its units (seen in others' scripts and questions).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.netsuite import numbers, stock
from sandbox.netsuite.account import Account
from sandbox.netsuite.lines import insert_line
from sandbox.netsuite.order_status import refresh_status
from sandbox.netsuite.record_body import Part
from sandbox.netsuite.transactions import delete, insert_header

_COUNTED = {"A": "quantitypicked", "B": "quantitypacked"}


@dataclass(frozen=True)
class Shipment:
    """Units of one order line that leave from one location (the line's own where None)."""

    line: int
    quantity: float
    location: int | None = None
    detail: Any = None  # the inventory detail of numbered units
    members: Mapping[int, Any] = field(default_factory=dict)  # of a kit: those of its members, by their lines of the order


def fulfil(account: Account, order: int, shipments: list[Shipment], status: str, external_id: str | None = None) -> int:
    """Create a fulfilment of order lines and return its id.

    Args:
        account: the account; its world's lock is held.
        order: id of the sales order.
        shipments: what leaves, per line.
        status: A picked, B packed, C shipped.
        external_id: of the fulfilment.

    Raises:
        ValueError: the order is not open, a line is not there, or more would leave than was ordered.
    """
    source = account.one("SELECT * FROM ns_transaction WHERE id = ? AND type = 'SalesOrd'", order)
    if source is None or source["status"] not in ("B", "D", "E") or status not in ("A", "B", "C"):
        raise ValueError(f"sales order {order} is not open for a fulfilment of status {status}")
    columns = {"entity": source["entity"], "createdfrom": order, "externalid": external_id}
    document = insert_header(account, "itemFulfillment", Part(columns=columns), status)
    for shipment in shipments:
        _fulfil_shipment(account, order, document, shipment)
    if status == "C":
        _ship(account, document)
    stock.touch(account, order)
    refresh_status(account, order)
    return document


def advance(account: Account, document: int, status: str) -> None:
    """Move a fulfilment on to packed (B) or shipped (C).

    Raises:
        ValueError: there is no such fulfilment, or it would go backwards.
    """
    row = account.one("SELECT * FROM ns_transaction WHERE id = ? AND type = 'ItemShip'", document)
    if row is None or status <= row["status"] or status not in ("B", "C"):
        raise ValueError(f"fulfilment {document} cannot become {status}")
    account.db.execute("UPDATE ns_transaction SET status = ? WHERE id = ?", (status, document))
    stock.touch(account, document)
    for line in _goods(account, document):
        link = _link(account, document, line)
        if status == "B":
            _count(account, link, "quantitypacked", -line["quantity"])
    if status == "C":
        _ship(account, document)


def delete_fulfilment(account: Account, document: int) -> None:
    """Delete a fulfilment: what it shipped comes back, and the order lines are open again.

    Raises:
        ValueError: there is no such fulfilment.
    """
    row = account.one("SELECT * FROM ns_transaction WHERE id = ? AND type = 'ItemShip'", document)
    if row is None:
        raise ValueError(f"there is no fulfilment {document}")
    orders = set()
    lines = _goods(account, document)
    for line in lines:
        link, units = _link(account, document, line), -line["quantity"]
        orders.add(link["previousdoc"])
        _count(account, link, "quantitypicked", -units)
        if row["status"] in ("B", "C"):
            _count(account, link, "quantitypacked", -units)
        if row["status"] == "C":
            _count(account, link, "quantityshiprecv", -units)
            if stock.is_stocked(line["itemtype"]):
                stock.move(account, line["item"], line["location"], quantityonhand=units)
                numbers.post(account, document, line["id"], back=True)
                stock.commit_line(account, link["previousdoc"], link["previousline"])
    delete(account, document)
    for line in lines:
        stock.commit_waiting(account, line["item"], line["location"])
    for order in orders:
        refresh_status(account, order)


def seeded(account: Account, order: int, given: dict[str, Any]) -> int:
    """Create a fulfilment as a seed says: {lines: [{line, quantity, location?}] or line…, status?, created_at?}."""
    before = account.backdated
    if given.get("created_at"):
        account.backdated = datetime.fromisoformat(given["created_at"])
    rows = given.get("lines") or [given]
    shipments = [shipment_of(account, order, row) for row in rows]
    document = fulfil(account, order, shipments, given.get("status", "C"), given.get("external_id"))
    account.backdated = before
    return document


def shipment_of(account: Account, order: int, row: dict[str, Any]) -> Shipment:
    """Return a shipment as a seed or an action names it: {line, quantity, location?, numbers?}.

    Of a kit's line `members` are the numbers of its members, by their lines of the order.
    """
    place = int(row["location"]) if row.get("location") else None
    members = {int(line): _detail_of(account, order, int(line), given) for line, given in row.get("members", {}).items()}
    detail = _detail_of(account, order, int(row["line"]), row.get("numbers", []))
    return Shipment(int(row["line"]), row["quantity"], place, detail, members)


def members_of(account: Account, order: int, kit_line: int) -> list[dict[str, Any]]:
    """Return the lines of a kit's members."""
    return account.rows('SELECT * FROM ns_transactionline WHERE "transaction" = ? AND kitmemberof = ? ORDER BY id', order, kit_line)


def _detail_of(account: Account, order: int, number: int, given: list[Any]) -> Any:
    line = account.one('SELECT item FROM ns_transactionline WHERE "transaction" = ? AND id = ?', order, number) or {}
    return numbers.detail_of(account, line.get("item", 0), given, inbound=False)


def _fulfil_shipment(account: Account, order: int, document: int, shipment: Shipment) -> None:
    line = account.one('SELECT * FROM ns_transactionline WHERE "transaction" = ? AND id = ?', order, shipment.line)
    if line is None or line["itemtype"] != "Kit":
        _fulfil_line(account, order, document, shipment)
        return
    kit = _fulfil_line(account, order, document, shipment)
    share = shipment.quantity / -line["quantity"]
    for row in members_of(account, order, shipment.line):
        if stock.is_stocked(row["itemtype"]):
            part = Shipment(row["id"], -row["quantity"] * share, shipment.location, shipment.members.get(row["id"]))
            _fulfil_line(account, order, document, part, kitmemberof=kit, kitcomponent="T")


def _fulfil_line(account: Account, order: int, document: int, shipment: Shipment, **more: Any) -> int:
    """Insert the line of a shipment, with its cost and its numbers, and return its id."""
    line = account.one('SELECT * FROM ns_transactionline WHERE "transaction" = ? AND id = ?', order, shipment.line)
    if line is None or not (stock.is_stocked(line["itemtype"]) or line["itemtype"] == "Kit") or line["isclosed"] == "T":
        raise ValueError(f"sales order {order} has no open stock line {shipment.line}")
    if shipment.quantity <= 0 or shipment.quantity > -line["quantity"] - line["quantitypicked"]:
        raise ValueError(f"{shipment.quantity} units cannot leave line {shipment.line} of sales order {order}")
    location = shipment.location or line["location"]
    if location is None:
        raise ValueError(f"line {shipment.line} of sales order {order} has no location to ship from")
    values = {"item": line["item"], "itemtype": line["itemtype"], "location": location, "createdfrom": order}
    values |= {"custom": line["custom"], "entity": None, **more}
    values |= {"body": json.dumps({"inventoryDetail": shipment.detail})} if shipment.detail else {}
    number = insert_line(account, document, -shipment.quantity, values)
    if stock.is_stocked(line["itemtype"]):
        cost = {"item": line["item"], "itemtype": line["itemtype"], "location": location, "iscogs": "T"}
        insert_line(account, document, shipment.quantity, cost | {"body": json.dumps({"cost_of": number})})
    if numbers.kind_of(account, line["item"]):
        chosen = numbers.issued(account, line["item"], location, shipment.quantity, shipment.detail)
        numbers.assign(account, document, number, chosen, -1)
    _link_line(account, (order, shipment.line), (document, number), shipment.quantity)
    return number


def _link_line(account: Account, source: tuple[int, int], made: tuple[int, int], quantity: float) -> None:
    """Link a line to the order's line that it is made of, and count its units there."""
    document, number = made
    link = {"previousdoc": source[0], "previousline": source[1], "previoustype": "SalesOrd"}
    link |= {"nextdoc": document, "nextline": number, "nexttype": "ItemShip", "linktype": "ShipRcpt"}
    account.insert("ns_link", link)
    status = (account.one("SELECT status FROM ns_transaction WHERE id = ?", document) or {})["status"]
    _count(account, link, "quantitypicked", quantity)
    if status in ("B", "C"):
        _count(account, link, "quantitypacked", quantity)


def _ship(account: Account, document: int) -> None:
    """Take the units of a fulfilment out of the stock and off their order lines' commitment."""
    for line in _goods(account, document):
        link, units = _link(account, document, line), -line["quantity"]
        _count(account, link, "quantityshiprecv", units)
        source = account.one(
            'SELECT * FROM ns_transactionline WHERE "transaction" = ? AND id = ?', link["previousdoc"], link["previousline"]
        )
        assert source is not None  # noqa: S101 - a link names its line
        remaining = max(0, -source["quantity"] - source["quantityshiprecv"])
        if stock.is_stocked(line["itemtype"]):
            committed = max(0, source["quantitycommitted"] - units)
            stock.set_commitment(account, source, committed, max(0, remaining - committed))
            stock.move(account, line["item"], line["location"], quantityonhand=-units)
            numbers.post(account, document, line["id"])
        account.db.execute(
            "UPDATE ns_transactionline SET isfullyshipped = ? WHERE uniquekey = ?",
            ("F" if remaining else "T", source["uniquekey"]),
        )
        if source["location"] is not None:
            stock.commit_waiting(account, source["item"], source["location"])
        refresh_status(account, link["previousdoc"])


def _goods(account: Account, document: int) -> list[dict[str, Any]]:
    return account.rows("SELECT * FROM ns_transactionline WHERE \"transaction\" = ? AND mainline = 'F' AND iscogs = 'F'", document)


def _link(account: Account, document: int, line: dict[str, Any]) -> dict[str, Any]:
    found = account.one("SELECT * FROM ns_link WHERE nextdoc = ? AND nextline = ?", document, line["id"])
    assert found is not None  # noqa: S101 - a fulfilment line is made with its link
    return found


def _count(account: Account, link: dict[str, Any], column: str, units: float) -> None:
    """Add units to a counter of the order line behind a link, and stamp line and order."""
    account.db.execute(
        f'UPDATE ns_transactionline SET {column} = {column} + ? WHERE "transaction" = ? AND id = ?',
        (units, link["previousdoc"], link["previousline"]),
    )
    stock.touch(account, link["previousdoc"], link["previousline"])
