"""Checking: the laws of the output, before anything is written. A broken law halts the stream."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from contract.errors import FatalError
from contract.frames import Frames
from domain.scope import SCOPE
from expectations.inventory import check_inventory, check_volume
from expectations.result import CheckResult
from store import runs
from store.snapshots import row_counts
from tasks.context import Context
from tasks.outcome import Run

_READS = ("raw_netsuite__items", "raw_netsuite__stock", "raw_shopify__variants", "raw_shopify__levels")


@task(name="check numbers", cache_policy=NO_CACHE)
def check_inventory_frames(context: Context, run: Run, frames: Frames) -> None:
    """Check the laws of the numbers; keep every result with the run.

    Raises:
        FatalError: a law with severity halt is broken; nothing has been published.
    """
    run.checks = [*check_inventory(frames, context.contract), *_check_volume(context, run, frames)]
    broken = [check for check in run.checks if not check.is_passed and check.severity == "halt"]
    if broken:
        told = "; ".join(
            f"{check.name} ({check.description}): {check.failing_count} row(s), e.g. {list(check.sample_keys)[:3]}"
            for check in broken
        )
        raise FatalError(f"Truecount numbers of run {run.run_id} break a law, nothing was published: {told}")


def _check_volume(context: Context, run: Run, frames: Frames) -> list[CheckResult]:
    """Return whether a whole run read as much as the last one under the same contract."""
    if len(frames.get(SCOPE, ())):
        return []
    last = runs.newest_runs(context.engine, [run.flow_name])
    same = (row for row in last if row.status == "done" and row.contract_fingerprint == context.loaded.fingerprint)
    before = next((counts for row in same if (counts := row_counts(context.engine, row.run_id))), {})
    shown = int(frames["core_levels"]["available_qty"].clip(lower=0).sum())
    found = {name: len(frames[name]) for name in _READS}
    return check_volume(found, before, context.contract.tolerances.least_rows_percent, shown)
