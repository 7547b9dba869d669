"""Reporting: what a run did, as Prefect artifacts and as a summary. Numbers first, then what needs a person."""

from __future__ import annotations

import logging
from typing import Any

import pandas as pd
from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.runtime import flow_run

from contract.frames import Frames
from domain.shadow import KEPT_BACK, LOSES, OVERSELLS, compare_shown
from domain.unresolved import REASONS
from tasks.context import Context
from tasks.outcome import Run, RunSummary

log = logging.getLogger(__name__)
MOST_ROWS = 200
_CHANGE = ["channel_code", "sku", "location_code", "expected_qty", "desired_qty", "outcome", "message"]
_SETTLED = frozenset({"accepted", "planned", "not_chosen"})


@task(name="report publication", cache_policy=NO_CACHE)
def report_publication(context: Context, run: Run, frames: Frames, changes: pd.DataFrame) -> RunSummary:
    """Return the run's summary, after putting it before a reader: a table of changes and a page in words."""
    is_dry = bool(run.parameters.get("dry_run") or run.parameters.get("shadow"))
    told = changes if "outcome" in changes.columns else changes.assign(outcome="planned", message="")
    outcomes = told["outcome"].value_counts()
    problems = frames["core_unresolved"]["reason_code"].value_counts()
    counts = {
        "numbers computed": len(frames["out_channel_quantities"]),
        "numbers changed": len(changes),
        **{f"numbers {outcome}": int(count) for outcome, count in outcomes.items()},
        "feed rows": sum(int(str(manifest.get("rows", 0))) for manifest in run.manifests),
        **run.steps,
    }
    aside = {str(code): int(count) for code, count in problems.items()}
    aside |= {str(outcome): int(count) for outcome, count in outcomes.items() if outcome not in _SETTLED}
    run.summary = RunSummary(run.run_id, run.flow_name, is_dry, counts, aside, str(context.state_folder / "snapshots" / run.run_id))
    table = _table(told[_CHANGE])
    create_table_artifact(table, key="quantity-changes", description=f"The first {MOST_ROWS} of {len(told)} changed numbers.")
    create_markdown_artifact(summary_page(run.summary, run), key="publication-summary", description="What the run did.")
    done = len(told) if is_dry else int(outcomes.get("accepted", 0))
    rename_run(f"{'would change' if is_dry else 'published'} {done} numbers, {sum(aside.values())} rows set aside")
    return run.summary


@task(name="report shadow", cache_policy=NO_CACHE)
def report_shadow(run: Run, frames: Frames) -> dict[str, pd.DataFrame]:
    """Return `out_shadow`, after putting it before a reader: the worst first, and the counts in the run's summary."""
    names = ("out_quantity_changes", "out_channel_quantities", "out_atp")
    shadow = compare_shown(*(frames[name] for name in names))
    for verdict in (OVERSELLS, LOSES, KEPT_BACK):
        rows = shadow.loc[shadow["verdict_code"] == verdict]
        spoken = verdict.replace("_", " ")
        run.steps |= {f"numbers that {spoken}": len(rows), f"units that {spoken}": int(rows["units_qty"].sum())}
    worst = shadow.assign(rank=shadow["verdict_code"].map({OVERSELLS: 0, LOSES: 1}).fillna(2))
    worst = worst.sort_values(["rank", "units_qty"], ascending=[True, False], kind="stable").drop(columns="rank")
    told = f"What the shops show now beside our numbers: the first {MOST_ROWS} of {len(shadow)} that differ."
    create_table_artifact(_table(worst), key="shadow-comparison", description=told)
    return {"out_shadow": shadow}


def summary_page(summary: RunSummary, run: Run) -> str:
    """Return the summary as Markdown: the counts, then each reason with what to do."""
    lines = [f"# {summary.flow_name}{' (dry run)' if summary.is_dry_run else ''}", "", f"Run `{summary.run_id}`.", ""]
    lines += [
        "| what | count |",
        "|---|---:|",
        *(f"| {name} | {count:,} |" for name, count in summary.counts.items()),
        "",
    ]
    if summary.set_aside:
        lines += ["## Set aside", "", "| reason | rows | what to do |", "|---|---:|---|"]
        lines += [
            f"| {code} | {count:,} | {REASONS.get(code, 'See the table of changes.')} |"
            for code, count in summary.set_aside.items()
        ]
    broken = [check for check in run.checks if not check.is_passed]
    lines += [
        "",
        f"{len(run.checks)} checks, {len(broken)} not passed.",
        *(f"- {check.name}: {check.notes}" for check in broken),
    ]
    return "\n".join(lines)


def _table(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.head(MOST_ROWS).astype("str").to_dict("records")]


def rename_run(name: str) -> None:
    """Give the Prefect run the name of what it did; outside a flow run there is nothing to name."""
    if flow_run.id:
        with get_client(sync_client=True) as client:
            client.update_flow_run(flow_run_id=flow_run.id, name=name)


_DOCUMENT = ["external_id", "order_name", "record_type", "outcome", "netsuite_id", "reason_code", "message"]


@task(name="report orders", cache_policy=NO_CACHE)
def report_orders(context: Context, run: Run, outcomes: pd.DataFrame) -> RunSummary:
    """Return the run's summary, after putting it before a reader: a table of documents and a page in words."""
    is_dry = "outcome" not in outcomes.columns
    told = outcomes.assign(outcome=outcomes["action_code"], netsuite_id="", message=outcomes["reason"]) if is_dry else outcomes
    is_aside = told["outcome"].isin(["set_aside", "failed"])
    counts = {"orders captured": len(told)}
    counts |= {f"orders {outcome}": int(count) for outcome, count in told["outcome"].value_counts().items()}
    aside = {str(code): int(count) for code, count in told.loc[is_aside, "reason_code"].value_counts().items()}
    folder = str(context.state_folder / "snapshots" / run.run_id)
    run.summary = RunSummary(run.run_id, run.flow_name, is_dry, counts, aside, folder)
    first = told.sort_values("outcome", key=lambda column: ~column.isin(["set_aside", "failed"]), kind="stable")
    table = _table(first[_DOCUMENT])
    create_table_artifact(
        table, key="order-documents", description=f"The first {MOST_ROWS} of {len(told)} orders, set aside first."
    )
    create_markdown_artifact(summary_page(run.summary, run), key="orders-summary", description="What the run did.")
    written = int(told["outcome"].isin(["written", "create"]).sum())
    rename_run(f"{'would write' if is_dry else 'wrote'} {written} of {len(told)} orders, {sum(aside.values())} set aside")
    return run.summary
