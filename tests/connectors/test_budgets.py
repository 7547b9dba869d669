"""Budgets across threads and processes: nobody gets more than the limit, and the whole rate is used."""

import json
import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from connectors.budgets import ConcurrencyBudget, CostBudget

SPAWN = multiprocessing.get_context("spawn")


def hold_slot(folder: Path, ready: "multiprocessing.Queue[int]") -> None:
    with ConcurrencyBudget(folder, "account", 1).slot():
        ready.put(os.getpid())
        time.sleep(60)


class Vendor:
    """A vendor's bucket in a file of its own, as exact as the real one: reserve on arrival, give back at the end."""

    def __init__(self, path: Path, maximum: float, restore: float) -> None:
        self.path, self.maximum, self.restore = path, maximum, restore

    def change(self, cost: float, *, is_refund: bool = False) -> tuple[bool, float]:
        import fcntl

        with self.path.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            points, at, spent = json.loads(file.read())
            now = time.monotonic()
            points = min(self.maximum, points + (now - at) * self.restore)
            is_granted = is_refund or points >= cost
            change = (cost if is_refund else -cost) if is_granted else 0.0
            file.seek(0)
            file.truncate()
            file.write(json.dumps([points + change, now, spent - change]))
        return is_granted, float(int(points + change))


def spend(folder: Path, seconds: float, results: "multiprocessing.Queue[tuple[int, int]]") -> None:
    vendor = Vendor(folder / "vendor.json", 200, 100)
    budget = CostBudget(folder, "shop")
    until = time.monotonic() + seconds
    throttled = sent = 0
    while time.monotonic() < until:
        reserved = budget.take(20)
        is_granted, points = vendor.change(20)
        time.sleep(0.003)
        if is_granted:
            _, points = vendor.change(7, is_refund=True)
        time.sleep(0.002)
        status = {"maximumAvailable": 200, "currentlyAvailable": points, "restoreRate": 100}
        budget.settle(reserved, 13 if is_granted else None, status)
        sent += is_granted
        throttled += not is_granted
    results.put((sent, throttled))


def test_two_processes_use_the_whole_rate_and_are_never_throttled(tmp_path):
    (tmp_path / "vendor.json").write_text(json.dumps([200, time.monotonic(), 0]))
    results = SPAWN.Queue()
    workers = [SPAWN.Process(target=spend, args=(tmp_path, 4.0, results)) for _ in range(2)]
    for worker in workers:
        worker.start()
    counts = [results.get(timeout=30) for _ in workers]
    for worker in workers:
        worker.join()
    assert sum(throttled for _, throttled in counts) == 0
    assert min(sent for sent, _ in counts) > 0
    # 4 seconds at 100 points a second, and the full bucket less what one request must find in it.
    granted = 4.0 * 100 + 200 - 20
    assert sum(sent for sent, _ in counts) * 13 >= 0.95 * granted


def test_a_killed_process_gives_its_slot_back(tmp_path):
    ready = SPAWN.Queue()
    worker = SPAWN.Process(target=hold_slot, args=(tmp_path, ready))
    worker.start()
    pid = ready.get(timeout=30)
    taken = threading.Event()

    def take() -> None:
        with ConcurrencyBudget(tmp_path, "account", 1).slot():
            taken.set()

    waiter = threading.Thread(target=take)
    waiter.start()
    assert not taken.wait(0.2)
    os.kill(pid, signal.SIGKILL)
    assert taken.wait(5)
    waiter.join()
    worker.join()


def test_threads_share_the_limit(tmp_path):
    budget = ConcurrencyBudget(tmp_path, "account", 3)
    lock, inside, most = threading.Lock(), [0], [0]

    def work() -> None:
        with budget.slot():
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            time.sleep(0.02)
            with lock:
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == 3


class Clock:
    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def status(available: float, maximum: float = 200, restore: float = 100) -> dict[str, float]:
    return {"maximumAvailable": maximum, "currentlyAvailable": available, "restoreRate": restore}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budget(tmp_path: Path, clock: Clock) -> CostBudget:
    return CostBudget(tmp_path, "shop", clock=clock, sleep=clock.sleep)


def test_what_the_vendor_has_left_is_spent_without_waiting(budget, clock):
    budget.settle(budget.take(13), 13, status(187))
    for _ in range(14):
        budget.take(13)
    assert clock.slept == []
    budget.take(13)
    assert sum(clock.slept) == pytest.approx((15 * 13 - 187) / 100, abs=0.01)


def test_a_bucket_nobody_knows_is_asked_one_request_at_a_time(budget, clock):
    first = budget.take(13)
    other = CostBudget(budget._path.parent, "shop", clock=clock, sleep=lambda seconds: budget.settle(first, 13, status(100)))
    other.take(13)
    assert json.loads(budget._path.read_text())["available"] == 100 - 13


def test_an_old_answer_does_not_give_back_what_was_spent_since(budget):
    budget.settle(budget.take(10), 10, status(190))
    slow = budget.take(10)
    for left in (170, 160, 150):
        budget.settle(budget.take(10), 10, status(left))
    budget.settle(slow, 10, status(180))
    assert json.loads(budget._path.read_text())["available"] == 150


def test_points_that_someone_else_spent_are_seen(budget):
    budget.settle(budget.take(10), 10, status(190))
    budget.settle(budget.take(10), 10, status(40))
    assert json.loads(budget._path.read_text())["available"] == 40


def test_a_throttled_request_waits_for_what_the_vendor_says(budget, clock):
    budget.settle(budget.take(50), 50, status(150))
    budget.settle(budget.take(100), None, status(20))
    budget.take(100)
    assert sum(clock.slept) == pytest.approx(0.8, abs=0.01)


def test_a_lost_answer_counts_as_spent_and_a_request_never_sent_does_not(budget):
    budget.settle(budget.take(10), 10, status(190))
    budget.settle(budget.take(60), None, None)
    assert json.loads(budget._path.read_text())["available"] == 130
    budget.settle(budget.take(60), 0.0, None)
    assert json.loads(budget._path.read_text())["available"] == 130


def test_more_than_the_bucket_holds_waits_until_it_is_full(budget, clock):
    budget.settle(budget.take(10), 10, status(100))
    budget.take(900)
    assert sum(clock.slept) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"available": 3}', '{"at": "x"}'])
def test_a_damaged_file_is_an_unknown_bucket(tmp_path, text, clock):
    (tmp_path / "shop.cost.json").write_text(text)
    budget = CostBudget(tmp_path, "shop", clock=clock, sleep=clock.sleep)
    budget.settle(budget.take(10), 10, status(55))
    assert json.loads((tmp_path / "shop.cost.json").read_text())["available"] == 55


def test_a_clock_that_starts_anew_makes_the_bucket_unknown(budget, clock):
    budget.settle(budget.take(10), 10, status(190))
    clock.now = 1.0
    budget.take(500)
    assert clock.slept == []
