"""Which number was meant: ranked suggestions with their evidence, and the one that is certain.

A garbled number is looked for in several ways, from the surest to the weakest; each candidate carries every way that leads
to it, and whether it could have been sold: of the same item, on hand, at that location. A wrong repair costs more than a
question, so that a candidate is certain only where it is the only one, could have been sold there, and the text given is no
number in its own right: it has not the form that the contract says its item's numbers have. A unit that nobody has
received yet often has a number one digit off another's. What was certain stays so when the unit has left (`Earlier`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice

from rapidfuzz import process
from rapidfuzz.distance import OSA

from domain.serial_numbers import Formats, fold, plain

_SHORTEST = 3
_MOST = 5


@dataclass(frozen=True)
class Known:
    """A number that NetSuite has: its own text, its item, and the locations where units of it are on hand."""

    number: str
    sku: str
    on_hand: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Suggestion:
    """A number that may have been meant: how far off, by which ways, and what speaks for it."""

    known: Known
    rank: float
    evidence: tuple[str, ...]
    is_certain: bool = False


@dataclass(frozen=True)
class Earlier:
    """What is settled of orders and notices already.

    Args:
        taken: the number that a text was taken for, by document, SKU and text.
        left: the numbers that left for an order, each with its SKU.
    """

    taken: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    left: Mapping[str, frozenset[tuple[str, str]]] = field(default_factory=dict)


@dataclass
class _Index:
    """The numbers by their plain form, by their folded form, and by item."""

    by_plain: dict[str, list[Known]] = field(default_factory=lambda: defaultdict(list))
    by_fold: dict[str, list[Known]] = field(default_factory=lambda: defaultdict(list))
    by_item: dict[str, dict[str, Known]] = field(default_factory=lambda: defaultdict(dict))
    lengths: set[int] = field(default_factory=set)
    ordered: dict[str, tuple[list[str], list[str]]] = field(default_factory=dict)

    def beginning_or_ending_with(self, text: str, sku: str) -> Iterator[str]:
        """Yield the item's numbers that begin or end with a text."""
        if sku not in self.ordered:
            mine = self.by_item.get(sku, {})
            self.ordered[sku] = (sorted(mine), sorted(one[::-1] for one in mine))
        forward, backward = self.ordered[sku]
        yield from _starting(forward, text)
        yield from (found[::-1] for found in _starting(backward, text[::-1]))


class Matcher:
    """Finds numbers.

    Args:
        known: every number of NetSuite.
        formats: what numbers look like.
        earlier: what is settled already.
    """

    def __init__(self, known: Iterable[Known], formats: Formats, earlier: Earlier | None = None) -> None:
        self.formats = formats
        self.earlier = earlier or Earlier()
        self._known = known

    @cached_property
    def index(self) -> _Index:
        """The numbers, made ready to be found when the first is asked for: of hundreds of thousands that takes seconds."""
        index = _Index()
        for one in self._known:
            text = self.formats.plain(one.number, one.sku)
            index.by_plain[text].append(one)
            index.by_fold[fold(text)].append(one)
            index.by_item[one.sku][text] = one
            index.lengths.add(len(text))
        return index

    def find(self, text: str, sku: str) -> Known | None:
        """Return the number of the item that the text names outright: but for case, spaces and prefix."""
        return self.index.by_item.get(sku, {}).get(self.formats.plain(text, sku))

    def taken(self, text: str, sku: str, document_key: str) -> Known | None:
        """Return the number that a document's text was taken for before; none where NetSuite has it no more."""
        number = self.earlier.taken.get((document_key, sku, text))
        return None if number is None else self.find(number, sku)

    def of_others(self, text: str, sku: str) -> list[Known]:
        """Return the numbers of other items that the text names outright."""
        return [one for one in self.index.by_plain.get(self.formats.plain(text, sku), []) if one.sku != sku]

    def suggest(self, text: str, sku: str, location: str | None = None, order_key: str | None = None) -> list[Suggestion]:
        """Return what may have been meant, the likeliest first, at most five.

        Args:
            text: as it was given.
            sku: the item that it was given for.
            location: where it was sold, if known.
            order_key: the order that it was given for, if known: what left for it could have been sold.
        """
        given = self.formats.plain(text, sku)
        found: dict[tuple[str, str], tuple[Known, float, list[str]]] = {}
        for one, rank, why in self._ways(given, sku):
            held = found.setdefault((one.sku, one.number), (one, rank, []))
            held[2].append(why)
            found[one.sku, one.number] = (one, min(held[1], rank), held[2])
        ranked = sorted(
            (self._judged(one, rank, ways, sku, location) for one, rank, ways in found.values()),
            key=lambda each: (each.rank, each.known.number),
        )
        return self._settled(ranked, given, (sku, location, order_key))[:_MOST]

    def search(self, text: str) -> list[Suggestion]:
        """Return what may have been meant by a number whose item is not known, the likeliest first."""
        given = plain(text)
        near = [
            one for one, _, _ in process.extract(given, self.index.by_plain.keys(), scorer=OSA.distance, score_cutoff=2, limit=20)
        ]
        holding = (one for one in self.index.by_plain if len(given) >= _SHORTEST and given in one)
        alike = (known for known in self.index.by_fold.get(fold(given), ()))
        skus = {known.sku for one in (*near, *islice(holding, 20)) for known in self.index.by_plain[one]} | {
            one.sku for one in alike
        }
        found = (one for sku in sorted(skus) for one in self.suggest(text, sku) if one.known.sku == sku)
        return sorted(found, key=lambda one: (one.rank, one.known.number))

    def split(self, text: str, sku: str) -> list[Known]:
        """Return the numbers of the item that the text is made of, joined or repeated; none where it is not."""
        given, numbers = self.formats.plain(text, sku), self.index.by_item.get(sku, {})
        reached: dict[int, list[Known]] = {0: []}
        for end in range(1, len(given) + 1):
            for size in self.index.lengths:
                start = end - size
                if start in reached and end not in reached and (one := numbers.get(given[start:end])):
                    reached[end] = [*reached[start], one]
        return reached.get(len(given), []) if len(reached.get(len(given), [])) > 1 else []

    def _ways(self, given: str, sku: str) -> Iterator[tuple[Known, float, str]]:
        mine = self.index.by_item.get(sku, {})
        if given in mine:
            yield mine[given], 0.0, "the same but for case, spaces or prefix"
        for one in self.index.by_fold.get(fold(given), ()):
            if one.sku == sku:
                yield (
                    one,
                    0.5 + 0.1 * _changed(given, self.formats.plain(one.number, sku)),
                    "the same but for look-alike characters",
                )
        for one in dict.fromkeys(self.split(given, sku)):
            yield one, 0.7, "scanned more than once, or with another one, in one field"
        yield from self._near(given, sku, mine)
        for one in self.of_others(given, sku):
            yield one, 2.5, f"a number of {one.sku}, another item"

    def _near(self, given: str, sku: str, mine: dict[str, Known]) -> Iterator[tuple[Known, float, str]]:
        for text, distance, _ in process.extract(given, mine.keys(), scorer=OSA.distance, score_cutoff=2, limit=4 * _MOST):
            is_swap = distance == 1 and sorted(given) == sorted(text)
            yield mine[text], 1.6 if is_swap else 1.0 + distance, _edit(int(distance), is_swap=is_swap)
        if len(given) >= _SHORTEST:
            for text in self._holding(given, sku, mine):
                yield mine[text], 1.6 + 0.1 * abs(len(text) - len(given)), "cut off, or with characters before or after it"

    def _holding(self, given: str, sku: str, mine: dict[str, Known]) -> Iterator[str]:
        """Yield the numbers that begin or end with the text, and those that it begins or ends with."""
        yield from (text for text in self.index.beginning_or_ending_with(given, sku) if text != given)
        for size in self.index.lengths:
            if _SHORTEST <= size < len(given):
                yield from (text for text in {given[:size], given[-size:]} if text in mine)

    def _judged(self, one: Known, rank: float, ways: list[str], sku: str, location: str | None) -> Suggestion:
        told = list(dict.fromkeys(ways))
        if one.sku == sku and location is not None and location in one.on_hand:
            told.append(f"on hand at {location}")
            rank -= 0.45
        elif one.on_hand:
            told.append(f"on hand at {', '.join(sorted(one.on_hand))}")
            rank -= 0.15
        else:
            told.append("not on hand")
        if not self.formats.is_wellformed(one.number, one.sku):
            rank += 0.3
        return Suggestion(one, round(rank, 3), tuple(told))

    def _settled(self, ranked: list[Suggestion], given: str, where: tuple[str, str | None, str | None]) -> list[Suggestion]:
        """Return the suggestions, the only one marked as certain where it is."""
        sku, location, order_key = where
        if len(ranked) != 1 or ranked[0].known.sku != sku:
            return ranked
        only, evidence = ranked[0].known, ranked[0].evidence
        if order_key and (sku, only.number) in self.earlier.left.get(order_key, ()):
            evidence = (*evidence, "it left for this order")
        elif location not in only.on_hand:
            return ranked
        text = self.formats.plain(only.number, sku)
        is_it = given == text or given == text * (len(given) // len(text))
        is_certain = is_it or not self.formats.is_wellformed(given, sku)
        return [replace(ranked[0], evidence=evidence, is_certain=is_certain)]


def _starting(ordered: list[str], start: str) -> Iterator[str]:
    place = bisect_left(ordered, start)
    while place < len(ordered) and ordered[place].startswith(start):
        yield ordered[place]
        place += 1


def _changed(given: str, text: str) -> int:
    return sum(1 for left, right in zip(given, text, strict=False) if left != right)


def _edit(distance: int, *, is_swap: bool) -> str:
    if is_swap:
        return "two neighbours are swapped"
    return "one character differs" if distance == 1 else f"{distance} characters differ"
