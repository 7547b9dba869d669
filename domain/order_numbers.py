"""The serial and lot numbers of an order's documents: what leaves with a fulfilment or at a till, and what comes back.

A document that NetSuite has already is given none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from domain.order_facts import OrderFacts, Shipment, number_of
from domain.order_lines import Books, Issuer, Leaving, Line, Refusal


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
    sku = facts.numbered(key)[2]
    yield books.numbers.issue(_leaving(facts, books.numbers, made, (key, sku), place))
    for member, _ in books.numbers.members_of(sku):
        detail = books.numbers.issue(_leaving(facts, books.numbers, made, (key, member), place))
        yield {"$line": [key, place, None], "$member": books.item_of_sku[member], **detail}


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
    return books.numbers.issue(Leaving(told, named, line.units, place))


def returned(facts: OrderFacts, books: Books, refund_id: str, line_id: str, units: int) -> dict[str, Any]:
    """Return what a line carries that comes back: those that are told, else the only ones that it can be.

    Raises:
        Refusal: nobody says which came back; or it is a kit with numbered members.
    """
    assert books.numbers is not None  # noqa: S101 - asked for only where there are numbers
    line = facts.numbered(line_id)
    told, held = f"order {facts.order['name']} refund {number_of(refund_id)}", _held(books, line[2])
    if held:
        told = f"{told}: {units} of kit {line[2]} came back, with numbers of {held}"
        raise Refusal("numbers_of_kit", f"{told}; book the receipt by hand with those that came back")
    return books.numbers.receive(told, line, units)


def _leaving(facts: OrderFacts, numbers: Issuer, made: Shipment, of: tuple[str, str], place: str) -> Leaving:
    """Return the units of a SKU that leave with a shipment on a line (its own, or a kit's member), and what left before."""
    line_id, sku = of
    held = {key: units for key in facts.lines if (units := _units_in(numbers, facts.numbered(key)[2], sku))}
    earlier = [one for one in facts.shipments if (one.at, one.id) < (made.at, made.id)]
    keys = list(held)
    beside = sum(held[key] * made.units.get(key, 0) for key in keys[: keys.index(line_id)])
    here = sum(held[key] * one.units.get(key, 0) for one in earlier if one.location_id == made.location_id for key in keys)
    return Leaving(
        what=f"order {facts.order['name']} fulfilment {number_of(made.id)}",
        line=(*facts.numbered(line_id)[:2], sku),
        units=held[line_id] * made.units[line_id],
        place=place,
        before=held[line_id] * sum(one.units.get(line_id, 0) for one in earlier),
        before_at_place=here + beside,
        before_in_shipment=beside,
        tracking=tuple(row["number"] for row in made.tracking if row.get("number")),
    )


def _units_in(numbers: Issuer, sold: str, sku: str) -> int:
    """Return how many of a SKU one unit of a line is: itself, or what a kit holds."""
    return 1 if sold == sku else dict(numbers.members_of(sold)).get(sku, 0)


def _held(books: Books, sku: str) -> str:
    return ", ".join(member for member, _ in books.numbers.members_of(sku)) if books.numbers else ""
