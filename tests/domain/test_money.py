"""Money: parts add up to the whole, by spec rows and by law."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import Money, share

ROUNDING = """
50.00  3  16.67 16.66 16.67
19.00  3   6.33  6.34  6.33
 0.01  3   0.00  0.01  0.00
-0.50  2  -0.25 -0.25
10.00  1  10.00
 0.00  2   0.00  0.00
"""


@pytest.mark.parametrize("row", [row.split() for row in ROUNDING.strip().splitlines()], ids=lambda row: f"{row[0]} over {row[1]}")
def test_a_units_amounts_are_the_share_up_to_it_less_the_share_before_it(row):
    amount, units = Decimal(row[0]), int(row[1])
    parts = [share(amount, n + 1, units) - share(amount, n, units) for n in range(units)]
    assert parts == [Decimal(part) for part in row[2:]]
    assert sum(parts) == amount


cents = st.integers(-10_000, 10_000).map(lambda n: Decimal(n) / 100)


@given(
    total=cents,
    discount=cents,
    taxes=st.dictionaries(st.sampled_from(["A", "B"]), cents),
    holds=st.booleans(),
    units=st.integers(1, 9),
)
def test_the_parts_of_money_are_the_whole_however_it_is_cut(total, discount, taxes, holds, units):
    whole = Money(total, discount, taxes, holds)
    parts = Money()
    for n in range(units):
        parts += whole.of(n + 1, units) - whole.of(n, units)
    assert (parts.total, parts.discount, parts.tax, parts.net, parts.gross) == (
        whole.total,
        whole.discount,
        whole.tax,
        whole.net,
        whole.gross,
    )
