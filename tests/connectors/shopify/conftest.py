"""The small world's shop GROCER, served by the sandbox over a real socket, and clients that never really wait."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.http import Patience
from connectors.shopify.client import ShopifyClient
from contract.settings import ShopifySettings
from sandbox.server import Sandbox
from sandbox.shopify.app import schema
from sandbox.worlds.small import small_world

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
RUN = {"run_id": "r1", "extracted_at": NOW}


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    # Building the schema takes seconds, once per process, and is not what a test waits for.
    schema()
    with Sandbox.start(tmp_path / "world", small_world(NOW, "")) as running:
        yield running


@pytest.fixture
def make_client(sandbox: Sandbox, tmp_path: Path) -> Callable[..., ShopifyClient]:
    def make(shop: str = "GROCER", **changed: Any) -> ShopifyClient:
        seed = sandbox.world.shops[shop].seed
        given = {"client_id": seed["client_id"], "client_secret": seed["client_secret"], **changed}
        settings = ShopifySettings(base_url=sandbox.urls["shopify"][shop], **given)
        patience = Patience(connect_seconds=2, read_seconds=1.5, attempts=3)
        return ShopifyClient(shop, "x.myshopify.com", settings, state_folder=tmp_path, patience=patience, random=lambda: 0.0)

    return make


@pytest.fixture
def client(make_client: Callable[..., ShopifyClient]) -> ShopifyClient:
    return make_client()
