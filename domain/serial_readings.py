"""Reads what is on hand and what is told of numbers into the shape that documents are given their numbers by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from domain.serial_assignment import Claim, Held, LineKey, Notice, Numbers, Told

_NEVER = "9999-12-31"


def read_numbers(
    raw_netsuite__serial_stock: pd.DataFrame, core_items: pd.DataFrame, told: Told, assign: str, last_day: str
) -> Numbers:
    """Return the numbers of a run; what left for its orders is added where something came back.

    Args:
        raw_netsuite__serial_stock: where numbers are on hand.
        core_items: which SKUs have numbers.
        told: what people and partners say.
        assign: the contract's rule.
        last_day: a lot that expires on this day or before is not picked (YYYY-MM-DD).
    """
    kinds = {row["sku"]: "serial" for row in core_items.loc[core_items["is_serial"]].to_dict("records")}
    kinds |= {row["sku"]: "lot" for row in core_items.loc[core_items["is_lot"]].to_dict("records")}
    skus = dict(zip(core_items["item_id_netsuite"], core_items["sku"], strict=True))
    held: dict[tuple[str, str], list[Held]] = {}
    for row in raw_netsuite__serial_stock.to_dict("records"):
        units, expires = int(float(row["on_hand_qty"])), row["expiration_date"] if pd.notna(row["expiration_date"]) else _NEVER
        if row["item_id_netsuite"] in skus and units > 0 and row["is_inactive"] != "T" and expires > last_day:
            one = Held(row["inventory_number_id_netsuite"], row["inventory_number"], units, expires)
            held.setdefault((skus[row["item_id_netsuite"]], row["location_id_netsuite"]), []).append(one)
    return Numbers(kinds, held, told, assign=assign)


def claims_of(events: pd.DataFrame) -> dict[LineKey, list[Claim]]:
    """Return what each line names, from the events of orders (`sold`)."""
    named: dict[LineKey, list[Claim]] = {}
    for row in events.loc[events["stage_code"].eq("sold")].to_dict("records"):
        key = (str(row["order_key"]), str(row["line_key"]), str(row["sku"]))
        named.setdefault(key, []).append(_claim(row))
    return named


def numbered_members(core_components: pd.DataFrame, kinds: Mapping[str, str]) -> dict[str, list[tuple[str, int]]]:
    """Return the numbered members of each kit, with how many one kit holds."""
    members: dict[str, list[tuple[str, int]]] = {}
    for row in core_components.loc[core_components["sku"].isin(list(kinds))].to_dict("records"):
        members.setdefault(str(row["kit_sku"]), []).append((str(row["sku"]), int(row["component_qty"])))
    return members


def notices_of(events: pd.DataFrame, tracking: Mapping[str, str], lots: frozenset[str]) -> dict[tuple[str, str], list[Notice]]:
    """Return what partners say left for each order, in the order of leaving.

    Args:
        events: `core_serial_events` of partners' notices (`notified`).
        tracking: the carrier's number of an event, by its key, where one is told.
        lots: the SKUs whose numbers are lots: their line's units are the number's own.
    """
    found: dict[tuple[str, str], list[Notice]] = {}
    rows = events.loc[events["stage_code"].eq("notified") & events["order_key"].notna()]
    for row in rows.sort_values(["happened_at_utc", "event_key"], kind="stable").to_dict("records"):
        units = int(row["line_qty"]) if row["sku"] in lots else 1
        notice = Notice(_claim(row), units, row["location_code"], tracking.get(row["event_key"]))
        found.setdefault((str(row["order_key"]), str(row["sku"])), []).append(notice)
    return found


def _claim(row: Mapping[Any, Any]) -> Claim:
    return Claim(str(row["serial_number"]), None if pd.isna(row["problem_code"]) else str(row["problem_code"]))
