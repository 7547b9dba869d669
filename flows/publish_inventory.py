"""Flow `publish-inventory`: read both systems, compute the true number per channel, publish what changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pandas as pd
from prefect import flow
from prefect.runtime import flow_run

from contract.frames import Frames
from domain.publishing import oldest_read
from flows.parameters import PublishParameters
from flows.publish_skus import SKUS, WHOLE, publish_skus, recompute_stale
from flows.wiring import open_context
from tasks.check import check_inventory_frames
from tasks.compute import compute_numbers
from tasks.context import Context
from tasks.drift import check_access, check_schema
from tasks.few_skus import Base, load_base
from tasks.outcome import Run, RunSummary, recorded_run
from tasks.publish_outlets import lower_outlets, write_outlets
from tasks.publish_quantities import activate_levels, not_fallen, publish_changes, settle_unanswered
from tasks.read_inventory import (
    read_catalogue,
    read_netsuite_balances,
    read_netsuite_lines,
    read_shopify_levels,
    read_shopify_orders,
    reread_netsuite_lines,
)
from tasks.record_run import keep_snapshot, load_state, remember_levels
from tasks.report import report_publication, report_shadow


def name_run() -> str:
    """Return the name of a run from its parameters: what it is about to do."""
    given = flow_run.parameters.get("parameters") or PublishParameters()
    parameters = given if isinstance(given, PublishParameters) else PublishParameters.model_validate(given)
    mode = " (shadow)" if parameters.shadow else " (dry run)" if parameters.dry_run else ""
    what = f"{len(parameters.skus)} SKUs to " if parameters.skus else ""
    return f"publish {what}{', '.join(parameters.publish_to) or 'all shops'}{mode}"


@flow(name="publish-inventory", flow_run_name=name_run, log_prints=False, persist_result=False)
def publish_inventory(parameters: PublishParameters = PublishParameters()) -> RunSummary:  # noqa: B008 - frozen
    """Compute the true number of every SKU for every channel, and publish the numbers that changed.

    Nothing is written in a dry run. Every run keeps a snapshot that `truecount replay` recomputes offline.

    Args:
        parameters: What the run does. Left as it is, it changes nothing anywhere.
    """
    with open_context() as context:
        return publish_named(context, parameters) if parameters.skus else publish_all(context, parameters)


def publish_named(context: Context, parameters: PublishParameters) -> RunSummary:
    """Read, compute and publish the SKUs that the parameters name."""
    with recorded_run(context, SKUS, parameters.model_dump(mode="json")) as run:
        started = context.now()
        base = load_base(context) or Base(read_inventory(context, run.run_id), started)
        numbers, changes = publish_skus(context, run, parameters.skus, base, parameters.publish_to)
        return report_publication(context, run, numbers, changes)


def publish_all(context: Context, parameters: PublishParameters) -> RunSummary:
    """Read, compute and publish every number; what moved meanwhile is computed again before the run ends."""
    with recorded_run(context, WHOLE, parameters.model_dump(mode="json")) as run:
        started, is_dry = context.now(), parameters.dry_run or parameters.shadow
        settled = 0 if is_dry else settle_unanswered(context)
        access = check_access(context, run.run_id)
        raw = read_inventory(context, run.run_id)
        check_schema(context, run, "inventory", raw | access)
        run.steps["calls settled"] = settled + settle_unanswered(context, raw["raw_shopify__levels"])
        numbers = compute_numbers(context, run.run_id, raw, load_state(context, forget_all=parameters.shadow))
        if parameters.shadow:
            numbers |= report_shadow(run, numbers)
        keep_snapshot(context, run.run_id, numbers)
        check_inventory_frames(context, run, numbers)
        if not parameters.shadow:
            remember_levels(context, numbers)
        changes = numbers["out_quantity_changes"]
        if not is_dry:
            changes = publish(context, run, numbers, parameters.publish_to)
            changes = recompute_stale(context, Base(raw, started), changes, parameters.publish_to)
        return report_publication(context, run, numbers, changes)


def publish(context: Context, run: Run, numbers: Frames, shop_codes: Sequence[str]) -> pd.DataFrame:
    """Return every changed number with what became of it: what falls is sent and confirmed first, then what rises."""
    publish_by = oldest_read(numbers) + timedelta(minutes=context.contract.tolerances.publish_within_minutes)
    lowered = lower_outlets(context, run.run_id, numbers, publish_by)
    in_shops = publish_changes(
        context,
        run.run_id,
        numbers["out_quantity_changes"],
        shop_codes=shop_codes,
        unconfirmed=not_fallen(lowered),
        publish_by=publish_by,
    )
    still_high = pd.concat([not_fallen(lowered), not_fallen(in_shops)], ignore_index=True)
    written = write_outlets(context, run.run_id, numbers, still_high, publish_by)
    run.manifests = written.manifests
    stocked = activate_levels(context, run.run_id, numbers["out_activations"], shop_codes)
    run.steps |= {f"levels {outcome}": int(count) for outcome, count in stocked["outcome"].value_counts().items()}
    return pd.concat([in_shops, written.outcomes], ignore_index=True) if len(written.outcomes) else in_shops


def read_inventory(context: Context, run_id: str) -> dict[str, pd.DataFrame]:
    """Return the five reads, one after another, in the order that makes a race safe (`tasks/read_inventory.py`)."""
    raw = read_catalogue(context, run_id)
    raw |= read_netsuite_lines(context, run_id)
    raw |= read_netsuite_balances(context, run_id)
    raw |= reread_netsuite_lines(context, run_id, raw)
    raw |= read_shopify_orders(context, run_id)
    raw |= read_shopify_levels(context, run_id, raw["raw_shopify__variants"])
    return raw
