"""The state of a sales order, from what its lines have shipped and billed."""

from __future__ import annotations

from typing import Any

from sandbox.netsuite import stock
from sandbox.netsuite.account import Account


def refresh_status(account: Account, identifier: int) -> None:
    """Set a sales order's status from what its lines have shipped and billed; pending approval stays."""
    row = account.one("SELECT * FROM ns_transaction WHERE id = ?", identifier)
    if row is None or row["type"] != "SalesOrd" or row["status"] == "A":
        return
    rows = account.rows(
        "SELECT * FROM ns_transactionline WHERE \"transaction\" = ? AND iscogs = 'F' AND mainline = 'F'", identifier
    )
    status = _status_of(rows) or row["status"]
    if status != row["status"]:
        account.db.execute("UPDATE ns_transaction SET status = ? WHERE id = ?", (status, identifier))
        stock.touch(account, identifier)


def _status_of(rows: list[dict[str, Any]]) -> str | None:
    """Return the letter of a sales order's state, or None where its lines say nothing (no goods, nothing billed)."""
    goods = [line for line in rows if stock.is_stocked(line["itemtype"])]
    is_open = any(line["isclosed"] != "T" and -line["quantity"] > line["quantityshiprecv"] for line in goods)
    is_shipped = any(line["quantityshiprecv"] for line in goods)
    sold = [line for line in rows if line["kitmemberof"] is None and line["isclosed"] != "T"]
    is_billed = any(line["quantitybilled"] for line in rows)
    if not is_open and sold and all(abs(line["quantitybilled"]) >= abs(line["quantity"]) for line in sold):
        return "G"
    if is_billed and is_open and is_shipped:
        waits = any(line["quantityshiprecv"] > line["quantitybilled"] for line in goods if line["kitmemberof"] is None)
        return "E" if waits else "D"
    if is_shipped:
        return "D" if is_open else "F"
    if is_billed:
        return "B" if is_open else "F"
    if goods:
        # With every good closed, a charge that is left is still to be billed.
        return "B" if is_open else "F" if sold else "H"
    return "H" if rows and not sold else None
