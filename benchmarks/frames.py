"""Seeded inputs of the computation: SKUs at ten locations, open order lines, holds and drops, five channels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from contract.frames import conform
from contract.models import Contract
from tests.domain.channel_world import READ_AT, make_contract

PLACES = tuple(f"P{number}" for number in range(10))
CHANNELS = {
    "ONE": {"rule": {"buffer_units": 2, "cap": 50}},
    "TWO": {"rule": {"buffer_percent": 10}},
    "FEED": {"rule": {"share": 0.5}},
    "MARKET": {"rule": {"buffer_units": 5, "cap": 200, "end_when": 3}},
    "OUTLET": {"rule": {}},
}


@dataclass(frozen=True)
class Inputs:
    """The typed frames that one run has read and conformed; everything after them is measured."""

    contract: Contract
    stock: pd.DataFrame
    lines: pd.DataFrame
    steady: pd.DataFrame
    links: pd.DataFrame
    sku_of_item: pd.Series
    levels: pd.DataFrame
    unseen: pd.DataFrame
    holds: pd.DataFrame


def make_inputs(pairs: int, seed: int = 7) -> Inputs:
    """Return the inputs of so many SKU-locations, with half as many open order lines, half of them in NetSuite."""
    rng = np.random.default_rng(seed)
    count = max(1, pairs // len(PLACES))
    skus = np.array([f"SKU{number:07d}" for number in range(count)])
    sku, place = np.repeat(skus, len(PLACES)), np.tile(np.array(PLACES), count)
    size = len(sku)
    on_hand = rng.poisson(12, size)
    committed = np.minimum(on_hand, rng.poisson(1, size))
    stock = pd.DataFrame(
        {
            "sku": sku,
            "location_code": place,
            "on_hand_qty": on_hand,
            "available_qty": on_hand - committed,
            "committed_qty": committed,
            "backordered_qty": rng.binomial(1, 0.02, size),
            "in_transit_qty": 0,
            "on_order_qty": 0,
            "read_at_utc": READ_AT,
            "source_code": "netsuite",
        }
    )
    number = max(1, pairs // 2)
    at = rng.integers(0, size, number)
    line = np.array([f"gid://shopify/LineItem/{place}" for place in range(number)])
    lines = pd.DataFrame(
        {
            "shop_code": "ONE",
            "order_line_id_shopify": line,
            "order_id_shopify": line,
            "sku": sku[at],
            "location_code": place[at],
            "demand_qty": rng.integers(1, 4, number),
        }
    )
    known = np.flatnonzero(rng.random(number) < 0.5)
    steady = pd.DataFrame(
        {
            "transaction_id_netsuite": (known + 1).astype("str"),
            "line_id_netsuite": "1",
            "item_id_netsuite": sku[at[known]],
            "location_id_netsuite": (np.char.lstrip(place[at[known]], "P").astype("int64") + 1).astype("str"),
            "reflected_qty": rng.integers(0, 4, len(known)),
        }
    )
    links = steady[["transaction_id_netsuite", "line_id_netsuite"]].assign(shop_code="ONE", order_line_id_shopify=line[known])
    held = np.flatnonzero(rng.random(size) < 0.05)
    dropped = np.flatnonzero(rng.random(size) < 0.02)
    contract = make_contract(CHANNELS, locations=PLACES)
    return Inputs(
        contract,
        conform("core_stock", stock),
        lines,
        steady,
        links,
        pd.Series(skus, index=skus),
        pd.DataFrame({"sku": sku, "location_code": place, "read_at_utc": READ_AT}),
        pd.DataFrame({"sku": sku[dropped], "location_code": place[dropped], "unseen_qty": rng.integers(1, 3, len(dropped))}),
        pd.DataFrame({"sku": sku[held], "location_code": place[held], "held_qty": rng.integers(1, 3, len(held))}),
    )
