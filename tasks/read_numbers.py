"""Reads what serial and lot numbers the documents of an order run need: what is on hand, what is told, what left for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pandas as pd

from connectors.netsuite.read_serials import read_fulfilments_of, read_movements, read_returns_of, read_serial_stock
from connectors.shopify.read_catalog import read_variant_metafields
from contract.frames import Frames, empty
from domain.components import conform_components
from domain.conform_netsuite import netsuite_locations
from domain.conform_serials import known_numbers
from domain.demand import conform_order_lines
from domain.serial_assignment import Claim, Notice, Numbers, Told
from domain.serial_capture import claim_events, returned_numbers
from domain.serial_departures import read_departures
from domain.serial_events import alive_of, movement_events, order_of_document
from domain.serial_matching import Known, Matcher
from domain.serial_numbers import Formats
from domain.serial_readings import claims_of, notices_of, numbered_members, read_numbers
from store import documents, serials
from tasks.context import Context
from tasks.read_inventory import stack, variant_metafields
from tasks.read_partners import read_partner_shipments, told_by_partners
from tasks.read_repairs import read_earlier


def numbers_of_orders(
    context: Context, run_id: str, raw: Frames, core_items: pd.DataFrame, linked: Mapping[str, str]
) -> Numbers | None:
    """Return the numbers that the orders' documents need; None where no line is of an item with numbers, and nothing is read.

    Args:
        context: the run's context.
        run_id: the run.
        raw: the order frames and the catalogue.
        core_items: every stock item.
        linked: the orders' own documents in NetSuite, external id to internal id: what left for them may come back.
    """
    frames = _frames(context, raw, core_items)
    numbered = core_items.loc[core_items["is_serial"] | core_items["is_lot"]]
    kits, lines = frames["core_components"], frames["core_order_lines"]
    sold = {*lines["sku"], *kits.loc[kits["kit_sku"].isin(lines["sku"]), "sku"]}
    wanted = numbered.loc[numbered["sku"].isin(list(sold))]
    if wanted.empty:
        return None
    contract, at = context.contract, context.now()
    stock = read_serial_stock(context.netsuite, item_ids=list(wanted["item_id_netsuite"]), run_id=run_id, extracted_at=at)
    skus = dict(zip(wanted["item_id_netsuite"], wanted["sku"], strict=True))
    places = netsuite_locations(contract)
    moved = _moved(context, run_id, raw, linked, (skus, places))
    # Those that have left are no longer on hand, and an order that they left for names them still.
    traced = serials.numbers_of_items(context.engine, list(wanted["sku"]))
    gone = {*traced, *zip(moved["sku"], moved["serial_number"], strict=True)}
    raw = {**raw, **read_partner_shipments(context, run_id)}
    matcher = Matcher(
        [*(Known(number, sku) for sku, number in sorted(gone)), *known_numbers(stock, skus, places)],
        Formats(contract.serials.formats),
        read_earlier(context, raw),
    )
    told = {**raw, **read_sold_variants(context, run_id, raw)}
    claims = claim_events(told, frames, matcher, contract.serials)
    named = {
        key: [Claim(number, problem) for number, problem in rows]
        for key, rows in returned_numbers(told, frames, matcher, contract.serials).items()
    }
    notices = _notices(context, raw, core_items, matcher)
    last_day = f"{at + timedelta(days=contract.serials.expires_within_days):%Y-%m-%d}"
    numbers = read_numbers(stock, core_items, Told(claims_of(claims), named, notices, places), contract.serials.assign, last_day)
    numbers.members = numbered_members(frames["core_components"], numbers.kinds)
    numbers.promised = serials.promised(context.engine, list(wanted["sku"]))
    numbers.doubtful = serials.doubtful(context.engine, list(wanted["sku"]))
    on_hand = {(skus[item], number) for item, number in zip(stock["item_id_netsuite"], stock["inventory_number"], strict=True)}
    is_serial = set(core_items.loc[core_items["is_serial"], "sku"])
    there = frozenset(key for key in on_hand if key[0] in is_serial)
    numbers.departures = read_departures(stack([claims, moved]), raw, there)
    return numbers


def read_sold_variants(context: Context, run_id: str, raw: Frames) -> dict[str, pd.DataFrame]:
    """Return the metafields of the variants that orders' lines are of, where the contract says that they name numbers."""
    names, at = variant_metafields(context.contract), context.now()
    frames = [empty("raw_shopify__variant_metafields")]
    lines = raw["raw_shopify__order_lines"].dropna(subset=["variant_id_shopify"])
    for shop, client in context.shops.items() if names else ():
        ids = lines.loc[lines["shop_code"].eq(shop), "variant_id_shopify"].unique()
        frames.append(read_variant_metafields(client, names, list(ids), run_id=run_id, extracted_at=at))
    return {"raw_shopify__variant_metafields": stack(frames)}


def _moved(
    context: Context, run_id: str, raw: Frames, linked: Mapping[str, str], names: tuple[Mapping[str, str], Mapping[str, str]]
) -> pd.DataFrame:
    """Return `core_serial_events` of what left for the orders and came back, with its order; nothing where nothing came back."""
    orders = dict(linked) | documents.cash_sales_of(context.engine, raw["raw_shopify__orders"]["order_id_shopify"])
    keys = {number: key for name, number in orders.items() if (key := order_of_document(name))}
    if raw["raw_shopify__refunds"].empty or not keys:
        return empty("core_serial_events")
    ids = sorted(keys, key=int)
    returns = read_returns_of(context.netsuite, ids)
    wanted = [*ids, *read_fulfilments_of(context.netsuite, ids), *returns]
    moves = read_movements(context.netsuite, wanted, run_id=run_id, extracted_at=context.now())
    raw_moves = {"raw_netsuite__serial_movements": moves, "raw_netsuite__serial_invoices": empty("raw_netsuite__serial_invoices")}
    events = movement_events(raw_moves, *names)
    back = {f"NETSUITE/{document}": keys[order] for document, order in returns.items()}
    return events.assign(order_key=events["order_key"].fillna(events["document_key"].map(back)))


def _notices(context: Context, raw: Frames, core_items: pd.DataFrame, matcher: Matcher) -> Mapping[tuple[str, str], list[Notice]]:
    """Return what partners say left for these orders: by the notices of now, and by those recorded that are no longer told.

    What cannot be used of them is set aside by `trace-serials`, which reads them too.
    """
    if not any(partner.shipments for partner in context.contract.partners):
        return {}
    read = told_by_partners(context, raw, core_items, matcher)
    orders = raw["raw_shopify__orders"]
    keys = orders["shop_code"] + "/" + orders["order_id_shopify"].str.replace(r"^.*/", "", regex=True)
    known = alive_of(serials.events_of_orders(context.engine, keys))
    known = known.loc[~known["document_key"].isin(list(read.written))]
    lots = frozenset(core_items.loc[core_items["is_lot"], "sku"])
    return notices_of(stack([read.events, known]), read.tracking, lots)


def _frames(context: Context, raw: Frames, core_items: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return `core_items`, `core_components` and `core_order_lines`: what the lines of orders are."""
    kits, _ = conform_components(raw["raw_netsuite__kit_members"], raw["raw_netsuite__items"], core_items, context.contract)
    lines, _ = conform_order_lines(raw, {*core_items["sku"], *kits["kit_sku"]}, context.contract)
    return {"core_items": core_items, "core_components": kits, "core_order_lines": lines}
