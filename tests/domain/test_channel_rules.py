"""Channel rules, as tables: what a pool shows under a rule; boundary rows are 0, exact fit and negative."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.models import Rule
from domain.channels import buffer_of, limit
from domain.pools import absorb_oversold

ALLOWANCE = """
    pool | units | percent | cap | end_when | buffer | number
    10   | -     | -       | -   | -        | 0      | 10
    10   | 3     | -       | -   | -        | 3      | 7
    10   | 3     | 50      | -   | -        | 5      | 5
    10   | 3     | 25      | -   | -        | 3      | 7
    10   | -     | 25      | -   | -        | 3      | 7
    3    | 3     | -       | -   | -        | 3      | 0
    2    | 3     | -       | -   | -        | 3      | 0
    0    | -     | 10      | -   | -        | 0      | 0
    -4   | -     | -       | -   | -        | 0      | 0
    -4   | 2     | 10      | -   | -        | 2      | 0
    30   | -     | -       | 25  | -        | 0      | 25
    25   | -     | -       | 25  | -        | 0      | 25
    30   | -     | -       | 0   | -        | 0      | 0
    2    | -     | -       | -   | 2        | 0      | 0
    3    | -     | -       | -   | 2        | 0      | 3
    5    | 3     | -       | -   | 2        | 3      | 0
"""
OVERSOLD = """
    pool       | shown
    4,5,6      | 4,5,6
    -3,2,5     | 0,0,4
    -3,0,3     | 0,0,0
    -3,1,1     | -1,0,0
    5,-2,-2    | 1,0,0
    0,0,0      | 0,0,0
"""


def shown(pool, rule, *, sold=0, is_stale=False):
    """Return the buffer and the number of one pool under one complete rule."""
    units = np.array([pool])
    buffer = buffer_of(units, rule, np.array([sold]))
    return int(buffer[0]), int(limit(np.maximum(units, 0) - buffer, rule, np.array([is_stale]))[0])


def rows(table):
    lines = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    return lines[1:]


@pytest.mark.parametrize("row", rows(ALLOWANCE), ids=" ".join)
def test_what_a_pool_shows_under_a_rule(row):
    pool, units, percent, cap, end_when, buffer, number = row
    rule = Rule(
        buffer_units=None if units == "-" else int(units),
        buffer_percent=None if percent == "-" else Decimal(percent),
        cap=None if cap == "-" else int(cap),
        end_when=None if end_when == "-" else int(end_when),
    )
    assert shown(int(pool), rule) == (int(buffer), int(number))


@pytest.mark.parametrize("row", rows(OVERSOLD), ids=" ".join)
def test_an_oversold_location_takes_from_the_others_in_their_order(row):
    pool, covered = ([int(cell) for cell in part.split(",")] for part in row)
    assert absorb_oversold(np.array([pool])).tolist() == [covered]


VELOCITY_AND_AGE = """
    pool | units | sold | stale % | is stale | buffer | number
    10   | 2     | 0    | -       | no       | 2      | 8
    10   | 2     | 2    | -       | no       | 2      | 8
    10   | 2     | 5    | -       | no       | 5      | 5
    10   | -     | 12   | -       | no       | 12     | 0
    10   | -     | 0    | -       | yes      | 0      | 0
    10   | -     | 0    | 30      | yes      | 0      | 7
    3    | -     | 0    | 50      | yes      | 0      | 1
    10   | -     | 0    | 30      | no       | 0      | 10
    -2   | -     | 1    | 30      | yes      | 1      | 0
"""


@pytest.mark.parametrize("row", rows(VELOCITY_AND_AGE), ids=" ".join)
def test_recent_sales_and_a_stale_input_lower_the_number(row):
    pool, units, sold, percent, is_stale, buffer, number = row
    rule = Rule(
        buffer_units=None if units == "-" else int(units),
        buffer_sold_minutes=60,
        stale_after_minutes=10,
        stale_percent=None if percent == "-" else Decimal(percent),
    )
    assert shown(int(pool), rule, sold=int(sold), is_stale=is_stale == "yes") == (int(buffer), int(number))


@settings(derandomize=True, deadline=None)
@given(st.integers(-20, 200), st.integers(0, 50), st.integers(0, 50), st.integers(0, 100))
def test_a_larger_buffer_never_raises_a_number(pool, units, more, percent):
    small = Rule(buffer_units=units, buffer_percent=Decimal(percent))
    large = Rule(buffer_units=units + more, buffer_percent=Decimal(percent))
    assert shown(pool, large)[1] <= shown(pool, small)[1] <= max(0, pool)


@settings(derandomize=True, deadline=None)
@given(st.lists(st.integers(-30, 30), min_size=1, max_size=6), st.integers(0, 5))
def test_absorbing_keeps_the_sum_and_a_sale_raises_nothing(pool, at):
    before = absorb_oversold(np.array([pool]))
    assert before.sum() == sum(pool)
    sold = list(pool)
    sold[at % len(pool)] -= 1
    after = absorb_oversold(np.array([sold]))
    assert (np.maximum(after, 0) <= np.maximum(before, 0)).all()
