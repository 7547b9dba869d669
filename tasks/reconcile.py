"""Reconciliation: stock three ways, orders and money both ways, custom fields read back; every difference a finding."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from connectors.netsuite.read_document_money import read_document_lines, read_tax_details, read_tax_lines
from connectors.netsuite.read_documents import read_documents
from connectors.shopify.read_orders import read_orders_by_id
from contract.errors import FatalError
from contract.frames import Frames, conform, from_rows
from domain.components import sold_items
from domain.conform_netsuite import conform_items
from domain.document_pairs import Books, pair_documents
from domain.document_terms import documents_to_read, name_terms
from domain.findings import finding, settle
from domain.money_totals import total_by_day
from domain.order_documents import build_documents, external_id
from domain.order_links import link_orders
from domain.reconcile_orders import find_order_differences
from domain.reconcile_stock import NETSUITE, Published, find_stock_differences
from domain.tax_titles import tax_items
from store import documents, findings, money, orders, publications, quarantine, runs
from tasks.context import Context
from tasks.push_fulfillments import known_echoes
from tasks.read_inventory import has_journeys, metafields, read_catalogue, stack
from tasks.sync_orders import Window, capture_orders, read_booked, waiting_orders

log = logging.getLogger(__name__)
WHOLE = "publish-inventory"
_STUCK_AFTER = timedelta(hours=2)
CHECKS = ("stock_differs", "order_differs", "money_differs", "overwritten", "mapping_changed", "not_as_mapped")
_EXPLAINED = frozenset({"unsynced_order", "pending_approval", "held", "blocked", "partner", "rule", "in_flight"})
"""Causes by which NetSuite's own figure may rightly differ from ours: they are shown, and are nobody's fault."""


@task(name="reconcile stock", cache_policy=NO_CACHE)
def reconcile_stock(context: Context, numbers: Frames) -> pd.DataFrame:
    """Return `out_stock_differences` of one computation."""
    open_calls = publications.unsettled_batches(context.engine)
    pairs = [batch.pairs.assign(change_key=batch.change_key) for batch in open_calls]
    columns = ["channel_code", "sku", "location_code", "change_key"]
    unanswered = pd.concat(pairs, ignore_index=True)[columns] if pairs else pd.DataFrame(columns=columns, dtype="str")
    outlets = [channel.channel_code for channel in context.contract.channels if channel.kind != "shopify"]
    shown = publications.shown_by_outlets(context.engine, outlets)
    last = next((run for run in runs.newest_runs(context.engine, [WHOLE]) if _has_published(run)), None)
    within = timedelta(minutes=context.contract.tolerances.publish_within_minutes)
    fresh = last.started_at_utc if last and last.started_at_utc >= context.now() - within else None
    published = publications.latest_published(context.engine)
    return find_stock_differences(numbers, Published(published, unanswered, shown, fresh))


def _has_published(run: runs.Run) -> bool:
    return run.status == "done" and not (run.parameters.get("dry_run") or run.parameters.get("shadow"))


@task(name="read orders of both systems", cache_policy=NO_CACHE)
def read_both(context: Context, run_id: str, days: int) -> dict[str, pd.DataFrame]:
    """Return the orders that Shopify updated in the last days with what they came to, and NetSuite's documents of them.

    However old, the orders in quarantine and those of differences that are open are read too: what is read no more would
    be taken for resolved.
    """
    since = context.now() - timedelta(days=days)
    more, still = _still_open(context)
    window = Window(since, is_regular=False, more=more)
    raw = capture_orders.fn(context, run_id, window) | read_catalogue.fn(context, run_id)
    raw |= read_booked.fn(context, run_id, raw, window)
    wanted = _decided(context, raw)
    names = sorted({*wanted["external_id"], *still})
    there = read_documents(context.netsuite, names, since=since, run_id=run_id, extracted_at=context.now())
    taxes = _read_taxes(context, run_id, there.loc[there["external_id"].isin(wanted["external_id"]), "transaction_id_netsuite"])
    documents_of_both = {"out_netsuite_documents": wanted, "raw_netsuite__documents": there}
    return raw | documents_of_both | ({} if taxes is None else {"raw_netsuite__document_taxes": taxes})


def _still_open(context: Context) -> tuple[dict[str, set[str]], set[str]]:
    """Return the orders in quarantine and those of open differences (gids by shop), and the documents that differ."""
    rows = findings.open_findings(context.engine)
    keys = rows.loc[rows["check_code"].eq("order_differs"), "object_key"]
    named = keys.str.extract(r"^(?P<shop_code>\S+) (?P<order_name>.+) (?P<external_id>\S+)$").dropna()
    known = orders.named(context.engine, set(named["order_name"])).merge(named, on=["shop_code", "order_name"])
    pairs = {*known[["shop_code", "order_id_shopify"]].itertuples(index=False, name=None)}
    roots = named["external_id"].str.extract(r"^SHOPIFY-(?P<shop>[A-Z0-9_]+)-(?P<number>\d+)$").dropna()
    pairs |= {(shop, f"gid://shopify/Order/{number}") for shop, number in roots.itertuples(index=False, name=None)}
    more = waiting_orders(context)
    for shop, gid in pairs:
        more.setdefault(shop, set()).add(gid)
    return more, set(named["external_id"])


def _read_taxes(context: Context, run_id: str, documents_there: pd.Series) -> pd.DataFrame | None:
    """Return `raw_netsuite__document_taxes`; None, and a finding, where SuiteTax is hidden from our role."""
    ids, at = sorted(documents_there), context.now()
    if context.contract.orders.tax != "suitetax":
        return read_tax_lines(context.netsuite, ids, tax_items(context.contract), run_id=run_id, extracted_at=at)
    told, read = [], None
    try:
        read = read_tax_details(context.netsuite, ids, run_id=run_id, extracted_at=at)
    except FatalError as error:
        told = [finding("tax_unreadable", "NetSuite", found=str(error)[:300])]
    findings.record(context.engine, run_id, settle(told, context.contract), ("tax_unreadable",), at_utc=at)
    return read


@task(name="reconcile orders", cache_policy=NO_CACHE)
def reconcile_orders(context: Context, run_id: str, frames: Frames) -> dict[str, pd.DataFrame]:
    """Return `out_order_differences` and `out_money_totals`, and the lines that were read to name the terms that differ."""
    books = Books(
        frames["out_netsuite_documents"],
        frames["raw_netsuite__documents"],
        documents.known_documents(context.engine),
        quarantine.open_rows(context.engine, entity_type="order"),
    )
    raw = {**frames, "raw_shopify__orders": _with_named(context, run_id, frames)}
    pairs = pair_documents(books, frames, context.contract, context.now())
    found = find_order_differences(books, raw, pairs)
    lines = read_document_lines(
        context.netsuite,
        documents_to_read(found, pairs),
        line_id_column=context.contract.account.line_id_field,
        run_id=run_id,
        extracted_at=context.now(),
    )
    taxes = frames.get("raw_netsuite__document_taxes")
    told = {**frames, "raw_netsuite__document_lines": lines}
    # Without the taxes every one of them would be told as the term that differs.
    named = found if taxes is None else name_terms(found, books.wanted, pairs, told, context.contract)
    return {
        "raw_netsuite__document_lines": lines,
        "out_order_differences": conform("out_order_differences", stack([named, _stuck(context)])),
        "out_money_totals": total_by_day(pairs, taxes, context.contract),
    }


def _stuck(context: Context) -> pd.DataFrame:
    """Return the orders that have waited for an answer longer than runs usually take, as `out_order_differences`."""
    waiting = orders.orders_by_state(context.engine, "waiting")
    rows = waiting.loc[waiting["state_since_at_utc"] < context.now() - _STUCK_AFTER].to_dict("records")
    return from_rows(
        "out_order_differences",
        [
            {
                "shop_code": row["shop_code"],
                "order_id_shopify": row["order_id_shopify"],
                "external_id": external_id(str(row["shop_code"]), str(row["order_id_shopify"])),
                "cause_code": "stuck",
                "order_name": row["order_name"],
                "record_type": "order",
                "shopify_value": "",
                "netsuite_value": "",
                "difference_amount": Decimal(0),
                "evidence": f"waiting since {row['state_since_at_utc']:%Y-%m-%d %H:%M} UTC: {row['last_error']}",
            }
            for row in rows
        ],
    )


def _with_named(context: Context, run_id: str, frames: Frames) -> pd.DataFrame:
    """Return the orders with those that only NetSuite's documents name, looked up by their ids: old ones, and no lost ones."""
    captured = frames["raw_shopify__orders"]
    have = set(zip(captured["shop_code"], captured["order_id_shopify"], strict=True))
    named = frames["raw_netsuite__documents"]["external_id"].str.extract(r"^SHOPIFY-(?P<shop>[A-Z0-9_]+)-(?P<number>\d+)$").dropna()
    wanted: dict[str, set[str]] = {}
    for shop, number in named.itertuples(index=False, name=None):
        gid = f"gid://shopify/Order/{number}"
        if shop in context.shops and (shop, gid) not in have:
            wanted.setdefault(shop, set()).add(gid)
    parts = [
        read_orders_by_id(
            context.shops[shop],
            sorted(gids),
            run_id=run_id,
            extracted_at=context.now(),
            metafields=metafields(context.contract),
            has_journeys=has_journeys(context.contract),
        )["raw_shopify__orders"]
        for shop, gids in sorted(wanted.items())
    ]
    return stack([captured, *parts])


def _decided(context: Context, raw: Frames) -> pd.DataFrame:
    """Return the documents that there should be, by the rules that book orders, as if none of ours were there yet."""
    core_items, _ = conform_items(raw["raw_netsuite__items"])
    sold = sold_items(core_items, raw["raw_netsuite__items"])
    links, ambiguous = link_orders(raw["raw_shopify__orders"], raw["raw_netsuite__order_lines"], context.contract)
    echoes = frozenset(known_echoes(context).values())
    return build_documents(raw, links, ambiguous, sold, context.contract, echoes=echoes, is_afresh=True).documents


@task(name="record differences", cache_policy=NO_CACHE)
def record_differences(context: Context, run_id: str, frames: Frames) -> pd.DataFrame:
    """Return every difference of the run as `out_findings`; stored with the days' sums, and what is resolved since is closed.

    Args:
        context: the run's context.
        run_id: the run.
        frames: `out_stock_differences`, `out_order_differences`, `out_money_totals`, `out_field_differences`.
    """
    rows = [*_of_stock(frames["out_stock_differences"]), *_of_orders(frames["out_order_differences"])]
    rows += [*_of_money(frames["out_money_totals"]), *_of_fields(frames["out_field_differences"])]
    found = settle(rows, context.contract)
    findings.record(context.engine, run_id, found, CHECKS, at_utc=context.now())
    money.record(context.engine, run_id, frames["out_money_totals"], at_utc=context.now())
    log.info("differences_recorded", extra={"run": run_id, "checks": found["check_code"].value_counts().to_dict()})
    return found


def _of_stock(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    is_ours = rows["channel_code"].ne(NETSUITE) | ~rows["cause_code"].isin(list(_EXPLAINED))
    is_ours &= rows["cause_code"].ne("in_flight")
    for row in rows.loc[is_ours].to_dict("records"):
        place = "/".join(filter(None, (row["channel_code"], row["sku"], row["location_code"])))
        is_level = row["channel_code"] != NETSUITE
        expected, shown = (row["publish_qty"], row["shown_qty"]) if is_level else (row["atp_qty"], row["netsuite_qty"])
        yield finding(
            "stock_differs",
            place,
            field=row["cause_code"],
            expected="" if pd.isna(expected) else expected,
            found="" if pd.isna(shown) else shown,
            units=int(row["units_qty"]),
            examples=[str(row["evidence"])],
        )


def _of_orders(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for row in rows.to_dict("records"):
        key = f"{row['shop_code']} {row['order_name']} {row['external_id']}"
        yield finding(
            "order_differs",
            key,
            field=row["cause_code"],
            expected=row["shopify_value"],
            found=row["netsuite_value"],
            examples=[str(row["evidence"])],
        )


def _of_money(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for row in rows.loc[rows["difference_amount"].astype("object").map(bool)].to_dict("records"):
        parts = (row["day"], row["shop_code"], row["channel"], row["gateway"], row["tax_titles"], row["currency_code"])
        key = " ".join(filter(None, parts))
        yield finding(
            "money_differs",
            key,
            field=row["measure_code"],
            expected=row["shopify_amount"],
            found=row["netsuite_amount"],
            rows=int(row["orders_count"]),
            examples=str(row["examples"]).split(", "),
        )


def _of_fields(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for (field, cause), part in rows.groupby(["field", "cause_code"], sort=True):
        first = part.iloc[0]
        yield finding(
            str(cause),
            str(field),
            expected=first["expected_value"],
            found=first["found_value"],
            rows=len(part),
            examples=[str(name) for name in part["external_id"].unique()],
        )


def day_of_orders(raw: Frames, day: datetime) -> dict[str, pd.DataFrame]:
    """Return the order frames of the orders that were placed on a day (UTC)."""
    placed = raw["raw_shopify__orders"]
    mine = placed.loc[placed["created_at_utc"].str[:10].eq(f"{day:%Y-%m-%d}")]
    keys = set(mine["order_id_shopify"])
    named = {name: frame for name, frame in raw.items() if name.startswith("raw_shopify__") and "order_id_shopify" in frame}
    return {name: frame.loc[frame["order_id_shopify"].isin(keys)].reset_index(drop=True) for name, frame in named.items()}
