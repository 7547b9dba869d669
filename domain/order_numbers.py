"""The serial and lot numbers of an order's documents: what leaves with a fulfilment or at a till, and what comes back.

A document that NetSuite has already is given none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from domain.order_facts import OrderFacts, Shipment, number_of
from domain.order_lines import Books, Line, Refusal


def shipped(facts: OrderFacts, books: Books, made: Shipment, key: str, place: str) -> Iterator[dict[str, Any]]:
    """Yield what a line that ships carries, then a line for each numbered member of a kit.

    Args:
        facts: the order.
        books: where the numbers come from.
        made: the shipment.
        key: the order's line.
        place: the NetSuite location that it leaves.

    Raises:
        Refusal: the numbers do not come to the units, or one of them is not there.
    """
    assert books.numbers is not None  # noqa: S101 - asked for only where there are numbers
    before = sum(one.units.get(key, 0) for one in facts.shipments if (one.at, one.id) < (made.at, made.id))
    told, line = f"order {facts.order['name']} fulfilment {number_of(made.id)}", facts.numbered(key)
    yield books.numbers.issue(told, line, made.units[key], place, before)
    for sku, count in books.numbers.members_of(line[2]):
        detail = books.numbers.issue(told, (*line[:2], sku), count * made.units[key], place, count * before)
        yield {"$line": [key, place, None], "$member": books.item_of_sku[sku], **detail}


def handed_over(facts: OrderFacts, books: Books, line: Line, place: str) -> dict[str, Any]:
    """Return what a line carries that is handed over at a till.

    Raises:
        Refusal: as `shipped`; or it is a kit with numbered members.
    """
    if books.numbers is None or line.kind != "goods" or line.order_line_id is None:
        return {}
    told, named = f"order {facts.order['name']} cash sale", facts.numbered(line.order_line_id)
    held = _held(books, named[2])
    if held:
        told = f"{told}: kit {named[2]} holds {held}, and NetSuite's cash sale has no line for its numbers"
        raise Refusal("numbers_of_kit", f"{told}; book it by hand")
    return books.numbers.issue(told, named, line.units, place)


def returned(facts: OrderFacts, books: Books, refund_id: str, line_id: str, units: int) -> dict[str, Any]:
    """Return what a line carries that comes back: the numbers that left with it.

    Raises:
        Refusal: nobody says which came back; or it is a kit with numbered members.
    """
    assert books.numbers is not None  # noqa: S101 - asked for only where there are numbers
    order_key, _, sku = facts.numbered(line_id)
    told, held = f"order {facts.order['name']} refund {number_of(refund_id)}", _held(books, sku)
    if held:
        told = f"{told}: {units} of kit {sku} came back, with numbers of {held}"
        raise Refusal("numbers_of_kit", f"{told}; book the receipt by hand with those that came back")
    return books.numbers.receive(told, order_key, sku, units)


def _held(books: Books, sku: str) -> str:
    return ", ".join(member for member, _ in books.numbers.members_of(sku)) if books.numbers else ""
