"""One shop and one account behind real sockets, and a client of the shop and of the control endpoint."""

from dataclasses import dataclass
from typing import Any

import pytest
import requests

from sandbox.server import Sandbox

TOKEN = "shpat_core"
ITEM, PLACE = "gid://shopify/InventoryItem/11", "gid://shopify/Location/5"
VARIANT, ORDER = "gid://shopify/ProductVariant/11", "gid://shopify/Order/1"
LINES = ("gid://shopify/LineItem/1", "gid://shopify/LineItem/2")


def world_seed() -> dict[str, Any]:
    """Return a shop with one item, stocked with 10, and an order of two lines of 2 and 3 units."""
    lines = [
        {"id": key, "variant_id": VARIANT, "quantity": units, "unit_price": "10"} for key, units in zip(LINES, (2, 3), strict=True)
    ]
    shop = {
        "static_tokens": [TOKEN],
        "locations": [{"id": PLACE, "name": "Main"}],
        "variants": [{"id": VARIANT, "inventory_item_id": ITEM, "sku": "A", "price": "10"}],
        "levels": [{"inventory_item_id": ITEM, "location_id": PLACE, "available": 10}],
        "orders": [{"id": ORDER, "name": "#1", "lines": lines}],
    }
    account = {"account_id": "1", "timezone": "America/New_York", "date_format": "MM/DD/YYYY", "concurrency": 5}
    return {"shopify": {"S": shop}, "netsuite": account | {"default_order_status": "B"}}


@dataclass
class Client:
    """Speaks to the shop S and to the control endpoint."""

    sandbox: Sandbox
    http: requests.Session

    def post(self, query: str, **variables: Any) -> requests.Response:
        """Return the shop's response to a document."""
        url = self.sandbox.urls["shopify"]["S"] + "/admin/api/2026-10/graphql.json"
        body = {"query": query, "variables": variables}
        return self.http.post(url, json=body, headers={"X-Shopify-Access-Token": TOKEN}, timeout=10)

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return the shop's answer to a document."""
        return self.post(query, **variables).json()

    def control(self, path: str, body: Any = None, method: str = "POST") -> requests.Response:
        """Return the control endpoint's response."""
        return self.http.request(method, f"{self.sandbox.urls['control']}/{path}", json=body, timeout=10)

    def act(self, action: str, **body: Any) -> dict[str, Any]:
        """Let something happen in the shop."""
        answer = self.control(f"shopify/S/{action}", body)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def shop(tmp_path):
    with Sandbox.start(tmp_path, world_seed()) as sandbox, requests.Session() as http:
        yield Client(sandbox, http)
