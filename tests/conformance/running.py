"""A sandbox behind a real socket, begun anew for each recording through its control endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests

from sandbox.server import Sandbox
from tests.conformance.implied_state import TOKEN, shop_seed

SHOP = "RECORDED"
_ACCOUNT = {
    "account_id": "1234567",
    "timezone": "America/New_York",
    "date_format": "MM/DD/YYYY",
    "concurrency": 5,
    "default_order_status": "B",
}


class ShopClient:
    """Speaks to the one shop of a running sandbox."""

    def __init__(self, url: str, control: str) -> None:
        self._url, self._control = url, control
        self._http = requests.Session()
        self._http.headers["X-Shopify-Access-Token"] = TOKEN

    def begin(self, seed: dict[str, Any]) -> None:
        """Begin anew with a shop's seed."""
        world = {"shopify": {SHOP: seed}, "netsuite": _ACCOUNT}
        answer = self._http.post(f"{self._control}/reset", json=world, timeout=30)
        if answer.status_code != 200:
            raise AssertionError(f"the sandbox does not take this seed: {answer.text}")

    def ask(self, document: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the shop's answer to a document."""
        body = {"query": document, "variables": variables or {}}
        answer = self._http.post(f"{self._url}/admin/api/2026-10/graphql.json", json=body, timeout=30)
        told: dict[str, Any] = answer.json()
        return told

    def close(self) -> None:
        """Close the connection."""
        self._http.close()


@contextmanager
def running_shop() -> Iterator[ShopClient]:
    """Serve one empty shop until the context ends."""
    seed = {"shopify": {SHOP: shop_seed([])}, "netsuite": _ACCOUNT}
    with TemporaryDirectory() as folder, Sandbox.start(Path(folder), seed) as sandbox:
        shop = ShopClient(sandbox.urls["shopify"][SHOP], sandbox.urls["control"])
        try:
            yield shop
        finally:
            shop.close()
