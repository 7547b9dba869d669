"""Which numbers left with which line of an order: NetSuite knows the order, Shopify the lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd


def numbers_by_line(
    raw_shopify__order_lines: pd.DataFrame, core_components: pd.DataFrame, core_serial_events: pd.DataFrame
) -> dict[str, dict[str, list[str]]]:
    """Return by order (gid) a mapping of the line's number to the numbers that left with it, in the order of the numbers.

    A number goes to the line that names it; one that no line names goes to the first line of its SKU, or of a kit that holds it,
    that has units left. A number of no such line is left out.

    Args:
        raw_shopify__order_lines: the lines of these orders.
        core_components: what kits hold.
        core_serial_events: what the orders name (`sold`) and what left for them (`fulfilled`), reversals left out.
    """
    members: dict[str, dict[str, int]] = {}
    for kit, sku, count in core_components[["kit_sku", "sku", "component_qty"]].itertuples(index=False, name=None):
        members.setdefault(kit, {})[sku] = count
    found: dict[str, dict[str, list[str]]] = {}
    for gid, lines in raw_shopify__order_lines.groupby("order_id_shopify", sort=True):
        mine = core_serial_events.loc[core_serial_events["order_key"].str.endswith(f"/{str(gid).rsplit('/', 1)[-1]}", na=False)]
        told = _of_order(lines, members, mine)
        if told:
            found[str(gid)] = told
    return found


def merged(known: object, wanted: Mapping[str, list[str]], ours: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return what is to stand in an order's metafield, and which of it is ours; None where no line's numbers can be told there.

    A line is ours to complete and correct where nothing stands, where what we last wrote stands still, what we want to write,
    or a part of it. What somebody else wrote stays.

    Args:
        known: what stands there.
        wanted: the line's number to the numbers that left with it.
        ours: what we last wrote.
    """
    if not isinstance(known, dict):
        return None
    whole, mine = dict(known), {}
    for line in [*wanted, *(one for one in ours if one not in wanted)]:
        held, numbers = known.get(line), wanted.get(line)
        if held is not None and held not in (ours.get(line), numbers) and not _is_part(held, numbers or []):
            continue
        whole.pop(line, None)
        if numbers:
            whole[line] = mine[line] = numbers
    return whole, mine


def _is_part(held: object, numbers: list[str]) -> bool:
    return isinstance(held, list) and all(isinstance(one, str) for one in held) and set(held) < set(numbers)


def _of_order(lines: pd.DataFrame, members: Mapping[str, Mapping[str, int]], events: pd.DataFrame) -> dict[str, list[str]]:
    left = events.loc[events["stage_code"].eq("fulfilled"), ["sku", "serial_number"]].drop_duplicates()
    claims = events.loc[events["stage_code"].eq("sold")]
    named = {(row["sku"], row["serial_number"]): str(row["line_key"]) for row in claims.to_dict("records")}
    room: dict[str, dict[str, int]] = {}
    for row in lines.to_dict("records"):
        units, held = int(row["ordered_qty"]), {row["sku"]: 1, **members.get(row["sku"], {})}
        room[row["order_line_id_shopify"].rsplit("/", 1)[-1]] = {sku: count * units for sku, count in held.items()}
    told: dict[str, list[str]] = {}
    rest = []
    for sku, number in sorted(left.itertuples(index=False, name=None)):
        line = named.get((sku, number))
        if line in room and sku in room[line]:
            told.setdefault(line, []).append(number)
            room[line][sku] -= 1
        else:
            rest.append((sku, number))
    for sku, number in rest:
        line = next((key for key, held in room.items() if held.get(sku, 0) > 0), None)
        if line is not None:
            told.setdefault(line, []).append(number)
            room[line][sku] -= 1
    return told
