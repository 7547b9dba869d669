"""Reads what serial and lot numbers the documents of an order run need: what is on hand, what orders name, what left for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pandas as pd

from connectors.netsuite.read_serials import read_fulfilments_of, read_movements, read_serial_stock
from contract.frames import Frames, empty
from domain.components import conform_components
from domain.conform_netsuite import netsuite_locations
from domain.conform_serials import known_numbers
from domain.demand import conform_order_lines
from domain.serial_assignment import Numbers, read_numbers
from domain.serial_capture import claim_events
from domain.serial_events import movement_events
from domain.serial_matching import Known, Matcher
from domain.serial_numbers import Formats
from store import serials
from tasks.context import Context
from tasks.read_inventory import stack


def numbers_of_orders(
    context: Context, run_id: str, raw: Frames, core_items: pd.DataFrame, documents: Mapping[str, str]
) -> Numbers | None:
    """Return the numbers that the orders' documents need; None where no line is of an item with numbers, and nothing is read.

    Args:
        context: the run's context.
        run_id: the run.
        raw: the order frames and the catalogue.
        core_items: every stock item.
        documents: the orders' own documents in NetSuite, external id to internal id: what left for them may come back.
    """
    lines, kits = _lines(context, raw, core_items)
    numbered = core_items.loc[core_items["is_serial"] | core_items["is_lot"]]
    sold = {*lines["sku"], *kits.loc[kits["kit_sku"].isin(lines["sku"]), "sku"]}
    wanted = numbered.loc[numbered["sku"].isin(list(sold))]
    if wanted.empty:
        return None
    contract, at, client = context.contract, context.now(), context.netsuite
    stock = read_serial_stock(client, item_ids=list(wanted["item_id_netsuite"]), run_id=run_id, extracted_at=at)
    skus = dict(zip(wanted["item_id_netsuite"], wanted["sku"], strict=True))
    places = netsuite_locations(contract)
    # Those that have left are no longer on hand, and an order that they left for names them still.
    traced = (Known(number, sku) for sku, number in serials.numbers_of_items(context.engine, list(wanted["sku"])))
    matcher = Matcher([*traced, *known_numbers(stock, skus, places)], Formats(contract.serials.formats))
    frames = {"core_items": core_items, "core_components": kits, "core_order_lines": lines}
    claims = claim_events(raw, frames, matcher, contract.serials) if contract.serials.sources else empty("core_serial_events")
    left = empty("core_serial_events")
    if len(raw["raw_shopify__refunds"]) and documents:
        ids = sorted(documents.values(), key=int)
        moves = read_movements(client, [*ids, *read_fulfilments_of(client, ids)], run_id=run_id, extracted_at=at)
        moved = {"raw_netsuite__serial_movements": moves, "raw_netsuite__serial_invoices": empty("raw_netsuite__serial_invoices")}
        left = movement_events(moved, skus, places)
    last_day = f"{at + timedelta(days=contract.serials.expires_within_days):%Y-%m-%d}"
    return read_numbers(stock, core_items, kits, stack([claims, left]), contract.serials.assign, last_day)


def _lines(context: Context, raw: Frames, core_items: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    kits, _ = conform_components(raw["raw_netsuite__kit_members"], raw["raw_netsuite__items"], core_items, context.contract)
    lines, _ = conform_order_lines(raw, {*core_items["sku"], *kits["kit_sku"]}, context.contract)
    return lines, kits
