"""What a serial or lot number looks like: its plain form, its check digit, the characters that are taken for one another.

A plain form is for comparing only: what is stored and shown is always what the system or the person gave.
"""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from contract.serials import SerialFormat, SerialSource

# Taken for one another on labels and screens; each set's first one stands for all.
_ALIKE = ("0OQD", "1ILJ", "2Z", "5S", "6G", "8B", "VU")
_FOLD = str.maketrans({letter: group[0] for group in _ALIKE for letter in group})
_SPACES = re.compile(r"[\s\u200b\ufeff]+")
_GS1_START = 3


@dataclass(frozen=True)
class Formats:
    """The contract's formats, by item."""

    formats: tuple[SerialFormat, ...] = ()

    def of(self, sku: str) -> SerialFormat | None:
        """Return the first format whose patterns the SKU fits; None where there is none."""
        return next((one for one in self.formats if any(fnmatch.fnmatchcase(sku, pattern) for pattern in one.skus)), None)

    def plain(self, text: str, sku: str) -> str:
        """Return a number in its plain form: capitals, no spaces, without what scanners of its item put before it.

        >>> Formats((SerialFormat(skus=("PHONE",), prefixes=("S/N:",)),)).plain(" s/n: ab 12 ", "PHONE")
        'AB12'
        """
        found = plain(text)
        known = self.of(sku)
        prefixes = sorted((plain(prefix) for prefix in known.prefixes), key=len, reverse=True) if known else []
        start = next((prefix for prefix in prefixes if found.startswith(prefix) and len(found) > len(prefix)), "")
        return found[len(start) :]

    def is_wellformed(self, text: str, sku: str) -> bool:
        """Return whether a number has its item's pattern and check digit; true where the item has no format.

        >>> Formats((SerialFormat(skus=("*",), pattern="[0-9]{15}", check_digit="luhn"),)).is_wellformed("490154203237518", "X")
        True
        """
        known = self.of(sku)
        if known is None:
            return True
        found = self.plain(text, sku)
        return bool(re.fullmatch(known.pattern, found)) and has_check_digit(found, known.check_digit)


def plain(text: str) -> str:
    r"""Return a text in capitals and without spaces, its compatibility characters (full width, ligatures) replaced.

    >>> plain("\uff21b-1 2")
    'AB-12'
    """
    # Capitals of some letters have a compatibility form of their own (of U+0345, say), so that once is not always enough.
    found = ""
    while text != found:
        found, text = text, _SPACES.sub("", unicodedata.normalize("NFKC", text.upper()))
    return text


def fold(text: str) -> str:
    """Return a plain form with look-alike characters as one.

    >>> fold("SN0O1I") == fold("5NOO11")
    True
    """
    return text.translate(_FOLD)


def has_check_digit(text: str, kind: str) -> bool:
    """Return whether the last digit follows from those before it.

    >>> has_check_digit("79927398713", "luhn"), has_check_digit("4006381333931", "gs1"), has_check_digit("4006381333932", "gs1")
    (True, True, False)
    >>> has_check_digit("", "luhn"), has_check_digit("12A", "gs1"), has_check_digit("anything", "none")
    (False, False, True)
    """
    if kind == "none":
        return True
    if not re.fullmatch(r"[0-9]{2,}", text):
        return False
    digits = [int(letter) for letter in reversed(text)]
    if kind == "luhn":
        doubled = (2 * digit for digit in digits[1::2])
        return (sum(digits[0::2]) + sum(digit - 9 if digit > 9 else digit for digit in doubled)) % 10 == 0
    return (digits[0] + sum(digit * (_GS1_START if place % 2 == 0 else 1) for place, digit in enumerate(digits[1:]))) % 10 == 0


def split_numbers(text: str, source: SerialSource) -> list[str]:
    r"""Return the numbers in a text, as they stand there, those named twice twice.

    >>> split_numbers("A1, A2,, A1", SerialSource(source="order.note"))
    ['A1', 'A2', 'A1']
    >>> split_numbers("sold with SN A1 and SN A2.", SerialSource(source="order.note", pattern=r"SN (\w+)"))
    ['A1', 'A2']
    """
    if source.pattern:
        return [match.group(1) if match.re.groups else match.group(0) for match in re.finditer(source.pattern, text)]
    parts = re.split(f"[{re.escape(source.separators)}]", text) if source.separators else [text]
    return [part.strip() for part in parts if part.strip()]


def numbers_of(values: Sequence[object]) -> list[str]:
    """Return the texts among the values of a JSON list."""
    return [str(value).strip() for value in values if isinstance(value, str | int) and str(value).strip()]
