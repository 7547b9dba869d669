"""Numbers: their plain form, their check digits, what a garbled one may have been."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.serials import SerialFormat, SerialSource
from domain.serial_matching import Known, Matcher
from domain.serial_numbers import Formats, fold, has_check_digit, plain, split_numbers

FORMATS = Formats((SerialFormat(skus=("PHONE*",), pattern="PH-[0-9]{4}", prefixes=("S/N:", "S/N: IMEI")),))


@pytest.mark.parametrize(
    ("text", "is_so"),
    [
        ("PH-0001", True),
        ("ph-0001", True),
        ("S/N:PH-0001", True),
        ("PH-001", False),
        ("PH-00011", False),
        ("", False),
        ("S/N:", False),
    ],
)
def test_wellformed(text, is_so):
    assert FORMATS.is_wellformed(text, "PHONE-X") is is_so
    assert FORMATS.is_wellformed(text, "MILK"), "an item without a format takes everything"


@pytest.mark.parametrize(
    ("text", "kind", "is_so"),
    [
        ("490154203237518", "luhn", True),
        ("490154203237581", "luhn", False),
        ("0", "luhn", False),
        ("00", "luhn", True),
        ("036000291452", "gs1", True),
        ("106141412345678908", "gs1", True),
        ("106141412345678909", "gs1", False),
        ("-1", "gs1", False),
        ("\u0661\u0662", "luhn", False),
    ],
)
def test_check_digits(text, kind, is_so):
    assert has_check_digit(text, kind) is is_so


@pytest.mark.parametrize(
    ("text", "source", "numbers"),
    [
        ("", {}, []),
        (" ,; ", {}, []),
        ("A", {}, ["A"]),
        ("A;B|C\nD", {}, ["A", "B", "C", "D"]),
        ("A A", {}, ["A A"]),
        ("A A", {"separators": " "}, ["A", "A"]),
        ("SN A1, SN A2", {"pattern": r"A\d"}, ["A1", "A2"]),
        ("none", {"pattern": r"A\d"}, []),
    ],
)
def test_numbers_in_a_text(text, source, numbers):
    assert split_numbers(text, SerialSource(source="order.note", **source)) == numbers


@given(st.text(max_size=20))
def test_a_plain_form_is_plain(text):
    assert plain(plain(text)) == plain(text)
    assert fold(fold(plain(text))) == fold(plain(text))


HERE, GONE = frozenset({"W"}), frozenset()


def matcher(*numbers, formats=FORMATS):
    return Matcher([Known(number, sku, where) for number, sku, where in numbers], formats)


PHONES = matcher(
    ("PH-0001", "PHONE", HERE), ("PH-0029", "PHONE", HERE), ("PH-3333", "PHONE", frozenset({"S"})), ("M-1", "MILK", HERE)
)


@pytest.mark.parametrize(
    ("given", "first", "is_certain"),
    [
        ("PH-OOO1", "PH-0001", True),
        ("PH-0O29", "PH-0029", True),
        ("PH-0092", "PH-0029", False),  # a number in its own right by its form
        ("PH-0029PH-0029", "PH-0029", True),
        ("PH-0029PH-0001", "PH-0001", False),
        ("PH-333", "PH-3333", False),  # certain only where it is: not at W
        ("-0029", "PH-0029", True),
        ("M-1", "M-1", False),
    ],
)
def test_what_may_have_been_meant(given, first, is_certain):
    found = PHONES.suggest(given, "PHONE", "W")
    assert (found[0].known.number, found[0].is_certain) == (first, is_certain), found


def test_nothing_is_near_what_nobody_has():
    assert PHONES.suggest("ZZZZZZZZZZ", "PHONE", "W") == []
    assert PHONES.suggest("", "PHONE", "W") == []
    assert matcher().suggest("PH-0001", "PHONE", "W") == []


def test_a_unit_that_nobody_received_is_never_taken_for_the_only_one_near():
    one = matcher(("PH-0001", "PHONE", HERE))
    (found,) = one.suggest("PH-0002", "PHONE", "W")
    assert not found.is_certain


def test_a_number_without_its_item_is_searched_in_all():
    assert [one.known.number for one in PHONES.search("ph-OO01")][:1] == ["PH-0001"]
    assert [one.known.sku for one in PHONES.search("m-1")] == ["MILK"]
    assert PHONES.search("QQQQQQQQ") == []
