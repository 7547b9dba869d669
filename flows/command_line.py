"""The command line `truecount`. Prefect and Great Expectations cost seconds: each command imports what it needs.

Exit codes: 0 done, 1 done with rows set aside, 2 usage, 3 contract refused, 4 fatal, 5 try again later.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import ValidationError

from contract.errors import TruecountError
from contract.settings import prefer, read_settings
from flows import contract_commands, orders, screen

app = typer.Typer(
    name="truecount",
    help="The order operations layer between Shopify and NetSuite.",
    epilog="The contract is contract/contract.yaml, or what TRUECOUNT_CONTRACT names. Exit codes: 0 done, 1 done with rows "
    "set aside, 2 usage, 3 contract refused, 4 fatal, 5 try again later.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Help and usage errors in plain lines: they are piped as well.
    rich_markup_mode=None,
)
app.add_typer(orders.app)
app.add_typer(contract_commands.app)
_PREFECT = {
    # A first start makes Prefect's own database, which takes longer than the 20 s that it allows itself.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # A screen shows results and, on a terminal, progress (flows/screen.py); the server keeps the whole log of the run.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
}
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Days = Annotated[int, typer.Option(min=1, max=60, help="Orders that Shopify updated in the last so many days.")]
Write = Annotated[bool, typer.Option("--write/--dry-run", help="Write, or only read and compute (the default).")]


@app.command(short_help="The main job against a sandbox, on real baskets.")
def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo keeps everything it makes.")] = Path(".demo"),
    world: Annotated[Literal["demo", "small"], typer.Option(help="demo: real store baskets; small: a handful of SKUs.")] = "demo",
) -> None:
    """Run the main job against the sandbox, on real baskets, and show what changed and why."""
    from flows.demo import run_demo

    raise typer.Exit(run_demo(folder, world))


@app.command("publish-inventory", short_help="Compute every number; publish what changed.")
def publish_inventory(
    write: Write = False,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Write nothing; report where the shops' numbers would oversell or lose sales.")
    ] = False,
    shop: Annotated[list[str] | None, typer.Option(help="Publish to this shop only; may be repeated.")] = None,
    sku: Annotated[list[str] | None, typer.Option(help="Read, compute and publish this SKU only; may be repeated.")] = None,
    as_json: Json = False,
) -> None:
    """Compute the true number of every SKU for every channel, and publish what changed."""
    if shadow and sku:
        raise typer.BadParameter("--shadow compares every number: leave --sku out")
    _check_first(shop or [])
    from flows.parameters import PublishParameters
    from flows.publish_inventory import publish_inventory as run

    with screen.progress():
        summary = run(PublishParameters(dry_run=not write, shadow=shadow, publish_to=shop or [], skus=sku or []))
    screen.finish(summary, as_json=as_json)


@app.command("sync-orders", short_help="Book the shops' orders in NetSuite, each once.")
def sync_orders(
    write: Write = False,
    since: Annotated[datetime | None, typer.Option(help="Orders updated since this instant (UTC), for a backfill.")] = None,
    until: Annotated[datetime | None, typer.Option(help="With --since: orders updated before this instant (UTC).")] = None,
    order: Annotated[
        list[str] | None, typer.Option(help="Only this order: SHOP/NUMBER, Shopify's number; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Book the shops' orders in NetSuite, each once."""
    from flows.parameters import SyncParameters

    try:
        parameters = SyncParameters(dry_run=not write, since=since, until=until, orders=order or [])
    except ValidationError as error:
        raise typer.BadParameter("; ".join(str(problem["msg"]) for problem in error.errors())) from None
    _check_first(sorted(parameters.order_ids()))
    from flows.sync_orders import sync_orders as run

    with screen.progress():
        summary = run(parameters)
    screen.finish(summary, as_json=as_json)


@app.command(short_help="Compare both systems and our numbers; one report.")
def reconcile(
    days: Days = 7,
    notify: Annotated[bool, typer.Option("--notify", help="Tell the contract's drift.notify blocks what is new.")] = False,
    as_json: Json = False,
) -> None:
    """Compare stock, orders, money and custom fields of both systems, look for drift, and write one report."""
    _check_first([])
    from flows.parameters import ReconcileParameters
    from flows.reconcile import reconcile as run

    with screen.progress():
        summary = run(ReconcileParameters(days=days, notify=notify))
    if not as_json:
        screen.plain(f"Report: {summary.page}")
    screen.finish(summary, as_json=as_json)


@app.command("trace-serials", short_help="Every serial and lot, from receipt to sale to return.")
def trace_serials(
    write: Write = False,
    full: Annotated[bool, typer.Option("--full", help="Read everything anew, not only what changed since the last run.")] = False,
    notify: Annotated[bool, typer.Option("--notify", help="Tell the contract's drift.notify blocks what is new.")] = False,
    as_json: Json = False,
) -> None:
    """Read what changed of serial and lot numbers, trace each one touched, and tell what breaks a law."""
    _check_first([])
    from flows.parameters import TraceParameters
    from flows.trace_serials import trace_serials as run

    with screen.progress():
        summary = run(TraceParameters(dry_run=not write, full=full, notify=notify))
    screen.finish(summary, as_json=as_json)


@app.command(short_help="The whole life of a serial or lot number.")
def serial(
    number: Annotated[str, typer.Argument(help="As it was read or typed: case, spaces and known prefixes do not matter.")],
    page: Annotated[Path | None, typer.Option(help="Write its page with the timeline into this folder (HTML, CSV).")] = None,
    as_json: Json = False,
) -> None:
    """Show the whole life of a serial or lot number across both systems; where there is none, the likeliest ones."""
    from flows.serials import show_serial

    show_serial(number, as_json=as_json, page=page)


@app.command(short_help="Where a lot went: the recall list.")
def lot(
    number: Annotated[str, typer.Argument(help="The lot's number.")],
    csv: Annotated[Path | None, typer.Option(help="Write the recall list to this file (CSV).")] = None,
    as_json: Json = False,
) -> None:
    """Show every order and place that units of a lot went to, and what is still on hand."""
    from flows.serials import show_lot

    show_lot(number, csv, as_json=as_json)


@app.command(short_help="What a changed field mapping changes on booked orders.")
def remap(write: Write = False, days: Days = 7, as_json: Json = False) -> None:
    """Show which custom fields of booked orders the contract now says otherwise; with --write, write them anew."""
    orders.rewrite(["mapping_changed", "not_as_mapped"], days, write=write, as_json=as_json)


@app.command(short_help="Custom fields that were overwritten in NetSuite.")
def repair(write: Write = False, days: Days = 7, as_json: Json = False) -> None:
    """Show which custom fields of booked orders were overwritten in NetSuite; write them again with --write."""
    orders.rewrite(["overwritten"], days, write=write, as_json=as_json)


@app.command(short_help="Where an order is: state, documents, what is wrong.")
def order(
    name: Annotated[str, typer.Argument(help="The order's name (#1001), its number in Shopify, or its gid.")], as_json: Json = False
) -> None:
    """Show an order's state, its documents in NetSuite, and what is wrong with it."""
    orders.show_order(name, as_json=as_json)


@app.command(short_help="Recompute a past run offline, and compare.")
def replay(
    run_or_folder: Annotated[str, typer.Argument(help="A run's id, or the folder of a snapshot.")],
    out: Annotated[Path | None, typer.Option(help="Write the recomputed out frames here, as CSV.")] = None,
    as_json: Json = False,
) -> None:
    """Recompute a past run from its snapshot, offline, and compare with what it decided then."""
    from flows.replay import replay_run

    result = replay_run(_snapshot_folder(run_or_folder))
    names = [name for name in result.frames if name.startswith("out_")]
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for name in names:
            result.frames[name].to_csv(out / f"{name}.csv", index=False)
    rows = [{"frame": name, "rows": len(result.frames[name]), "same as then": name not in result.different} for name in names]
    screen.show(f"Replay of {result.run_id}", rows, as_json=as_json)
    raise typer.Exit(1 if result.different else 0)


@app.command(short_help="Every term of a number, with its source.")
def explain(
    sku: Annotated[str, typer.Argument(help="The SKU.")],
    channel: Annotated[str | None, typer.Option(help="Only this channel.")] = None,
    run: Annotated[str | None, typer.Option(help="A run's id; the last publish-inventory run where left out.")] = None,
    as_json: Json = False,
) -> None:
    """Show every term of a number, with its source and read time."""
    from flows import explain as explanation

    explained = explanation.explain_sku(_snapshot_folder(run or _last_run(sku)), sku, channel)
    explained["published"] = explanation.published_of(sku, channel)
    explanation.show(explained, as_json=as_json)
    if not explained["numbers"]:
        screen.complain(f"{sku} has no number{f' on {channel}' if channel else ''} in run {explained['run_id']}")
        raise typer.Exit(1)


@app.command(short_help="What a change of the contract would alter.")
def plan(
    contract: Annotated[Path, typer.Argument(help="The contract as it would be.")],
    run: Annotated[str | None, typer.Option(help="Whose evidence to use; the last publish-inventory run where left out.")] = None,
    as_json: Json = False,
) -> None:
    """Show which numbers a change of the contract would alter, by how much and why, before it is applied."""
    from flows.plan import plan_change

    found = plan_change(_snapshot_folder(run or _last_run()), contract)
    rows = screen.rows_of(found.changes)
    if as_json:
        told = {"run_id": found.run_id, "changes": rows, "findings": screen.rows_of(found.findings), "unread": found.unread}
        screen.plain(json.dumps(told, default=str))
        return
    screen.show(f"{len(rows)} numbers would change (on the evidence of run {found.run_id})", rows)
    if len(found.findings):
        screen.show("Would be set aside", screen.rows_of(found.findings))
    if found.unread:
        screen.show("Not read by that run: their numbers need a dry run", [{"place": place} for place in found.unread])


@app.command("what-if", short_help="The rules as a calculator, on CSV files.")
def what_if(
    folder: Annotated[Path, typer.Argument(help="Holds contract.yaml and core_*.csv; the results are written there.")],
    at: Annotated[datetime | None, typer.Option(help="The instant (UTC) that time windows and ages count from; now.")] = None,
    as_json: Json = False,
) -> None:
    """Work out the numbers of a contract on stock and orders given as CSV files: the rules as a calculator."""
    from flows.what_if import run_what_if

    result = run_what_if(folder, (at or datetime.now(UTC)).replace(tzinfo=UTC))
    rows = screen.rows_of(result.out_channel_quantities)
    screen.show(f"{len(rows)} numbers, written to {folder}", rows, as_json=as_json)
    if len(result.core_unresolved) and not as_json:
        screen.show("Set aside", screen.rows_of(result.core_unresolved))
    raise typer.Exit(1 if len(result.core_unresolved) else 0)


@app.command("check-contract", short_help="Every problem of the contract at once.")
def check_contract(as_json: Json = False) -> None:
    """Check the contract as a whole, every problem at once."""
    from contract.loading import load_contract

    loaded = load_contract(read_settings().contract_path)
    contract = loaded.contract
    row = {
        "contract": str(loaded.path),
        "fingerprint": loaded.fingerprint,
        "shops": len(contract.shops),
        "locations": len(contract.locations),
        "channels": len(contract.channels),
        "order fields": len(contract.orders.fields),
    }
    screen.show("The contract is sound", [row], as_json=as_json)


@app.command(short_help="What is not right yet, and how to mend it.")
def doctor(as_json: Json = False) -> None:
    """Try credentials, clocks and migrations, and say what to fix."""
    from flows.doctor import examine

    findings = examine()
    screen.show("Doctor", [finding.as_row() for finding in findings], as_json=as_json)
    # What must be mended comes before what may pass by itself.
    codes = {finding.exit_code for finding in findings}
    raise typer.Exit(next((code for code in (3, 4, 5, 1) if code in codes), 0))


def main() -> None:
    """Run the command line; an expected error is told without a traceback, and gives its exit code."""
    prefer(_PREFECT)
    try:
        app()
    except TruecountError as error:
        screen.complain(str(error))
        sys.exit(error.exit_code)


def _check_first(shop_codes: list[str]) -> None:
    """Try the contract, the store and that there are credentials: what is wrong is told before Prefect has started."""
    from flows.wiring import open_context

    with open_context(shop_codes):
        pass


def _snapshot_folder(run_or_folder: str) -> Path:
    from contract.loading import load_contract

    if Path(run_or_folder).is_dir():
        return Path(run_or_folder)
    return load_contract(read_settings().contract_path).state_folder / "snapshots" / run_or_folder


def _last_run(sku: str | None = None) -> str:
    """Return the last run with a snapshot: over all numbers, or over a few SKUs that this one is among."""
    from contract.errors import FatalError
    from flows.publish_skus import SKUS, WHOLE
    from flows.wiring import open_store
    from store.runs import newest_runs

    with open_store() as engine:
        found = newest_runs(engine, [WHOLE, SKUS])
    for run in found:
        is_of_it = run.flow_name == WHOLE or sku in run.parameters.get("skus", [])
        if is_of_it and _snapshot_folder(run.run_id).is_dir():
            return run.run_id
    raise FatalError("Truecount store: no run of publish-inventory has a snapshot; start one with: truecount publish-inventory")
