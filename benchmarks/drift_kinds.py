"""Every kind of drift, each in a small world that has run clean before: what the next run makes of it.

    python -m benchmarks.drift_kinds [--only WORDS]

Per kind: found on the next run, and named rightly (check, object, field); told once (a second run adds nothing); what was found
besides, and is no consequence (false alarms); whether a write was harmed. For that an honest order is placed, and the scheduled
runs book and publish: a flow that must halt writes nothing; every document that was there is as it was, or as it is without the
drift (but for those of the order that the injection is about); every new one comes to what its order does; no level is above both
what it was and what it is without the drift.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from sandbox.worlds.numbered import numbered_world
from sandbox.worlds.small import small_world
from tests.e2e import driver
from tests.worlds.drift_kinds import KINDS, Kind
from tests.worlds.drifting import (
    Kept,
    Scene,
    follow_clock,
    name_of,
    numbered,
    open_findings,
    remember_week,
    run_flow,
    settle,
    state_of,
)
from tests.worlds.running import World, small_world_in


@dataclass(frozen=True)
class Outcome:
    """What became of one kind."""

    kind: str
    missing: set[tuple[str, str, str]]
    is_once: bool
    alarms: set[tuple[str, str, str]]
    harm: list[str]
    seconds: float


@contextmanager
def small_scene(world: World = small_world) -> Iterator[Scene]:
    """Serve a small world, its clock followed by everything of ours."""
    driver.without_prefect()
    with tempfile.TemporaryDirectory() as name, small_world_in(Path(name), world) as (sandbox, environment):
        os.environ.update(environment)  # noqa: TID251 - a run reads it there
        follow_clock(sandbox.world.clock)
        yield Scene(sandbox, Path(name))


def try_kind(kind: Kind, kept: Kept, control: dict[str, Any]) -> Outcome:
    """Return what the next runs make of one kind."""
    began, scene = time.monotonic(), kept.restore()
    before = set(open_findings())
    expected = kind.inject(scene)
    run_flow(kind.flow)
    first = set(open_findings())
    run_flow(kind.flow)
    second = set(open_findings())
    new = first - before
    alarms = {key for key in new - expected if key[0] not in kind.follows}
    harm = _harm(kind, scene, control)
    return Outcome(kind.name, expected - new, second <= first, alarms, harm, time.monotonic() - began)


def undisturbed(kept: Kept) -> dict[str, Any]:
    """Return what both vendors have after an honest order and the scheduled runs, without drift."""
    scene = kept.restore()
    order = scene.place()
    for flow in ("sync", "publish"):
        run_flow(flow)
    return {name.replace(name_of(order), "HONEST"): value for name, value in state_of(scene).items()}


def _harm(kind: Kind, scene: Scene, control: dict[str, Any]) -> list[str]:
    """Return what the scheduled runs did that they should not, after an honest order."""
    order = scene.place()
    before, told = state_of(scene), []
    for flow in ("sync", "publish"):
        here = state_of(scene)
        code, message = run_flow(flow)
        if flow in kind.halts and (code != 4 or state_of(scene) != here):
            told.append(f"{flow} was to halt: exit code {code}, {message[:80]}")
        if flow not in kind.halts and code not in (0, 1):
            told.append(f"{flow} stopped: {message[:200]}")
    for name, value in state_of(scene).items():
        known = {before.get(name), control.get(name), control.get(name.replace(name_of(order), "HONEST"))} - {None}
        if name.startswith("level") and value > max(known):
            told.append(f"{name} shows {value}, at most {max(known)} are there")
        elif not name.startswith("level") and name in before and value not in known and name.rsplit("-", 1)[-1] not in scene.taken:
            told.append(f"{name} was changed")
        elif name.startswith("SalesOrd") and not known and (total := _total(scene, name)) != Decimal(str(value[0])):
            told.append(f"{name} comes to {value[0]}, its order to {total}")
    return told


def _total(scene: Scene, name: str) -> Decimal | None:
    from sandbox.shopify.agreements import agreements  # noqa: PLC0415 - the sandbox is served lazily

    shop = scene.sandbox.world.shops[name.split("-")[1]]
    order = shop.orders.get(f"gid://shopify/Order/{name.rsplit('-', 1)[1]}")
    return sum((sale.total for one in agreements(shop, order) for sale in one.sales), Decimal(0)) if order else None


def told(outcome: Outcome) -> str:
    """Return one line of the table, and below it what went wrong."""
    ticks = (not outcome.missing, outcome.is_once, not outcome.alarms, not outcome.harm)
    cells = "  ".join(f"{'yes' if tick else 'NO':<10}" for tick in ticks)
    more = [f"    missing: {key}" for key in sorted(outcome.missing)] + [f"    alarm: {key}" for key in sorted(outcome.alarms)]
    return "\n".join(
        [f"{outcome.kind:52} {cells} {outcome.seconds:4.0f} s", *more, *(f"    harm: {text}" for text in outcome.harm)]
    )


def main() -> None:
    """Print a line for each kind, and the sums."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="only kinds whose name has these words")
    words, outcomes = parser.parse_args().only, []
    print(f"{'kind':52} {'named':10}  {'told once':10}  {'no alarm':10}  {'no harm':10}")
    for bases, world, prepare in (
        (("systems", "blind", "books", "waiting", "contract", "week"), small_world, settle),
        (("serials",), numbered_world, numbered),
    ):
        with small_scene(world) as scene:
            prepare(scene)
            for base in bases:
                if base == "week":
                    remember_week(scene)
                wanted = [kind for kind in KINDS[base] if words in kind.name]
                kept = Kept(scene)
                control = undisturbed(kept) if wanted else {}
                for kind in wanted:
                    outcomes.append(try_kind(kind, kept, control))
                    print(told(outcomes[-1]), flush=True)
                kept.restore()
    sums = {
        "named on the next run": sum(not one.missing for one in outcomes),
        "told once": sum(one.is_once for one in outcomes),
        "without a false alarm": sum(not one.alarms for one in outcomes),
        "harmless": sum(not one.harm for one in outcomes),
    }
    print(f"of {len(outcomes)} kinds: {', '.join(f'{count} {what}' for what, count in sums.items())}")


if __name__ == "__main__":
    main()
