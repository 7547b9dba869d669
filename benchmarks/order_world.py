"""Mixed orders of the small world, and what happens to them, step by step."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from sandbox.server import Sandbox
from tests.e2e.order_world import act, place

SKUS = ("APPLE", "BREAD")
TILL = "gid://shopify/Location/1001"


def place_orders(sandbox: Sandbox, count: int, chance: random.Random) -> list[dict[str, Any]]:
    """Place so many orders: seven in eight on the web, with discounts, shipping and several lines; the rest at a till."""
    orders = []
    for number in range(count):
        lines = [
            (sku, chance.randint(1, 3), {"unit_price": f"{Decimal(chance.randint(100, 5000)) / 100:.2f}"})
            for sku in chance.sample(SKUS, chance.randint(1, len(SKUS)))
        ]
        more: dict[str, Any] = {"kind": "till"} if number % 8 == 0 else {"shipping": "4.95", "shipping_tax_rate": "0.0825"}
        orders.append(place(sandbox, lines, **more))
    return orders


def follow(sandbox: Sandbox, orders: list[dict[str, Any]], chance: random.Random) -> Iterator[Callable[[], None]]:
    """Yield what happens to the orders, a step before each run: nothing yet, a first part ships, the rest ships, some come back."""
    web = [order for number, order in enumerate(orders) if number % 8]
    yield lambda: None
    yield lambda: [act(sandbox, "fulfil", order_id=one["id"], quantities={one["line_ids"][0]: 1}) for one in web[::3]] and None
    yield lambda: [_ship_rest(sandbox, one) for one in web] and None
    back = chance.sample(web, len(web) // 10)
    yield lambda: [_give_back(sandbox, one) for one in back] and None


def _ship_rest(sandbox: Sandbox, order: dict[str, Any]) -> None:
    state = sandbox.world.shops["GROCER"].orders[order["id"]]
    if any(part["remaining"] for routed in state["fulfillment_orders"] if routed["status"] != "CLOSED" for part in routed["lines"]):
        act(sandbox, "fulfil", order_id=order["id"])


def _give_back(sandbox: Sandbox, order: dict[str, Any]) -> None:
    act(sandbox, "refund", order_id=order["id"], quantities={order["line_ids"][0]: 1}, restock_type="RETURN", location_id=TILL)
