"""Share of the granted rate that a publish uses: a bucket of 200 points, 100 a second; one process, then two.

    python -m benchmarks.publish_rate [--pairs 20000] [--latency 0.3]

Each call takes so many seconds longer than the sandbox does, as a call over the internet would. Counted from the moment the
bucket is drained to the last call: points of the calls after it, less what was left in it, against the points that the shop
restored meanwhile. A THROTTLED answer would show as one.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
from datetime import datetime
from pathlib import Path

from benchmarks.shop import SET, calls_of, changes_of, client_of, context_of, running_shop
from connectors.shopify.document import stated_cost
from tasks.publish_quantities import publish_changes

MAXIMUM, RESTORE = 200, 100


def publish(url: str, shared: Path, own: Path, first: int, last: int) -> None:
    """Publish some pairs, within the budget of the shared folder."""
    own.mkdir(parents=True, exist_ok=True)
    context = context_of(url, own)
    context.shops = {"ONE": client_of(url, shared)}
    publish_changes.fn(context, "benchmark", changes_of(first, last))
    context.engine.dispose()


def measure(pairs: int, processes: int, latency: float) -> str:
    """Return one line about one publish by so many processes."""
    cost = stated_cost("set_available")
    with (
        tempfile.TemporaryDirectory() as name,
        running_shop(Path(name), pairs, {"maximum": MAXIMUM, "restore": RESTORE}) as sandbox,
    ):
        url, part = sandbox.urls["shopify"]["ONE"], pairs // processes
        if latency:
            slow = {"system": "shopify", "operation": SET, "kind": "slow", "seconds": latency, "times": 1_000_000}
            sandbox.world.faults.order(slow)
        spawn = multiprocessing.get_context("spawn")
        jobs = [
            spawn.Process(target=publish, args=(url, Path(name) / "shared", Path(name) / str(n), 1 + n * part, 1 + (n + 1) * part))
            for n in range(processes)
        ]
        for job in jobs:
            job.start()
        for job in jobs:
            job.join()
        calls, throttled = calls_of(sandbox), sandbox.world.shops["ONE"].bucket.throttled
    instants = sorted(datetime.fromisoformat(row["at"]) for row in calls)
    start, left = _drained(instants, cost)
    seconds = (instants[-1] - instants[start]).total_seconds()
    share = (cost * (len(instants) - 1 - start) - left) / (RESTORE * seconds)
    return (
        f"  {pairs:,} pairs, {processes} process(es): {len(calls)} calls of {cost:.0f} points, {share:.1%} of the granted rate, "
        + (f"{throttled} THROTTLED")
    )


def _drained(instants: list[datetime], cost: float) -> tuple[int, float]:
    """Return the first call that left less in the bucket than three more cost, and what was left, by the shop's own rule."""
    points, last = float(MAXIMUM), instants[0]
    for place, instant in enumerate(instants):
        points = min(MAXIMUM, points + RESTORE * (instant - last).total_seconds()) - cost
        last = instant
        if points < 3 * cost:
            return place, points
    raise SystemExit("the bucket was never drained: publish more pairs")


def main() -> None:
    """Print a line for one process and one for two."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=20_000)
    parser.add_argument("--latency", type=float, default=0.3, help="seconds a call takes besides")
    chosen = parser.parse_args()
    for processes in (1, 2):
        print(measure(chosen.pairs, processes, chosen.latency), flush=True)


if __name__ == "__main__":
    main()
