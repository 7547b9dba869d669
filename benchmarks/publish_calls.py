"""Calls that a publish takes, against ceil(n / 250), the fewest that Shopify allows.

    python -m benchmarks.publish_calls [--pairs 250,5000,20000]

With no faults, and with 1 % stale pairs and 1 % items that the shop refuses: spread at random, and side by side. A call that
holds one such row is refused whole (the sandbox's reading of what is not documented), and tells which rows they are; the
others go again together. So where nearly every call holds one, twice ceil(n / 250) is the fewest there can be. Stale pairs are
told, and computed again by the run (`flows/publish_skus.py`).
"""

from __future__ import annotations

import argparse
import math
import random
import tempfile
from pathlib import Path

from benchmarks.shop import calls_of, changes_of, context_of, running_shop
from tasks.publish_quantities import publish_changes

BATCH = 250


def measure(pairs: int, faults: str) -> str:
    """Return one line about one publish."""
    with tempfile.TemporaryDirectory() as name, running_shop(Path(name), pairs) as sandbox:
        shop, rng = sandbox.world.shops["ONE"], random.Random(5)
        share = 0 if faults == "none" else pairs // 100
        chosen = rng.sample(range(1, pairs + 1), 2 * share) if faults == "spread" else list(range(1, 2 * share + 1))
        stale, refused = chosen[:share], chosen[share:]
        for number in stale:
            shop.levels[f"gid://shopify/InventoryItem/{number}", "gid://shopify/Location/1"]["available"] = 3
        for number in refused:
            del shop.items[f"gid://shopify/InventoryItem/{number}"]
        context = context_of(sandbox.urls["shopify"]["ONE"], Path(name))
        told = publish_changes.fn(context, "benchmark", changes_of(1, pairs + 1))["outcome"].value_counts().to_dict()
        calls, least = len(calls_of(sandbox)), math.ceil(pairs / BATCH)
        context.engine.dispose()
        batches = [range(start, start + BATCH) for start in range(1, pairs + 1, BATCH)]
        hit = sum(1 for batch in batches if set(batch) & set(chosen))
        # The refused calls, those without a fault, and the healthy rows of the refused ones, again.
        fewest = least + math.ceil((hit * BATCH - len(chosen)) / BATCH) if hit else least
        lost = pairs - sum(told.values())
        return (
            f"  {pairs:>6,} pairs, faults {faults:12} {calls:>4} calls = {calls / least:.2f} x ceil(n/250); "
            f"the fewest there can be: {fewest / least:.2f} x; {told}, {lost} lost"
        )


def main() -> None:
    """Print a line per size and kind of faults."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", default="250,5000,20000", help="sizes, with commas")
    for size in parser.parse_args().pairs.split(","):
        for faults in ("none", "spread", "side by side"):
            print(measure(int(size), faults), flush=True)


if __name__ == "__main__":
    main()
