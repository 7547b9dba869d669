"""Orders through the whole chain: the share of the account's granted writes that is used, and calls per document.

    python -m benchmarks.orders [--orders 200] [--seconds 1] [--faults]

Mixed orders of a shop (shipped whole, in two parts, given back, tills) are booked, shipped, billed and paid in an account whose
writes take so many seconds and which serves five calls at once. The most it grants is five writes in that time. With `--faults`
one call in five goes wrong, in every way there is (refused before, lost after, cut off, hung up, overloaded). Then: nothing may be
there twice, and both systems equal to the cent.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.order_world import follow, place_orders
from flows.wiring import open_context
from sandbox.netsuite.account import account_of
from sandbox.server import Sandbox
from tests.e2e.order_world import follow_to_settlement, in_balance, no_duplicates
from tests.e2e.steps import sync
from tests.worlds.running import small_world_in

CONCURRENCY = 5
_WRITE = re.compile(r"^(POST|PATCH) /services/rest/record/v1/(?P<path>\S+)")
_READ = re.compile(r"^GET /services/rest/record/v1/(?P<path>[A-Za-z]+)")
_WAYS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 503},
    {"kind": "timeout_before", "seconds": 0.1},
    {"kind": "timeout_after", "seconds": 0.1},
    {"kind": "disconnect"},
    {"kind": "truncate"},
)


@contextmanager
def running(seconds: float) -> Iterator[Sandbox]:
    """Serve the small world with an account whose writes take so long, its contract following orders to the end."""
    with tempfile.TemporaryDirectory() as name, small_world_in(Path(name)) as (sandbox, environment):
        os.environ.update(environment)  # noqa: TID251 - a run reads it there
        follow_to_settlement(sandbox, Path(name) / "contract" / "contract.yaml", concurrency=CONCURRENCY)
        account = account_of(sandbox.world)
        object.__setattr__(account.settings, "write_seconds", seconds)
        yield sandbox


def measure(count: int, seconds: float, *, has_faults: bool) -> str:
    """Return what so many orders took, and what the calls were for."""
    with running(seconds) as sandbox, open_context() as context:
        orders = place_orders(sandbox, count, random.Random(7))
        if has_faults:
            for way in _WAYS:
                sandbox.world.faults.order(
                    {"system": "netsuite", "operation": "/services/rest/", "times": 10**9, "every": 5 * len(_WAYS), **way}
                )
        runs, spent, first = 0, 0.0, len(sandbox.world.log())
        for step in follow(sandbox, orders, random.Random(7)):
            step()
            while True:
                began = time.monotonic()
                told = sync(context)
                spent, runs = spent + time.monotonic() - began, runs + 1
                if not told["outcome"].isin(["failed", "waiting"]).any():
                    break
        sandbox.world.faults.clear()
        log = [row for row in sandbox.world.log()[first:] if row["system"] == "netsuite"]
        for order in orders:
            in_balance(sandbox, order)
        no_duplicates(sandbox)
    return _told(log, count, (seconds, spent, runs), has_faults=has_faults)


def _told(log: list[dict[str, Any]], count: int, took: tuple[float, float, int], *, has_faults: bool) -> str:
    seconds, spent, runs = took
    writes = [(_kind_of(match["path"]), row) for row in log if (match := _WRITE.match(row["operation"]))]
    made = Counter(kind for kind, row in writes if row["status"] in (200, 204) and not row["fault"])
    reads = Counter(match["path"] for row in log if (match := _READ.match(row["operation"])))
    throttled = sum(row["status"] == 429 and not row["fault"] for row in log)
    granted = len(writes) * seconds / CONCURRENCY
    ways = ", one call in five goes wrong" if has_faults else ""
    share = f"{granted / spent:.1%} of what the account grants, {throttled} calls throttled, 0 documents twice, 0.00 of difference"
    fewest = f"writes {len(writes) / count:.2f}, the fewest are {sum(made.values()) / count:.2f}"
    lines = [
        f"{count} orders, writes of {seconds:g} s, {CONCURRENCY} at once{ways}: {spent:.0f} s in {runs} runs, {share}",
        f"  calls an order: {len(log) / count:.1f} ({fewest})",
    ]
    tried = Counter(kind for kind, _ in writes)
    for kind, number in sorted(made.items()):
        each = f"{tried[kind] / number:.2f} writes and {reads[kind] / number:.2f} reads each"
        lines.append(f"  {kind:20} {number:>6} documents, {each}")
    return "\n".join(lines)


def _kind_of(path: str) -> str:
    """Return the record that a write makes or changes.

    >>> _kind_of("salesOrder/7/!transform/itemFulfillment")
    'itemFulfillment'
    """
    return path.rsplit("/", 1)[-1] if "!transform" in path else path.split("/", 1)[0].split("?", 1)[0]


def main() -> None:
    """Print the measure without faults, and with them where asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--faults", action="store_true", help="with faults too")
    given = parser.parse_args()
    print(measure(given.orders, given.seconds, has_faults=False), flush=True)
    if given.faults:
        print(measure(given.orders, given.seconds, has_faults=True), flush=True)


if __name__ == "__main__":
    main()
