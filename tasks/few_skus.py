"""A few SKUs at a time: the same reads in the same order, of what their numbers rest on and nothing else.

Orders are in no index by SKU that can be trusted (a line keeps the SKU that its variant had), so those of the last whole
read stand, and what was updated since then is read again; the catalogue stands as it was read then.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from contract.errors import FatalError
from contract.frames import Frames
from domain.publishing import beside_shown
from domain.scope import ORDER_FRAMES, Scope, cut, find_scope, item_ids, replace_orders
from store import publications, runs, snapshots
from tasks.context import Context
from tasks.read_inventory import (
    orders_since,
    read_netsuite_balances,
    read_netsuite_lines,
    read_shopify_orders,
    read_some_levels,
    reread_netsuite_lines,
)

log = logging.getLogger(__name__)
MOST_ITEMS = 1000
"""Most NetSuite items of one scope: what one IN list takes."""
_CATALOGUE = (
    "raw_netsuite__items",
    "raw_netsuite__kit_members",
    "raw_netsuite__locations",
    "raw_shopify__locations",
    "raw_shopify__variants",
)


@dataclass(frozen=True)
class Base:
    """The last whole read: its frames, and when it began."""

    raw: Frames
    read_from: datetime


def load_base(context: Context) -> Base | None:
    """Return what the last whole run read, if it read under today's contract and is fresh enough to publish by."""
    found = runs.latest_run(context.engine, "publish-inventory", status="done")
    if found is None or found.contract_fingerprint != context.loaded.fingerprint:
        return None
    oldest = context.now() - timedelta(minutes=context.contract.tolerances.publish_within_minutes)
    folder = snapshots.snapshot_folder(context.state_folder, found.run_id)
    if found.started_at_utc < oldest or not folder.is_dir():
        return None
    frames, _, _ = snapshots.load_snapshot(folder, [*_CATALOGUE, *ORDER_FRAMES])
    return Base(frames, found.started_at_utc)


def scope_of(context: Context, base: Base, skus: Collection[str]) -> Scope:
    """Return the scope of some SKUs.

    Raises:
        FatalError: no item, kit or pack has a SKU asked for, or more items take part than one run over a few can hold.
    """
    scope = find_scope(base.raw, context.contract, skus)
    known = {*base.raw["raw_netsuite__items"]["item_code"], *(pack.sku for pack in context.contract.packs)}
    unknown = sorted(scope.asked - known)
    if unknown:
        told = f"NetSuite items: no item or kit has item code {', '.join(map(repr, unknown))}, and no pack of the contract"
        raise FatalError(f"{told}; correct the SKU, or leave the SKUs out to read the catalogue anew")
    count = len(item_ids(base.raw["raw_netsuite__items"], scope.sold))
    if count > MOST_ITEMS:
        told = f"Truecount scope: {len(scope.asked)} SKUs take {count} items with them, at most {MOST_ITEMS} may be read so"
        raise FatalError(f"{told}; ask for fewer SKUs, or leave them out to compute every number")
    return scope


def read_few(context: Context, run_id: str, base: Base, scope: Scope) -> dict[str, pd.DataFrame]:
    """Return the five reads of a scope, in the order that makes a race safe, with the scope among the frames."""
    items, variants = base.raw["raw_netsuite__items"], base.raw["raw_shopify__variants"]
    sold, stock = item_ids(items, scope.sold), item_ids(items, scope.stock)
    raw = {name: base.raw[name] for name in _CATALOGUE}
    raw |= read_netsuite_lines(context, run_id, sold)
    raw |= read_netsuite_balances(context, run_id, stock)
    raw |= reread_netsuite_lines(context, run_id, raw, sold)
    overlap = timedelta(minutes=context.contract.orders.overlap_minutes)
    since = max(base.read_from - overlap, orders_since(context.contract, context.now()))
    raw |= replace_orders(base.raw, read_shopify_orders(context, run_id, since))
    raw |= read_some_levels(context, run_id, variants.loc[variants["sku"].isin(list(scope.sold))])
    return cut(raw, scope)


def falling_outlets(context: Context, numbers: Frames) -> pd.DataFrame:
    """Return the numbers of feeds and http channels that shall fall: this run does not write there, so they are not known to.

    Grain: one row per channel and SKU (see `publish_changes`, `unconfirmed`).
    """
    codes = [channel.channel_code for channel in context.contract.channels if channel.kind != "shopify"]
    shown = publications.shown_by_outlets(context.engine, codes)
    wanted = numbers["out_feed_rows"]
    here = shown.loc[shown["sku"].isin(list(wanted["sku"]))]
    rows = beside_shown(wanted, here, set(wanted["sku"]))
    is_falling = ~rows["is_certain"] | (rows["publish_qty"] < rows["shown_qty"].fillna(0))
    return rows.loc[is_falling]
