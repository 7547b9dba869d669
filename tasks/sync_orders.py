"""Orders: captured from the shops, linked to what NetSuite has, written once, and set aside with a reason."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from connectors.netsuite.records import create_or_adopt
from connectors.shopify.read_orders import read_orders_by_id
from contract.errors import RejectedError, RetriableError
from contract.frames import Frames
from domain.conform_netsuite import conform_items
from domain.order_documents import Documents, build_documents
from domain.order_links import link_orders
from store import documents, quarantine, watermarks
from tasks.context import Context
from tasks.read_inventory import metafields, read_shopify_orders

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
    return frames


@task(name="build documents", cache_policy=NO_CACHE)
def build_order_documents(context: Context, raw: Frames) -> Documents:
    """Return a decision for every order captured: create, adopt, skip or set aside."""
    core_items, _ = conform_items(raw["raw_netsuite__items"])
    links, ambiguous = link_orders(raw["raw_shopify__orders"], raw["raw_netsuite__order_lines"], context.contract)
    return build_documents(raw, links, ambiguous, core_items, context.contract)


@task(name="write documents", cache_policy=NO_CACHE)
def write_documents(context: Context, run_id: str, decisions: pd.DataFrame) -> pd.DataFrame:
    """Return every decision with what became of it: written, adopted, skipped, set_aside or failed.

    Grain: one row per order. Documents are written side by side, up to the account's concurrency.
    """
    creates = decisions.loc[decisions["action_code"] == "create"]
    with ThreadPoolExecutor(max_workers=context.contract.account.concurrency) as pool:
        written = list(pool.map(lambda row: _write(context, run_id, row), _records(creates)))
    done = {"adopt": "adopted", "skip": "skipped", "set_aside": "set_aside"}
    others = decisions.loc[decisions["action_code"] != "create"]
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
    quarantine.set_aside(context.engine, aside, at_utc=at)
    quarantine.resolve_healed(
        context.engine,
        entity_type="order",
        checked_since_utc=at,
        shop_codes=list(context.shops),
        entity_keys=list(outcomes["order_id_shopify"]),
    )
    for shop_code in context.shops:
        watermarks.advance(context.engine, stream(shop_code), captured_from, run_id)


def _write(context: Context, run_id: str, row: dict[str, Any]) -> dict[str, Any]:
    """Write one document: intent, call, receipt. A document that may have been written is looked up, never repeated."""
    known = {name: row[name] for name in ("external_id", "shop_code", "order_id_shopify", "record_type", "payload_hash")}
    documents.intend(context.engine, run_id, [known], at_utc=context.now())
    try:
        outcome = create_or_adopt(context.netsuite, row["record_type"], json.loads(row["payload"]))
    except RejectedError as error:
        _record(context, run_id, known, ("failed", None, str(error)))
        return {**row, "outcome": "failed", "netsuite_id": None, "message": str(error), "reason_code": error.code}
    except RetriableError as error:
        # The intent stays open: the next run looks the document up before it writes it.
        return {
            **row,
            "outcome": "failed",
            "netsuite_id": None,
            "message": str(error),
            "reason_code": "netsuite_unavailable",
        }
    status = "adopted" if outcome.was_adopted else "written"
    _record(context, run_id, known, (status, outcome.id, ""))
    return {**row, "outcome": status, "netsuite_id": outcome.id, "message": ""}


def _record(context: Context, run_id: str, known: dict[str, Any], became: tuple[str, str | None, str]) -> None:
    status, netsuite_id, message = became
    row = {**known, "status": status, "netsuite_id": netsuite_id, "message": message}
    documents.record_written(context.engine, run_id, [row], at_utc=context.now())


def _records(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    clean = frame.astype("object").where(frame.notna(), None)
    names = [str(name) for name in clean.columns]
    for values in clean.itertuples(index=False, name=None):
        yield dict(zip(names, values, strict=True))


def _append(frame: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([part for part in (frame, more) if not part.empty], ignore_index=True) if len(more) else frame
