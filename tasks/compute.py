"""Computing: one call of the pure domain around one snapshot."""

from __future__ import annotations

import logging

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from contract.frames import Frames, conform
from domain.compute import compute_inventory
from store.snapshots import STATE_PREFIX
from tasks.context import Context

log = logging.getLogger(__name__)


@task(name="compute numbers", cache_policy=NO_CACHE)
def compute_numbers(context: Context, run_id: str, raw: Frames, state: Frames) -> dict[str, pd.DataFrame]:
    """Return the run's whole snapshot: what was read, the state before, and every core and out frame."""
    checked = {name: conform(name, frame) for name, frame in raw.items()}
    result = compute_inventory(checked, state, context.contract, context.loaded.fingerprint)
    before = {STATE_PREFIX + name: frame for name, frame in state.items()}
    rows = {name: len(frame) for name, frame in result.frames.items()}
    log.info("numbers_computed", extra={"run": run_id, "rows": rows})
    return {**checked, **before, **result.frames}
