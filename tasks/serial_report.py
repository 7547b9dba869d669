"""What a run of `trace-serials` shows: the numbers that break a law, worst first, as a Prefect table and a summary."""

from __future__ import annotations

import pandas as pd
from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from domain.serial_laws import LAWS
from domain.unresolved import REASONS
from tasks.context import Context
from tasks.outcome import Run, RunSummary
from tasks.report import rename_run, show_table, summary_page
from tasks.trace_serials import Traced

_SHOWN = [
    "sku",
    "serial_number",
    "law_code",
    "location_code",
    "units_qty",
    "documents",
    "suggestions",
    "first_seen_at_utc",
    "action",
]


@task(name="report serials", cache_policy=NO_CACHE)
def report_serials(context: Context, run: Run, traced: Traced) -> RunSummary:
    """Return the run's summary, after putting what breaks a law before a reader."""
    standing = traced.findings
    is_back = traced.events["reverses_key"].notna()
    counts = {
        "events recorded": int((~is_back).sum()),
        "events reversed": int(is_back.sum()),
        "numbers traced": len(traced.lineage),
        "numbers with a whole history": int(traced.lineage["is_complete"].sum()),
        "breaches open": len(standing),
        "of them doubtful: not offered": int(standing["is_doubtful"].sum()),
        **run.steps,
    }
    codes = pd.concat([standing["law_code"], traced.aside["reason_code"]])
    aside = {str(code): int(count) for code, count in codes.value_counts().items()}
    snapshot = str(context.state_folder / "snapshots" / run.run_id)
    title = f"{counts['numbers traced']:,} numbers traced, {counts['events recorded']:,} events, {len(standing):,} breaches open"
    run.summary = RunSummary(run.run_id, run.flow_name, bool(run.parameters["dry_run"]), counts, aside, snapshot, title)
    told = standing.assign(action=standing["law_code"].map({code: law.action for code, law in LAWS.items()}))
    ordered = told.sort_values(["is_doubtful", "first_seen_at_utc"], ascending=[False, True], kind="stable")
    show_table("serial-findings", ordered[_SHOWN], "numbers that break a law, those that are not offered first")
    if len(traced.aside):
        shown = traced.aside.assign(action=traced.aside["reason_code"].map(REASONS))
        columns = ["source_frame", "source_key", "reason_code", "field", "value", "action"]
        show_table("partner-notices", shown[columns], "what partners told of shipments and could not be used")
    create_markdown_artifact(summary_page(run.summary, run, title), key="serials-summary", description="What the run found.")
    rename_run(title)
    return run.summary
