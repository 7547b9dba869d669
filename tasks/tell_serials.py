"""Tells the shops which serial and lot numbers left with which line of an order, in the metafield that the contract names."""

from __future__ import annotations

import json
import logging
from datetime import timedelta

import pandas as pd
from prefect import task
from prefect.cache_policies import NO_CACHE

from connectors.shopify.client import ShopifyClient
from connectors.shopify.order_json import Held, read_order_json, write_order_json
from connectors.shopify.read_orders import read_orders_by_id
from contract.errors import RejectedError
from contract.frames import Frames
from domain.components import conform_components
from domain.conform_netsuite import conform_items
from domain.serial_events import alive_of
from domain.serial_told import merged, numbers_by_line
from store import serials, tellings, watermarks
from tasks.context import Context

log = logging.getLogger(__name__)
STREAM = "serials/told"
_OVERLAP = timedelta(hours=1)
"""How far before the last telling is looked again: another run may have recorded then what it had read before."""


@task(name="tell shops the serials", cache_policy=NO_CACHE)
def tell_serials(context: Context, run_id: str, catalogue: Frames) -> int:
    """Write line to numbers into the metafield of each order that numbers left for since the last telling; return how many.

    What we wrote ourselves is completed and corrected; a line that somebody else has filled keeps what is there. An order that
    was changed meanwhile waits for the next run, which looks as far back as this one.

    Args:
        context: the run's context.
        run_id: the run.
        catalogue: NetSuite's items and kits.
    """
    name = context.contract.serials.metafield
    if name is None:
        return 0
    started, last = context.now(), watermarks.get(context.engine, STREAM)
    late = serials.events_of_late_orders(context.engine, None if last is None else last - _OVERLAP)
    items, _ = conform_items(catalogue["raw_netsuite__items"])
    kits, _ = conform_components(catalogue["raw_netsuite__kit_members"], catalogue["raw_netsuite__items"], items, context.contract)
    done = [
        is_told
        for shop, client in context.shops.items()
        for is_told in _tell_shop(context, run_id, client, late.loc[late["order_key"].str.startswith(f"{shop}/", na=False)], kits)
    ]
    if None not in done:
        watermarks.advance(context.engine, STREAM, started, run_id)
    return sum(1 for is_told in done if is_told)


def _tell_shop(context: Context, run_id: str, client: ShopifyClient, late: pd.DataFrame, kits: pd.DataFrame) -> list[bool | None]:
    """Tell a shop; return for each order whether it was written, None where it was changed meanwhile."""
    name = str(context.contract.serials.metafield)
    keys = {f"gid://shopify/Order/{key.split('/')[1]}": str(key) for key in sorted(late["order_key"].unique())}
    if not keys:
        return []
    raw = read_orders_by_id(client, list(keys), run_id=run_id, extracted_at=context.now())
    wanted = numbers_by_line(raw["raw_shopify__order_lines"], kits, alive_of(late))
    ours = tellings.told(context.engine, list(keys.values()))
    done: list[bool | None] = []
    for gid, held in read_order_json(client, name, list(keys)).items():
        known = json.loads(held.value) if held.value else {}
        mine = ours.get(keys[gid], {})
        found = merged(known, wanted.get(gid, {}), mine)
        if found is None:
            continue
        done.append(_write(client, name, gid, found[0], held) if found[0] != known else False)
        if done[-1] is not None and found[1] != mine:
            tellings.record(context.engine, run_id, keys[gid], found[1], at_utc=context.now())
    return done


def _write(client: ShopifyClient, name: str, gid: str, numbers: object, held: Held) -> bool | None:
    try:
        write_order_json(client, name, {gid: (numbers, held)})
    except RejectedError as error:
        log.warning("serials_not_told", extra={"shop": client.shop_code, "order": gid, "error": str(error)})
        return None
    return True
