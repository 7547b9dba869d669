"""The five reads of the inventory run, in the order that makes a race a number too small, never too large.

    1 what NetSuite has of our orders   2 NetSuite balances   3 the lines of 1 again
    4 Shopify orders and what is held   5 Shopify inventory levels

The reads follow one another; inside one, shops run side by side.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TypeVar

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from connectors.netsuite.read_order_lines import read_order_lines, read_order_lines_since, reread_order_lines
from connectors.netsuite.read_stock import (
    read_items,
    read_kit_members,
    read_locations,
    read_sellable,
    read_statuses,
    read_stock,
    read_transfers_in_transit,
)
from connectors.shopify.client import ShopifyClient
from connectors.shopify.read_catalog import read_locations as read_shop_locations
from connectors.shopify.read_catalog import read_variants
from connectors.shopify.read_levels import read_levels, read_levels_of
from connectors.shopify.read_orders import read_orders
from contract.errors import FatalError
from contract.frames import conform, empty
from contract.models import Contract
from domain.ledger import reflected_units
from domain.partners import documents_since
from store import serials
from tasks.context import Context
from tasks.progress import progress_of
from tasks.read_partners import read_partner_stock

log = logging.getLogger(__name__)
T = TypeVar("T")
Read = dict[str, pd.DataFrame]


@task(name="read catalogue", cache_policy=NO_CACHE)
def read_catalogue(context: Context, run_id: str) -> Read:
    """Return items and locations of both systems: what the other reads are named by."""
    at = context.now()
    frames = {
        "raw_netsuite__items": read_items(context.netsuite, run_id=run_id, extracted_at=at),
        "raw_netsuite__kit_members": read_kit_members(context.netsuite, run_id=run_id, extracted_at=at),
        "raw_netsuite__locations": read_locations(context.netsuite, run_id=run_id, extracted_at=at),
        "raw_shopify__locations": each_shop(context, lambda c: read_shop_locations(c, run_id=run_id, extracted_at=at)),
        "raw_shopify__variants": each_shop(context, lambda c: read_variants(c, run_id=run_id, extracted_at=at)),
    }
    return _counted("catalogue", frames)


@task(name="read 1: NetSuite order lines", cache_policy=NO_CACHE)
def read_netsuite_lines(context: Context, run_id: str, item_ids: Sequence[str] | None = None) -> Read:
    """Return read 1: the lines that NetSuite has of open or recent orders; of some items, where they are given."""
    at = context.now()
    frame = read_order_lines(
        context.netsuite,
        since=orders_since(context.contract, at),
        line_id_column=context.contract.account.line_id_field,
        run_id=run_id,
        extracted_at=at,
        custom_fields=link_fields(context.contract),
        item_ids=item_ids,
    )
    return _counted("netsuite_order_lines", {"raw_netsuite__order_lines": frame})


@task(name="read 2: NetSuite balances", cache_policy=NO_CACHE)
def read_netsuite_balances(context: Context, run_id: str, item_ids: Sequence[str] | None = None) -> Read:
    """Return read 2: on hand, committed and backordered per item and location of the contract; what is on its way.

    Of some items, where they are given; partners' snapshots are read whole.
    """
    ids = [netsuite_id for location in context.contract.locations for netsuite_id in location.netsuite_locations]
    with progress_of("NetSuite balances", 0) as told:
        frame = read_stock(
            context.netsuite,
            ids,
            run_id=run_id,
            extracted_at=context.now(),
            item_ids=item_ids,
            on_page=lambda rows: told("NetSuite", rows),
        )
    # After the totals: what was committed then is still subtracted if it has left meanwhile.
    statuses = context.contract.account.sellable_statuses or _no_statuses(context)
    sellable = empty("raw_netsuite__sellable")
    if statuses:
        sellable = read_sellable(context.netsuite, ids, statuses, run_id=run_id, extracted_at=context.now(), item_ids=item_ids)
    transfers = read_transfers_in_transit(context.netsuite, run_id=run_id, extracted_at=context.now(), item_ids=item_ids)
    frames = {
        "raw_netsuite__stock": frame,
        "raw_netsuite__sellable": sellable,
        "raw_netsuite__transfers_in_transit": transfers,
        # Text, as every raw frame: a snapshot reads back the same.
        "raw_truecount__blocked": conform("raw_truecount__blocked", serials.blocked(context.engine)),
    }
    return _counted("netsuite_balances", frames | read_partner_stock(context, run_id))


def _no_statuses(context: Context) -> tuple[str, ...]:
    """Return no status, once it is sure that the account's stock is in one status at most.

    Raises:
        FatalError: stock is in several statuses, and the contract does not say which may be sold.
    """
    found = read_statuses(context.netsuite)
    if len(found) > 1:
        told = f"NetSuite InventoryBalance: stock is in {len(found)} inventory statuses (ids {', '.join(found)})"
        raise FatalError(f"{told}; name those that may be sold in account.sellable_statuses of the contract")
    return ()


@task(name="read 3: NetSuite order lines again", cache_policy=NO_CACHE)
def reread_netsuite_lines(context: Context, run_id: str, raw: Read, item_ids: Sequence[str] | None = None) -> Read:
    """Return read 3: every transaction that read 1 found reflecting anything, again; what partners may not net yet."""
    units, _ = reflected_units(raw["raw_netsuite__order_lines"])
    ids = sorted(set(units.loc[units["reflected_qty"] > 0, "transaction_id_netsuite"]))
    at, contract = context.now(), context.contract
    line_id, fields = contract.account.line_id_field, link_fields(contract)
    again = reread_order_lines(context.netsuite, ids, line_id_column=line_id, run_id=run_id, extracted_at=at, custom_fields=fields)
    since = documents_since(raw, contract, at)
    late = empty("raw_netsuite__order_lines_since")
    if since is not None:
        late = read_order_lines_since(
            context.netsuite,
            since=since,
            line_id_column=line_id,
            run_id=run_id,
            extracted_at=at,
            custom_fields=fields,
            item_ids=item_ids,
        )
    return _counted(
        "netsuite_order_lines_again", {"raw_netsuite__order_lines_reread": again, "raw_netsuite__order_lines_since": late}
    )


@task(name="read 4: Shopify orders", cache_policy=NO_CACHE)
def read_shopify_orders(context: Context, run_id: str, since: datetime | None = None, until: datetime | None = None) -> Read:
    """Return read 4: orders of every shop updated since then (and before `until`), with all that hangs on them."""
    at = context.now()
    start = since or orders_since(context.contract, at)
    wanted = metafields(context.contract)
    with progress_of("Shopify orders", 0) as told:
        parts = _side_by_side(
            context,
            lambda c: read_orders(
                c,
                updated_since=start,
                updated_until=until,
                run_id=run_id,
                extracted_at=at,
                metafields=wanted,
                has_journeys=has_journeys(context.contract),
                on_page=lambda rows: told(c.shop_code, rows),
            ),
        )
    return _counted("shopify_orders", {name: stack([part[name] for part in parts]) for name in parts[0]})


@task(name="read 5: Shopify levels", cache_policy=NO_CACHE)
def read_shopify_levels(context: Context, run_id: str, variants: pd.DataFrame) -> Read:
    """Return read 5: every level at the contract's locations: what the compare-and-swap expects, and the witness."""
    at = context.now()
    places = {shop: shop_places(context.contract, shop) for shop in context.shops}
    items = variants.groupby("shop_code").size()
    most = {shop: int(items.get(shop, 0)) * len(gids) for shop, gids in places.items()}
    with progress_of("Shopify levels", sum(most.values())) as told:
        frame = each_shop(
            context,
            lambda c: read_levels(
                c,
                places[c.shop_code],
                run_id=run_id,
                extracted_at=at,
                expected_rows=most[c.shop_code],
                on_page=lambda rows: told(c.shop_code, rows),
            ),
        )
    return _counted("shopify_levels", {"raw_shopify__levels": frame})


@task(name="read 5: some Shopify levels", cache_policy=NO_CACHE)
def read_some_levels(context: Context, run_id: str, variants: pd.DataFrame) -> Read:
    """Return read 5 of these variants only, at the contract's locations."""
    at = context.now()
    items = {shop: list(rows["inventory_item_id_shopify"]) for shop, rows in variants.groupby("shop_code")}

    def read(client: ShopifyClient) -> pd.DataFrame:
        places = shop_places(context.contract, client.shop_code)
        pairs = [(item, place) for item in items.get(client.shop_code, []) for place in places]
        return read_levels_of(client, pairs, run_id=run_id, extracted_at=at)

    return _counted("some_shopify_levels", {"raw_shopify__levels": each_shop(context, read)})


def shop_places(contract: Contract, shop_code: str) -> list[str]:
    """Return the locations of a shop that the contract names."""
    return [place.shopify_locations[shop_code] for place in contract.locations if shop_code in place.shopify_locations]


def orders_since(contract: Contract, at: datetime) -> datetime:
    """Return the start of the window in which orders count: the contract's look-back."""
    return at - timedelta(days=contract.orders.lookback_days)


def link_fields(contract: Contract) -> dict[str, str]:
    """Return the body fields that order links look at, by the column they are read into."""
    fields = [link.field for link in contract.orders.order_links if link.field]
    return {f"custom_{field}": field for field in fields if field.startswith("custbody_")}


def metafields(contract: Contract) -> list[str]:
    """Return the order metafields that field mappings and serials name, as namespace.key."""
    prefix = "order.metafield."
    of_numbers = (*contract.serials.sources, *contract.serials.returned)
    sources = [*(mapping.source for mapping in contract.orders.fields), *(one.source for one in of_numbers)]
    return sorted({source.removeprefix(prefix) for source in sources if source.startswith(prefix)})


def variant_metafields(contract: Contract) -> list[str]:
    """Return the variant metafields that name serial and lot numbers, as namespace.key."""
    prefix = "variant.metafield."
    return sorted({one.source.removeprefix(prefix) for one in contract.serials.sources if one.source.startswith(prefix)})


def has_journeys(contract: Contract) -> bool:
    """Return whether a field mapping names a UTM parameter of the customer journey."""
    return any(mapping.source.startswith("order.utm.") for mapping in contract.orders.fields)


def each_shop(context: Context, read: Callable[[ShopifyClient], pd.DataFrame]) -> pd.DataFrame:
    """Return one frame of all shops, read side by side."""
    return stack(_side_by_side(context, read))


def each_shop_frames(context: Context, read: Callable[[ShopifyClient], Read]) -> Read:
    """Return the frames of all shops, each read side by side."""
    parts = _side_by_side(context, read)
    return {name: stack([part[name] for part in parts]) for name in parts[0]}


def _side_by_side(context: Context, read: Callable[[ShopifyClient], T]) -> list[T]:
    with ThreadPoolExecutor(max_workers=max(1, len(context.shops))) as pool:
        return list(pool.map(read, context.shops.values()))


def stack(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of all frames; of empty ones only the first's columns."""
    filled = [frame for frame in frames if not frame.empty]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]


def _counted(what: str, frames: Read) -> Read:
    log.info("read", extra={"what": what, "rows": {name: len(frame) for name, frame in frames.items()}})
    return frames
