"""Which serial and lot numbers a NetSuite document carries.

What ships carries those that left by the partner's word, else those that the order names, else those that a rule picks; what
comes back those that are told, or the only ones that it can be.
An `inventoryDetail` always says its quantity (facts 4.4: without it NetSuite drops the numbers in silence), and its numbers come
to exactly the line's units, or the document waits in quarantine with what is missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.order_lines import Leaving, Refusal
from domain.serial_departures import Departures
from domain.serial_events import UNMATCHED

Detail = dict[str, Any]
LineKey = tuple[str, str, str]


@dataclass(frozen=True)
class Claim:
    """A number as an order's line names it; `problem` where NetSuite has no such number of the item."""

    number: str
    problem: str | None = None


@dataclass(frozen=True)
class Notice:
    """Units of a number that left by a partner's word: from our location, with the carrier's tracking number where told."""

    claim: Claim
    units: int
    location: str | None
    tracking: str | None = None


@dataclass
class Held:
    """A number on hand at a place: its id, its units that no document of this run has taken, its last day."""

    id: str
    number: str
    units: int
    expires: str


@dataclass(frozen=True)
class Told:
    """What people and partners say of numbers.

    Args:
        claims: what an order's line names.
        returned: what came back of a line, the first return's first; numbers that came back before stand there still.
        notices: what a partner says left for an order, by order and SKU, in the order of leaving.
        locations: NetSuite location id to our code.
    """

    claims: Mapping[LineKey, Sequence[Claim]] = field(default_factory=dict)
    returned: Mapping[LineKey, Sequence[Claim]] = field(default_factory=dict)
    notices: Mapping[tuple[str, str], Sequence[Notice]] = field(default_factory=dict)
    locations: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Numbers:
    """The numbers of one run: what is on hand, what is told, what left for orders.

    Args:
        kinds: SKU to `serial` or `lot`; other SKUs have no numbers.
        held: what is on hand by SKU and NetSuite location; what a document takes is taken off.
        told: what people and partners say. A line's key is `SHOP/number` of the order, the line's number and the SKU.
        departures: what left for orders and came back.
        assign: how numbers are picked where none is named: none, fifo, fefo.
        members: kit SKU to its numbered members, each with how many one kit holds.
        promised: the serials (SKU, number) that an order has and that have not left, with that order.
        doubtful: the numbers (SKU, number) on hand that break a law: none of them is picked.
    """

    kinds: Mapping[str, str] = field(default_factory=dict)
    held: dict[tuple[str, str], list[Held]] = field(default_factory=dict)
    told: Told = field(default_factory=Told)
    departures: Departures = field(default_factory=Departures)
    assign: str = "none"
    members: Mapping[str, Sequence[tuple[str, int]]] = field(default_factory=dict)
    promised: Mapping[tuple[str, str], str | None] = field(default_factory=dict)
    doubtful: frozenset[tuple[str, str]] = frozenset()

    def members_of(self, sku: str) -> Sequence[tuple[str, int]]:
        """Return the numbered members of a kit, each with how many it holds; nothing of another SKU."""
        return self.members.get(sku, ())

    def issue(self, leaving: Leaving) -> Detail:
        """Return what a line that ships carries; nothing for an item without numbers.

        Raises:
            Refusal: the numbers do not come to the units, or one of them is not there.
        """
        sku, units = leaving.line[2], leaving.units
        if sku not in self.kinds:
            return {}
        wanted = self._noticed(leaving)
        missing = units - sum(wanted.values())
        # What the partner says makes up for what the order names wrongly.
        if missing:
            wanted += Counter(self._claimed(leaving, wanted, missing))
        picked = self._named(leaving, wanted)
        missing = units - sum(count for _, count in picked)
        if missing and self.assign != "none":
            picked += self._picked(leaving, missing, wanted)
            missing = units - sum(count for _, count in picked)
        if missing:
            names = ", ".join(held.number for held, _ in picked) or "none"
            told = (
                f"{leaving.what}: {units} of {sku} leave, and {units - missing} numbers are there for them ({names}); scan the rest"
            )
            raise Refusal("numbers_missing", f"{told}, or let serials.assign pick them")
        for held, count in picked:
            held.units -= count
        return _detail([{"issueInventoryNumber": {"id": held.id}, "quantity": count} for held, count in picked])

    def receive(self, what: str, line: LineKey, units: int) -> Detail:
        """Return what a line that comes back carries: the numbers that are told, else the only ones that it can be.

        Args:
            what: the document, for messages.
            line: the line's key.
            units: how many come back.

        Raises:
            Refusal: nobody says which of several came back, or a number is told that is not out for the order.
        """
        order_key, line_number, sku = line
        if sku not in self.kinds:
            return {}
        item = (order_key, sku)
        out = self.departures.still_out(item, line_number)
        counts = self._told_back(what, line, units)
        rest = {one.number: one.units - counts[one.number] for one in out if one.units > counts[one.number]}
        missing = units - sum(counts.values())
        if missing and (len(rest) == 1 or sum(rest.values()) == missing) and sum(rest.values()) >= missing:
            counts.update({number: min(count, missing) for number, count in rest.items()})
        elif missing:
            told = f"{what}: {units} of {sku} came back, and {sum(one.units for one in out)} that left are out ({_names(out)})"
            if counts:
                told += f"; of them {', '.join(counts)} is told"
            raise Refusal("numbers_unknown", f"{told}; write those that came back where serials.returned says, or book it by hand")
        self.departures.take_back(item, counts)
        return _detail([{"receiptInventoryNumber": number, "quantity": count} for number, count in sorted(counts.items())])

    def _noticed(self, leaving: Leaving) -> Counter[str]:
        """Return the numbers that a partner says left with a line: by its tracking number, else in the order of leaving."""
        order_key, _, sku = leaving.line
        here = self.told.locations.get(leaving.place)
        mine = [one for one in self.told.notices.get((order_key, sku), ()) if one.location == here]
        tracked = [one for one in mine if one.tracking is not None and one.tracking in leaving.tracking]
        start = leaving.before_in_shipment if tracked else leaving.before_at_place
        units = [one.claim for one in tracked or mine for _ in range(one.units)][start : start + leaving.units]
        self._check_known(leaving.what, sku, units, "the partner's notice")
        return Counter(claim.number for claim in units)

    def _claimed(self, leaving: Leaving, wanted: Mapping[str, int], missing: int) -> list[str]:
        """Return the numbers that a line names for units that no notice tells: less those that left before, or that a notice tells.

        What left before and is known by name is left out; of the rest, the first ones went with what left otherwise.
        Of a lot, one name stands for all units; of several, each is named as often as units of it leave.
        """
        order_key, _, sku = leaving.line
        named = self.told.claims.get(leaving.line, ())
        self._check_known(leaving.what, sku, named, "the order")
        numbers = [claim.number for claim in named]
        if self.kinds[sku] == "lot" and len(set(numbers)) == 1:
            return numbers[:1] * missing
        numbers = list(dict.fromkeys(numbers)) if self.kinds[sku] == "serial" else numbers
        noticed = Counter[str]()
        for one in self.told.notices.get((order_key, sku), ()):
            noticed[one.claim.number] += one.units
        rest = _without(numbers, noticed | self._departed(leaving, numbers, noticed))
        with_this = sum(min(count, numbers.count(number)) for number, count in wanted.items())
        rest = rest[max(0, leaving.before - (len(numbers) - len(rest) - with_this)) :]
        # A notice of another place, or of a shipment to come, may be wrong: what it names is taken where nothing else is left.
        again = [number for number in numbers if noticed[number] and number not in wanted and self._is_here(number, leaving)]
        return [*rest, *(again if self.kinds[sku] == "serial" else ())][:missing]

    def _departed(self, leaving: Leaving, numbers: Sequence[str], noticed: Mapping[str, int]) -> Counter[str]:
        """Return the serials that left before: by what left for the order, or because they are on hand nowhere."""
        order_key, _, sku = leaving.line
        if self.kinds[sku] == "lot":
            return Counter()
        left = {one.number for one in self.departures.out.get((order_key, sku), ())}
        if not leaving.before:
            return Counter(left)
        held = {one.number for (other, _), rows in self.held.items() if other == sku for one in rows if one.units > 0}
        left |= noticed.keys() - held
        gone = [number for number in numbers if number not in held and number not in left]
        return Counter([*left, *gone[: max(0, leaving.before - len(left & set(numbers)))]])

    def _is_here(self, number: str, leaving: Leaving) -> bool:
        return any(one.number == number and one.units > 0 for one in self.held.get((leaving.line[2], leaving.place), ()))

    def _told_back(self, what: str, line: LineKey, units: int) -> Counter[str]:
        """Return what is told to have come back with this return: less what came back before, at most its units."""
        order_key, _, sku = line
        named = self.told.returned.get(line, ())
        self._check_known(what, sku, named, "what says which came back")
        before = self.departures.back.get((order_key, sku), Counter())
        numbers = _without([claim.number for claim in named], before)
        if self.kinds[sku] == "lot" and len(set(numbers)) == 1:
            numbers = numbers[:1] * units
        counts = Counter(numbers[:units])
        out = {one.number: one.units for one in self.departures.out.get((order_key, sku), ())}
        for number, count in counts.items():
            if count > out.get(number, 0):
                why = "came back already" if before[number] else "did not leave for the order"
                told = f"{what}: {number} of {sku} {why}, and is said to have come back"
                raise Refusal("number_not_out", f"{told}; correct it where serials.returned says")
        return counts

    def _check_known(self, what: str, sku: str, claims: Iterable[Claim], where: str) -> None:
        unknown = [claim.number for claim in claims if claim.problem in UNMATCHED]
        if unknown:
            told = f"{what}: {', '.join(dict.fromkeys(unknown))} is no number of {sku} in NetSuite, and {where} names it"
            raise Refusal("unknown_number", f"{told}; truecount serial shows the likely ones")

    def _named(self, leaving: Leaving, wanted: Mapping[str, int]) -> list[tuple[Held, int]]:
        sku, place = leaving.line[2], leaving.place
        there = {held.number: held for held in self.held.get((sku, place), ()) if held.units > 0}
        gone = [number for number in wanted if number not in there]
        if gone:
            elsewhere = [where for (other, where), rows in self.held.items() if other == sku for row in rows if row.number in gone]
            told = f"{leaving.what}: {', '.join(gone)} of {sku} is not on hand at NetSuite location {place}"
            hint = f"it is at {', '.join(sorted(set(elsewhere)))}" if elsewhere else "it is on hand nowhere"
            raise Refusal("number_not_there", f"{told}; {hint}: move it, or correct the order")
        return [(there[number], min(count, there[number].units)) for number, count in wanted.items()]

    def _picked(self, leaving: Leaving, units: int, wanted: Mapping[str, int]) -> list[tuple[Held, int]]:
        order_key, _, sku = leaving.line
        claimed = {claim.number for (_, _, other), claims in self.told.claims.items() if other == sku for claim in claims}
        claimed |= {one.claim.number for (_, other), rows in self.told.notices.items() if other == sku for one in rows}
        claimed |= set(wanted) | {number for (other, number), order in self.promised.items() if other == sku and order != order_key}
        claimed |= {number for other, number in self.doubtful if other == sku}
        free = [held for held in self.held.get((sku, leaving.place), ()) if held.units > 0 and held.number not in claimed]
        found = []
        for held in sorted(free, key=lambda one: (one.expires if self.assign == "fefo" else "", int(one.id))):
            count = min(units, held.units)
            if count:
                found.append((held, count))
                units -= count
        return found


def _without(numbers: Sequence[str], taken: Mapping[str, int]) -> list[str]:
    """Return the numbers less those taken, the first ones first."""
    left, kept = Counter(taken), []
    for number in numbers:
        if left[number] > 0:
            left[number] -= 1
        else:
            kept.append(number)
    return kept


def _names(out: Sequence[Any]) -> str:
    return ", ".join(one.number for one in out) or "none that is known"


def _detail(rows: list[dict[str, Any]]) -> Detail:
    return {"inventoryDetail": {"quantity": sum(row["quantity"] for row in rows), "inventoryAssignment": {"items": rows}}}
