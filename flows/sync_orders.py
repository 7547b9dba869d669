"""Flow `sync-orders`: adopt what NetSuite has, then write the shops' new orders with their custom fields, each once."""

from __future__ import annotations

from prefect import flow
from prefect.runtime import flow_run

from flows.parameters import SyncParameters
from flows.wiring import open_context
from tasks.context import Context
from tasks.drift import check_access, check_schema, read_schema_frames
from tasks.outcome import RunSummary, recorded_run
from tasks.push_fulfillments import push_fulfillments
from tasks.read_inventory import read_catalogue, stack
from tasks.record_run import keep_snapshot
from tasks.report import report_orders
from tasks.sync_orders import (
    Window,
    build_order_documents,
    capture_orders,
    read_booked,
    record_orders,
    regular_window,
    write_documents,
)


def name_run() -> str:
    """Return the name of a run from its parameters: what it is about to do."""
    given = flow_run.parameters.get("parameters") or SyncParameters()
    parameters = given if isinstance(given, SyncParameters) else SyncParameters.model_validate(given)
    since = f" since {parameters.since:%Y-%m-%d %H:%M}" if parameters.since else ""
    since += f" until {parameters.until:%Y-%m-%d %H:%M}" if parameters.until else ""
    since += f" {', '.join(parameters.orders[:3])}{', ...' if parameters.orders[3:] else ''}" if parameters.orders else ""
    return f"sync orders{since}{' (dry run)' if parameters.dry_run else ''}"


@flow(name="sync-orders", flow_run_name=name_run, persist_result=False)
def sync_orders(parameters: SyncParameters = SyncParameters()) -> RunSummary:  # noqa: B008 - frozen
    """Book the shops' orders in NetSuite: sales orders for the web, cash sales for the tills, none of them twice.

    The window of orders is read before NetSuite's documents, so an order of the incumbent connector is seen there.

    Args:
        parameters: What the run does. Left as it is, it changes nothing anywhere.
    """
    with (
        open_context(sorted(parameters.order_ids())) as context,
        recorded_run(context, "sync-orders", parameters.model_dump(mode="json")) as run,
    ):
        started, window = context.now(), find_window(context, parameters)
        check_access(context, run.run_id)
        raw = capture_orders(context, run.run_id, window) | read_catalogue(context, run.run_id)
        check_schema(context, run, "orders", raw | read_schema_frames(context, run.run_id))
        raw |= read_booked(context, run.run_id, raw, window)
        pushed = push_fulfillments(context, run.run_id, raw, dry_run=parameters.dry_run)
        decided = build_order_documents(context, run.run_id, raw)
        keep_snapshot(context, run.run_id, {**raw, **decided.frames()})
        if parameters.dry_run:
            return report_orders(context, run, decided.documents, pushed)
        outcomes = write_documents(context, run.run_id, decided.documents)
        record_orders(context, run.run_id, raw, stack([outcomes, pushed]), decided.states, started, window)
        return report_orders(context, run, outcomes, pushed)


def find_window(context: Context, parameters: SyncParameters) -> Window:
    """Return the orders that a run captures: those of its parameters, or those since the last run."""
    if parameters.orders:
        return Window(context.now(), ids=parameters.order_ids(), is_regular=False)
    if parameters.since is not None:
        return Window(parameters.since, parameters.until, is_regular=False)
    return regular_window(context)
