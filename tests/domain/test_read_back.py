"""Spec of the change that brings a booked order to the lines that it should have."""

import pytest

from domain.read_back import lines_to_change

FIELD = "custcol_line"
TAXES = ("902", "912")


def line(item, amount, quantity=1, **more):
    return {"item": {"id": item}, "quantity": quantity, "amount": amount, **more}


def there(*lines):
    return {"item": {"items": [{"line": place, **one} for place, one in enumerate(lines, start=1)]}}


GOODS = line("101", 10.0, 2, location={"id": "1"}, **{FIELD: "7"})
CLOSED = {"isClosed": True, "rate": 0.0, "amount": 0.0}
CASES = {
    "the same": ([GOODS, line("902", 1.25)], there(GOODS, line("902", 1.25)), []),
    "a unit less": (
        [GOODS | {"quantity": 1, "rate": 5.0, "amount": 5.0}],
        there(GOODS),
        [{"line": 1, "quantity": 1, "rate": 5.0, "amount": 5.0}],
    ),
    "a line taken off": ([], there(GOODS), [{"line": 1, **CLOSED}]),
    "another tax": ([GOODS, line("902", 1.2)], there(GOODS, line("902", 1.25)), [{"line": 2, "amount": 1.2, "quantity": 1}]),
    "the same tax, of which a part has an item of its own now": (
        [GOODS, line("902", 1.2), line("912", 0.05)],
        there(GOODS, line("902", 1.25)),
        [],
    ),
    "the same tax, booked on one item again": ([GOODS, line("902", 1.25)], there(GOODS, line("902", 1.2), line("912", 0.05)), []),
    "the same tax for other units": (
        [GOODS, line("902", 1.25, 3)],
        there(GOODS, line("902", 1.25, 2)),
        [{"line": 2, "quantity": 3, "amount": 1.25}],
    ),
    "no tax on either side": ([GOODS], there(GOODS), []),
}


@pytest.mark.parametrize("case", CASES)
def test_only_what_differs_is_changed(case):
    wanted, read, expected = CASES[case]
    assert lines_to_change([{"rate": 0.0, **one} for one in wanted], read, FIELD, TAXES) == [
        {**({"rate": 0.0} if "quantity" in one and "rate" not in one else {}), **one} for one in expected
    ]
