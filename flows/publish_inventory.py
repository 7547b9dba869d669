"""Flow `publish-inventory`: read both systems, compute the true number per channel, publish what changed."""

from __future__ import annotations

import pandas as pd
from prefect import flow
from prefect.runtime import flow_run

from flows.parameters import PublishParameters
from flows.wiring import open_context
from tasks.check import check_inventory_frames
from tasks.compute import compute_numbers
from tasks.context import Context
from tasks.outcome import RunSummary, recorded_run
from tasks.publish_quantities import publish_changes, settle_unanswered, write_feeds
from tasks.read_inventory import (
    read_catalogue,
    read_netsuite_balances,
    read_netsuite_lines,
    read_shopify_levels,
    read_shopify_orders,
    reread_netsuite_lines,
)
from tasks.record_run import keep_snapshot, load_state, remember_levels
from tasks.report import report_publication


def name_run() -> str:
    """Return the name of a run from its parameters: what it is about to do."""
    given = flow_run.parameters.get("parameters") or PublishParameters()
    parameters = given if isinstance(given, PublishParameters) else PublishParameters.model_validate(given)
    return f"publish {', '.join(parameters.publish_to) or 'all shops'}{' (dry run)' if parameters.dry_run else ''}"


@flow(name="publish-inventory", flow_run_name=name_run, log_prints=False, persist_result=False)
def publish_inventory(parameters: PublishParameters = PublishParameters()) -> RunSummary:  # noqa: B008 - frozen
    """Compute the true number of every SKU for every channel, and publish the numbers that changed.

    Nothing is written in a dry run. Every run keeps a snapshot that `truecount replay` recomputes offline.

    Args:
        parameters: What the run does. Left as it is, it changes nothing anywhere.
    """
    with (
        open_context() as context,
        recorded_run(context, "publish-inventory", parameters.model_dump(mode="json")) as run,
    ):
        settled = 0 if parameters.dry_run else settle_unanswered(context)
        raw = read_inventory(context, run.run_id)
        run.steps["calls settled"] = settled + settle_unanswered(context, raw["raw_shopify__levels"])
        numbers = compute_numbers(context, run.run_id, raw, load_state(context))
        keep_snapshot(context, run.run_id, numbers)
        check_inventory_frames(context, run, numbers)
        remember_levels(context, numbers)
        changes = chosen_changes(numbers["out_quantity_changes"], parameters)
        if not parameters.dry_run:
            changes = publish_changes(context, run.run_id, changes)
            run.manifests = write_feeds(context, run.run_id, numbers["out_feed_rows"])
        return report_publication(context, run, numbers, changes)


def read_inventory(context: Context, run_id: str) -> dict[str, pd.DataFrame]:
    """Return the five reads, one after another, in the order that makes a race safe (`tasks/read_inventory.py`)."""
    raw = read_catalogue(context, run_id)
    raw |= read_netsuite_lines(context, run_id)
    raw |= read_netsuite_balances(context, run_id)
    raw |= reread_netsuite_lines(context, run_id, raw["raw_netsuite__order_lines"])
    raw |= read_shopify_orders(context, run_id)
    raw |= read_shopify_levels(context, run_id, raw["raw_shopify__variants"])
    return raw


def chosen_changes(changes: pd.DataFrame, parameters: PublishParameters) -> pd.DataFrame:
    """Return the changes of the shops to publish to."""
    return changes.loc[changes["shop_code"].isin(parameters.publish_to)] if parameters.publish_to else changes
