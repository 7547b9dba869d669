"""Clean days end to end: how many false alarms the scheduled runs raise where nothing is wrong.

    python -m benchmarks.clean_days [--days 30] [--seed 7]

One small world whose clock moves day by day. Every day honest orders are placed by a weekly rhythm, shipped, partly given back,
cancelled, edited, sold at tills; booking and publishing run twice a day (for every ten and five minutes), numbers are traced and
both systems reconciled at night, as the schedules do. What the first night finds is the world's own (a SKU that NetSuite does not
have, a backorder); what a later night finds besides is a false alarm. It is printed by day.
"""

from __future__ import annotations

import argparse
import time

from benchmarks.drift_kinds import small_scene
from tests.e2e.order_world import follow_to_settlement
from tests.worlds.honest_days import Days


def main() -> None:
    """Print what each night found, and the false alarms of all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    alarms = 0
    with small_scene() as scene:
        follow_to_settlement(scene.sandbox, scene.folder / "contract" / "contract.yaml")
        days, began = Days(scene, given.seed), time.monotonic()
        known = days.pass_one()
        print(f"{days.midnight:%a %Y-%m-%d} the world's own: {', '.join(' '.join(key) for key in sorted(known))}", flush=True)
        for _ in range(given.days):
            found = days.pass_one() - known
            alarms += len(found)
            print(f"{days.midnight:%a %Y-%m-%d} {', '.join(' '.join(key) for key in sorted(found)) or 'nothing'}", flush=True)
            known |= found
        orders = sum(len(shop.orders) for shop in scene.sandbox.world.shops.values())
        print(f"{given.days} clean days, {orders} orders: {alarms} false alarms, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
