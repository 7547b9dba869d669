"""Fulfilments that NetSuite made first go to Shopify, each once; what comes back of them is known by its stored id."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from connectors.netsuite.documents import get_expanded
from connectors.shopify.fulfil import create_fulfillment
from connectors.shopify.read_orders import read_orders_by_id
from contract.errors import RejectedError, RetriableError
from contract.frames import Frames
from domain.order_facts import read_facts
from domain.order_links import link_orders
from domain.outbound import Outbound, find_outbound
from store import documents
from tasks.context import Context

log = logging.getLogger(__name__)
RECORD = "shopifyFulfillment"
_COLUMNS = ["external_id", "shop_code", "order_id_shopify", "order_name", "record_type", "outcome", "reason_code", "message"]
_COLUMNS += ["netsuite_id", "payload"]
Row = dict[str, Any]


def known_echoes(context: Context) -> dict[str, str]:
    """Return what Shopify was told: our key of NetSuite's fulfilment to Shopify's fulfilment."""
    stored = documents.known_documents(context.engine)
    mine = stored.loc[stored["record_type"].eq(RECORD) & stored["status"].isin([documents.WRITTEN, documents.ADOPTED])]
    return dict(zip(mine["external_id"], mine["netsuite_id"], strict=True))


@task(name="push fulfilments", cache_policy=NO_CACHE)
def push_fulfillments(context: Context, run_id: str, raw: Frames, *, dry_run: bool = False) -> pd.DataFrame:
    """Return each of NetSuite's own fulfilments that Shopify did not know, with what became of it.

    Grain: one row per item fulfilment: written, adopted, set_aside or failed; create in a dry run.
    """
    if context.contract.orders.follow_to == "order":
        return pd.DataFrame(columns=_COLUMNS, dtype="str")
    lines = raw["raw_netsuite__order_lines"]
    links, _ = link_orders(raw["raw_shopify__orders"], lines, context.contract)
    told = known_echoes(context)
    unsure = set(documents.unsettled(context.engine)["external_id"])
    waiting = find_outbound(lines, links, raw["raw_shopify__fulfillment_order_lines"], context.contract, told)
    push = _planned if dry_run else partial(_push, context, run_id)
    names = dict(zip(raw["raw_shopify__orders"]["order_id_shopify"], raw["raw_shopify__orders"]["name"], strict=True))
    rows = [push(one, is_unsure=one.key in unsure) | {"order_name": names[one.order_id_shopify]} for one in waiting]
    log.info("fulfillments_pushed", extra={"run": run_id, "rows": len(rows)})
    return pd.DataFrame(rows, columns=_COLUMNS)


def _planned(one: Outbound, *, is_unsure: bool) -> Row:  # noqa: ARG001 - as `_push`
    outcome, code = ("create", None) if one.reason is None else ("set_aside", "fulfillment_does_not_fit")
    return {**_known(one), "outcome": outcome, "reason_code": code, "message": one.reason or ""}


def _known(one: Outbound) -> Row:
    known: Row = {"external_id": one.key, "shop_code": one.shop_code, "order_id_shopify": one.order_id_shopify}
    return known | {"record_type": RECORD, "payload_hash": None}


def _push(context: Context, run_id: str, one: Outbound, *, is_unsure: bool) -> Row:
    known = _known(one)
    found = _look_up(context, run_id, one) if is_unsure else None
    if found is not None:
        return _done(context, run_id, known, documents.ADOPTED, found)
    if one.reason is not None:
        return {**known, "outcome": "set_aside", "reason_code": "fulfillment_does_not_fit", "message": one.reason}
    documents.intend(context.engine, run_id, [known], at_utc=context.now())
    try:
        tracking = _tracking(context, one)
        made = create_fulfillment(context.shops[one.shop_code], one.units, tracking, what=f"fulfilment {one.key}")
    except RejectedError as error:
        documents.record_written(
            context.engine, run_id, [{**known, "status": documents.FAILED, "netsuite_id": None, "message": str(error)}]
        )
        return {**known, "outcome": "failed", "reason_code": error.code, "message": str(error)}
    except RetriableError as error:
        # The intent stays open: what is there is read before it is sent again.
        found = _look_up(context, run_id, one) if error.is_write_uncertain else None
        if found is not None:
            return _done(context, run_id, known, documents.ADOPTED, found)
        return {**known, "outcome": "failed", "reason_code": "shopify_unavailable", "message": str(error)}
    return _done(context, run_id, known, documents.WRITTEN, made)


def _done(context: Context, run_id: str, known: Row, status: str, fulfillment_id: str) -> Row:
    row = {**known, "status": status, "netsuite_id": fulfillment_id, "message": ""}
    documents.record_written(context.engine, run_id, [row], at_utc=context.now())
    return {**known, "outcome": status, "reason_code": None, "message": "", "netsuite_id": fulfillment_id}


def _look_up(context: Context, run_id: str, one: Outbound) -> str | None:
    """Return the fulfilment of exactly these units that no document of ours accounts for, if Shopify has one."""
    frames = read_orders_by_id(context.shops[one.shop_code], [one.order_id_shopify], run_id=run_id, extracted_at=context.now())
    stored = documents.known_documents(context.engine, [one.shop_code])
    taken = set(stored["netsuite_id"].dropna()) | {
        f"gid://shopify/Fulfillment/{key.rsplit('-', 1)[1]}" for key in stored["external_id"] if key.startswith("SHOPFUL-")
    }
    for facts in read_facts(frames):
        for made in reversed(facts.shipments):
            if made.id not in taken and dict(made.units) == dict(one.wanted):
                return made.id
    return None


def _tracking(context: Context, one: Outbound) -> dict[str, str] | None:
    """Return the first tracking number of NetSuite's fulfilment."""
    view = get_expanded(context.netsuite, "itemFulfillment", one.fulfillment_id_netsuite)
    packages = (view.get("package") or {}).get("items", [])
    number = next((row["packageTrackingNumber"] for row in packages if row.get("packageTrackingNumber")), None)
    return {"number": str(number)} if number else None
