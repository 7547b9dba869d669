"""The transform of a sales order to an item fulfilment: what leaves, from where, with which numbers."""

from __future__ import annotations

import json
from typing import Any

from sandbox.netsuite import stock
from sandbox.netsuite.account import Account
from sandbox.netsuite.derived import Row, Taken, taken_lines
from sandbox.netsuite.fulfilments import Shipment, fulfil, members_of
from sandbox.netsuite.problems import not_modelled, user_error
from sandbox.netsuite.record_body import Body, Part


def fulfil_order(account: Account, source: Row, body: Body) -> int:
    """Make an item fulfilment of a sales order; `shipStatus` C ships it (the default of a real account is a preference [?]).

    A kit's member is a line of its own: its `orderLine` is the order's line of the member, though the order's item sublist does
    not show it; it holds the numbers of the member's units, which follow from the kit's [?].
    """
    members = {row["id"]: row for row in account.rows(
        'SELECT * FROM ns_transactionline WHERE "transaction" = ? AND kitmemberof IS NOT NULL', source["id"]
    )}  # fmt: skip
    parts = body.lines or []
    given = {int(part.columns["orderline"]): part for part in parts if part.columns.get("orderline") in members}
    own = [part for part in parts if part.columns.get("orderline") not in given]
    taken = taken_lines(account, source, Body(body.header, own, body.warnings), _unshipped)
    _check_members(given, members, taken)
    place = body.header.columns.get("location")
    shipments = [_shipment(account, one, place, given) for one in taken]
    status = str(body.header.other.get("shipStatus", {}).get("id", "C"))
    try:
        document = fulfil(account, source["id"], shipments, status, body.header.columns.get("externalid"))
    except ValueError as error:
        raise user_error(f"{str(error).capitalize()}.", "item.items") from error
    _keep_header(account, document, body.header)
    return document


def _unshipped(line: Row) -> float:
    if line["itemtype"] == "Kit" or stock.is_stocked(line["itemtype"]):
        return float(max(0, -line["quantity"] - line["quantityshiprecv"]))
    return 0


def _check_members(given: dict[int, Part], members: dict[int, Row], taken: list[Taken]) -> None:
    """Refuse a member by itself: members leave with their kit, in its share (the sentence is ours)."""
    kits = {one.source["id"]: one.quantity / -one.source["quantity"] for one in taken}
    for number, part in given.items():
        share = kits.get(members[number]["kitmemberof"], 0)
        if part.columns.get("itemreceive") == "F":
            raise not_modelled("a kit that ships without one of its members")
        if not share or part.columns.get("quantity") not in (None, -members[number]["quantity"] * share):
            raise user_error(f"Line {number} is a kit's member and leaves with its kit.", "item.items")


def _shipment(account: Account, one: Taken, header_place: int | None, given: dict[int, Part]) -> Shipment:
    place = one.part.columns.get("location") or header_place
    rows = members_of(account, one.source["transaction"], one.source["id"])
    details = {row["id"]: given[row["id"]].other.get("inventoryDetail") for row in rows if row["id"] in given}
    return Shipment(one.source["id"], one.quantity, place, _detail(one), details)


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
