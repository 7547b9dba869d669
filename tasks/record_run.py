"""Recording: the run, its snapshot and what it learned; the watermark always last."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from contract.frames import Frames, empty
from domain.expected_levels import forget
from store import expected_levels, history, run_locks, runs, snapshots
from tasks.context import Context

log = logging.getLogger(__name__)


SILENT = timedelta(hours=24)
"""After so long a run of which this machine knows nothing is taken for dead: none takes a tenth of it."""


def begin_run(context: Context, flow_name: str, parameters: Mapping[str, object], run_id: str = "") -> str:
    """Return the id of a new run, recorded in the store."""
    return runs.start_run(
        context.engine,
        flow_name=flow_name,
        parameters=dict(parameters),
        contract_fingerprint=context.loaded.fingerprint,
        at_utc=context.now(),
        run_id=run_id,
    )


def run_locks_folder(context: Context) -> Path:
    """Return where the runs of this machine hold their locks."""
    return context.state_folder / "runs"


def mark_dead_runs(context: Context) -> list[str]:
    """Return the runs that were killed, of any flow, marked `abandoned` with the reason.

    A run that holds its lock is alive, whoever started it. One whose lock is free is dead. One without a lock here runs
    on another machine, or did: it is taken for dead 24 hours after it started.
    """
    folder, marked = run_locks_folder(context), []
    for run in runs.running_runs(context.engine):
        is_alive = run_locks.is_alive(folder, run.run_id)
        is_silent = is_alive is None and context.now() - run.started_at_utc > SILENT
        if is_alive is False or is_silent:
            told = (
                "no word of it for 24 hours" if is_silent else "its process ended without a word (killed, or the machine stopped)"
            )
            reason = f"{told}; what it left open is settled by the runs after it"
            if runs.abandon_run(context.engine, run.run_id, reason):
                marked.append(run.run_id)
                log.warning("run_abandoned", extra={"run": run.run_id, "flow": run.flow_name, "reason": told})
            run_locks.forget(folder, run.run_id)
    return marked


@task(name="keep snapshot", cache_policy=NO_CACHE)
def keep_snapshot(context: Context, run_id: str, frames: Frames) -> str:
    """Return the folder of the run's snapshot: everything needed to replay it offline."""
    extras = {"contract.yaml": context.loaded.text}
    folder = snapshots.save_snapshot(context.engine, context.state_folder, run_id, dict(frames), extras)
    keep_days = context.contract.tolerances.keep_snapshots_days
    snapshots.prune_snapshots(context.engine, context.state_folder, keep_days=keep_days, now_utc=context.now())
    removed = history.prune_history(context.engine, keep_days=context.contract.tolerances.keep_history_days, now_utc=context.now())
    if any(removed.values()):
        log.info("history_pruned", extra={"run": run_id, "rows": removed})
    return str(folder)


def load_state(context: Context, *, forget_all: bool = False) -> dict[str, pd.DataFrame]:
    """Return the expected-level ledger as the last run left it.

    Args:
        context: the store.
        forget_all: as on first sight. While another connector writes the levels, what it writes is no sale and no return.
    """
    if forget_all:
        return {name: empty(name) for name in ("core_expected_levels", "core_counted_events")}
    levels, counted = expected_levels.load_expected_levels(context.engine, list(context.shops))
    return {"core_expected_levels": levels, "core_counted_events": counted}


@task(name="remember levels", cache_policy=NO_CACHE)
def remember_levels(context: Context, frames: Frames) -> None:
    """Store what the levels should read from now on: before anything is published, so that receipts build on it."""
    window = timedelta(days=context.contract.orders.lookback_days + 30)
    counted = forget(frames["core_counted_events"], context.now() - window)
    expected_levels.save_expected_levels(context.engine, frames["core_expected_levels"], counted)
