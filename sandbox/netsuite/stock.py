"""On hand and commitment. Every unit moves through here, so that balances and lines cannot disagree.

Committed and backordered of an item at a location are the sums over the order lines there; available is
max(0, on hand - committed). On hand may go negative. Quantities are stock units, fractions allowed.
"""

from typing import Any

from sandbox.netsuite.account import Account

_STOCKED = ("InvtPart", "Assembly")
_DO_NOT_COMMIT, _COMPLETE_QUANTITY = "3", "2"  # of commitInventory (facts: REST browser 2026.1)


def is_stocked(item_type: str | None) -> bool:
    """Return whether items of that type have balances."""
    return item_type in _STOCKED


def balance(account: Account, item: int, location: int) -> dict[str, Any]:
    """Return the stock row of an item at a location, made empty where there is none."""
    row = account.one("SELECT * FROM ns_stock WHERE item = ? AND location = ?", item, location)
    if row is None:
        account.insert("ns_stock", {"item": item, "location": location, "lastquantityavailablechange": account.stamp()})
        row = account.one("SELECT * FROM ns_stock WHERE item = ? AND location = ?", item, location)
    assert row is not None  # noqa: S101 - inserted above
    return row


def move(account: Account, item: int, location: int, **deltas: float) -> None:
    """Add to columns of a balance (quantityonhand, quantityintransit, …); stamps a change of what is available."""
    before = balance(account, item, location)
    after = {**before, **{name: before[name] + delta for name, delta in deltas.items()}}
    stamp = before["lastquantityavailablechange"] if _free(before) == _free(after) else account.stamp()
    assignments = ", ".join(f"{name} = ?" for name in deltas)
    account.db.execute(
        f"UPDATE ns_stock SET {assignments}, lastquantityavailablechange = ? WHERE item = ? AND location = ?",
        (*(after[name] for name in deltas), stamp, item, location),
    )


def _free(row: dict[str, Any]) -> Any:
    return max(0, row["quantityonhand"] - row["quantitycommitted"])


def commit_line(account: Account, transaction: int, line: int) -> None:
    """Bring a sales order line's commitment to what its order, its quantity and the stock allow.

    A commitment once given is not taken back because the stock shrank; what is not committed is backordered.
    """
    row = account.one(
        "SELECT l.*, t.status AS order_status, t.type AS type FROM ns_transactionline l JOIN ns_transaction t "
        'ON t.id = l."transaction" WHERE l."transaction" = ? AND l.id = ?',
        transaction,
        line,
    )
    if row is None or row["type"] != "SalesOrd" or not is_stocked(row["itemtype"]):
        return
    wanted = _wanted(row)
    committed: float = 0
    if row["location"] is not None and wanted > 0:
        stock = balance(account, row["item"], row["location"])
        mine = row["quantitycommitted"]
        committed = min(wanted, max(mine, stock["quantityonhand"] - stock["quantitycommitted"] + mine, 0))
        if row["commitinventory"] == _COMPLETE_QUANTITY and committed < wanted:
            committed = 0
    set_commitment(account, row, committed, wanted - committed)


def release_line(account: Account, transaction: int, line: int) -> None:
    """Take back everything a line has committed or backordered."""
    row = account.one('SELECT * FROM ns_transactionline WHERE "transaction" = ? AND id = ?', transaction, line)
    if row is not None and row["quantitycommitted"] is not None:
        set_commitment(account, row, 0, 0)


def set_commitment(account: Account, row: dict[str, Any], committed: float, backordered: float) -> None:
    """Write a line's commitment, move its balance by the difference, and stamp line and order if it changed."""
    more = committed - row["quantitycommitted"]
    longer = backordered - row["quantitybackordered"]
    if not more and not longer:
        return
    if row["location"] is not None:
        move(account, row["item"], row["location"], quantitycommitted=more, quantitybackordered=longer)
    account.db.execute(
        "UPDATE ns_transactionline SET quantitycommitted = ?, quantitybackordered = ? WHERE uniquekey = ?",
        (committed, backordered, row["uniquekey"]),
    )
    touch(account, row["transaction"], row["id"])


def commit_waiting(account: Account, item: int, location: int) -> None:
    """Commit what is backordered at a location, oldest order first, as far as the stock goes."""
    waiting = account.rows(
        'SELECT "transaction", id FROM ns_transactionline WHERE item = ? AND location = ? AND quantitybackordered > 0 '
        'ORDER BY "transaction", id',
        item,
        location,
    )
    for row in waiting:
        commit_line(account, row["transaction"], row["id"])


def touch(account: Account, transaction: int, line: int | None = None) -> None:
    """Stamp an order, and a line of it, as modified now."""
    stamp = account.stamp()
    account.db.execute("UPDATE ns_transaction SET lastmodifieddate = ? WHERE id = ?", (stamp, transaction))
    if line is not None:
        account.db.execute(
            'UPDATE ns_transactionline SET linelastmodifieddate = ? WHERE "transaction" = ? AND id = ?',
            (stamp, transaction, line),
        )


def _wanted(row: dict[str, Any]) -> Any:
    """Return the units that an order line still asks the stock for."""
    if row["order_status"] in ("A", "C") or row["isclosed"] == "T" or row["commitinventory"] == _DO_NOT_COMMIT:
        return 0
    return max(0, -row["quantity"] - row["quantityshiprecv"])
