"""What was written, read back: every field compared, and what an order's lines still lack."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

Body = Mapping[str, Any]
_SKIPPED = ("externalId", "item", "orderStatus", "taxDetails", "taxDetailsOverride", "subsidiary", "currency")


def find_differences(sent: Body, read: Body) -> list[str]:
    """Return what of a body differs from the record read back: field, sent and read, a sentence each.

    Args:
        sent: the body of a create.
        read: the record by GET, expanded.
    """
    told = [_told(name, value, read.get(name)) for name, value in sent.items() if name not in _SKIPPED]
    wanted, lines = _lines(sent), _lines(read)
    if len(wanted) != len(lines):
        told.append(f"{len(wanted)} lines were sent, {len(lines)} are there")
    for place, (line, seen) in enumerate(zip(wanted, lines, strict=False), start=1):
        told += [_told(f"line {place} {name}", value, seen.get(name)) for name, value in line.items() if name != "rate"]
    return [one for one in told if one]


def total_difference(wanted: Decimal, read: Body) -> str | None:
    """Return how a document's total differs from what it is for, or None."""
    total = Decimal(str(read.get("total", 0)))
    return None if total == wanted else f"its total is {total}, not {wanted}"


def lines_to_change(
    wanted: Sequence[Body], read: Body, line_id_field: str, tax_items: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Return the item lines of a change that brings an order to the wanted lines; empty where nothing differs.

    Lines are never deleted: what is wanted no longer is closed. A line whose place is wanted no longer, while another
    place of the same order line is, moves there.

    Args:
        wanted: the lines as they should be.
        read: the order by GET, expanded.
        line_id_field: the line column that holds the Shopify line id.
        tax_items: the items that book tax: which of them does is no reason to change an order that is booked.
    """
    open_ones = [line for line in _lines(read) if not line.get("isClosed")]
    if _tax_of(wanted, tax_items) == _tax_of(open_ones, tax_items):
        wanted, open_ones = ([line for line in rows if _id(line.get("item")) not in tax_items] for rows in (wanted, open_ones))
    there = {_key(line, line_id_field): line for line in open_ones}
    target = {_key(line, line_id_field): line for line in wanted}
    changes: list[dict[str, Any]] = []
    spare = {key: line for key, line in there.items() if key not in target}
    for key, line in target.items():
        seen = there.get(key)
        if seen is None:
            moved = next((k for k in spare if key[0] and k[0] == key[0] and not spare[k].get("quantityFulfilled")), None)
            if moved is None:
                changes.append(dict(line))
                continue
            seen = spare.pop(moved)
        # A field that is there stays as it is: a changed mapping re-writes nothing by itself (truecount remap does).
        compared = {name: value for name, value in line.items() if name != "rate" and not name.startswith("custcol_")}
        fields = {name: value for name, value in compared.items() if _told(name, value, seen.get(name))}
        if fields:
            money = {name: line[name] for name in ("quantity", "rate", "amount") if fields.keys() & {"quantity", "amount"}}
            changes.append({"line": seen["line"], **fields, **money})
    # A closed line stays in the order's total, so that its amount goes with it.
    return changes + [{"line": line["line"], "isClosed": True, "rate": 0.0, "amount": 0.0} for line in spare.values()]


def order_line_of(key: Sequence[str | None], read: Body, line_id_field: str) -> int | None:
    """Return the number of a document's line by order line, location and item; None where there is none.

    Args:
        key: the Shopify line id, the NetSuite location, the item of a line that has no Shopify line id.
        read: the source document by GET, expanded.
        line_id_field: the line column that holds the Shopify line id.
    """
    line_id, place, item = key
    for line in _lines(read):
        if line.get("isClosed"):
            continue
        if line_id is None:
            if _id(line.get("item")) == item and not line.get(line_id_field):
                return int(line["line"])
        elif line.get(line_id_field) == line_id and (place is None or _id(line.get("location")) == place):
            return int(line["line"])
    return None


def member_lines_of(kit_line: int, item: str, members: Sequence[Mapping[str, str]]) -> list[int]:
    """Return the numbers of a document's lines that are an item as a member of a kit's line, or of a kit in it.

    Args:
        kit_line: the kit's line.
        item: the member's item id.
        members: line_id_netsuite, kit_member_of, item_id_netsuite of every member's line.

    >>> rows = [{"line_id_netsuite": "3", "kit_member_of": "2", "item_id_netsuite": "9"}]
    >>> member_lines_of(2, "9", rows), member_lines_of(2, "8", rows), member_lines_of(1, "9", rows)
    ([3], [], [])
    """
    found: list[int] = []
    for row in members:
        if row["kit_member_of"] == str(kit_line):
            line = int(row["line_id_netsuite"])
            found += [line] if row["item_id_netsuite"] == item else member_lines_of(line, item, members)
    return found


def open_lines(read: Body) -> list[int]:
    """Return the numbers of a document's lines that are not closed."""
    return [int(line["line"]) for line in _lines(read) if not line.get("isClosed")]


def _tax_of(lines: Sequence[Body], tax_items: Collection[str]) -> tuple[Decimal, set[Decimal]]:
    """Return what the tax lines come to, and the units that they hold."""
    mine = [line for line in lines if _id(line.get("item")) in tax_items]
    amounts = (Decimal(str(line.get("amount") or 0)) for line in mine)
    return round(sum(amounts, Decimal(0)), 4), {Decimal(str(line.get("quantity") or 0)) for line in mine}


def _key(line: Body, line_id_field: str) -> tuple[str | None, str | None]:
    line_id = line.get(line_id_field)
    return (str(line_id), _id(line.get("location"))) if line_id else (None, _id(line.get("item")))


def _lines(body: Body) -> list[Body]:
    part = body.get("item")
    rows = part.get("items", []) if isinstance(part, Mapping) else []
    return [row for row in rows if isinstance(row, Mapping)]


def _id(value: Any) -> str | None:
    return None if value is None else str(value.get("id")) if isinstance(value, Mapping) else str(value)


def _told(name: str, sent: Any, read: Any) -> str | None:
    if isinstance(sent, Mapping) and "items" in sent:
        first = sorted(str(_id(row)) for row in sent["items"])
        second = sorted(str(_id(row)) for row in (read or {}).get("items", []))
    elif isinstance(sent, Mapping):
        return None if _id(sent) == _id(read) else f"{name}: sent {_id(sent)!r}, read {_id(read)!r}"
    elif isinstance(sent, int | float) and not isinstance(sent, bool):
        is_same = isinstance(read, int | float) and Decimal(str(sent)) == Decimal(str(read))
        return None if is_same else f"{name}: sent {sent!r}, read {read!r}"
    else:
        return None if sent == read else f"{name}: sent {sent!r}, read {read!r}"
    return None if first == second else f"{name}: sent {first}, read {second}"
