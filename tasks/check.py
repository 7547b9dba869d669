"""Checking: the laws of the output, before anything is written. A broken law halts the stream."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from contract.errors import FatalError
from contract.frames import Frames
from expectations.inventory import check_inventory
from tasks.context import Context
from tasks.outcome import Run


@task(name="check numbers", cache_policy=NO_CACHE)
def check_inventory_frames(context: Context, run: Run, frames: Frames) -> None:
    """Check the laws of the numbers; keep every result with the run.

    Raises:
        FatalError: a law with severity halt is broken; nothing has been published.
    """
    run.checks = check_inventory(frames, context.contract)
    broken = [check for check in run.checks if not check.is_passed and check.severity == "halt"]
    if broken:
        told = "; ".join(f"{check.name}: {check.failing_count} row(s), e.g. {list(check.sample_keys)[:3]}" for check in broken)
        raise FatalError(f"Truecount numbers of run {run.run_id} break a law, nothing was published: {told}")
