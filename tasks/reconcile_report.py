"""The reconciliation's report: what the run found, as one page per run, and as Prefect artifacts."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd
from prefect import task
from prefect.artifacts import create_link_artifact, create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from contract.frames import Frames
from domain.findings import CHECKS
from domain.reconcile_stock import NETSUITE
from reports.model import Chart, Link, Report, Tile
from store import findings, runs, serials
from tasks.context import Context
from tasks.outcome import Run, RunSummary
from tasks.reconcile_tables import reconciliation_tables
from tasks.report import rename_run, show_table, summary_page

_SHOWN = ["check_code", "object_key", "field", "severity_code", "expected", "found", "units_qty", "first_seen_at_utc", "action"]
_TREND_RUNS = 60
_SEVERITY = {"halt": 0, "quarantine": 1, "warn": 2}


@task(name="report reconciliation", cache_policy=NO_CACHE)
def report_reconciliation(context: Context, run: Run, frames: Frames, docs: Path | None) -> RunSummary:
    """Return the run's summary, after writing its report and showing it in Prefect.

    Args:
        context: the run's context.
        run: the run.
        frames: what was found.
        docs: the Data Docs page of the run's checks, where it was made.
    """
    still, healed = findings.open_findings(context.engine), _resolved(context, run)
    stock, orders, money = (frames[f"out_{name}"] for name in ("stock_differences", "order_differences", "money_totals"))
    is_shown = stock["channel_code"].ne(NETSUITE)
    counts = {
        "findings open": len(still),
        "findings new": int(still["first_seen_at_utc"].eq(still["last_seen_at_utc"]).sum()),
        "findings resolved": len(healed),
        "stock differences": int(is_shown.sum()),
        "units at stake": int(stock.loc[is_shown, "units_qty"].sum()),
        "order differences": len(orders),
        "day sums that differ": int(money["difference_amount"].astype("object").map(bool).sum()),
        "fields that differ": len(frames["out_field_differences"]),
    }
    counts |= {f"stock {cause}": int(count) for cause, count in stock.loc[is_shown, "cause_code"].value_counts().items()}
    aside = {str(code): int(count) for code, count in still["check_code"].value_counts().items()}
    title, snapshot = headline(counts), str(context.state_folder / "snapshots" / run.run_id)
    broken = serials.findings(context.engine)
    lives = serials.events_of_numbers(context.engine, set(zip(broken["sku"], broken["serial_number"], strict=True)))
    shown = {**frames, "findings": still, "resolved": healed, "serial_findings": broken, "serial_events": lives}
    counts["serials and lots that break a law"] = len(broken)
    page = _write(context, run, counts, shown, docs)
    run.summary = RunSummary(run.run_id, run.flow_name, True, counts, aside, snapshot, title, str(page))
    show_table("findings", _worst_first(still)[_SHOWN], "open findings, the most severe and the oldest first")
    create_link_artifact(page.as_uri(), link_text="The reconciliation report", key="reconciliation-report")
    text = f"{summary_page(run.summary, run, title)}\n\nReport: `{page}`\n"
    text += f"\nData Docs: `{docs}`\n" if docs else ""
    create_markdown_artifact(text, key="reconciliation-summary", description="What the run found.")
    rename_run(title)
    return run.summary


def headline(counts: Mapping[str, int]) -> str:
    """Return the whole result in one sentence.

    >>> headline({"findings open": 0, "findings new": 0, "units at stake": 0})
    'Both systems agree: nothing is open'
    """
    if not counts["findings open"]:
        return "Both systems agree: nothing is open"
    units = f", {counts['units at stake']:,} units at stake" if counts["units at stake"] else ""
    return f"{counts['findings open']:,} findings open, {counts['findings new']:,} of them new{units}"


def _resolved(context: Context, run: Run) -> pd.DataFrame:
    """Return the findings closed since the last whole run of this flow, by whichever flow's run; none before the first."""
    past = runs.newest_runs(context.engine, [run.flow_name])
    last = next((row for row in past if row.status == "done" and row.run_id != run.run_id), None)
    since = last.finished_at_utc if last and last.finished_at_utc else context.now()
    return findings.resolved_findings(context.engine, since)


def _write(context: Context, run: Run, counts: Mapping[str, int], frames: Frames, docs: Path | None) -> Path:
    from reports.write import write_index, write_report  # noqa: PLC0415 - drawing costs seconds to import

    still, folder = frames["findings"], context.state_folder / "reports"
    report = Report(
        run.run_id,
        "Reconciliation of Shopify and NetSuite",
        context.now(),
        _verdict(still),
        headline(counts) + ".",
        actions=_actions(still),
        tiles=_tiles(counts),
        charts=(*_trend(context, counts, run.run_id), *_causes(frames)),
        tables=reconciliation_tables(_worst_first(still), frames),
        notes=(
            f"Orders that Shopify updated in the last {run.parameters['days']} days were compared; stock, as it is now.",
            "Neither system was changed. The snapshot of the run holds every row that was read.",
        ),
        links=(Link("Data Docs", os.path.relpath(docs, folder / run.run_id)),) if docs else (),
    )
    page = write_report(report, folder)
    write_index(folder)
    return page


def _verdict(still: pd.DataFrame) -> Literal["ok", "attention", "halted"]:
    if still["severity_code"].eq("halt").any():
        return "halted"
    return "attention" if len(still) else "ok"


def _worst_first(still: pd.DataFrame) -> pd.DataFrame:
    ranked = still.assign(rank=still["severity_code"].map(_SEVERITY).fillna(3))
    return ranked.sort_values(["rank", "first_seen_at_utc", "check_code", "object_key"], kind="stable").drop(columns="rank")


def _actions(still: pd.DataFrame) -> tuple[str, ...]:
    """Return what to do, a sentence a check, the most severe first."""
    said = []
    for code, rows in _worst_first(still).groupby("check_code", sort=False):
        check = CHECKS[str(code)]
        said.append(f"{check.told} ({len(rows):,}) {check.action}")
    return tuple(said[:6])


def _tiles(counts: Mapping[str, int]) -> tuple[Tile, ...]:
    rows = (
        ("Open findings", "findings open", f"{counts['findings new']:,} new, {counts['findings resolved']:,} resolved", "findings"),
        ("Numbers that differ", "stock differences", f"{counts['units at stake']:,} units at stake", "stock"),
        ("Orders that differ", "order differences", "documents, both ways", "orders"),
        ("Day sums that differ", "day sums that differ", "to the cent", "money"),
        ("Fields that differ", "fields that differ", "read back from NetSuite", "fields"),
        ("Serials that break a law", "serials and lots that break a law", "as last traced", "serials"),
    )
    return tuple(
        Tile(label, f"{counts[key]:,}", detail, "attention" if counts[key] else "ok", table) for label, key, detail, table in rows
    )


def _trend(context: Context, counts: Mapping[str, int], run_id: str) -> tuple[Chart, ...]:
    """Return the open findings of the runs so far, a line each for findings and units; nothing where this is the first."""
    past = [row for row in runs.newest_runs(context.engine, ["reconcile"], limit=_TREND_RUNS) if row.status == "done"]
    named = [(f"{row.started_at_utc:%Y-%m-%d}", row.summary.get("counts", {})) for row in reversed(past) if row.run_id != run_id]
    by_day = dict([*named, (f"{context.now():%Y-%m-%d}", dict(counts))])
    keys = ("stock differences", "order differences", "day sums that differ", "fields that differ")
    rows = [{"day": day, "what": key, "count": int(told.get(key, 0))} for day, told in by_day.items() for key in keys]
    told = "The last run of each day."
    frame = pd.DataFrame(rows)
    return (Chart("trend", "Differences by day", told, "trend", frame, "day", "count", "what", "rows"),)


def _causes(frames: Frames) -> tuple[Chart, ...]:
    stock = frames["out_stock_differences"]
    shown = stock.loc[stock["channel_code"].ne(NETSUITE)]
    if shown.empty:
        return ()
    units = shown.groupby(["cause_code", "channel_code"], as_index=False)["units_qty"].sum()
    worst = Counter(shown["channel_code"]).most_common(8)
    units = units.loc[units["channel_code"].isin([name for name, _ in worst])].sort_values("units_qty", ascending=False)
    told = "Units at stake where a channel shows another number than ours, by cause and channel."
    return (Chart("causes", "Units at stake by cause", told, "bars", units, "cause_code", "units_qty", "channel_code", "units"),)
