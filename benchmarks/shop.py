"""A shop of one location behind a real socket, with as many items as a publish needs, and what publishes to it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pandas as pd

from connectors.shopify.client import ShopifyClient
from contract.settings import ShopifySettings
from sandbox.server import Sandbox
from store.engine import migrate, open_engine
from store.runs import start_run
from tasks.context import Context
from tests.domain.channel_world import AT, make_contract

TOKEN = "shpat_benchmark"
PLACE = "gid://shopify/Location/1"
SET = "inventorySetQuantities"


@contextmanager
def running_shop(folder: Path, count: int, bucket: dict[str, int] | None = None) -> Iterator[Sandbox]:
    """Serve a shop of so many items, each with 5 units."""
    numbers = range(1, count + 1)
    item = "gid://shopify/InventoryItem/"
    shop = {
        "static_tokens": [TOKEN],
        "currency": "USD",
        "bucket": bucket or {"maximum": 20_000, "restore": 10_000},
        "locations": [{"id": PLACE, "name": "Main"}],
        "variants": [
            {"id": f"gid://shopify/ProductVariant/{n}", "inventory_item_id": f"{item}{n}", "sku": f"S{n}"} for n in numbers
        ],
        "levels": [{"inventory_item_id": f"{item}{n}", "location_id": PLACE, "available": 5} for n in numbers],
    }
    account = {"account_id": "1", "timezone": "UTC", "date_format": "MM/DD/YYYY", "concurrency": 5, "default_order_status": "B"}
    with Sandbox.start(folder / "sandbox", {"shopify": {"ONE": shop}, "netsuite": account}) as sandbox:
        # What is set up by now stays: the collector would stop the shop for half a second now and then to look at it.
        gc.collect()
        gc.freeze()
        yield sandbox


def client_of(url: str, folder: Path) -> ShopifyClient:
    """Return a client; those with one folder share its rate budget."""
    return ShopifyClient("ONE", "one.myshopify.com", ShopifySettings(base_url=url, token=TOKEN), state_folder=folder)


def context_of(url: str, folder: Path) -> Context:
    """Return what publishing needs: a store, the shop, the contract."""
    engine = open_engine(f"sqlite:///{folder / 'store.sqlite3'}")
    migrate(engine)
    start_run(engine, flow_name="benchmark", parameters={}, contract_fingerprint="f", run_id="benchmark")
    loaded = SimpleNamespace(contract=make_contract({"ONE": {"pool": ["A"]}}), state_folder=folder)
    return Context(cast("Any", loaded), engine, cast("Any", None), {"ONE": client_of(url, folder)}, {}, {})


def changes_of(first: int, last: int) -> pd.DataFrame:
    """Return `out_quantity_changes` that lower the items from first to last by one."""
    numbers = range(first, last)
    rows = [
        {
            "shop_code": "ONE",
            "channel_code": "ONE",
            "sku": f"S{n}",
            "location_code": "A",
            "inventory_item_id_shopify": f"gid://shopify/InventoryItem/{n}",
            "location_id_shopify": PLACE,
            "expected_qty": 5,
            "desired_qty": 4,
            "change_key": "",
        }
        for n in numbers
    ]
    return pd.DataFrame(rows)


def calls_of(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Return the publishing calls that the shop has seen."""
    return [row for row in sandbox.world.log() if SET in row["operation"]]


__all__ = ["AT", "calls_of", "changes_of", "client_of", "context_of", "running_shop"]
