"""Orders: captured from the shops, linked to what NetSuite has, written once, and set aside with a reason."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from connectors.netsuite.documents import find_documents
from connectors.shopify.read_books import read_books
from connectors.shopify.read_orders import read_orders_by_id
from contract.frames import Frames
from domain.conform_netsuite import conform_items
from domain.order_documents import Documents, build_documents
from domain.order_links import link_orders
from store import quarantine, watermarks
from tasks.context import Context
from tasks.push_fulfillments import known_echoes
from tasks.read_inventory import metafields, read_shopify_orders
from tasks.write_documents import WRITES, write_orders

log = logging.getLogger(__name__)


def stream(shop_code: str) -> str:
    """Return the name of a shop's watermark."""
    return f"orders/{shop_code}"


def window_start(context: Context, since: datetime | None) -> datetime:
    """Return where the window of orders begins: the oldest watermark less the overlap, or what was asked for."""
    if since is not None:
        return since
    first = context.now() - timedelta(days=context.contract.orders.lookback_days)
    overlap = timedelta(minutes=context.contract.orders.overlap_minutes)
    positions = [watermarks.get(context.engine, stream(shop)) for shop in context.shops]
    return min((position - overlap if position else first) for position in positions)


@task(name="capture orders", cache_policy=NO_CACHE)
def capture_orders(context: Context, run_id: str, since: datetime) -> dict[str, pd.DataFrame]:
    """Return the orders updated since then, and with them every order still in quarantine: it may have healed."""
    frames = read_shopify_orders.fn(context, run_id, since)
    waiting = quarantine.open_rows(context.engine, entity_type="order")
    captured = set(frames["raw_shopify__orders"]["order_id_shopify"])
    for shop_code, client in context.shops.items():
        ids = sorted(set(waiting.loc[waiting["shop_code"] == shop_code, "entity_key"]) - captured)
        if ids:
            more = read_orders_by_id(
                client, ids, run_id=run_id, extracted_at=context.now(), metafields=metafields(context.contract)
            )
            frames = {name: _append(frame, more[name]) for name, frame in frames.items()}
    return frames | read_sales(context, run_id, frames["raw_shopify__orders"])


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
def build_order_documents(context: Context, raw: Frames) -> Documents:
    """Return a decision for every order captured: create, adopt, skip or set aside."""
    core_items, _ = conform_items(raw["raw_netsuite__items"])
    links, ambiguous = link_orders(raw["raw_shopify__orders"], raw["raw_netsuite__order_lines"], context.contract)
    echoes = frozenset(known_echoes(context).values())
    decided = build_documents(raw, links, ambiguous, core_items, context.contract, echoes=echoes)
    if context.contract.orders.follow_to == "order" and context.contract.orders.customers == "shop":
        return decided
    # What NetSuite has of them is looked up by the external ids that they would have.
    wanted = decided.documents.loc[decided.documents["action_code"].isin(WRITES), "external_id"]
    known = find_documents(context.netsuite, sorted(wanted))
    return build_documents(raw, links, ambiguous, core_items, context.contract, known, echoes)


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
def record_orders(context: Context, run_id: str, outcomes: pd.DataFrame, captured_from: datetime) -> None:
    """Store what was set aside and what has healed; then, last of all, move the watermarks."""
    at = context.now()
    is_aside = outcomes["outcome"].isin(["set_aside", "failed"])
    aside = [
        {
            "shop_code": row["shop_code"],
            "entity_type": "order",
            "entity_key": row["order_id_shopify"],
            "reason_code": row["reason_code"] or "rejected_by_netsuite",
            "reason": row["message"] or row["reason"],
            "payload": row["payload"] or "",
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
    for shop_code in context.shops:
        watermarks.advance(context.engine, stream(shop_code), captured_from, run_id)


def _records(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    clean = frame.astype("object").where(frame.notna(), None)
    names = [str(name) for name in clean.columns]
    for values in clean.itertuples(index=False, name=None):
        yield dict(zip(names, values, strict=True))


def _append(frame: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([part for part in (frame, more) if not part.empty], ignore_index=True) if len(more) else frame
