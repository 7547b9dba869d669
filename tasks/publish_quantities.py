"""Publishing: intents before a call, receipts after it, and calls that were never answered settled first."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from connectors.shopify.client import ShopifyClient
from connectors.shopify.publish import PairChange, SetOutcome, activate_level, set_available
from connectors.shopify.read_levels import read_levels_of
from contract.errors import RejectedError, RetriableError
from domain.publishing import TOO_LATE, WAITS, held_back, plan_calls
from store import publications
from tasks.context import Context

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 4
"""How often the healthy rest of a refused call is sent again: each time at least one row has left it."""
CALLS_AT_ONCE = 16
"""Calls of one shop in flight: at a second each they use 160 points a second, above what a standard shop grants."""
MOST_ACTIVATIONS = 500
_NAMESPACE = uuid.UUID("b1d5fb2c-2d5a-5f0e-8f5e-7f1d3c1a9e44")
DECREASE, INCREASE = "decrease", "increase"
_NUMBER = ["channel_code", "sku"]
_ROW = ["inventory_item_id_shopify", "location_id_shopify"]


@task(name="settle unanswered calls", cache_policy=NO_CACHE)
def settle_unanswered(context: Context, levels: pd.DataFrame | None = None) -> int:
    """Return how many calls of earlier runs, whose answer was lost, are settled now.

    A call that lowers is repeated with its own key, before the levels are read: Shopify answers a repeat with the first
    result, and if the first never arrived, lowering is safe whatever has changed since. A call that raises is settled
    after they are read, and by levels only: it counts as written where the level shows what it wanted. A pair that was
    not among the levels read (its location has left the contract) is read by itself.

    Args:
        context: the store and the shops.
        levels: `raw_shopify__levels`, to settle the calls that raise; None to settle those that lower.
    """
    settled = 0
    for batch in publications.unsettled_batches(context.engine, list(context.shops)):
        if (batch.direction == DECREASE) != (levels is None):
            continue
        client = context.shops[batch.shop_code]
        outcomes = _send(client, batch.pairs) if levels is None else _settle_by_reading(context, batch, levels)
        if outcomes is not None:
            _record(context, batch.change_key, "settled", outcomes)
            settled += 1
    return settled


@task(name="publish changes", cache_policy=NO_CACHE)
def publish_changes(  # noqa: PLR0913 - keyword-only after the first three
    context: Context,
    run_id: str,
    out_quantity_changes: pd.DataFrame,
    *,
    shop_codes: Collection[str] = (),
    unconfirmed: pd.DataFrame | None = None,
    publish_by: datetime | None = None,
) -> pd.DataFrame:
    """Return the pairs with what became of each: accepted, stale, rejected, unanswered, not_sent, held_back, not_chosen.

    Grain: one row per shop, inventory item and location. All shops fall before any rises, so that units of a split pool
    are free before another channel shows them; shops run side by side.

    Args:
        context: the store and the shops.
        run_id: the run.
        out_quantity_changes: every pair that must change.
        shop_codes: the shops to write to; all where empty.
        unconfirmed: numbers of other outlets that shall fall and are not known to have fallen.
        publish_by: after this instant nothing is sent: it would rest on reads that are too old.
    """
    changes = out_quantity_changes
    is_chosen = changes["shop_code"].isin(list(shop_codes) or list(context.shops))
    falls = changes["desired_qty"] < changes["expected_qty"]
    left_out = changes.loc[~is_chosen].assign(outcome="not_chosen", message="its shop is not among those to publish to")
    fallen = _publish_shops(context, run_id, changes.loc[is_chosen & falls], publish_by)
    known = [not_fallen(fallen), not_fallen(left_out), *([] if unconfirmed is None else [unconfirmed])]
    waiting = pd.concat([part[_NUMBER] for part in known])
    rises = changes.loc[is_chosen & ~falls]
    is_held = held_back(rises, waiting, context.contract)
    held = rises.loc[is_held].assign(outcome="held_back", message=WAITS)
    silent = set(fallen.loc[fallen["outcome"] == "unanswered", "shop_code"])
    is_silent = rises["shop_code"].isin(silent) & ~is_held
    unsent = rises.loc[is_silent].assign(outcome="not_sent", message="the shop does not answer")
    risen = _publish_shops(context, run_id, rises.loc[~is_held & ~is_silent], publish_by)
    parts = [part for part in (fallen, risen, held, unsent, left_out) if not part.empty]
    return pd.concat(parts, ignore_index=True) if parts else changes.assign(outcome="", message="")


@task(name="stock at locations", cache_policy=NO_CACHE)
def activate_levels(context: Context, run_id: str, out_activations: pd.DataFrame, shop_codes: Collection[str] = ()) -> pd.DataFrame:
    """Return the levels to stock with what became of each: activated, rejected, unanswered or not_sent.

    Grain: one row per shop, inventory item and location; at most 500 a run, so that numbers are not kept waiting. The
    number itself follows in the next run. A repeat changes nothing, so an unanswered call is simply made again then.
    """
    chosen = out_activations.loc[out_activations["shop_code"].isin(list(shop_codes) or list(context.shops))]
    now, later = chosen.iloc[:MOST_ACTIVATIONS], chosen.iloc[MOST_ACTIVATIONS:]
    told = [_activate(context, run_id, row) for row in now[["shop_code", *_ROW]].itertuples(index=False, name=None)]
    done = now.assign(outcome=[outcome for outcome, _ in told], message=[message for _, message in told])
    return pd.concat([done, later.assign(outcome="not_sent", message="the next run stocks it")], ignore_index=True)


def _activate(context: Context, run_id: str, row: tuple[str, str, str]) -> tuple[str, str]:
    shop_code, item, location = row
    key = str(uuid.uuid5(_NAMESPACE, f"{run_id}/{shop_code}/{item}/{location}"))
    try:
        activate_level(context.shops[shop_code], item, location, key)
    except RetriableError as error:
        return "unanswered", str(error)
    except RejectedError as error:
        return "rejected", str(error)
    return "activated", "the next run publishes its number"


def not_fallen(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return the numbers that shall fall and are not known to have fallen."""
    return outcomes.loc[(outcomes["desired_qty"] < outcomes["expected_qty"].fillna(0)) & (outcomes["outcome"] != "accepted")]


def _publish_shops(context: Context, run_id: str, changes: pd.DataFrame, publish_by: datetime | None) -> pd.DataFrame:
    groups = [rows for _, rows in changes.groupby("shop_code", sort=True)]
    with ThreadPoolExecutor(max_workers=max(1, len(groups))) as pool:
        parts = list(pool.map(lambda group: _publish_shop(context, run_id, group, publish_by), groups))
    return pd.concat(parts, ignore_index=True) if parts else changes.assign(outcome="", message="")


def _publish_shop(context: Context, run_id: str, changes: pd.DataFrame, publish_by: datetime | None) -> pd.DataFrame:
    """Send one shop's calls; the healthy rows of a refused call go again, without the rows that were at fault."""
    done: list[pd.DataFrame] = []
    waiting = changes
    for attempt in range(1, MOST_ATTEMPTS + 1):
        told = _send_side_by_side(context, run_id, list(plan_calls(waiting, f"{run_id}/{attempt}")), publish_by)
        outcomes = pd.concat(told, ignore_index=True) if told else waiting.assign(outcome="", message="")
        is_untouched = outcomes["outcome"] == "untouched"
        done.append(outcomes.loc[~is_untouched])
        waiting = outcomes.loc[is_untouched, list(changes.columns)]
        if waiting.empty or (outcomes["outcome"] == "unanswered").any():
            break
    left = (
        "not sent again: the shop does not answer" if attempt < MOST_ATTEMPTS else f"still refused after {MOST_ATTEMPTS} attempts"
    )
    return pd.concat([*done, waiting.assign(outcome="not_sent", message=left)], ignore_index=True)


def _send_side_by_side(context: Context, run_id: str, calls: list[pd.DataFrame], publish_by: datetime | None) -> list[pd.DataFrame]:
    """Send calls of one shop and direction, several in flight, so that the shop's rate is the limit and not its latency.

    After one without an answer no further one is begun.
    """
    silent = threading.Event()

    def send(call: pd.DataFrame) -> pd.DataFrame:
        if silent.is_set():
            return call.assign(outcome="not_sent", message="the shop does not answer")
        if publish_by is not None and context.now() > publish_by:
            return call.assign(outcome="not_sent", message=TOO_LATE)
        outcomes = _publish_call(context, run_id, call)
        if (outcomes["outcome"] == "unanswered").any():
            silent.set()
        return outcomes

    with ThreadPoolExecutor(max_workers=CALLS_AT_ONCE) as pool:
        return list(pool.map(send, calls))


def _publish_call(context: Context, run_id: str, call: pd.DataFrame) -> pd.DataFrame:
    key = str(call["change_key"].iloc[0])
    lowers = (call["desired_qty"] < call["expected_qty"]).all()
    direction = DECREASE if lowers else INCREASE
    publications.record_intent(context.engine, run_id, call, direction=direction, at_utc=context.now())
    outcomes = _send(context.shops[str(call["shop_code"].iloc[0])], call)
    if outcomes is None:
        return call.assign(outcome="unanswered", message="no answer; the next run settles it")
    _record(context, key, "accepted" if outcomes["outcome"].eq("accepted").all() else "rejected", outcomes)
    counts = outcomes["outcome"].value_counts().to_dict()
    log.info("quantities_published", extra={"run": run_id, "change_key": key, "outcomes": counts})
    return outcomes


def _record(context: Context, change_key: str, status: str, outcomes: pd.DataFrame) -> None:
    told = outcomes[[*_ROW, "outcome", "message"]]
    publications.record_receipt(
        context.engine, publications.Receipt(change_key, status, outcomes=told, answered_at_utc=context.now())
    )


def _send(client: ShopifyClient, call: pd.DataFrame) -> pd.DataFrame | None:
    """Return the rows with their outcome, or None where no answer came and none can be known."""
    columns = [*_ROW, "expected_qty", "desired_qty"]
    rows = [PairChange(*row) for row in call[columns].itertuples(index=False, name=None)]
    key = str(call["change_key"].iloc[0])
    try:
        outcome = set_available(client, rows, key, f"truecount://publication/{key}")
    except RetriableError:
        return None
    except RejectedError as error:
        return call.assign(outcome="rejected", message=str(error))
    return _sort_rows(call, outcome)


def _sort_rows(call: pd.DataFrame, outcome: SetOutcome) -> pd.DataFrame:
    told: dict[tuple[str, str], tuple[str, str]] = {}
    for row in outcome.accepted:
        told[row.inventory_item_id, row.location_id] = ("accepted", "")
    for row in outcome.stale:
        told[row.inventory_item_id, row.location_id] = (
            "stale",
            "the level moved since it was read; the next run recomputes it",
        )
    for row, code, message in outcome.rejected:
        told[row.inventory_item_id, row.location_id] = ("rejected", f"{code}: {message}")
    answers = [told.get(pair, ("untouched", "")) for pair in call[_ROW].itertuples(index=False, name=None)]
    return call.assign(outcome=[answer[0] for answer in answers], message=[answer[1] for answer in answers])


def _settle_by_reading(context: Context, batch: publications.UnsettledBatch, levels: pd.DataFrame) -> pd.DataFrame:
    """Return a lost call's pairs, each with what its level says: what the call wanted, something else, or no level at all."""
    call, pair = batch.pairs, ["shop_code", *_ROW]
    known = levels[[*pair, "available_qty"]]
    unread = call.merge(known[pair], on=pair, how="left", indicator=True).query("_merge == 'left_only'")
    if not unread.empty:
        wanted = list(unread[_ROW].itertuples(index=False, name=None))
        more = read_levels_of(context.shops[batch.shop_code], wanted, run_id=batch.run_id, extracted_at=context.now())
        known = pd.concat([known, more[[*pair, "available_qty"]]], ignore_index=True)
    rows = call.merge(known, on=pair, how="left", validate="many_to_one")
    is_written = rows["available_qty"].eq(rows["desired_qty"].astype("str")).fillna(False).astype("bool")
    told = rows["available_qty"].map("settled by reading the level: {}".format, na_action="ignore")
    return call.assign(
        outcome=is_written.map({True: "accepted", False: "not_written"}).to_numpy(),
        message=told.fillna("the shop has no such level any more").to_numpy(),
    )
