"""Flow `rewrite-fields`: which custom fields of booked orders are not what they should be; written again when told to."""

from __future__ import annotations

from prefect import flow
from prefect.runtime import flow_run

from flows.parameters import FieldParameters
from flows.wiring import open_context
from tasks.outcome import RunSummary, recorded_run
from tasks.record_run import keep_snapshot
from tasks.report import report_fields
from tasks.rewrite_fields import find_field_differences
from tasks.rewrite_fields import rewrite_fields as write_again


def name_run() -> str:
    """Return the name of a run from its parameters: what it is about to do."""
    given = flow_run.parameters.get("parameters") or FieldParameters()
    parameters = given if isinstance(given, FieldParameters) else FieldParameters.model_validate(given)
    return f"custom fields of {parameters.days} days{' (dry run)' if parameters.dry_run else ''}"


@flow(name="rewrite-fields", flow_run_name=name_run, persist_result=False)
def rewrite_fields(parameters: FieldParameters = FieldParameters()) -> RunSummary:  # noqa: B008 - frozen
    """Compare the custom fields of booked orders with the contract, and write those again that differ for the causes given.

    Args:
        parameters: What the run does. Left as it is, it changes nothing anywhere.
    """
    with open_context() as context, recorded_run(context, "rewrite-fields", parameters.model_dump(mode="json")) as run:
        frames = find_field_differences(context, run.run_id, parameters.days)
        keep_snapshot(context, run.run_id, frames)
        told = frames["out_field_differences"].assign(outcome="planned", message="")
        if not parameters.dry_run:
            told = write_again(context, run.run_id, frames, parameters.causes)
        return report_fields(context, run, told)
