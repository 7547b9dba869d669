"""Serial and lot numbers: which of them a line issues or receives, and where they are.

A line's `inventoryDetail` (facts 4.4): `quantity`, and `inventoryAssignment.items`, each with a quantity and, outbound,
`issueInventoryNumber` (an id), inbound `receiptInventoryNumber` (a text) and `expirationDate`. Without
`inventoryDetail.quantity` the assignments are dropped in silence (one source). Documented by Oracle: a serialized line
names as many numbers as it has units; a number is on hand once, over all locations, and may come back after it has left;
another item may use the same text. The sentences "Please configure the inventory detail for this line.", "The total
inventory detail quantity must be N." and "Invalid Field Value N for … issueinventorynumber" were seen in others' logs.

An assignment of a line that moves goods has the sign of the move (seen in others' SuiteQL).

Not certain [?]: that a number which is not on hand at the place is refused as an unknown one is; that a picked fulfilment needs
its numbers already; that a number's available is its on hand whatever orders name it. The sentences about a serial twice, one on
hand already, and one that is gone again are ours. Quantities are stock units, which are the base units here: units of measure are
not modelled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.netsuite.account import Account
from sandbox.netsuite.problems import NetSuiteError, invalid_reference, user_error

_PATH = "item.items"


@dataclass(frozen=True)
class Assigned:
    """Units of one number, by its id."""

    number: int
    quantity: float


def kind_of(account: Account, item: int | None) -> str | None:
    """Return serial, lot or None: how the units of an item are numbered."""
    row = account.one("SELECT isserialitem, islotitem FROM ns_item WHERE id = ?", item)
    if row is None:
        return None
    return "serial" if row["isserialitem"] == "T" else "lot" if row["islotitem"] == "T" else None


def issued(account: Account, item: int, location: int, quantity: float, detail: Any) -> list[Assigned]:
    """Return the numbers that leave a location with a line.

    Raises:
        NetSuiteError: 400, where the detail is missing, does not add up, or names a number that is not on hand there.
    """
    rows = _rows(account, item, quantity, detail, is_required=True)
    found = []
    for row in rows:
        key = _key(row)
        held = account.one(
            "SELECT l.quantityonhand FROM ns_inventorynumber n JOIN ns_inventorynumberlocation l ON l.inventorynumber = n.id "
            "WHERE n.id = ? AND n.item = ? AND l.location = ?",
            key, item, location,
        )  # fmt: skip
        if held is None or held["quantityonhand"] < row["quantity"]:
            raise invalid_reference(key, "issueinventorynumber", f"{_PATH}.inventoryDetail")
        found.append(Assigned(int(key), row["quantity"]))
    _check_twice(found)
    return found


def received(account: Account, item: int, quantity: float, detail: Any) -> list[Assigned]:
    """Return the numbers that arrive with a line; a text that no number of the item has makes a new one.

    Raises:
        NetSuiteError: 400, where the detail is missing, does not add up, or names nothing.
    """
    rows = _rows(account, item, quantity, detail, is_required=True)
    found = []
    for row in rows:
        text = row.get("receiptInventoryNumber")
        if not isinstance(text, str) or not text:
            raise user_error("Please enter value(s) for: Serial/Lot Number.", f"{_PATH}.inventoryDetail")
        found.append(Assigned(_number(account, item, text, row.get("expirationDate")), row["quantity"]))
    _check_twice(found)
    return found


def wished(account: Account, item: int, quantity: float, detail: Any) -> list[Assigned]:
    """Return the numbers that a sales order's line asks for: none where it has no detail."""
    rows = _rows(account, item, quantity, detail, is_required=False)
    return [Assigned(int(key), row["quantity"]) for row in rows if (key := _key(row)).isdigit()]


def assign(  # noqa: PLR0913, PLR0917 - the line of a document, and what it names
    account: Account, document: int, line: int, numbers: list[Assigned], sign: int, bin_number: int | None = None
) -> None:
    """Write down the numbers of a line; `sign` is -1 where they leave."""
    for one in numbers:
        row = {"transaction": document, "transactionline": line, "inventorynumber": one.number, "bin": bin_number}
        account.insert("ns_inventoryassignment", row | {"quantity": sign * one.quantity})


def assigned(account: Account, document: int, line: int) -> list[Assigned]:
    """Return the numbers that a line names, in units without a sign."""
    rows = account.rows(
        'SELECT inventorynumber, quantity FROM ns_inventoryassignment WHERE "transaction" = ? AND transactionline = ?',
        document,
        line,
    )
    return [Assigned(row["inventorynumber"], abs(row["quantity"])) for row in rows]


def post(account: Account, document: int, line: int, *, back: bool = False) -> None:
    """Move the numbers of a line at its location, or (`back`) take the move back.

    Raises:
        NetSuiteError: 400, for a number that would be there less than not at all.
    """
    rows = account.rows(
        "SELECT a.inventorynumber, a.quantity, l.location FROM ns_inventoryassignment a JOIN ns_transactionline l "
        'ON l."transaction" = a."transaction" AND l.id = a.transactionline WHERE a."transaction" = ? AND a.transactionline = ?',
        document,
        line,
    )
    for row in rows:
        _move(account, row["inventorynumber"], row["location"], -row["quantity"] if back else row["quantity"])


def forget(account: Account, document: int) -> None:
    """Delete the assignments of a document."""
    account.db.execute('DELETE FROM ns_inventoryassignment WHERE "transaction" = ?', (document,))


def in_transit(account: Account, numbers: list[Assigned], location: int, sign: int) -> None:
    """Move numbers onto the way to a location, or off it."""
    for one in numbers:
        _place(account, one.number, location)
        account.db.execute(
            "UPDATE ns_inventorynumberlocation SET quantityintransit = quantityintransit + ? "
            "WHERE inventorynumber = ? AND location = ?",
            (sign * one.quantity, one.number, location),
        )


def detail_of(account: Account, item: int, given: list[Any], *, inbound: bool) -> dict[str, Any] | None:
    """Return an inventory detail of numbers as an action names them: texts, or {number, quantity, expiration_date}.

    Raises:
        ValueError: a number that leaves is not known.
    """
    if not given:
        return None
    rows = []
    for one in given:
        told = one if isinstance(one, dict) else {"number": one}
        row: dict[str, Any] = {"quantity": told.get("quantity", 1)}
        if inbound:
            row |= {"receiptInventoryNumber": str(told["number"]), "expirationDate": told.get("expiration_date")}
        else:
            found = account.one(
                "SELECT id FROM ns_inventorynumber WHERE item = ? AND inventorynumber = ?", item, str(told["number"])
            )
            if found is None:
                raise ValueError(f"item {item} has no number {told['number']}")
            row["issueInventoryNumber"] = {"id": str(found["id"])}
        rows.append(row)
    return {"quantity": sum(row["quantity"] for row in rows), "inventoryAssignment": {"items": rows}}


def _rows(account: Account, item: int, quantity: float, detail: Any, *, is_required: bool) -> list[dict[str, Any]]:
    """Return the assignments of a detail, checked against the line; none for an item without numbers."""
    kind = kind_of(account, item)
    if kind is None:
        return []
    given = detail if isinstance(detail, dict) and detail.get("quantity") is not None else {}
    assigned = given.get("inventoryAssignment") or {}
    rows = [{**row, "quantity": row.get("quantity", 1)} for row in assigned.get("items") or [] if isinstance(row, dict)]
    if not rows:
        if is_required:
            raise user_error("Please configure the inventory detail for this line.", f"{_PATH}.inventoryDetail")
        return []
    if kind == "serial" and any(row["quantity"] != 1 for row in rows):
        raise user_error("A serial number has a quantity of 1.", f"{_PATH}.inventoryDetail")
    if round(sum(row["quantity"] for row in rows), 6) != quantity or given["quantity"] != quantity:
        raise user_error(f"The total inventory detail quantity must be {quantity:g}.", f"{_PATH}.inventoryDetail")
    return rows


def _key(row: dict[str, Any]) -> str:
    """Return the id that an outbound assignment names; one by external id is not modelled and stands for none."""
    given = row.get("issueInventoryNumber")
    return str(given.get("id") if isinstance(given, dict) else given)


def _check_twice(found: list[Assigned]) -> None:
    if len({one.number for one in found}) < len(found):
        raise user_error("The same serial/lot number is entered twice.", f"{_PATH}.inventoryDetail")


def _number(account: Account, item: int, text: str, expires: Any) -> int:
    row = account.one("SELECT id FROM ns_inventorynumber WHERE item = ? AND inventorynumber = ?", item, text)
    day = f"{expires} 00:00:00" if expires else None
    if row is None:
        made = {"inventorynumber": text, "item": item, "expirationdate": day, "isinactive": "F"}
        return account.insert("ns_inventorynumber", made)
    if day:
        account.db.execute("UPDATE ns_inventorynumber SET expirationdate = ? WHERE id = ?", (day, row["id"]))
    return int(row["id"])


def _on_hand(account: Account, number: int) -> float:
    sql = (
        "SELECT COALESCE(SUM(quantityonhand + quantityintransit), 0) AS n FROM ns_inventorynumberlocation WHERE inventorynumber = ?"
    )
    return float((account.one(sql, number) or {})["n"])


def _move(account: Account, number: int, location: int, quantity: float) -> None:
    held = _place(account, number, location)
    row = account.one("SELECT inventorynumber AS text, item FROM ns_inventorynumber WHERE id = ?", number) or {}
    if held + quantity < 0:
        raise _refused(row["text"], "is no longer on hand at the location")
    if quantity > 0 and kind_of(account, row["item"]) == "serial" and _on_hand(account, number) > 0:
        raise _refused(row["text"], "is already on hand")
    account.db.execute(
        "UPDATE ns_inventorynumberlocation SET quantityonhand = quantityonhand + ?, quantityavailable = quantityavailable + ? "
        "WHERE inventorynumber = ? AND location = ?",
        (quantity, quantity, number, location),
    )


def _refused(text: str, why: str) -> NetSuiteError:
    return user_error(f"The serial/lot number {text} {why}.", f"{_PATH}.inventoryDetail")


def _place(account: Account, number: int, location: int) -> Any:
    """Return how many of a number are on hand at a location; its row is made where there is none."""
    sql = "SELECT quantityonhand FROM ns_inventorynumberlocation WHERE inventorynumber = ? AND location = ?"
    row = account.one(sql, number, location)
    if row is None:
        blank = dict.fromkeys(("quantityonhand", "quantityavailable", "quantityintransit", "quantityonorder"), 0)
        account.insert("ns_inventorynumberlocation", {"inventorynumber": number, "location": location} | blank)
        return 0
    return row["quantityonhand"]


def issue_line(account: Account, document: int, line: int, quantity: float, detail: Any) -> list[Assigned]:
    """Let the numbers of a line's detail leave its location at once; nothing for an item without numbers."""
    row = account.one('SELECT item, location FROM ns_transactionline WHERE "transaction" = ? AND id = ?', document, line) or {}
    found = issued(account, row["item"], row["location"], quantity, detail) if kind_of(account, row["item"]) else []
    assign(account, document, line, found, -1)
    post(account, document, line)
    return found


def receive_line(  # noqa: PLR0913, PLR0917 - the line of a document, and what arrives with it
    account: Account, document: int, line: int, quantity: float, detail: Any, puts_on_hand: bool = True
) -> list[Assigned]:
    """Let the numbers of a line's detail arrive at its location; nothing for an item without numbers."""
    row = account.one('SELECT item FROM ns_transactionline WHERE "transaction" = ? AND id = ?', document, line) or {}
    found = received(account, row["item"], quantity, detail) if kind_of(account, row["item"]) else []
    assign(account, document, line, found, 1)
    if puts_on_hand:
        post(account, document, line)
    return found
