"""The transform of a sales order to an item fulfilment: what leaves, from where, with which numbers."""

from __future__ import annotations

import json
from typing import Any

from sandbox.netsuite import numbers, stock
from sandbox.netsuite.account import Account
from sandbox.netsuite.derived import Row, Taken, add_units, taken_lines
from sandbox.netsuite.fulfilments import Shipment, fulfil
from sandbox.netsuite.problems import not_modelled, user_error
from sandbox.netsuite.record_body import Body, Part


def fulfil_order(account: Account, source: Row, body: Body) -> int:
    """Make an item fulfilment of a sales order; `shipStatus` C ships it (the default of a real account is a preference [?])."""
    taken = taken_lines(account, source, body, _unshipped)
    shipments = [ship for one in taken for ship in _shipments(account, one, body.header.columns.get("location"))]
    status = str(body.header.other.get("shipStatus", {}).get("id", "C"))
    try:
        document = fulfil(account, source["id"], shipments, status, body.header.columns.get("externalid"))
    except ValueError as error:
        raise user_error(f"{str(error).capitalize()}.", "item.items") from error
    for one in taken:
        if one.source["itemtype"] == "Kit" and status == "C":
            add_units(account, one.source, "quantityshiprecv", one.quantity)
    _keep_header(account, document, body.header)
    return document


def _unshipped(line: Row) -> float:
    if line["itemtype"] == "Kit" or stock.is_stocked(line["itemtype"]):
        return float(max(0, -line["quantity"] - line["quantityshiprecv"]))
    return 0


def _shipments(account: Account, one: Taken, header_place: int | None) -> list[Shipment]:
    place = one.part.columns.get("location") or header_place
    if one.source["itemtype"] != "Kit":
        return [Shipment(one.source["id"], one.quantity, place, _detail(one))]
    members = account.rows(
        'SELECT * FROM ns_transactionline WHERE "transaction" = ? AND kitmemberof = ?', one.source["transaction"], one.source["id"]
    )
    if any(numbers.kind_of(account, row["item"]) for row in members):
        raise not_modelled("numbers of a kit's members")
    share = one.quantity / -one.source["quantity"]
    return [Shipment(row["id"], -row["quantity"] * share, place) for row in members]


def _detail(one: Taken) -> Any:
    """Return the inventory detail of a line to fulfil.

    The transform fills in the order's own, and what the body lists is added to it, so that the sum is wrong: seen of bins,
    taken over for numbers [?].
    """
    held, given = json.loads(one.source["body"] or "{}").get("inventoryDetail"), one.part.other.get("inventoryDetail")
    if not held or not given:
        return given or held
    rows = [row for detail in (held, given) for row in detail.get("inventoryAssignment", {}).get("items", [])]
    return {**given, "inventoryAssignment": {"items": rows}}


def _keep_header(account: Account, document: int, header: Part) -> None:
    """Store what else a fulfilment's body says: its date, memo, packages and custom fields."""
    kept = {name: header.columns[name] for name in ("trandate", "memo") if header.columns.get(name)}
    kept |= {"custom": json.dumps(header.custom), "body": json.dumps(header.other)}
    assignments = ", ".join(f"{name} = ?" for name in kept)
    account.db.execute(f"UPDATE ns_transaction SET {assignments} WHERE id = ?", (*kept.values(), document))
