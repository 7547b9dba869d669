"""Flow `reconcile`: both systems and our own numbers compared, drift looked for, and one report of it; nothing is written there."""

from __future__ import annotations

from datetime import timedelta

from prefect import flow
from prefect.runtime import flow_run

from contract.errors import FatalError
from domain.stage_lags import find_lags
from flows.parameters import ReconcileParameters
from flows.publish_inventory import read_inventory
from flows.wiring import open_context
from tasks.compute import compute_numbers
from tasks.drift import check_access, check_coverage, check_distribution, find_drift, read_schema_frames, readable_fields
from tasks.notify import notify_new
from tasks.outcome import RunSummary, recorded_run
from tasks.reconcile import day_of_orders, read_both, reconcile_orders, reconcile_stock, record_differences
from tasks.reconcile_report import report_reconciliation
from tasks.record_run import keep_snapshot, load_state
from tasks.rewrite_fields import find_field_differences
from tasks.validate import validate_frames


def name_run() -> str:
    """Return the name of a run from its parameters: what it is about to do."""
    given = flow_run.parameters.get("parameters") or ReconcileParameters()
    parameters = given if isinstance(given, ReconcileParameters) else ReconcileParameters.model_validate(given)
    return f"reconcile {parameters.days} days"


@flow(name="reconcile", flow_run_name=name_run, persist_result=False)
def reconcile(parameters: ReconcileParameters = ReconcileParameters()) -> RunSummary:  # noqa: B008 - frozen
    """Compare stock, orders, money and custom fields of both systems; look for drift; write one report. Neither system is changed.

    Args:
        parameters: What the run does.
    """
    with open_context() as context, recorded_run(context, "reconcile", parameters.model_dump(mode="json")) as run:
        try:
            check_access(context, run.run_id)
        except FatalError as error:
            # No report follows: whoever reads it each morning is told why.
            if parameters.notify:
                notify_new(context, f"Truecount: no reconciliation: {error}", "")
            raise
        raw = read_inventory(context, run.run_id)
        schema = read_schema_frames(context, run.run_id)
        find_drift(context, run.run_id, {**raw, **schema})
        numbers = compute_numbers(context, run.run_id, raw, load_state(context))
        both = read_both(context, run.run_id, parameters.days)
        fields = find_field_differences(context, run.run_id, parameters.days, both, readable_fields(schema))
        found = {
            **numbers,
            **schema,
            "out_netsuite_documents": both["out_netsuite_documents"],
            **{name: both[name] for name in ("raw_netsuite__documents", "raw_netsuite__document_taxes") if name in both},
            "raw_netsuite__order_fields": fields["raw_netsuite__order_fields"],
            "out_field_differences": fields["out_field_differences"],
            "out_stock_differences": reconcile_stock(context, numbers),
            **reconcile_orders(context, run.run_id, both),
            "out_stage_lags": find_lags(both),
        }
        yesterday = context.now() - timedelta(days=1)
        check_coverage(context, run.run_id, both)
        check_distribution(context, run.run_id, day_of_orders(both, yesterday), yesterday)
        record_differences(context, run.run_id, found)
        docs = validate_frames(context, run, found)
        keep_snapshot(context, run.run_id, found)
        summary = report_reconciliation(context, run, found, docs)
        if parameters.notify:
            notify_new(context, f"Truecount: {summary.title}", summary.page)
        return summary
