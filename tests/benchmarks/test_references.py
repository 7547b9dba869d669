"""The references of the benchmarks compute what we compute: a ratio against another computation would say nothing."""

import pytest

from benchmarks.compute import draw
from benchmarks.computing import WAYS, same
from benchmarks.frames import make_inputs


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("way", ["duckdb", "polars"])
def test_a_reference_gives_the_same_numbers(way, seed):
    given = make_inputs(2_000, seed)
    ours, other = WAYS["ours"](given), WAYS[way](given)
    assert same(ours, other)
    assert not same(ours, other.assign(publish_qty=other["publish_qty"] + 1))
    assert ours["publish_qty"].sum() > 0


def test_the_inputs_oversell_some_locations():
    given = make_inputs(2_000)
    shown = WAYS["ours"](given)
    assert (shown["pool_qty"] == 0).any()


def test_the_drawing_has_a_mark_for_each_size():
    assert draw([(4.0, -1.0), (5.0, 0.0), (6.0, 1.0)], 1.0).count("<circle") == 3
