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
from domain.money_totals import MEASURES
from domain.reconcile_orders import CAUSES as ORDER_CAUSES
from domain.reconcile_stock import CAUSES as STOCK_CAUSES
from domain.reconcile_stock import NETSUITE
from reports.model import Chart, Column, Link, Report, Table, Tile
from store import findings, runs, serials
from tasks.context import Context
from tasks.outcome import Run, RunSummary
from tasks.report import rename_run, show_table, summary_page
from tasks.serial_pages import findings_table

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
    still = findings.open_findings(context.engine)
    stock, orders, money = (frames[f"out_{name}"] for name in ("stock_differences", "order_differences", "money_totals"))
    is_shown = stock["channel_code"].ne(NETSUITE)
    counts = {
        "findings open": len(still),
        "findings new": int(still["first_seen_at_utc"].eq(still["last_seen_at_utc"]).sum()),
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
    shown = {**frames, "findings": still, "serial_findings": broken, "serial_events": lives}
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
        tables=_tables(still, frames),
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
        ("Open findings", "findings open", f"{counts['findings new']:,} new", "findings"),
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


def _tables(still: pd.DataFrame, frames: Frames) -> tuple[Table, ...]:
    stock, orders = frames["out_stock_differences"], frames["out_order_differences"]
    stock = stock.assign(what=stock["cause_code"].map(STOCK_CAUSES)).sort_values("units_qty", ascending=False, kind="stable")
    orders = orders.assign(what=orders["cause_code"].map(ORDER_CAUSES))
    money = frames["out_money_totals"].assign(measure=frames["out_money_totals"]["measure_code"].map(MEASURES))
    differs = money["difference_amount"].astype("object").map(bool)
    money = pd.concat([money.loc[differs], money.loc[~differs]], ignore_index=True)
    return (
        _findings_table(_worst_first(still)),
        Table(
            "stock",
            "Stock, three ways",
            "Every SKU and location where NetSuite, our number and a channel are not the same, with the cause that a row proves. "
            f"Rows of {NETSUITE} say what its own figure leaves out.",
            stock,
            (
                Column("sku", "SKU"),
                Column("location_code", "Location", "code"),
                Column("channel_code", "Channel", "code"),
                Column("cause_code", "Cause", "code"),
                Column("units_qty", "Units", "int", "Units at stake."),
                Column("netsuite_qty", "NetSuite", "int", "Available, as NetSuite says it."),
                Column("atp_qty", "True", "int", "The true number of the location, before rules."),
                Column("publish_qty", "Ours", "int", "What we would publish."),
                Column("shown_qty", "Shown", "int", "What the channel shows."),
                Column("verdict_code", "Verdict", "code"),
                Column("what", "What it means"),
            ),
            "evidence",
            "All three agree everywhere.",
        ),
        _orders_table(orders),
        _money_table(money),
        _lags_table(frames["out_stage_lags"]),
        _fields_table(frames["out_field_differences"]),
        findings_table(frames["serial_findings"], frames["serial_events"]),
    )


def _findings_table(still: pd.DataFrame) -> Table:
    return Table(
        "findings",
        "Open findings",
        "What checks found and what is still so. A finding closes by itself when the next run does not see it.",
        still,
        (
            Column("check_code", "Check", "code"),
            Column("severity_code", "Severity", "code", "warn, quarantine (its rows wait), or halt (the stream waits)."),
            Column("object_key", "Where"),
            Column("field", "Field or cause", "code"),
            Column("expected", "Should be"),
            Column("found", "Is"),
            Column("units_qty", "Units", "int"),
            Column("rows_count", "Rows", "int"),
            Column("first_seen_at_utc", "First seen (UTC)", "instant"),
            Column("seen_count", "Runs", "int", "In how many runs it was seen."),
            Column("action", "What to do"),
        ),
        "examples",
        "Nothing is open.",
    )


def _orders_table(orders: pd.DataFrame) -> Table:
    return Table(
        "orders",
        "Orders, both ways",
        "Documents that are missing, doubled, foreign or different, on either side.",
        orders,
        (
            Column("order_name", "Order"),
            Column("shop_code", "Shop", "code"),
            Column("record_type", "Document", "code"),
            Column("cause_code", "Cause", "code"),
            Column("shopify_value", "Shopify"),
            Column("netsuite_value", "NetSuite"),
            Column("difference_amount", "Difference", "money"),
            Column("external_id", "External id"),
            Column("what", "What it means"),
        ),
        "evidence",
        "Every order is in both systems, and the same.",
    )


def _money_table(money: pd.DataFrame) -> Table:
    return Table(
        "money",
        "Money by day",
        "What both systems come to, to the cent; the orders behind a difference are named. Days that differ come first.",
        money,
        (
            Column("day", "Day", "date"),
            Column("shop_code", "Shop", "code"),
            Column("channel", "Channel", "code"),
            Column("measure", "Measure", "code"),
            Column("gateway", "Gateway", "code"),
            Column("tax_titles", "Tax titles", "code", "Titles that one item or code books are compared together."),
            Column("currency_code", "Currency", "code"),
            Column("shopify_amount", "Shopify", "money"),
            Column("netsuite_amount", "NetSuite", "money"),
            Column("difference_amount", "Difference", "money"),
            Column("orders_count", "Orders", "int"),
        ),
        "examples",
        "No order was placed in the span.",
    )


def _lags_table(lags: pd.DataFrame) -> Table:
    return Table(
        "lags",
        "How long each stage takes",
        "From what happens in a shop to its document in NetSuite, of the documents in the span.",
        lags.sort_values("slowest_minutes", ascending=False, kind="stable"),
        (
            Column("stage", "Stage"),
            Column("documents_count", "Documents", "int"),
            Column("median_minutes", "Half within (minutes)", "int"),
            Column("slowest_minutes", "Slowest (minutes)", "int"),
            Column("slowest_document", "The slowest one"),
        ),
        "",
        "No document of the span has its event in the span.",
    )


def _fields_table(fields: pd.DataFrame) -> Table:
    return Table(
        "fields",
        "Custom fields, read back",
        "Fields of booked orders that are not what they should be: truecount repair and truecount remap write them again.",
        fields,
        (
            Column("external_id", "Document"),
            Column("field", "Field", "code"),
            Column("cause_code", "Cause", "code"),
            Column("written_value", "Written"),
            Column("expected_value", "Should be"),
            Column("found_value", "Is"),
            Column("modified_at_utc", "Last changed (UTC)"),
            Column("changed_by", "By", help="Who changed the field last, through what, as NetSuite's system notes tell it."),
            Column("order_line_id_shopify", "Line"),
        ),
        "",
        "Every field is what was written.",
    )
