"""Tells the shops which serial and lot numbers left with which line of an order, in the metafield that the contract names."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from connectors.shopify.order_json import Held, read_order_json, write_order_json
from connectors.shopify.read_orders import read_orders_by_id
from contract.errors import RejectedError
from contract.frames import Frames
from domain.components import conform_components
from domain.conform_netsuite import conform_items
from domain.serial_events import alive_of
from domain.serial_told import numbers_by_line
from store import serials
from tasks.context import Context

log = logging.getLogger(__name__)
_LATELY = timedelta(days=2)
"""How far back what left is looked at: a run that was missed is made up for."""


@task(name="tell shops the serials", cache_policy=NO_CACHE)
def tell_serials(context: Context, run_id: str, catalogue: Frames) -> int:
    """Write line to numbers into the metafield of each order that numbers left for lately, where it differs; return how many.

    A line that somebody else has filled keeps what is there. An order that was changed meanwhile waits for the next run.

    Args:
        context: the run's context.
        run_id: the run.
        catalogue: NetSuite's items and kits.
    """
    name = context.contract.serials.metafield
    if name is None:
        return 0
    events = alive_of(serials.events_of_late_orders(context.engine, context.now() - _LATELY))
    items, _ = conform_items(catalogue["raw_netsuite__items"])
    kits, _ = conform_components(catalogue["raw_netsuite__kit_members"], catalogue["raw_netsuite__items"], items, context.contract)
    told = 0
    for shop, client in context.shops.items():
        mine = events.loc[events["order_key"].str.startswith(f"{shop}/", na=False)]
        gids = sorted({f"gid://shopify/Order/{key.split('/')[1]}" for key in mine["order_key"]})
        if not gids:
            continue
        raw = read_orders_by_id(client, gids, run_id=run_id, extracted_at=context.now())
        held = read_order_json(client, name, gids)
        for gid, wanted in numbers_by_line(raw["raw_shopify__order_lines"], kits, mine).items():
            told += _tell(context, shop, name, gid, wanted, held.get(gid))
    return told


def _tell(context: Context, shop: str, name: str, gid: str, wanted: dict[str, Any], held: Held | None) -> int:  # noqa: PLR0913, PLR0917
    if held is None:
        return 0
    known = json.loads(held.value) if held.value else {}
    merged = wanted | known if isinstance(known, dict) else wanted
    if merged == known:
        return 0
    try:
        write_order_json(context.shops[shop], name, {gid: (merged, held)})
    except RejectedError as error:
        log.warning("serials_not_told", extra={"shop": shop, "order": gid, "error": str(error)})
        return 0
    return 1
