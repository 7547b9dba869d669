"""Flow `sync-orders`: adopt what NetSuite has, then write the shops' new orders with their custom fields, each once."""

from __future__ import annotations

from prefect import flow
from prefect.runtime import flow_run

from flows.parameters import SyncParameters
from flows.wiring import open_context
from tasks.outcome import RunSummary, recorded_run
from tasks.push_fulfillments import push_fulfillments
from tasks.read_inventory import read_catalogue, read_netsuite_lines
from tasks.record_run import keep_snapshot
from tasks.report import report_orders
from tasks.sync_orders import build_order_documents, capture_orders, record_orders, window_start, write_documents


def name_run() -> str:
    """Return the name of a run from its parameters: what it is about to do."""
    given = flow_run.parameters.get("parameters") or SyncParameters()
    parameters = given if isinstance(given, SyncParameters) else SyncParameters.model_validate(given)
    since = f" since {parameters.since:%Y-%m-%d %H:%M}" if parameters.since else ""
    return f"sync orders{since}{' (dry run)' if parameters.dry_run else ''}"


@flow(name="sync-orders", flow_run_name=name_run, persist_result=False)
def sync_orders(parameters: SyncParameters = SyncParameters()) -> RunSummary:  # noqa: B008 - frozen
    """Book the shops' orders in NetSuite: sales orders for the web, cash sales for the tills, none of them twice.

    The window of orders is read before NetSuite's documents, so an order of the incumbent connector is seen there.

    Args:
        parameters: What the run does. Left as it is, it changes nothing anywhere.
    """
    with open_context() as context, recorded_run(context, "sync-orders", parameters.model_dump(mode="json")) as run:
        started = context.now()
        raw = capture_orders(context, run.run_id, window_start(context, parameters.since))
        raw |= read_catalogue(context, run.run_id)
        raw |= read_netsuite_lines(context, run.run_id)
        if not parameters.dry_run:
            run.steps["fulfilments told to Shopify"] = len(push_fulfillments(context, run.run_id, raw))
        decided = build_order_documents(context, raw)
        keep_snapshot(
            context,
            run.run_id,
            {**raw, "out_netsuite_documents": decided.documents, "out_netsuite_document_lines": decided.lines},
        )
        if parameters.dry_run:
            return report_orders(context, run, decided.documents)
        outcomes = write_documents(context, run.run_id, decided.documents)
        record_orders(context, run.run_id, outcomes, started)
        return report_orders(context, run, outcomes)
