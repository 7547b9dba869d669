"""Reporting: what a run did, as Prefect artifacts and as a summary. Numbers first, then what needs a person."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd
from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import get_client
from prefect.runtime import flow_run

from contract.frames import Frames
from domain.serial_laws import LAWS
from domain.shadow import KEPT_BACK, LOSES, OVERSELLS, compare_shown
from domain.unresolved import BY_NATURE, REASONS
from domain.written_fields import CAUSES
from expectations.result import CheckResult
from tasks.context import Context
from tasks.outcome import Run, RunSummary
from tasks.read_inventory import stack

log = logging.getLogger(__name__)
MOST_ROWS = 200
_LAWS = {code: f"{law.told} {law.action}" for code, law in LAWS.items()}
_CHANGE = ["sku", "channel_code", "location_code", "expected_qty", "desired_qty", "change_qty", "outcome", "message"]
_ASIDE = ["reason_code", "value", "field", "source_key", "source_frame"]
_HEADINGS = {
    "channel_code": "channel",
    "location_code": "location",
    "expected_qty": "was",
    "desired_qty": "new",
    "change_qty": "change",
    "reason_code": "reason",
    "source_key": "which",
    "source_frame": "found in",
    "order_name": "order",
    "record_type": "document",
    "netsuite_id": "NetSuite id",
    "external_id": "external id",
    "shop_code": "shop",
    "shown_qty": "shows",
    "publish_qty": "we would publish",
    "units_qty": "units",
    "verdict_code": "verdict",
    "cause_code": "cause",
    "written_value": "written",
    "expected_value": "should be",
    "found_value": "is",
    "order_line_id_shopify": "line",
    "modified_at_utc": "last changed",
    "changed_by": "by",
    "serial_number": "number",
    "law_code": "breaks",
    "suggestions": "likely",
    "first_seen_at_utc": "first seen (UTC)",
    "action": "what to do",
}
_WRITES = ("create", "transform", "revise")
_SETTLED = frozenset({"accepted", "planned", "not_chosen"})


def summarize(context: Context, run: Run, frames: Frames, changes: pd.DataFrame) -> RunSummary:
    """Return the run's summary, which is kept with the run: its counts, and what needs a person."""
    is_dry = bool(run.parameters.get("dry_run") or run.parameters.get("shadow"))
    outcomes = _told(changes)["outcome"].value_counts()
    problems = frames["core_unresolved"]["reason_code"].value_counts()
    counts = {
        "numbers computed": len(frames["out_channel_quantities"]),
        "numbers changed": len(changes),
        **{f"numbers {outcome}": int(count) for outcome, count in outcomes.items()},
        "feed rows": sum(int(str(manifest.get("rows", 0))) for manifest in run.manifests),
        **run.steps,
    }
    by_nature = int(problems.reindex(sorted(BY_NATURE)).fillna(0).sum())
    counts["rows without a number by nature"] = by_nature
    aside = {str(code): int(count) for code, count in problems.items() if code not in BY_NATURE}
    aside |= {str(outcome): int(count) for outcome, count in outcomes.items() if outcome not in _SETTLED}
    run.summary = RunSummary(run.run_id, run.flow_name, is_dry, counts, aside, str(context.state_folder / "snapshots" / run.run_id))
    return run.summary


@task(name="report publication", cache_policy=NO_CACHE)
def report_publication(context: Context, run: Run, frames: Frames, changes: pd.DataFrame) -> RunSummary:
    """Return the run's summary, after putting it before a reader: a table of changes and a page in words."""
    summary = summarize(context, run, frames, changes)
    told, is_dry, aside = _told(changes), summary.is_dry_run, summary.set_aside
    told = told.assign(change_qty=told["desired_qty"] - told["expected_qty"])
    worst_first = told.assign(open=told["outcome"].isin(_SETTLED), width=-told["change_qty"].abs())
    worst_first = worst_first.sort_values(["open", "width", "sku"], kind="stable")
    show_table("quantity-changes", worst_first[_CHANGE], "changed numbers, what needs a person first, then the widest change")
    aside_rows = frames["core_unresolved"].sort_values(["reason_code", "value", "source_key"], kind="stable")
    show_table("set-aside", aside_rows[_ASIDE], "rows set aside; the summary says what to do for each reason")
    done = len(told) if is_dry else int(told["outcome"].eq("accepted").sum())
    name = (
        f"{'would change' if is_dry else 'published'} {_counted(done, 'number')}, {_counted(sum(aside.values()), 'row')} set aside"
    )
    create_markdown_artifact(summary_page(summary, run, name), key="publication-summary", description="What the run did.")
    rename_run(name)
    return summary


def _told(changes: pd.DataFrame) -> pd.DataFrame:
    return changes if "outcome" in changes.columns else changes.assign(outcome="planned", message="")


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
    show_table("shadow-comparison", worst, "numbers that the shops show otherwise than we would, those that oversell first")
    return {"out_shadow": shadow}


def summary_page(summary: RunSummary, run: Run, title: str) -> str:
    """Return the summary as Markdown: the counts, then each reason with what to do, then every check.

    Args:
        summary: the counts.
        run: the checks.
        title: what the run did, in a few words.
    """
    what = f"`{summary.flow_name}`, run `{summary.run_id}`{', a dry run: nothing was written' if summary.is_dry_run else ''}."
    sections = [[f"# {title[:1].upper()}{title[1:]}"], [what], _rows(["what", "count"], summary.counts.items())]
    if summary.set_aside:
        told = [
            (code, count, {**REASONS, **CAUSES, **_LAWS}.get(code, "See the message in the table of this run."))
            for code, count in summary.set_aside.items()
        ]
        sections += [["## Set aside"], _rows(["reason", "rows", "what to do"], told)]
    if run.checks:
        checks = [
            (_verdict(check), check.description, check.failing_count, ", ".join(check.sample_keys[:5])) for check in run.checks
        ]
        sections += [["## Checks"], _rows(["state", "law", "broken by", "for example"], checks)]
    if summary.flow_name == "publish-inventory":
        sections += [[f"Why a number is what it is: `truecount explain SKU --run {summary.run_id}`"]]
    return "\n\n".join("\n".join(lines) for lines in sections)


def _verdict(check: CheckResult) -> str:
    return "ok" if check.is_passed else check.severity.upper()


def _rows(names: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return a Markdown table: whole numbers to the right, and no cell that ends the row it is in."""
    kept = [
        [f"{cell:,}" if isinstance(cell, int) else " ".join(str(cell).split()).replace("|", "\\|") for cell in row] for row in rows
    ]
    first = next(iter(rows), ())
    aligned = ["---:" if isinstance(cell, int) else "---" for cell in first] or ["---"] * len(names)
    return [f"| {' | '.join(row)} |" for row in (names, aligned, *kept)]


def show_table(key: str, frame: pd.DataFrame, what: str) -> None:
    """Put a frame before a reader: its first rows where there are many, its columns under the words for them."""
    share = f"The first {MOST_ROWS:,} of {len(frame):,}" if len(frame) > MOST_ROWS else "All" if len(frame) else "No"
    create_table_artifact(_table(frame), key=key, description=f"{share} {what}.")


def _table(frame: pd.DataFrame) -> list[dict[str, Any]]:
    first = frame.head(MOST_ROWS)
    shown = first.astype("object").where(first.notna(), "").astype("str")
    return [{_HEADINGS.get(str(name), str(name)): value for name, value in row.items()} for row in shown.to_dict("records")]


def _counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def rename_run(name: str) -> None:
    """Give the Prefect run the name of what it did; outside a flow run there is nothing to name."""
    if flow_run.id:
        with get_client(sync_client=True) as client:
            client.update_flow_run(flow_run_id=flow_run.id, name=name)


_DOCUMENT = ["shop_code", "order_name", "outcome", "record_type", "netsuite_id", "reason_code", "message", "external_id"]


@task(name="report orders", cache_policy=NO_CACHE)
def report_orders(context: Context, run: Run, outcomes: pd.DataFrame, pushed: pd.DataFrame) -> RunSummary:
    """Return the run's summary, after putting it before a reader: a table of documents and a page in words.

    Args:
        context: the run's context.
        run: the run.
        outcomes: NetSuite's documents with what became of them; in a dry run what was decided.
        pushed: fulfilments told to Shopify, likewise.
    """
    is_dry = "outcome" not in outcomes.columns
    told = outcomes.assign(outcome=outcomes["action_code"], netsuite_id="", message=outcomes["reason"]) if is_dry else outcomes
    told = stack([told, pushed])
    is_aside = told["outcome"].isin(["set_aside", "failed"])
    by_order = told.assign(key=told["shop_code"] + told["order_id_shopify"], is_aside=is_aside).groupby("key")["is_aside"].any()
    counts = {"orders captured": len(by_order), "orders set aside": int(by_order.sum())}
    counts |= {_documents(outcome): int(count) for outcome, count in told["outcome"].value_counts().items()}
    counts |= {"fulfilments told to Shopify": int(pushed["outcome"].isin(["written", "adopted"]).sum())} if len(pushed) else {}
    aside = {str(code): int(count) for code, count in told.loc[is_aside, "reason_code"].value_counts().items()}
    folder = str(context.state_folder / "snapshots" / run.run_id)
    run.summary = RunSummary(run.run_id, run.flow_name, is_dry, counts, aside, folder)
    first = told.sort_values("outcome", key=lambda column: ~column.isin(["set_aside", "failed"]), kind="stable")
    show_table("order-documents", first[_DOCUMENT], "documents of the window's orders, what is set aside first")
    written = int(told["outcome"].isin([*_WRITES, "written"]).sum())
    name = f"{'would write' if is_dry else 'wrote'} {_counted(written, 'document')} of {_counted(len(by_order), 'order')}"
    name += f", {_counted(int(by_order.sum()), 'order')} set aside"
    create_markdown_artifact(summary_page(run.summary, run, name), key="orders-summary", description="What the run did.")
    rename_run(name)
    return run.summary


def _documents(outcome: object) -> str:
    return f"documents to {outcome}" if outcome in (*_WRITES, "adopt", "skip") else f"documents {str(outcome).replace('_', ' ')}"


_FIELD = ["external_id", "order_line_id_shopify", "field", "cause_code", "written_value", "expected_value", "found_value"]
_FIELD += ["changed_by", "modified_at_utc", "outcome", "message"]


@task(name="report fields", cache_policy=NO_CACHE)
def report_fields(context: Context, run: Run, told: pd.DataFrame) -> RunSummary:
    """Return the run's summary, after putting it before a reader: every field that differs, with its cause.

    Args:
        context: the run's context.
        run: the run.
        told: `out_field_differences` with what became of each.
    """
    is_dry = bool(run.parameters["dry_run"])
    counts = {"fields that differ": len(told), "documents": int(told["external_id"].nunique())}
    counts |= {f"fields {cause}": int(count) for cause, count in told["cause_code"].value_counts().items()}
    counts |= {f"fields {outcome}": int(count) for outcome, count in told["outcome"].value_counts().items() if not is_dry}
    is_open = told["outcome"].ne("rewritten")
    aside = {str(cause): int(count) for cause, count in told.loc[is_open, "cause_code"].value_counts().items()}
    run.summary = RunSummary(run.run_id, run.flow_name, is_dry, counts, aside, str(context.state_folder / "snapshots" / run.run_id))
    show_table("field-differences", told[_FIELD], "custom fields that are not what they should be")
    name = f"{_counted(len(told), 'field')} differ, {_counted(int((~is_open).sum()), 'field')} written again"
    create_markdown_artifact(summary_page(run.summary, run, name), key="fields-summary", description="What the run found.")
    rename_run(name)
    return run.summary
