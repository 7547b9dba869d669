"""Publishing a few SKUs: those that a person names, and those whose level moved while a whole run was under way."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta

import pandas as pd

from contract.errors import TruecountError
from contract.frames import Frames
from domain.publishing import oldest_read
from tasks.check import check_inventory_frames
from tasks.compute import compute_numbers
from tasks.context import Context
from tasks.few_skus import Base, falling_outlets, read_few, scope_of
from tasks.outcome import Run, recorded_run
from tasks.publish_quantities import publish_changes, settle_unanswered
from tasks.record_run import keep_snapshot, load_state, remember_levels
from tasks.report import summarize

log = logging.getLogger(__name__)
WHOLE, SKUS = "publish-inventory", "publish-skus"
"""The names that runs over all numbers, and over a few SKUs, have in the store."""
MOST_ROUNDS = 2
"""How often a whole run computes what moved meanwhile again; the next run takes what still moves."""
MOST_STALE = 500
"""A run in which more moved is better followed by a whole one."""


def publish_skus(
    context: Context, run: Run, skus: Sequence[str], base: Base, shop_codes: Sequence[str] = ()
) -> tuple[Frames, pd.DataFrame]:
    """Return the frames of a run over a few SKUs, and every changed number with what became of it.

    Feeds and http channels are left to the whole run. What rises in a split pool waits where such a channel must fall.

    Args:
        context: the store, the account and the shops.
        run: the run, which says whether it is dry.
        skus: the SKUs.
        base: the last whole read.
        shop_codes: the shops to write to; all where empty.

    Raises:
        FatalError: a SKU is unknown, or a law is broken; nothing was written.
    """
    is_dry = bool(run.parameters.get("dry_run"))
    settled = 0 if is_dry else settle_unanswered(context)
    scope = scope_of(context, base, skus)
    raw = read_few(context, run.run_id, base, scope)
    run.steps["calls settled"] = settled + settle_unanswered(context, raw["raw_shopify__levels"])
    numbers = compute_numbers(context, run.run_id, raw, load_state(context, skus=scope.sold))
    keep_snapshot(context, run.run_id, numbers)
    check_inventory_frames(context, run, numbers)
    remember_levels(context, numbers)
    changes = numbers["out_quantity_changes"]
    if is_dry:
        return numbers, changes
    return numbers, publish_changes(
        context,
        run.run_id,
        changes,
        shop_codes=shop_codes,
        unconfirmed=falling_outlets(context, numbers),
        publish_by=oldest_read(numbers) + timedelta(minutes=context.contract.tolerances.publish_within_minutes),
    )


def recompute_stale(context: Context, base: Base, outcomes: pd.DataFrame, shop_codes: Sequence[str]) -> pd.DataFrame:
    """Return the outcomes of a whole run after what moved under it was read, computed and sent again, at most twice.

    Each round is a run of its own in the store, with its own snapshot. A round that fails leaves what it was to mend to
    the next run.
    """
    for _ in range(MOST_ROUNDS):
        stale = outcomes["outcome"].eq("stale")
        skus = sorted(set(outcomes.loc[stale, "sku"]))
        if not skus or len(skus) > MOST_STALE:
            break
        try:
            with recorded_run(context, SKUS, {"skus": skus, "dry_run": False}) as run:
                numbers, again = publish_skus(context, run, skus, base, shop_codes)
                summarize(context, run, numbers, again)
        except TruecountError as error:
            log.warning("recompute_failed", extra={"skus": len(skus), "reason": str(error)})
            break
        outcomes = _with_again(outcomes, stale, again, run.run_id)
    return outcomes


def _with_again(outcomes: pd.DataFrame, stale: pd.Series, again: pd.DataFrame, run_id: str) -> pd.DataFrame:
    """Return the outcomes with those of the second computation in place of what was stale."""
    pair = ["shop_code", "sku", "location_code"]
    moved = outcomes.loc[stale]
    is_sent = pd.MultiIndex.from_frame(moved[pair]).isin(pd.MultiIndex.from_frame(again[pair]))
    right = moved.loc[~is_sent].assign(outcome="recomputed", message=f"the level moved; run {run_id} found it right as it stands")
    parts = [part for part in (outcomes.loc[~stale], again, right) if not part.empty]
    # A pair that the second computation changed too was accepted once before: the later word stands.
    return pd.concat(parts, ignore_index=True).drop_duplicates([*pair, "channel_code"], keep="last", ignore_index=True)
