"""What people do with goods inside the company: build and unbuild, transfer, move between bins, count; control actions.

Seen in others' SuiteQL: a build's main line holds the assembly, its quantity and its numbers, the other lines the components;
an inventory transfer has a line at each place, below zero at the source; a bin transfer has a pair of lines, below zero first,
each with its own bins on InventoryAssignment; what was counted stands on lines of type COUNTQUANTITY, and the assignments of what
a document moves have its sign.

Not certain [?]: that a main line with goods is `isinventoryaffecting`, and a COUNTQUANTITY line is not; the signs of an unbuild
(the build's turned round); that what a count corrects stands on lines of its own, one for what is missing and one for what is too
much; an approved count's status (D). Whether there are enough components is not checked beyond their numbers, and what lies in
which bin is not kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.netsuite import numbers, stock
from sandbox.netsuite.account import Account
from sandbox.netsuite.goods_lines import goods_line, post_line, type_of
from sandbox.netsuite.record_body import Part
from sandbox.netsuite.transactions import insert_header

_Row = dict[str, Any]


def _build(account: Account, body: _Row) -> _Row:
    """Build an assembly of its components, which leave first."""
    return _assemble(account, "assemblyBuild", body, 1)


def _unbuild(account: Account, body: _Row) -> _Row:
    """Take an assembly apart: it leaves, and its components are on hand again."""
    return _assemble(account, "assemblyUnbuild", body, -1)


def _assemble(account: Account, kind: str, body: _Row, sign: int) -> _Row:
    item, location, quantity = int(body["item"]), int(body["location"]), body["quantity"]
    members = account.rows("SELECT item, quantity FROM ns_assemblyitemmember WHERE parentitem = ? ORDER BY linenumber", item)
    if not members or quantity <= 0:
        raise ValueError(f"item {item} has no components, or {quantity} of it cannot be built")
    document = insert_header(account, kind, Part(columns={"location": location}), "Y")
    account.db.execute(
        "UPDATE ns_transactionline SET item = ?, itemtype = ?, quantity = ?, isinventoryaffecting = 'T' "
        'WHERE "transaction" = ? AND id = 0',
        (item, type_of(account, item), sign * quantity, document),
    )
    lines = [(0, body.get("numbers", []))]
    for member in members:
        given = body.get("components", {}).get(str(member["item"]), [])
        units = -sign * quantity * member["quantity"]
        lines.append((goods_line(account, document, member["item"], location, units), given))
    # What leaves, leaves before what it becomes arrives.
    for line, given in reversed(lines) if sign > 0 else lines:
        post_line(account, document, line, given)
    return {"transaction": str(document)}


def _transfer_stock(account: Account, body: _Row) -> _Row:
    """Move goods from one location to another at once, without an order."""
    item, quantity = int(body["item"]), body["quantity"]
    source, target = int(body["from_location"]), int(body["to_location"])
    if quantity <= 0 or source == target:
        raise ValueError(f"{quantity} of item {item} cannot be moved from location {source} to {target}")
    document = insert_header(account, "inventoryTransfer", Part(columns={"location": source}), "Y")
    lines = [goods_line(account, document, item, place, units) for place, units in ((source, -quantity), (target, quantity))]
    for line in lines:
        post_line(account, document, line, body.get("numbers", []))
    return {"transaction": str(document)}


def _move_bins(account: Account, body: _Row) -> _Row:
    """Move goods from one bin of a location to another: no balance of the location changes."""
    item, location, quantity = int(body["item"]), int(body["location"]), body["quantity"]
    document = insert_header(account, "binTransfer", Part(columns={"location": location}), "Y")
    detail = numbers.detail_of(account, item, body.get("numbers", []), inbound=False)
    moved = numbers.issued(account, item, location, quantity, detail) if numbers.kind_of(account, item) else []
    for sign, place in ((-1, "from_bin"), (1, "to_bin")):
        line = goods_line(account, document, item, location, sign * quantity)
        numbers.assign(account, document, line, moved, sign, int(body[place]))
    return {"transaction": str(document)}


def _count_stock(account: Account, body: _Row) -> _Row:
    """Count an item at a location; approved (else started, with `approve` false) the count corrects what is on hand there."""
    item, location, quantity = int(body["item"]), int(body["location"]), body["quantity"]
    is_approved = body.get("approve", True)
    document = insert_header(account, "inventoryCount", Part(columns={"location": location}), "D" if is_approved else "B")
    line = goods_line(account, document, item, location, quantity, transactionlinetype="COUNTQUANTITY", isinventoryaffecting="F")
    detail = numbers.detail_of(account, item, body.get("numbers", []), inbound=True)
    counted = numbers.received(account, item, quantity, detail) if quantity else []
    numbers.assign(account, document, line, counted, 1)
    if is_approved:
        _correct(account, document, (item, location), quantity, counted)
    return {"transaction": str(document)}


def _correct(account: Account, document: int, place: tuple[int, int], quantity: float, counted: list[numbers.Assigned]) -> None:
    """Bring what is on hand at a place (item, location) to what was counted: what is missing leaves before the rest arrives."""
    item, location = place
    if not numbers.kind_of(account, item):
        change = quantity - stock.balance(account, item, location)["quantityonhand"]
        changes = {1 if change > 0 else -1: abs(change)} if change else {}
        found: dict[int, list[_Row]] = {}
    else:
        found = _differences(account, place, counted)
        changes = {sign: sum(row["quantity"] for row in rows) for sign, rows in found.items()}
    for sign in sorted(changes):
        line = goods_line(account, document, item, location, sign * changes[sign])
        post_line(account, document, line, found.get(sign, []))


def _differences(account: Account, place: tuple[int, int], counted: list[numbers.Assigned]) -> dict[int, list[_Row]]:
    """Return by sign the numbers of which more or fewer were counted than are on hand, with the units of the difference."""
    there = account.rows(
        "SELECT n.id, n.inventorynumber AS number, COALESCE(l.quantityonhand, 0) AS units FROM ns_inventorynumber n "
        "LEFT JOIN ns_inventorynumberlocation l ON l.inventorynumber = n.id AND l.location = ? WHERE n.item = ?",
        place[1], place[0],
    )  # fmt: skip
    seen = {one.number: one.quantity for one in counted}
    found: dict[int, list[_Row]] = {}
    for row in there:
        units = seen.get(row["id"], 0) - row["units"]
        if units:
            found.setdefault(1 if units > 0 else -1, []).append({"number": row["number"], "quantity": abs(units)})
    return found


ACTIONS: dict[str, Callable[[Account, _Row], _Row]] = {
    "build": _build,
    "unbuild": _unbuild,
    "transfer_stock": _transfer_stock,
    "move_bins": _move_bins,
    "count_stock": _count_stock,
}
