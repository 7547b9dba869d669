"""Which serial and lot numbers a NetSuite document carries: those that the order names, else those that a rule picks.

An `inventoryDetail` always says its quantity (facts 4.4: without it NetSuite drops the numbers in silence), and its numbers come
to exactly the line's units, or the document waits in quarantine with what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from domain.order_lines import Refusal

Detail = dict[str, Any]
_NEVER = "9999-12-31"


@dataclass(frozen=True)
class Claim:
    """A number as an order's line names it; `problem` where NetSuite has no such number of the item."""

    number: str
    problem: str | None = None


@dataclass
class _Held:
    """A number on hand at a place: its id, its units that no document of this run has taken, its last day."""

    id: str
    number: str
    units: int
    expires: str


@dataclass
class Numbers:
    """The numbers of one run: what is on hand, what orders name, what left for them.

    Args:
        kinds: SKU to `serial` or `lot`; other SKUs have no numbers.
        held: what is on hand by SKU and NetSuite location; what a document takes is taken off.
        claims: what an order's line names, by `SHOP/number`, the line's number and the SKU.
        left: the numbers that left for an order, with units, by `SHOP/number` and SKU.
        assign: how numbers are picked where none is named: none, fifo, fefo.
        members: kit SKU to its numbered members, each with how many one kit holds.
    """

    kinds: Mapping[str, str] = field(default_factory=dict)
    held: dict[tuple[str, str], list[_Held]] = field(default_factory=dict)
    claims: Mapping[tuple[str, str, str], Sequence[Claim]] = field(default_factory=dict)
    left: Mapping[tuple[str, str], Sequence[tuple[str, int]]] = field(default_factory=dict)
    assign: str = "none"
    members: Mapping[str, Sequence[tuple[str, int]]] = field(default_factory=dict)

    def members_of(self, sku: str) -> Sequence[tuple[str, int]]:
        """Return the numbered members of a kit, each with how many it holds; nothing of another SKU."""
        return self.members.get(sku, ())

    def issue(self, what: str, line: tuple[str, str, str], units: int, place: str, before: int = 0) -> Detail:
        """Return what a line that ships carries; nothing for an item without numbers.

        Args:
            what: the document, for messages.
            line: `SHOP/number` of the order, the line's number, the SKU (of a kit's line a member's).
            units: how many leave.
            place: the NetSuite location that they leave.
            before: how many of the line left before: the first numbers named are theirs.

        Raises:
            Refusal: the numbers do not come to the units, or one of them is not there.
        """
        sku = line[2]
        kind = self.kinds.get(sku)
        if kind is None:
            return {}
        named = list(self.claims.get(line, ()))
        unknown = [claim.number for claim in named if claim.problem in ("unknown_number", "wrong_item")]
        if unknown:
            told = f"{what}: {', '.join(unknown)} is no number of {sku} in NetSuite; truecount serial shows the likely ones"
            raise Refusal("unknown_number", told)
        wanted = list(dict.fromkeys(claim.number for claim in named))
        wanted = wanted[before : before + units] if kind == "serial" else wanted
        picked = self._named(what, sku, units, place, wanted) if wanted else []
        missing = units - sum(count for _, count in picked)
        if missing and self.assign != "none":
            picked += self._picked(sku, missing, place)
            missing = units - sum(count for _, count in picked)
        if missing:
            names = ", ".join(held.number for held, _ in picked) or "none"
            told = f"{what}: {units} of {sku} leave, and {units - missing} numbers are there for them ({names}); scan the rest"
            raise Refusal("numbers_missing", f"{told}, or let serials.assign pick them")
        for held, count in picked:
            held.units -= count
        return _detail([{"issueInventoryNumber": {"id": held.id}, "quantity": count} for held, count in picked])

    def receive(self, what: str, order_key: str, sku: str, units: int) -> Detail:
        """Return what a line that comes back carries: the very numbers that left for the order.

        Raises:
            Refusal: more left than came back, and nobody says which.
        """
        if sku not in self.kinds:
            return {}
        left = self.left.get((order_key, sku), ())
        total = sum(count for _, count in left)
        if len(left) == 1 and units <= total:
            return _detail([{"receiptInventoryNumber": left[0][0], "quantity": units}])
        if total != units:
            names = ", ".join(number for number, _ in left) or "none that is known"
            told = f"{what}: {units} of {sku} came back, and {total} numbers left for the order ({names})"
            raise Refusal("numbers_unknown", f"{told}; book the receipt by hand with those that came back")
        return _detail([{"receiptInventoryNumber": number, "quantity": count} for number, count in left])

    def _named(self, what: str, sku: str, units: int, place: str, wanted: Sequence[str]) -> list[tuple[_Held, int]]:
        there = {held.number: held for held in self.held.get((sku, place), ()) if held.units > 0}
        gone = [number for number in wanted if number not in there]
        if gone:
            elsewhere = [where for (other, where), rows in self.held.items() if other == sku for row in rows if row.number in gone]
            told = f"{what}: {', '.join(gone)} of {sku} is not on hand at NetSuite location {place}"
            hint = f"it is at {', '.join(sorted(set(elsewhere)))}" if elsewhere else "it is on hand nowhere"
            raise Refusal("number_not_there", f"{told}; {hint}: move it, or correct the order")
        if len(wanted) == 1:
            return [(there[wanted[0]], min(units, there[wanted[0]].units))]
        return [(there[number], 1) for number in wanted[:units]]

    def _picked(self, sku: str, units: int, place: str) -> list[tuple[_Held, int]]:
        claimed = {claim.number for (_, _, other), claims in self.claims.items() if other == sku for claim in claims}
        free = [held for held in self.held.get((sku, place), ()) if held.units > 0 and held.number not in claimed]
        found = []
        for held in sorted(free, key=lambda one: (one.expires if self.assign == "fefo" else "", int(one.id))):
            count = min(units, held.units)
            if count:
                found.append((held, count))
                units -= count
        return found


def read_numbers(  # noqa: PLR0913, PLR0917 - what the numbers of a run are read from
    raw_netsuite__serial_stock: pd.DataFrame,
    core_items: pd.DataFrame,
    core_components: pd.DataFrame,
    events: pd.DataFrame,
    assign: str,
    last_day: str,
) -> Numbers:
    """Return the numbers of a run.

    Args:
        raw_netsuite__serial_stock: where numbers are on hand.
        core_items: which SKUs have numbers.
        core_components: what kits hold.
        events: `core_serial_events`: what the orders name (`sold`), and what left for them (`fulfilled`).
        assign: the contract's rule.
        last_day: a lot that expires on this day or before is not picked (YYYY-MM-DD).
    """
    kinds = {row["sku"]: "serial" for row in core_items.loc[core_items["is_serial"]].to_dict("records")}
    kinds |= {row["sku"]: "lot" for row in core_items.loc[core_items["is_lot"]].to_dict("records")}
    skus = dict(zip(core_items["item_id_netsuite"], core_items["sku"], strict=True))
    held: dict[tuple[str, str], list[_Held]] = {}
    for row in raw_netsuite__serial_stock.to_dict("records"):
        units, expires = int(float(row["on_hand_qty"])), row["expiration_date"] if pd.notna(row["expiration_date"]) else _NEVER
        if row["item_id_netsuite"] in skus and units > 0 and row["is_inactive"] != "T" and expires > last_day:
            one = _Held(row["inventory_number_id_netsuite"], row["inventory_number"], units, expires)
            held.setdefault((skus[row["item_id_netsuite"]], row["location_id_netsuite"]), []).append(one)
    named: dict[tuple[str, str, str], list[Claim]] = {}
    for row in events.loc[events["stage_code"].eq("sold")].to_dict("records"):
        problem = None if pd.isna(row["problem_code"]) else str(row["problem_code"])
        key = (str(row["order_key"]), str(row["line_key"]), str(row["sku"]))
        named.setdefault(key, []).append(Claim(str(row["serial_number"]), problem))
    members: dict[str, list[tuple[str, int]]] = {}
    for row in core_components.loc[core_components["sku"].isin(list(kinds))].to_dict("records"):
        members.setdefault(str(row["kit_sku"]), []).append((str(row["sku"]), int(row["component_qty"])))
    return Numbers(kinds, held, named, dict(_left(events)), assign, members)


def _left(events: pd.DataFrame) -> Iterator[tuple[tuple[str, str], list[tuple[str, int]]]]:
    gone = events.loc[events["stage_code"].eq("fulfilled")]
    for (order_key, sku), rows in gone.groupby(["order_key", "sku"], sort=False):
        counts = rows.groupby("serial_number", sort=False)["moved_qty"].sum().abs()
        yield (str(order_key), str(sku)), [(str(number), int(count)) for number, count in counts.items()]


def _detail(rows: list[dict[str, Any]]) -> Detail:
    return {"inventoryDetail": {"quantity": sum(row["quantity"] for row in rows), "inventoryAssignment": {"items": rows}}}
