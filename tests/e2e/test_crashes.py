"""kill -9 at every write of both flows, and in the midst of a call: nothing is written twice, nothing is lost.

The flows' bodies run in a process of their own (`tests/e2e/driver.py`), so that the kill is a real one.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from contract.settings import read_settings
from flows.wiring import open_context
from store import publications
from store.engine import reading
from store.schema import runs as runs_table
from tests.e2e.test_small_world import against_truth, compute

KILLED = -signal.SIGKILL


@pytest.fixture(scope="module")
def driver():
    command = [sys.executable, "-m", "tests.e2e.driver"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.stdin.close()


class Runner:
    """Runs flows in forks of the driver."""

    def __init__(self, driver, log: Path) -> None:
        self.driver, self.log = driver, log

    def start(self, flow: str, die_before: int = 0) -> int:
        """Start a run and return its pid."""
        names = {name: value for name, value in read_settings().environment.items() if name.startswith("TRUECOUNT_")}
        order = {"flow": flow, "environment": names, "log": str(self.log), "die_before": die_before}
        self.driver.stdin.write(json.dumps(order) + "\n")
        self.driver.stdin.flush()
        return int(self.driver.stdout.readline())

    def end(self) -> tuple[int, list[str]]:
        """Wait for the run; return its exit code and its writes."""
        told = json.loads(self.driver.stdout.readline())
        assert told["code"] != 99, self.log.read_text()
        return told["code"], told["writes"]

    def run(self, flow: str, die_before: int = 0) -> tuple[int, list[str]]:
        """Run a flow to its end, whatever that is."""
        self.start(flow, die_before)
        return self.end()


@pytest.fixture
def runner(driver, world, tmp_path):
    return Runner(driver, tmp_path / "runs.log")


def sell(world, units=1):
    """A buyer orders eggs from the warehouse; return how many there are in truth from now on."""
    shop = world.world.shops["GROCER"]
    with world.world.lock:
        variant = next(key for key, row in shop.variants.items() if row["sku"] == "EGGS")
        shop.place_order({"lines": [{"variant_id": variant, "quantity": units}], "location_id": "gid://shopify/Location/1001"})


def eggs_shown(world, shop_code="GROCER", location="gid://shopify/Location/1001"):
    shop = world.world.shops[shop_code]
    item = next(row["inventory_item_id"] for row in shop.variants.values() if row["sku"] == "EGGS")
    return shop.levels[item, location]["available"]


def documents_by_order(world):
    """Return how many NetSuite documents stand for each Shopify order that we have booked."""
    rows = world.world.db.execute(
        "SELECT externalid FROM ns_transaction WHERE externalid LIKE 'SHOPIFY-%' AND type IN ('SalesOrd', 'CashSale')"
    )
    return Counter(row[0] for row in rows)


def statuses():
    with open_context() as context, reading(context.engine) as connection:
        return Counter(row.status for row in connection.execute(select(runs_table.c.status)))


def assert_true(world, sold):
    """Every number is the truth, and both shops show it: less one as a buffer, less one owed to EXPRESS's oversold store."""
    with open_context() as context:
        told = against_truth(compute(context), world)
    wrong = told.loc[(told["atp_qty"] != told["truth_qty"]) & ~((told["sku"] == "EGGS") & (told["location_code"] == "WAREHOUSE"))]
    assert wrong.empty, wrong
    assert (eggs_shown(world), eggs_shown(world, "EXPRESS", "gid://shopify/Location/2001")) == (29 - sold, 28 - sold)


def test_publishing_killed_before_any_write_ends_at_the_truth(world, runner):
    code, writes = runner.run("publish")
    assert code in (0, 1)
    assert {"commit", "call Shopify"} <= set(writes)
    sold, killed = 0, []
    for point in range(1, len(writes) + 1):
        sell(world)
        sold += 1
        code, done = runner.run("publish", die_before=point)
        if code != KILLED:
            break
        killed.append(done[-1] if done else "start")
        assert runner.run("publish")[0] in (0, 1)
        assert eggs_shown(world) == 29 - sold
    assert {"start", "commit", "call Shopify"} <= set(killed)
    assert len(killed) >= 8
    assert_true(world, sold)
    with open_context() as context:
        assert publications.unsettled_batches(context.engine) == []
    # Killed before its own row was written (the migration's commit comes first), a run has left none.
    assert statuses()["abandoned"] == len(killed) - 2
    assert statuses()["running"] == 0


def test_booking_killed_before_any_write_books_each_order_once(world, runner):
    code, writes = runner.run("sync")
    assert {"commit", "call NetSuite"} <= set(writes)
    before = documents_by_order(world)
    sold, killed = 0, []
    for point in range(1, len(writes) + 1):
        sell(world)
        sold += 1
        code, done = runner.run("sync", die_before=point)
        if code != KILLED:
            break
        killed.append(done[-1] if done else "start")
        assert runner.run("sync")[0] in (0, 1)
        told = documents_by_order(world)
        assert set(told.values()) == {1}
        assert len(told) == len(before) + sold
    assert {"start", "commit", "call NetSuite"} <= set(killed)
    assert runner.run("publish")[0] in (0, 1)
    assert_true(world, sold)


@pytest.mark.parametrize(
    ("flow", "system", "operation"),
    [("publish", "shopify", "inventorySetQuantities"), ("sync", "netsuite", "POST /services/rest/record/v1/")],
)
@pytest.mark.parametrize("kind", ["slow", "timeout_after"])
def test_a_run_killed_in_the_midst_of_a_call(world, runner, flow, system, operation, kind):
    fault = {"system": system, "operation": operation, "kind": kind, "seconds": 20, "times": 1}
    world.world.faults.order(fault)
    pid = runner.start(flow)
    until = time.monotonic() + 60
    while world.world.faults._faults[0].times and time.monotonic() < until:
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    assert runner.end()[0] == KILLED
    world.world.faults.clear()
    assert runner.run("sync")[0] in (0, 1)
    assert runner.run("publish")[0] in (0, 1)
    assert set(documents_by_order(world).values()) == {1}
    assert_true(world, 0)


def test_both_killed_one_after_the_other(world, runner):
    sell(world, 2)
    assert runner.run("sync", die_before=4)[0] == KILLED
    assert runner.run("publish", die_before=6)[0] == KILLED
    assert runner.run("sync")[0] in (0, 1)
    assert runner.run("publish")[0] in (0, 1)
    assert set(documents_by_order(world).values()) == {1}
    assert_true(world, 2)
