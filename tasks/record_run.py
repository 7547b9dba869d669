"""Recording: the run, its snapshot and what it learned; the watermark always last."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from contract.frames import Frames
from domain.expected_levels import forget
from store import expected_levels, runs, snapshots
from tasks.context import Context


def begin_run(context: Context, flow_name: str, parameters: Mapping[str, object]) -> str:
    """Return the id of a new run, recorded in the store."""
    return runs.start_run(
        context.engine,
        flow_name=flow_name,
        parameters=dict(parameters),
        contract_fingerprint=context.loaded.fingerprint,
        at_utc=context.now(),
    )


@task(name="keep snapshot", cache_policy=NO_CACHE)
def keep_snapshot(context: Context, run_id: str, frames: Frames) -> str:
    """Return the folder of the run's snapshot: everything needed to replay it offline."""
    extras = {"contract.yaml": context.loaded.text}
    folder = snapshots.save_snapshot(context.engine, context.state_folder, run_id, dict(frames), extras)
    keep_days = context.contract.tolerances.keep_snapshots_days
    snapshots.prune_snapshots(context.engine, context.state_folder, keep_days=keep_days, now_utc=context.now())
    return str(folder)


def load_state(context: Context) -> dict[str, pd.DataFrame]:
    """Return the expected-level ledger as the last run left it."""
    levels, counted = expected_levels.load_expected_levels(context.engine, list(context.shops))
    return {"core_expected_levels": levels, "core_counted_events": counted}


@task(name="remember levels", cache_policy=NO_CACHE)
def remember_levels(context: Context, frames: Frames) -> None:
    """Store what the levels should read from now on: before anything is published, so that receipts build on it."""
    window = timedelta(days=context.contract.orders.lookback_days + 30)
    counted = forget(frames["core_counted_events"], context.now() - window)
    expected_levels.save_expected_levels(context.engine, frames["core_expected_levels"], counted)
