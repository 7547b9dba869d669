"""Flow `trace-serials`: every serial and lot number in one history, held against the laws; shops are told what left with what."""

from __future__ import annotations

from prefect import flow
from prefect.runtime import flow_run

from flows.parameters import TraceParameters
from flows.wiring import open_context
from store import watermarks
from tasks.notify import notify_new
from tasks.outcome import RunSummary, recorded_run
from tasks.serial_report import report_serials
from tasks.tell_serials import tell_serials
from tasks.trace_serials import STREAM, read_serials, trace_numbers, window


def name_run() -> str:
    """Return the name of a run from its parameters."""
    given = flow_run.parameters.get("parameters") or TraceParameters()
    parameters = given if isinstance(given, TraceParameters) else TraceParameters.model_validate(given)
    return "trace every serial" if parameters.full else "trace serials that changed"


@flow(name="trace-serials", flow_run_name=name_run, persist_result=False)
def trace_serials(parameters: TraceParameters = TraceParameters()) -> RunSummary:  # noqa: B008 - frozen
    """Read what changed of serial and lot numbers in both systems, trace each one touched, and tell what breaks a law.

    Args:
        parameters: What the run does.
    """
    with open_context() as context, recorded_run(context, "trace-serials", parameters.model_dump(mode="json")) as run:
        started, since = context.now(), window(context, is_full=parameters.full)
        raw = read_serials(context, run.run_id, since)
        traced = trace_numbers(context, run.run_id, raw, since)
        # After everything is recorded: a run that is killed before reads the same span again.
        watermarks.advance(context.engine, STREAM, started, run.run_id)
        if not parameters.dry_run:
            run.steps["orders told their numbers"] = tell_serials(context, run.run_id, raw)
        summary = report_serials(context, run, traced)
        if parameters.notify:
            notify_new(context, f"Truecount: {summary.title}", summary.page)
        return summary
