"""The references of the benchmarks compute what we compute: a ratio against another computation would say nothing."""

from datetime import timedelta

import pytest

from benchmarks import serials as serial_benchmark
from benchmarks.compute import draw
from benchmarks.computing import WAYS, same
from benchmarks.frames import make_inputs
from contract.frames import empty
from store import serials
from tasks.trace_serials import trace_numbers


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


def test_the_incremental_run_of_serials_is_the_task_on_its_whole_balance(tmp_path):
    context, events = serial_benchmark.context_of(tmp_path), serial_benchmark.events_of(50)
    lineage, breaches = serial_benchmark.judge(events)
    at = serial_benchmark.AT
    serials.record(context.engine, "r1", events, lineage, breaches, blocked=empty("core_blocked"), numbers=None, at_utc=at)
    raw = serial_benchmark.late_returns(events)
    assert len(raw["raw_netsuite__serial_stock"]) == 50
    traced = trace_numbers.fn(context, serial_benchmark.RUN, raw, at - timedelta(days=1))
    assert (set(traced.events["stage_code"]), len(traced.events)) == ({"returned"}, len(raw["raw_netsuite__serial_movements"]))
    there = serials.lineage(context.engine).loc[lambda rows: rows["on_hand_qty"].gt(0), "serial_number"]
    assert set(there) == set(traced.events["serial_number"]) - {"SN00000000"}, "the first has left twice"
    context.engine.dispose()
