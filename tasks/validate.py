"""Validating: the suites of a run, its Data Docs, and a finding for every law that rows break."""

from __future__ import annotations

from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from contract.frames import Frames
from domain.findings import finding, settle
from domain.money_totals import MEASURES
from domain.reconcile_orders import CAUSES as ORDER_CAUSES
from domain.reconcile_stock import CAUSES as STOCK_CAUSES
from domain.written_fields import CAUSES as FIELD_CAUSES
from expectations.docs import validate
from expectations.suites import Given, make_suites
from store import findings, runs, serials
from store.snapshots import most_rows
from tasks.context import Context
from tasks.outcome import Run

_RUNS = 7
"""Runs that row counts are held against."""
_CODES = {
    "out_stock_differences.cause_code": sorted(STOCK_CAUSES),
    "out_order_differences.cause_code": sorted(ORDER_CAUSES),
    "out_field_differences.cause_code": sorted(FIELD_CAUSES),
    "out_money_totals.measure_code": sorted(MEASURES),
}


@task(name="validate frames", cache_policy=NO_CACHE)
def validate_frames(context: Context, run: Run, frames: Frames) -> Path:
    """Return the Data Docs' first page, after running every suite; what is broken is a finding, and no run stops for it.

    The laws of numbers are those of the last trace (`trace-serials`): a reconciliation reads no numbers itself.

    Args:
        context: the run's context.
        run: the run; its checks are filled.
        frames: what was read, computed and found.
    """
    # The most of the last runs, not the last: what shrank once would be as good as healed the night after.
    last = [row.run_id for row in runs.newest_runs(context.engine, [run.flow_name]) if row.status == "done"]
    before = most_rows(context.engine, last[:_RUNS])
    numbers = {"out_serial_lineage": serials.lineage(context.engine), "out_serial_findings": serials.findings(context.engine)}
    suites = make_suites({**frames, **numbers}, Given(context.contract, context.now(), before, _CODES))
    keep_days = context.contract.tolerances.keep_snapshots_days
    done = validate(suites, context.state_folder, run.run_id, context.now(), keep_days=keep_days)
    run.checks = [result for _, result in done.results]
    quiet = {suite.name for suite in suites if suite.is_told_elsewhere}
    rows = [
        finding(
            "check_failed",
            name,
            field=result.name,
            expected=result.description,
            found=result.notes,
            rows=max(1, result.failing_count),
            examples=result.sample_keys,
        )
        | {"severity_code": result.severity}
        for name, result in done.results
        if not result.is_passed and name not in quiet
    ]
    found = settle(rows, context.contract)
    findings.record(context.engine, run.run_id, found, ["check_failed"], at_utc=context.now())
    return done.page
