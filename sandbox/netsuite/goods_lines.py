"""Lines of goods in documents of the warehouse: units that arrive at a place or leave it, with their numbers."""

from __future__ import annotations

from typing import Any

from sandbox.netsuite import numbers, stock
from sandbox.netsuite.account import Account
from sandbox.netsuite.lines import insert_line


def goods_line(account: Account, document: int, item: int, location: int, quantity: float, **more: Any) -> int:
    """Insert a line of goods and return its id; it moves nothing yet.

    Raises:
        ValueError: there is no such item.
    """
    values = {"item": item, "itemtype": type_of(account, item), "location": location}
    return insert_line(account, document, quantity, values | more)


def type_of(account: Account, item: int) -> str:
    """Return an item's type.

    Raises:
        ValueError: there is no such item.
    """
    row = account.one("SELECT itemtype FROM ns_item WHERE id = ?", item)
    if row is None:
        raise ValueError(f"there is no item {item}")
    return str(row["itemtype"])


def line_of(account: Account, document: int, line: int) -> dict[str, Any]:
    """Return a line of a document."""
    found = account.one('SELECT * FROM ns_transactionline WHERE "transaction" = ? AND id = ?', document, line)
    assert found is not None  # noqa: S101 - asked for a line that was made or linked
    return found


def post_line(account: Account, document: int, line: int, given: list[Any]) -> list[numbers.Assigned]:
    """Let the units of a line arrive at its location, or leave it where they are below zero.

    Args:
        account: the account; its world's lock is held.
        document: the document.
        line: its line.
        given: the numbers of the units, as an action names them.

    Raises:
        NetSuiteError: 400, where the numbers do not come to the line, or one of them is not there, or is there already.
        ValueError: a number that leaves is not known.
    """
    row = line_of(account, document, line)
    inbound = row["quantity"] > 0
    detail = numbers.detail_of(account, row["item"], given, inbound=inbound)
    act = numbers.receive_line if inbound else numbers.issue_line
    found = act(account, document, line, abs(row["quantity"]), detail)
    stock.move(account, row["item"], row["location"], quantityonhand=row["quantity"])
    stock.commit_waiting(account, row["item"], row["location"])
    return found
