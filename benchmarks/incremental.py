"""Numbers for 100 SKUs computed by themselves, against the whole computation on the same frames.

    python -m benchmarks.incremental [--skus 10000]

The raw frames of the read-order model (every SKU with its orders, documents and levels) are cut to what 100 SKUs rest on; the
answers must be the same. In a run nothing else is read either, see `tasks/few_skus.py`.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from typing import Any

from contract.frames import conform, empty
from domain.compute import compute_inventory
from domain.scope import cut, find_scope
from tests.domain.read_order import RIGHT, first_sight, make_shops, make_stories, raw_frames

ASKED = 100


def main() -> None:
    """Print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skus", type=int, default=10_000)
    count = parser.parse_args().skus
    stories, contract = make_stories(count, RIGHT, seed=3), make_shops()
    state = first_sight(stories, contract)
    for story in stories:
        story.to_publish()
    raw = {name: conform(name, frame) for name, frame in raw_frames(stories).items()}
    asked = random.Random(1).sample(list(raw["raw_netsuite__items"]["item_code"]), k=min(ASKED, count))
    none = {name: empty(name) for name in state}

    def few() -> Any:
        return compute_inventory(cut(raw, find_scope(raw, contract, asked)), none, contract, "f")

    whole_seconds, whole = timed(lambda: compute_inventory(raw, none, contract, "f"))
    few_seconds, part = timed(few)
    wanted = whole["out_channel_quantities"]
    wanted = wanted.loc[wanted["sku"].isin(asked)].reset_index(drop=True)
    agree = part["out_channel_quantities"].equals(wanted)
    print(f"{len(asked)} of {count:,} SKUs (same numbers: {'yes' if agree else 'NO'})")
    print(f"  whole {whole_seconds:.2f} s, cut and computed {few_seconds:.2f} s: {few_seconds / whole_seconds:.3f} of it")


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """Return the best of three, and the answer."""
    best, answer = float("inf"), None
    for _ in range(3):
        began = time.perf_counter()
        answer = run()
        best = min(best, time.perf_counter() - began)
    return best, answer


if __name__ == "__main__":
    main()
