"""Days on which nothing is wrong: orders placed, shipped, partly given back, cancelled, edited, sold at tills, by a weekly rhythm."""

import random
from datetime import timedelta
from typing import Any

from tests.worlds.drifting import TILL, Scene, open_findings, run_flow

SKUS = ("APPLE", "BREAD", "EGGS", "FLOUR", "DATES")
PRICES = ("0.99", "2.49", "3.33", "5.79")
BY_WEEKDAY = (8, 8, 9, 9, 12, 16, 5)
"""Orders of a day, Monday first; each day scatters around them."""
SOURCES = ("mail", "mail", "search", "social", None)
PASSES = (12, 20)
"""The hours at which publishing and booking run: they stand for every five and ten minutes."""


class Days:
    """A world whose clock moves day by day, with the chance that decides what happens."""

    def __init__(self, scene: Scene, seed: int = 7) -> None:
        self.scene, self.chance = scene, random.Random(seed)
        self.open: list[dict[str, Any]] = []
        self.shipped: list[dict[str, Any]] = []
        now = scene.sandbox.world.clock.now()
        self.midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)

    def at(self, hour: float) -> None:
        self.scene.sandbox.world.clock.set(self.midnight + timedelta(hours=hour))

    def pass_one(self) -> set[tuple[str, str, str]]:
        """Let a day pass, with its scheduled runs; return what the night's reconciliation has open."""
        orders = max(2, round(self.chance.gauss(BY_WEEKDAY[self.midnight.weekday()], 1.5)))
        for number, hour in enumerate(PASSES):
            for _ in range(orders // 2 + number * (orders % 2)):
                self.at(hour - 1 + self.chance.random() / 2)
                self.place()
            self.at(hour - 0.4)
            self.follow()
            self.at(hour)
            self.run("sync", "publish")
        self.at(24 + 2.6)
        self.run("trace")
        self.at(24 + 3.25)
        self.run("reconcile")
        self.midnight += timedelta(days=1)
        return set(open_findings())

    def run(self, *flows: str) -> None:
        for flow in flows:
            code, told = run_flow(flow)
            assert code in (0, 1), f"{flow}: {told}"

    def place(self) -> None:
        chance = self.chance
        lines = [
            (sku, chance.randint(1, 3), {"unit_price": chance.choice(PRICES)}) for sku in chance.sample(SKUS, chance.randint(1, 3))
        ]
        source = chance.choice(SOURCES)
        more: dict[str, Any] = {"attributes": {"utm_source": source} if source else {}}
        if chance.random() < 0.25:
            self.scene.place(lines, kind="till", location_id="gid://shopify/Location/1002", **more)
            return
        if chance.random() < 0.5:
            more |= {"shipping": "4.95", "shipping_tax_rate": "0.0825"}
        if chance.random() < 0.2:
            more |= {"gateway": "gift_card"}
        self.open.append(self.scene.place(lines, **more))

    def follow(self) -> None:
        """Let staff do their work: ship most of what waits, cancel or edit some, take some back."""
        waiting, self.open = self.open, []
        for order in waiting:
            dice, line = self.chance.random(), order["line_ids"][0]
            if dice < 0.08:
                self.scene.shop("cancel", order_id=order["id"])
            elif dice < 0.16 and len(order["line_ids"]) > 1:
                self.scene.shop("edit", order_id=order["id"], remove={line: 1})
                self.open.append(order)
            elif dice < 0.85:
                self.scene.shop("fulfil", order_id=order["id"])
                self.shipped.append(order)
            else:
                self.open.append(order)
        for order in self.chance.sample(self.shipped, min(1, len(self.shipped))):
            self.shipped.remove(order)
            given = {"quantities": {order["line_ids"][-1]: 1}, "restock_type": "RETURN", "location_id": TILL}
            self.scene.shop("refund", order_id=order["id"], **given)
