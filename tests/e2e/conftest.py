"""A small world over real HTTP, and the environment that points a run at it."""

import sys

import pytest
from prefect import Flow

from connectors.http import HttpSession
from flows import command_line
from flows.wiring import open_context
from sandbox.worlds.small import small_world
from tasks.compute import compute_numbers
from tasks.record_run import begin_run, keep_snapshot, load_state
from tests.e2e.order_world import follow_to_settlement
from tests.e2e.steps import read
from tests.worlds.running import small_world_in


@pytest.fixture
def world(tmp_path, monkeypatch, world_made_by):
    with small_world_in(tmp_path, world_made_by) as (running, environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("TRUECOUNT_DATABASE_URL", raising=False)
        yield running


@pytest.fixture
def world_made_by():
    return small_world


@pytest.fixture
def run(monkeypatch, capsys):
    def once(*arguments):
        monkeypatch.setattr(sys, "argv", ["truecount", *arguments])
        with pytest.raises(SystemExit) as ended:
            command_line.main()
        told = capsys.readouterr()
        return ended.value.code or 0, told.out, told.err

    return once


@pytest.fixture
def finished_run(world):
    with open_context() as context:
        run_id = begin_run(context, "publish-inventory", {})
        numbers = compute_numbers.fn(context, run_id, read(context, run_id), load_state(context))
        keep_snapshot.fn(context, run_id, numbers)
        return run_id


@pytest.fixture
def bodies(monkeypatch):
    """Let the flows' own bodies run, without Prefect and its artifacts, and let a wait take no time."""
    from tests.e2e import driver

    driver.without_prefect(monkeypatch.setattr)
    for module in (
        driver.flows.publish_inventory,
        driver.flows.reconcile,
        driver.flows.rewrite_fields,
        driver.flows.sync_orders,
        driver.flows.trace_serials,
    ):
        for name, value in list(vars(module).items()):
            if isinstance(value, Flow):
                monkeypatch.setattr(module, name, value.fn)
    monkeypatch.setitem(HttpSession.__init__.__kwdefaults__, "sleep", lambda seconds: None)


@pytest.fixture
def books(world, tmp_path):
    """The small world with a contract that follows orders to their settlement, and the items for it."""
    follow_to_settlement(world, tmp_path / "contract" / "contract.yaml")
    return world
