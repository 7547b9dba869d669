"""Serial and lot numbers: read from both systems, put into one history, traced, and held against the laws."""

from __future__ import annotations

import logging
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from connectors.netsuite.read_serials import (
    read_deleted_documents,
    read_fulfilments_of,
    read_invoices,
    read_modified_documents,
    read_movements,
    read_serial_stock,
)
from connectors.shopify.read_orders import read_orders_by_id
from contract.frames import Frames, empty
from domain.components import conform_components
from domain.conform_netsuite import conform_items, netsuite_locations
from domain.conform_serials import conform_serial_stock, known_numbers
from domain.demand import conform_order_lines
from domain.findings import finding, settle
from domain.serial_capture import claim_events
from domain.serial_events import counted, journal, movement_events
from domain.serial_laws import LAWS, blocked_units, find_breaches
from domain.serial_lineage import trace
from domain.serial_listing import listed_events
from domain.serial_matching import Matcher
from domain.serial_numbers import Formats
from store import findings, serials, showings, watermarks
from tasks.context import Context
from tasks.notices_aside import set_notices_aside
from tasks.read_inventory import has_journeys, metafields, read_catalogue, read_shopify_orders, stack
from tasks.read_numbers import read_sold_variants
from tasks.read_partners import read_partner_shipments, told_by_partners
from tasks.read_repairs import read_earlier

log = logging.getLogger(__name__)
STREAM = "serials"
_OVERLAP = timedelta(minutes=10)
CHECK = "serial_law"
Number = tuple[str, str]
_NUMBERED = (
    "raw_netsuite__serial_stock",
    "raw_netsuite__serial_movements",
    "raw_netsuite__serial_invoices",
    "raw_netsuite__deleted_documents",
)


@dataclass(frozen=True)
class Traced:
    """What a run of `trace-serials` did; `aside` is what partners told and could not be used."""

    events: pd.DataFrame
    lineage: pd.DataFrame
    findings: pd.DataFrame
    aside: pd.DataFrame
    since: datetime | None


@task(name="read serials", cache_policy=NO_CACHE)
def read_serials(context: Context, run_id: str, since: datetime | None) -> dict[str, pd.DataFrame]:
    """Return what both systems say of numbers since then: everything where `since` is None.

    The balances are read before the documents: a move between the two is a document that the next run reads too.
    """
    client, at = context.netsuite, context.now()
    frames = read_catalogue.fn(context, run_id) | read_partner_shipments(context, run_id)
    items = frames["raw_netsuite__items"]
    if not (items["is_serial"].eq("T") | items["is_lot"].eq("T")).any():
        # An account without numbered items may not have the feature: it refuses to be asked for numbers.
        return frames | {name: empty(name) for name in _NUMBERED} | {"asked": pd.DataFrame({"document_id": pd.Series(dtype="str")})}
    frames["raw_netsuite__serial_stock"] = read_serial_stock(client, run_id=run_id, extracted_at=at)
    gone = empty("raw_netsuite__deleted_documents")
    if since is not None:
        gone = read_deleted_documents(client, since - _OVERLAP, run_id=run_id, extracted_at=at)
    # What was deleted is asked for too: a deleted item may have the number of a document that is still there.
    ids = None if since is None else sorted({*_touched(context, since), *gone["transaction_id_netsuite"]}, key=int)
    moves = read_movements(client, ids, run_id=run_id, extracted_at=at)
    sources = moves.loc[moves["created_from_type"].eq("SalesOrd"), "created_from_id_netsuite"].dropna()
    frames["raw_netsuite__serial_movements"] = moves
    frames["raw_netsuite__serial_invoices"] = read_invoices(client, sorted(set(sources)), run_id=run_id, extracted_at=at)
    frames["raw_netsuite__deleted_documents"] = gone
    asked = pd.DataFrame({"document_id": pd.Series([] if ids is None else ids, dtype="str")})
    orders = _orders(context, run_id, since) if context.contract.serials.names_any else {}
    log.info("serials_read", extra={"documents": None if ids is None else len(ids), "movements": len(moves)})
    return frames | orders | {"asked": asked}


def _touched(context: Context, since: datetime) -> list[str]:
    """Return the documents changed since, and the fulfilments of orders that were: their invoices may be new."""
    changed = read_modified_documents(context.netsuite, since - _OVERLAP)
    orders = {row["created_from_id_netsuite"] for row in changed if row.get("created_from_id_netsuite")}
    ids = {row["transaction_id_netsuite"] for row in changed}
    return sorted(ids | set(read_fulfilments_of(context.netsuite, sorted(orders | ids))))


def _orders(context: Context, run_id: str, since: datetime | None) -> dict[str, pd.DataFrame]:
    """Return the orders changed since, and those that name a number which nothing matched."""
    start = None if since is None else since - _OVERLAP
    changed = read_shopify_orders.fn(context, run_id, start)
    have = set(zip(changed["raw_shopify__orders"]["shop_code"], changed["raw_shopify__orders"]["order_id_shopify"], strict=True))
    parts = [changed]
    for shop, client in context.shops.items():
        asked = (key.split("/") for key in serials.orders_with_problems(context.engine))
        gids = {f"gid://shopify/Order/{number}" for code, number in asked if code == shop}
        wanted = sorted(gid for gid in gids if (shop, gid) not in have)
        if wanted:
            parts.append(
                read_orders_by_id(
                    client,
                    wanted,
                    run_id=run_id,
                    extracted_at=context.now(),
                    metafields=metafields(context.contract),
                    has_journeys=has_journeys(context.contract),
                )
            )
    frames = {name: stack([part[name] for part in parts if name in part]) for name in changed}
    return frames | read_sold_variants(context, run_id, frames)


@task(name="trace serials", cache_policy=NO_CACHE)
def trace_numbers(context: Context, run_id: str, raw: Frames, since: datetime | None) -> Traced:
    """Append what is new, trace every number that it touches, and record lineage, breaches and findings in one go."""
    contract, at = context.contract, context.now()
    items, _ = conform_items(raw["raw_netsuite__items"])
    skus = dict(zip(items["item_id_netsuite"], items["sku"], strict=True))
    places = netsuite_locations(contract)
    stock = conform_serial_stock(raw["raw_netsuite__serial_stock"], skus, places)
    every = known_numbers(raw["raw_netsuite__serial_stock"], skus, places)
    matcher = Matcher(every, Formats(contract.serials.formats), read_earlier(context, raw))
    notices = told_by_partners(context, raw, items, matcher)
    told = _told(context, raw, items, matcher, (skus, places), notices.events)
    documents, ended = _documents(raw, since, notices.written)
    documented = journal(_known(context, documents, ended), told, ended, at)
    lots = frozenset(items.loc[items["is_lot"], "sku"])
    last_day = f"{at + timedelta(days=contract.serials.expires_within_days):%Y-%m-%d}"
    numbers = None
    if since is not None:
        lately = _lately_shown(context, set(skus.values()), since)
        numbers = _numbers(context, documented, stock, last_day) | _of_orders(context, documented) | lately
    known = stack([serials.events_of_numbers(context.engine, numbers), documented])
    listed = _listed(context, known, at)
    new, events = stack([documented, listed]), stack([known, listed])
    mine = stock if numbers is None else stock.loc[_is_of(stock, numbers)]
    lineage = trace(events, mine, lots)
    found = find_breaches(stack([events, _beside(context, events, numbers)]), mine, lots, last_day, matcher)
    breaches = _settled(found if numbers is None else found.loc[_is_of(found, numbers)], events, at)
    blocked = blocked_units(breaches, mine, lineage)
    serials.record(context.engine, run_id, new, lineage, breaches, blocked=blocked, numbers=numbers, at_utc=at)
    standing = serials.findings(context.engine)
    findings.record(
        context.engine, run_id, settle([_finding(row) for row in standing.to_dict("records")], contract), (CHECK,), at_utc=at
    )
    set_notices_aside(context, notices, at)
    return Traced(new, lineage, standing, notices.aside, since)


def window(context: Context, *, is_full: bool) -> datetime | None:
    """Return since when documents are read: the last run's start, None for all of them."""
    return None if is_full else watermarks.get(context.engine, STREAM)


def _told(  # noqa: PLR0913, PLR0917 - what a run has read
    context: Context,
    raw: Frames,
    items: pd.DataFrame,
    matcher: Matcher,
    names: tuple[dict[str, str], dict[str, str]],
    notified: pd.DataFrame,
) -> pd.DataFrame:
    """Return the events of every document read."""
    parts = [movement_events(raw, *names), notified]
    if "raw_shopify__orders" in raw:
        kits, _ = conform_components(raw["raw_netsuite__kit_members"], raw["raw_netsuite__items"], items, context.contract)
        lines, _ = conform_order_lines(raw, {*items["sku"], *kits["kit_sku"]}, context.contract)
        numbers = {"core_items": items, "core_components": kits, "core_order_lines": lines}
        parts.append(claim_events(raw, numbers, matcher, context.contract.serials))
    return counted(stack(parts), frozenset(items.loc[items["is_lot"], "sku"]))


def _documents(
    raw: Frames, since: datetime | None, written: Mapping[str, pd.Timestamp]
) -> tuple[list[str] | None, dict[str, pd.Timestamp]]:
    """Return the keys of the documents that were read (None: all), and when those that name nothing now were changed."""
    orders = raw.get("raw_shopify__orders", empty("raw_shopify__orders"))
    keys = "SHOPIFY/" + orders["shop_code"] + "/" + orders["order_id_shopify"].str.replace(r"^.*/", "", regex=True)
    ended = dict(zip(keys, pd.to_datetime(orders["cancelled_at_utc"].fillna(orders["updated_at_utc"]), utc=True), strict=True))
    gone = raw["raw_netsuite__deleted_documents"]
    ended |= written
    ended |= dict(zip("NETSUITE/" + gone["transaction_id_netsuite"], pd.to_datetime(gone["deleted_at_utc"], utc=True), strict=True))
    if since is None:
        return None, ended
    return [*(f"NETSUITE/{one}" for one in raw["asked"]["document_id"]), *ended], ended


def _known(context: Context, documents: list[str] | None, ended: Mapping[str, pd.Timestamp]) -> pd.DataFrame:
    """Return the store's events of the documents that were read: of orders, a full run too reads those of its window only."""
    known = serials.events_of_documents(context.engine, documents)
    return known.loc[known["document_key"].str.startswith("NETSUITE/") | known["document_key"].isin(list(ended))]


def _settled(breaches: pd.DataFrame, events: pd.DataFrame, at: datetime) -> pd.DataFrame:
    """Return the breaches without balances that may only be older than the last document: the next run judges them."""
    moving = _keys(events.loc[events["happened_at_utc"] >= pd.Timestamp(at - _OVERLAP)])
    return breaches.loc[~(breaches["law_code"].eq("balance_differs") & _is_of(breaches, moving))].reset_index(drop=True)


def _of_orders(context: Context, new: pd.DataFrame) -> set[Number]:
    """Return the other numbers of the orders that new events are of: what is promised and what left is judged together."""
    return _keys(serials.events_of_orders(context.engine, new["order_key"].dropna()))


def _beside(context: Context, events: pd.DataFrame, numbers: set[Number] | None) -> pd.DataFrame:
    """Return the events that other numbers have of the same orders: what these numbers' are compared with."""
    if numbers is None:
        return events.iloc[:0]
    others = serials.events_of_orders(context.engine, events["order_key"].dropna())
    return others.loc[~_is_of(others, numbers)]


def _listed(context: Context, known: pd.DataFrame, at: datetime) -> pd.DataFrame:
    """Return the events to append so that each number's are the listings that there were."""
    pools = {channel.channel_code: channel.pool for channel in context.contract.channels if channel.kind != "shopify"}
    receipts = showings.showings(context.engine, set(known["sku"]))
    return journal(known.loc[known["stage_code"].eq("listed")], listed_events(known, receipts, pools), {}, at)


def _lately_shown(context: Context, skus: Collection[str], since: datetime) -> set[Number]:
    """Return the numbers on hand of SKUs that a channel began to show since: they may be listed by it."""
    start = since - _OVERLAP
    turns = showings.showings(context.engine, showings.shown_since(context.engine, start) & set(skus))
    begun = turns.loc[turns["shown_qty"].gt(0) & turns["shown_at_utc"].ge(pd.Timestamp(start)), "sku"]
    return set(serials.numbers_of_items(context.engine, begun, is_on_hand=True))


def _numbers(context: Context, new: pd.DataFrame, stock: pd.DataFrame, last_day: str) -> set[Number]:
    """Return the numbers to trace anew: of new events, of breaches that stand, and those whose balance or date has changed."""
    standing = serials.findings(context.engine)
    numbers = {*_keys(new), *_keys(standing)}
    known = serials.lineage(context.engine)[["sku", "serial_number", "on_hand_qty"]]
    balance = stock.groupby(["sku", "serial_number"])["on_hand_qty"].sum().reset_index(name="balance_qty")
    both = known.merge(balance, on=["sku", "serial_number"], how="outer")
    numbers |= _keys(both.loc[both["on_hand_qty"].fillna(0).ne(both["balance_qty"].fillna(0)) | both["on_hand_qty"].isna()])
    due = stock["expiration_date"].fillna("9999").le(last_day) | stock["is_inactive"]
    return numbers | _keys(stock.loc[due & stock["on_hand_qty"].gt(0)])


def _is_of(rows: pd.DataFrame, numbers: set[Number]) -> pd.Series:
    keys = zip(rows["sku"], rows["serial_number"], strict=True)
    return pd.Series([key in numbers for key in keys], index=rows.index, dtype="bool")


def _keys(rows: pd.DataFrame) -> set[Number]:
    return set(zip(rows["sku"], rows["serial_number"], strict=True))


def _finding(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    law = LAWS[str(row["law_code"])]
    told = finding(
        CHECK,
        f"{row['sku']} {row['serial_number']}",
        field=str(row["law_code"]),
        expected=row["suggestions"] or "",
        found=row["documents"],
        units=int(row["units_qty"]),
        examples=[str(row["documents"])],
    )
    return told | {"told": law.told, "action": law.action}
