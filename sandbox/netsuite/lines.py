"""Lines of transactions: sales quantities and amounts are negative, kits carry member lines.

A cash sale's goods have a cost-of-goods line beside each (iscogs = 'T', positive quantity): who sums lines without
leaving those out counts nothing. That NetSuite's have this sign is not certain [?].
"""

import json
from typing import Any

from sandbox.netsuite import stock
from sandbox.netsuite.account import Account
from sandbox.netsuite.problems import missing_mandatory, user_error
from sandbox.netsuite.record_body import Part, check_mandatory_custom
from sandbox.netsuite.system_notes import TRANSACTION, note_changes


def main_line(account: Account, transaction: int, given: dict[str, Any]) -> None:
    """Insert the line with id 0, which carries the header's location, entity and source document."""
    row = _blank(account, transaction, 0) | {"mainline": "T", "createdfrom": given.get("createdfrom")}
    row |= {name: given.get(name) for name in ("location", "subsidiary", "entity")}
    account.insert("ns_transactionline", row)


def add_line(account: Account, transaction: int, part: Part) -> int:
    """Append a sales line as sent and return its id; a kit brings its members.

    Raises:
        NetSuiteError: 400, where the item or a mandatory custom column is missing.
    """
    given = part.columns
    if given.get("item") is None:
        raise missing_mandatory("Item")
    check_mandatory_custom(account, "custcol", part.custom)
    item = account.one("SELECT * FROM ns_item WHERE id = ?", given["item"]) or {}
    quantity = given.get("quantity")
    quantity = 1 if quantity is None else quantity
    values = {
        "item": given["item"],
        "itemtype": item["itemtype"],
        "memo": given.get("memo"),
        "isclosed": given.get("isclosed") or "F",
        "commitinventory": given.get("commitinventory") or "1",
        "location": given.get("location") or header_location(account, transaction),
        "custom": json.dumps(part.custom),
        "body": json.dumps(part.other),
        **_money(given, quantity, item.get("baseprice") or 0),
    }
    identifier = insert_line(account, transaction, -quantity, values)
    if item["itemtype"] == "Kit":
        _add_members(account, transaction, identifier, quantity)
    _add_cost_line(account, transaction, identifier)
    return identifier


def insert_line(account: Account, transaction: int, quantity: float, values: dict[str, Any]) -> int:
    """Insert a line of any transaction at its end, quantity as stored, and return its id."""
    # A number is never given twice, though its line be deleted: `line` and orderLine are not sequential.
    account.db.execute("UPDATE ns_transaction SET lines_made = lines_made + 1 WHERE id = ?", (transaction,))
    made = account.one("SELECT lines_made FROM ns_transaction WHERE id = ?", transaction) or {}
    identifier = int(made["lines_made"])
    row = _blank(account, transaction, identifier) | {"quantity": quantity} | values
    if "isinventoryaffecting" not in values:
        row["isinventoryaffecting"] = "T" if stock.is_stocked(row.get("itemtype")) and row["iscogs"] == "F" else "F"
    account.insert("ns_transactionline", row)
    return identifier


def change_line(account: Account, transaction: int, part: Part) -> None:
    """Set the fields given of the line with the part's key.

    Raises:
        NetSuiteError: 400, where there is no such line.
    """
    line = account.one('SELECT * FROM ns_transactionline WHERE "transaction" = ? AND id = ?', transaction, part.key)
    if line is None or part.key == 0:
        raise user_error("The line does not exist.", "item.items")
    given = dict(part.columns)
    if "quantity" in given and given["quantity"] < max(line["quantityshiprecv"], line["quantitybilled"]):
        # NetSuite refuses it; the sentence is ours.
        raise user_error("The quantity cannot be less than what was fulfilled or billed.", "item.items")
    if "location" in given or "item" in given or given.get("isclosed") == "T":
        stock.release_line(account, transaction, line["id"])
        _commit_others(account, line)
    if "quantity" in given or "rate" in given or "foreignamount" in given:
        quantity = given.get("quantity", -line["quantity"])
        kept = {"rate": line["rate"]} if "foreignamount" not in given else {}
        given |= _money({**kept, **given}, quantity, 0) | {"quantity": -quantity}
    if given.get("item"):
        given["itemtype"] = (account.one("SELECT itemtype FROM ns_item WHERE id = ?", given["item"]) or {})["itemtype"]
    before = json.loads(line["custom"] or "{}")
    given["custom"] = json.dumps({**before, **part.custom})
    note_changes(account, TRANSACTION, transaction, before, {**before, **part.custom}, line=line["id"])
    given["body"] = json.dumps({**json.loads(line["body"] or "{}"), **part.other})
    account.db.execute(
        f"UPDATE ns_transactionline SET {', '.join(f'{name} = ?' for name in given)} WHERE uniquekey = ?",
        (*given.values(), line["uniquekey"]),
    )
    _change_followers(account, transaction, line["id"], is_other_item=given.get("item", line["item"]) != line["item"])
    stock.touch(account, transaction, line["id"])


def remove_line(account: Account, line: dict[str, Any]) -> None:
    """Delete a sales line, its kit members and its cost line, and release what they had committed.

    Raises:
        NetSuiteError: 400, where something was fulfilled from it.
    """
    followers = _followers(account, line["transaction"], line["id"])
    if any(row["quantityshiprecv"] or row["quantitypicked"] for row in [line, *followers]):
        raise user_error("You cannot delete a line that has been fulfilled.", "item.items")
    for row in [line, *followers]:
        _drop_line(account, row)
        _commit_others(account, row)


def sales_lines(account: Account, transaction: int) -> list[dict[str, Any]]:
    """Return the lines that a user entered: no main line, kit member or cost line."""
    return account.rows(
        "SELECT * FROM ns_transactionline WHERE \"transaction\" = ? AND mainline = 'F' AND iscogs = 'F' "
        "AND kitmemberof IS NULL ORDER BY id",
        transaction,
    )


def shown_lines(account: Account, transaction: int) -> list[dict[str, Any]]:
    """Return the lines of the item sublist over REST: a kit's members are in a fulfilment's or receipt's (`kitMemberOf`) only."""
    return account.rows(
        'SELECT l.* FROM ns_transactionline l JOIN ns_transaction t ON t.id = l."transaction" WHERE t.id = ? '
        "AND l.mainline = 'F' AND l.iscogs = 'F' AND (l.kitmemberof IS NULL OR t.type IN ('ItemShip', 'ItemRcpt')) ORDER BY l.id",
        transaction,
    )


def header_location(account: Account, transaction: int) -> int | None:
    """Return the location of a transaction's main line."""
    row = account.one('SELECT location FROM ns_transactionline WHERE "transaction" = ? AND id = 0', transaction)
    return row["location"] if row else None


def _money(given: dict[str, Any], quantity: float, price: float) -> dict[str, Any]:
    """Return rate and amounts of a line: an amount sent wins, else quantity times rate, to the cent."""
    rate, amount = given.get("rate"), given.get("foreignamount")
    if rate is None:
        rate = amount / quantity if amount is not None and quantity else price
    if amount is None:
        amount = round(quantity * rate, 2)
    return {"rate": rate, "foreignamount": -amount, "netamount": -amount}


def _blank(account: Account, transaction: int, identifier: int) -> dict[str, Any]:
    row: dict[str, Any] = {"transaction": transaction, "id": identifier, "linesequencenumber": identifier}
    row |= {"mainline": "F", "taxline": "F", "iscogs": "F", "isclosed": "F", "isfullyshipped": "F", "kitcomponent": "F"}
    if identifier:
        names = ("shiprecv", "billed", "committed", "backordered", "picked", "packed")
        row |= {f"quantity{name}": 0 for name in names}
    return row | {"linelastmodifieddate": account.stamp(), "isinventoryaffecting": "F"}


def _add_members(account: Account, transaction: int, parent: int, quantity: float) -> None:
    line = account.one('SELECT * FROM ns_transactionline WHERE "transaction" = ? AND id = ?', transaction, parent) or {}
    if line["itemtype"] != "Kit":
        return
    members = account.rows(
        "SELECT m.item, m.quantity, i.itemtype FROM ns_kititemmember m JOIN ns_item i ON i.id = m.item "
        "WHERE m.parentitem = ? ORDER BY m.linenumber",
        line["item"],
    )
    for member in members:
        values = {"item": member["item"], "itemtype": member["itemtype"], "kitmemberof": parent, "kitcomponent": "T"}
        values |= {name: line[name] for name in ("location", "isclosed", "commitinventory")}
        identifier = insert_line(account, transaction, -quantity * member["quantity"], values)
        _add_cost_line(account, transaction, identifier)


def _add_cost_line(account: Account, transaction: int, identifier: int) -> None:
    row = account.one(
        'SELECT l.*, t.type FROM ns_transactionline l JOIN ns_transaction t ON t.id = l."transaction" '
        'WHERE l."transaction" = ? AND l.id = ?',
        transaction,
        identifier,
    )
    if row is None or row["type"] == "SalesOrd" or not stock.is_stocked(row["itemtype"]):
        return
    values = {"item": row["item"], "itemtype": row["itemtype"], "location": row["location"], "iscogs": "T"}
    insert_line(account, transaction, -row["quantity"], values | {"body": json.dumps({"cost_of": identifier})})


def _followers(account: Account, transaction: int, parent: int) -> list[dict[str, Any]]:
    """Return kit members and cost lines that hang on a line."""
    return account.rows(
        'SELECT * FROM ns_transactionline WHERE "transaction" = ? AND (kitmemberof = ? OR (iscogs = \'T\' AND '
        "(json_extract(body, '$.cost_of') = ? OR json_extract(body, '$.cost_of') IN "
        '(SELECT m.id FROM ns_transactionline m WHERE m."transaction" = ? AND m.kitmemberof = ?))))',
        transaction, parent, parent, transaction, parent,
    )  # fmt: skip


def _change_followers(account: Account, transaction: int, parent: int, *, is_other_item: bool) -> None:
    """Bring kit members and cost lines in line with their changed line; made anew where its item is another."""
    line = account.one('SELECT * FROM ns_transactionline WHERE "transaction" = ? AND id = ?', transaction, parent) or {}
    followers = _followers(account, transaction, parent)
    if is_other_item:
        for row in followers:
            _drop_line(account, row)
        _add_members(account, transaction, parent, -line["quantity"])
        _add_cost_line(account, transaction, parent)
        return
    quantities = {parent: line["quantity"]}
    for row in followers:
        if row["iscogs"] == "T":
            quantity = -quantities[json.loads(row["body"])["cost_of"]]
        else:
            quantity = quantities[row["id"]] = line["quantity"] * _needed(account, line["item"], row["item"])
        if row["location"] != line["location"]:
            stock.release_line(account, transaction, row["id"])
        account.db.execute(
            "UPDATE ns_transactionline SET quantity = ?, location = ?, isclosed = ?, commitinventory = ? WHERE uniquekey = ?",
            (quantity, line["location"], line["isclosed"], line["commitinventory"], row["uniquekey"]),
        )
        stock.touch(account, transaction, row["id"])


def _needed(account: Account, kit: int, item: int) -> Any:
    """Return how many of an item one kit holds."""
    row = account.one("SELECT SUM(quantity) AS n FROM ns_kititemmember WHERE parentitem = ? AND item = ?", kit, item)
    return (row or {})["n"]


def _drop_line(account: Account, row: dict[str, Any]) -> None:
    stock.release_line(account, row["transaction"], row["id"])
    account.db.execute("DELETE FROM ns_transactionline WHERE uniquekey = ?", (row["uniquekey"],))


def _commit_others(account: Account, line: dict[str, Any]) -> None:
    if line["item"] is not None and line["location"] is not None:
        stock.commit_waiting(account, line["item"], line["location"])
