"""Garbled serials: 10,000 seeded corruptions of eight kinds among 200,000 numbers of 400 items, and of units never booked.

Two populations: random characters, and running numbers with a Luhn digit, where a wrong digit is near many other units.
Each corruption is given for a line of its item at the location where the unit is.

- Detected: it is not taken as it stands. (A swap may happen to make another unit's number, which breaks no law until that one
  is sold too.)
- First right: the first suggestion is the unit that was meant; for a neighbour item's number that number, of its own item; for
  several in one field one of them.
- Repaired: what `serials.repair: certain` would take by itself; wrong ones must be none. What names its number outright, but
  for case, spaces or a known prefix, needs no repair.
- "never booked" is a good number that NetSuite does not have: nothing may be taken for it.

The reference compares with every number of the item by edit distance alone, without a cut-off.
"""

from __future__ import annotations

import argparse
import random
import string
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from contract.serials import SerialFormat
from domain.serial_matching import Known, Matcher
from domain.serial_numbers import Formats, has_check_digit

_LETTERS = string.digits + "ABCDEFGHJKLMNPRSTUVWXYZ"
_ALIKE = {"0": "O", "1": "I", "2": "Z", "5": "S", "8": "B", "B": "8", "S": "5", "Z": "2", "G": "6", "V": "U"}
_PLACES = ("WAREHOUSE", "STORE_1", "STORE_2")
_ITEMS = 400
_PREFIXES = ("S/N:", "SN", "(21)")
_NEVER_BOOKED, _ON_HAND = 0.01, 0.8
_COUNTED = ("all", "detected", "first right", "repaired", "wrong repairs")


def swap(number: str, rng: random.Random, _: str) -> str:
    """Two neighbours swapped."""
    places = [place for place in range(len(number) - 1) if number[place] != number[place + 1]]
    place = rng.choice(places)
    return number[:place] + number[place + 1] + number[place] + number[place + 2 :]


def look_alike(number: str, rng: random.Random, _: str) -> str:
    """One or two characters read as what they look like."""
    places = [place for place, letter in enumerate(number) if letter in _ALIKE]
    if not places:
        return number[:-1] + ("X" if number[-1] != "X" else "W")
    chosen = set(rng.sample(places, min(len(places), rng.choice((1, 2)))))
    return "".join(_ALIKE[letter] if place in chosen else letter for place, letter in enumerate(number))


def truncation(number: str, rng: random.Random, _: str) -> str:
    """One to three characters missing at an end."""
    cut = rng.choice((1, 2, 3))
    return number[:-cut] if rng.random() < 0.5 else number[cut:]


def case(number: str, rng: random.Random, _: str) -> str:
    """Small letters and spaces."""
    place = rng.randrange(1, len(number))
    return f" {number[:place].lower()} {number[place:].lower()}"


def prefix(number: str, rng: random.Random, _: str) -> str:
    """What a scanner puts before it: known to the contract, or not."""
    return rng.choice(_PREFIXES) + number


def duplicate(number: str, _: random.Random, __: str) -> str:
    """Scanned twice into one field."""
    return number + number


def concatenation(number: str, _: random.Random, other: str) -> str:
    """Two units' numbers in one field."""
    return number + other


KINDS: dict[str, Callable[[str, random.Random, str], str]] = {
    "swap": swap,
    "look-alike": look_alike,
    "truncation": truncation,
    "case": case,
    "prefix": prefix,
    "duplicate scan": duplicate,
    "concatenation": concatenation,
}


def random_numbers(count: int, rng: random.Random) -> list[str]:
    """Return different numbers: two letters of the item, eight random characters."""
    made: dict[str, None] = {}
    while len(made) < count:
        item = len(made) % _ITEMS
        made["".join((_LETTERS[10 + item % 20], _LETTERS[10 + item // 20], *rng.choices(_LETTERS, k=8)))] = None
    return list(made)


def running_numbers(count: int, _: random.Random) -> list[str]:
    """Return running numbers of each item, the last digit by Luhn's rule."""
    found = []
    for place in range(count):
        body = f"35{place % _ITEMS:03d}{place // _ITEMS:05d}"
        found.append(next(body + digit for digit in string.digits if has_check_digit(body + digit, "luhn")))
    return found


POPULATIONS = {
    "random": (random_numbers, SerialFormat(skus=("*",), pattern="[0-9A-Z]{10}", prefixes=_PREFIXES)),
    "running": (running_numbers, SerialFormat(skus=("*",), pattern="[0-9]{11}", prefixes=_PREFIXES, check_digit="luhn")),
}


@dataclass
class Given:
    """A text given for a line, and what it was."""

    kind: str
    text: str
    sku: str
    place: str
    meant: set[tuple[str, str]]


def corrupted(kind: str, one: Known, by_item: dict[str, list[Known]], spare: dict[str, list[str]], rng: random.Random) -> Given:
    """Return one number as it may arrive."""
    given = Given(kind, one.number, one.sku, next(iter(one.on_hand)), {(one.sku, one.number)})
    if kind == "neighbour item":
        stranger = rng.choice(by_item[rng.choice([sku for sku in by_item if sku != one.sku])])
        given.text, given.meant = stranger.number, {(stranger.sku, stranger.number)}
    elif kind == "never booked":
        given.sku = rng.choice(list(spare))
        given.text, given.meant = rng.choice(spare[given.sku]), set()
    else:
        other = rng.choice(by_item[one.sku])
        given.text = KINDS[kind](one.number, rng, other.number)
        given.meant |= {(other.sku, other.number)} if kind == "concatenation" else set()
    return given


def measure(name: str, count: int, corruptions: int) -> None:
    """Print the shares of one population."""
    rng = random.Random(20261124)
    make, form = POPULATIONS[name]
    known, spare = [], {}
    for place, text in enumerate(make(count, rng)):
        sku = f"ITEM-{place % _ITEMS:03d}"
        if rng.random() < _NEVER_BOOKED:
            spare.setdefault(sku, []).append(text)
        else:
            known.append(Known(text, sku, frozenset({rng.choice(_PLACES)}) if rng.random() < _ON_HAND else frozenset()))
    started = time.perf_counter()
    matcher = Matcher(known, Formats((form,)))
    _ = matcher.index
    built = time.perf_counter() - started
    by_item: dict[str, list[Known]] = {}
    for one in known:
        by_item.setdefault(one.sku, []).append(one)
    sold = [one for one in known if one.on_hand]
    kinds = [*KINDS, "neighbour item"]
    texts = [corrupted(kinds[turn % len(kinds)], rng.choice(sold), by_item, spare, rng) for turn in range(corruptions)]
    texts += [corrupted("never booked", rng.choice(sold), by_item, spare, rng) for _ in range(corruptions // len(kinds))]
    tally: Counter[tuple[str, str]] = Counter()
    began = time.perf_counter()
    for given in texts:
        look_up(matcher, given, tally)
    spent = time.perf_counter() - began
    began = time.perf_counter()
    for given in texts:
        process.extract(given.text, [each.number for each in by_item[given.sku]], scorer=Levenshtein.distance, limit=5)
    ratio = spent / (time.perf_counter() - began)
    print(f"{name} numbers: {len(known):,} indexed in {built:.2f} s; {len(texts):,} looked up in {spent:.2f} s, ", end="")
    print(f"{ratio:.2f}x the time of edit distance alone")
    print(f"{'kind':16} {'n':>6} {'detected':>9} {'first right':>12} {'repaired':>9} {'wrong repairs':>14}")
    for kind in [*kinds, "all", "never booked"]:
        row = {what: sum(tally[each, what] for each in (kinds if kind == "all" else [kind])) for what in _COUNTED}
        shares = [f"{row[what] / row['all']:.2%}" for what in _COUNTED[1:4]]
        print(f"{kind:16} {row['all']:>6} {shares[0]:>9} {shares[1]:>12} {shares[2]:>9} {row['wrong repairs']:>14}")


def look_up(matcher: Matcher, given: Given, tally: Counter[tuple[str, str]]) -> None:
    """Count what becomes of a text."""
    taken = matcher.find(given.text, given.sku)
    is_detected = taken is None or taken.number != given.text
    found = matcher.suggest(given.text, given.sku, given.place) if is_detected else []
    first = (found[0].known.sku, found[0].known.number) if found else None
    is_repaired = bool(found) and found[0].is_certain
    for what, is_so in zip(
        _COUNTED, (True, is_detected, first in given.meant, is_repaired, is_repaired and first not in given.meant), strict=True
    ):
        tally[given.kind, what] += is_so


def main() -> None:
    """Print each population's shares, and the ratio to the reference."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--numbers", type=int, default=200_000)
    options.add_argument("--corruptions", type=int, default=10_000)
    given = options.parse_args()
    for name in POPULATIONS:
        measure(name, given.numbers, given.corruptions)


if __name__ == "__main__":
    main()
