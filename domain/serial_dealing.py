"""Which line of an order a number is of that is told for the whole order, or for all members of a kit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

from domain.serial_matching import Matcher
from domain.serial_numbers import Formats

LineKey = tuple[str, str, str]


class Units(Protocol):
    """Units of a SKU that numbers are told for (`domain.serial_sources.NumberedLine`)."""

    @property
    def key(self) -> LineKey:
        """How numbers are kept by."""

    @property
    def sku(self) -> str:
        """The SKU."""

    @property
    def units(self) -> int:
        """How many."""

    @property
    def is_lot(self) -> bool:
        """Whether its numbers are lots."""


def deal(texts: Sequence[str], lines: Sequence[Units], matcher: Matcher, *, is_line: bool = False) -> dict[LineKey, list[str]]:
    """Return by line which texts are its own.

    A text is of the SKU that has such a number; of the first SKU that still lacks one where none has it and its format fits.
    Among lines of one SKU texts are dealt out by units, in the order of the lines; what is left over is the last line's. A serial
    that is told twice is of one line, and the only lot that is told is of every line.

    Args:
        texts: as they were given.
        lines: the lines that they may be of.
        matcher: every number of NetSuite.
        is_line: the lines are members of one kit, or one line: every text is of one of them, whatever its format.
    """
    found: dict[LineKey, list[str]] = {}
    for sku, mine in _by_sku(texts, lines, matcher, is_line=is_line).items():
        found |= _among(mine, [line for line in lines if line.sku == sku], matcher.formats)
    return found


def skus_of(text: str, lines: Sequence[Units], matcher: Matcher) -> list[str]:
    """Return the SKUs of the lines that a text may be of: those that have such a number, else those whose format it fits."""
    fits = [sku for sku in _skus(lines) if is_of(text, sku, matcher.formats)]
    return [sku for sku in fits if matcher.find(text, sku)] or fits


def is_of(text: str, sku: str, formats: Formats) -> bool:
    """Return whether a text fits the format of a SKU that has one."""
    return formats.of(sku) is not None and formats.is_wellformed(text, sku)


def _by_sku(texts: Sequence[str], lines: Sequence[Units], matcher: Matcher, *, is_line: bool) -> Mapping[str, list[str]]:
    skus, room = _skus(lines), Counter[str]()
    for line in lines:
        room[line.sku] += line.units
    known = [[sku for sku in skus if matcher.find(text, sku) and (is_line or is_of(text, sku, matcher.formats))] for text in texts]
    room.subtract(sku for some in known for sku in some)
    found: dict[str, list[str]] = {}
    for text, some in zip(texts, known, strict=True):
        mine = some
        if not mine:
            fits = [sku for sku in skus if is_of(text, sku, matcher.formats)] or (skus[:1] if is_line else [])
            mine = [next((sku for sku in fits if room[sku] > 0), fits[0])] if fits else []
            room.subtract(mine)
        for sku in mine:
            found.setdefault(sku, []).append(text)
    return found


def _among(texts: Sequence[str], lines: Sequence[Units], formats: Formats) -> dict[LineKey, list[str]]:
    """Return which texts of one SKU are of which of its lines."""
    plain = [formats.plain(text, lines[0].sku) for text in texts]
    if lines[0].is_lot and len(set(plain)) == 1:
        return {line.key: list(texts) for line in lines}
    found: dict[LineKey, list[str]] = {line.key: [] for line in lines}
    units, before = {line.key: line.units for line in lines}, dict[str, LineKey]()
    for text, name in zip(texts, plain, strict=True):
        place = next((key for key, given in found.items() if len(given) < units[key]), lines[-1].key)
        place = place if lines[0].is_lot else before.setdefault(name, place)
        found[place].append(text)
    return found


def _skus(lines: Sequence[Units]) -> list[str]:
    return list(dict.fromkeys(line.sku for line in lines))
