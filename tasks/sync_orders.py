"""Orders: captured from the shops, linked to what NetSuite has, written once, and set aside with a reason."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from connectors.netsuite.documents import find_documents
from connectors.netsuite.read_order_lines import read_order_lines_by_reference
from connectors.shopify.read_books import read_books
from connectors.shopify.read_orders import read_orders_by_id
from contract.frames import Frames, empty
from domain.components import sold_items
from domain.conform_netsuite import conform_items
from domain.order_documents import Documents, build_documents
from domain.order_links import link_orders, references
from domain.order_states import with_outcomes
from store import expected_levels, orders, quarantine, watermarks
from tasks.context import Context
from tasks.push_fulfillments import known_echoes
from tasks.read_inventory import has_journeys, link_fields, metafields, read_netsuite_lines, read_shopify_orders, stack
from tasks.read_numbers import numbers_of_orders
from tasks.write_documents import WRITES, write_orders

log = logging.getLogger(__name__)
_STAMP = ("run_id", "extracted_at_utc")


def stream(shop_code: str) -> str:
    """Return the name of a shop's watermark."""
    return f"orders/{shop_code}"


@dataclass(frozen=True)
class Window:
    """Which orders a run captures: those updated in a span of time and more by their ids, or some by their ids (gids by shop).

    A regular one reaches from the last run's until now: after it alone the next one may begin here.
    """

    since: datetime
    until: datetime | None = None
    ids: Mapping[str, Sequence[str]] | None = None
    is_regular: bool = True
    more: Mapping[str, Collection[str]] = field(default_factory=dict)


def regular_window(context: Context) -> Window:
    """Return the window since the last run: from the oldest watermark, or from the oldest drop that no order explains yet.

    The order search lags: a level that fell before its order was found makes the window reach back to it.
    """
    first = context.now() - timedelta(days=context.contract.orders.lookback_days)
    positions = [watermarks.get(context.engine, stream(shop)) or first for shop in context.shops]
    drop = expected_levels.oldest_drop(context.engine, list(context.shops))
    start = min([*positions, *([drop] if drop else [])])
    return Window(max(first, start - timedelta(minutes=context.contract.orders.overlap_minutes)))


@task(name="capture orders", cache_policy=NO_CACHE)
def capture_orders(context: Context, run_id: str, window: Window) -> dict[str, pd.DataFrame]:
    """Return the orders of a window; with a regular one every order still in quarantine: it may have healed."""
    by_id = {shop: list((window.ids or {}).get(shop, ())) for shop in context.shops}
    read = [] if window.ids is not None else [read_shopify_orders.fn(context, run_id, window.since, window.until)]
    more = waiting_orders(context) if window.is_regular else window.more
    if more:
        captured = set(read[0]["raw_shopify__orders"]["order_id_shopify"])
        by_id = {shop: sorted(set(more.get(shop, ())) - captured) for shop in context.shops}
    read += [
        read_orders_by_id(
            client,
            by_id[shop],
            run_id=run_id,
            extracted_at=context.now(),
            metafields=metafields(context.contract),
            has_journeys=has_journeys(context.contract),
        )
        for shop, client in context.shops.items()
    ]
    frames = {name: stack([part[name] for part in read]) for name in read[-1]}
    return frames | read_sales(context, run_id, frames["raw_shopify__orders"])


def waiting_orders(context: Context) -> dict[str, set[str]]:
    """Return the orders in quarantine, gids by shop."""
    waiting = quarantine.open_rows(context.engine, entity_type="order")
    return {str(shop): set(rows["entity_key"]) for shop, rows in waiting.groupby("shop_code")}


@task(name="read NetSuite documents", cache_policy=NO_CACHE)
def read_booked(context: Context, run_id: str, raw: Frames, window: Window) -> dict[str, pd.DataFrame]:
    """Return what NetSuite has of the orders captured, however old: open and recent documents, and the rest by reference."""
    lines = empty("raw_netsuite__order_lines")
    if window.ids is None:
        lines = read_netsuite_lines.fn(context, run_id)["raw_netsuite__order_lines"]
    orders = raw["raw_shopify__orders"]
    links, _ = link_orders(orders, lines, context.contract)
    key = ["shop_code", "order_id_shopify"]
    unlinked = orders.merge(links[key], on=key, how="left", indicator=True).query("_merge == 'left_only'")
    older = read_order_lines_by_reference(
        context.netsuite,
        references(unlinked, context.contract),
        line_id_column=context.contract.account.line_id_field,
        run_id=run_id,
        extracted_at=context.now(),
        custom_fields=link_fields(context.contract),
    )
    lines = stack([lines, older]).drop_duplicates(["transaction_id_netsuite", "line_id_netsuite"], keep="last")
    return {"raw_netsuite__order_lines": lines.reset_index(drop=True)}


def read_sales(context: Context, run_id: str, orders: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return what orders came to: the sales of their agreements, and their payments; test orders left out."""
    wanted = orders.loc[orders["is_test"] != "true"]
    parts = [
        read_books(
            client,
            sorted(wanted.loc[wanted["shop_code"] == shop_code, "order_id_shopify"]),
            run_id=run_id,
            extracted_at=context.now(),
        )
        for shop_code, client in context.shops.items()
    ]
    names = ("raw_shopify__sales", "raw_shopify__transactions")
    return {name: pd.concat([part[name] for part in parts], ignore_index=True) for name in names}


@task(name="build documents", cache_policy=NO_CACHE)
def build_order_documents(context: Context, run_id: str, raw: Frames) -> Documents:
    """Return a decision for every order captured: create, adopt, skip or set aside."""
    core_items, _ = conform_items(raw["raw_netsuite__items"])
    sold = sold_items(core_items, raw["raw_netsuite__items"])
    links, ambiguous = link_orders(raw["raw_shopify__orders"], raw["raw_netsuite__order_lines"], context.contract)
    echoes = frozenset(known_echoes(context).values())
    gone = quarantine.open_rows(context.engine, entity_type="order", is_dismissed=True)
    dismissed = frozenset(zip(gone["shop_code"], gone["entity_key"], strict=True))
    decided = build_documents(raw, links, ambiguous, sold, context.contract, echoes=echoes, dismissed=dismissed)
    linked = dict(zip(links["external_id"].fillna(""), links["transaction_id_netsuite"], strict=True))
    numbers = numbers_of_orders(context, run_id, raw, core_items, linked)
    if context.contract.orders.follow_to == "order" and context.contract.orders.customers == "shop" and numbers is None:
        return decided
    # What NetSuite has of them is looked up by the external ids that they would have.
    wanted = decided.documents.loc[decided.documents["action_code"].isin(WRITES), "external_id"]
    known = find_documents(context.netsuite, sorted(wanted))
    return build_documents(raw, links, ambiguous, sold, context.contract, known, echoes, dismissed, numbers)


@task(name="write documents", cache_policy=NO_CACHE)
def write_documents(context: Context, run_id: str, decisions: pd.DataFrame) -> pd.DataFrame:
    """Return every decision with what became of it: written, adopted, skipped, set_aside or failed.

    Grain: one row per document. Orders are written side by side, up to the account's concurrency.
    """
    written = write_orders(context, run_id, decisions)
    done = {"adopt": "adopted", "skip": "skipped", "set_aside": "set_aside"}
    others = decisions.loc[~decisions["action_code"].isin(WRITES)]
    kept = others.assign(outcome=others["action_code"].map(done), netsuite_id=None, message=others["reason"].fillna(""))
    result = pd.concat([part for part in (pd.DataFrame(written), kept) if not part.empty], ignore_index=True)
    log.info("documents_written", extra={"run": run_id, "outcomes": result["outcome"].value_counts().to_dict()})
    return result


@task(name="record orders", cache_policy=NO_CACHE)
def record_orders(  # noqa: PLR0913, PLR0917 - what a run leaves
    context: Context, run_id: str, raw: Frames, outcomes: pd.DataFrame, states: pd.DataFrame, started: datetime, window: Window
) -> None:
    """Store every order's state, what was set aside and what has healed; then, last of all, move the watermarks.

    Args:
        context: the run's context.
        run_id: the run.
        raw: what was read: of an order set aside it is kept.
        outcomes: documents with what became of them.
        states: `out_order_states`.
        started: the instant before the first read: where the next regular window begins.
        window: what was captured.
    """
    orders.record_states(context.engine, run_id, with_outcomes(states, outcomes), at_utc=context.now())
    at = context.now()
    is_aside = outcomes["outcome"].isin(["set_aside", "failed"])
    aside = [
        {
            "shop_code": row["shop_code"],
            "entity_type": "order",
            "entity_key": row["order_id_shopify"],
            "reason_code": row["reason_code"] or "rejected_by_netsuite",
            "reason": row["message"] or row["reason"],
            "payload": {"netsuite": json.loads(row["payload"] or "null"), "shopify": _of_order(raw, row["order_id_shopify"])},
        }
        for row in _records(outcomes.loc[is_aside])
    ]
    once = {(row["shop_code"], row["entity_key"], row["reason_code"]): row for row in aside}
    quarantine.set_aside(context.engine, list(once.values()), at_utc=at)
    quarantine.resolve_healed(
        context.engine,
        entity_type="order",
        checked_since_utc=at,
        shop_codes=list(context.shops),
        entity_keys=sorted(set(outcomes["order_id_shopify"])),
    )
    for shop_code in context.shops if window.is_regular else ():
        watermarks.advance(context.engine, stream(shop_code), started, run_id)


def _of_order(raw: Frames, order_id: str) -> dict[str, list[dict[str, Any]]]:
    """Return what Shopify said of an order, frame by frame, so that whoever looks at it sees what the run saw."""
    frames = {name: frame for name, frame in raw.items() if "order_id_shopify" in frame and name.startswith("raw_shopify__")}
    mine = {name: frame.loc[frame["order_id_shopify"] == order_id] for name, frame in frames.items()}
    return {name: list(_records(rows.drop(columns=list(_STAMP)))) for name, rows in mine.items() if len(rows)}


def _records(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    clean = frame.astype("object").where(frame.notna(), None)
    names = [str(name) for name in clean.columns]
    for values in clean.itertuples(index=False, name=None):
        yield dict(zip(names, values, strict=True))
