"""One shop's state, and what its staff and buyers do to it.

Levels keep Shopify's identity at every step: on_hand = available + committed + reserved + damaged + quality_control +
safety_stock. Placing an order moves available to committed; fulfilling lowers committed and on hand; a till sale lowers
available and on hand at once; a cancellation with restock moves committed back to available.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.clock import Clock
from sandbox.shopify.bucket import Bucket

STATES = ("available", "committed", "reserved", "damaged", "quality_control", "safety_stock")
Order = dict[str, Any]


class Shop:
    """The state of one shop.

    Args:
        code: our name for it.
        seed: what it begins with (`sandbox/README.md`).
        clock: the world's clock.
    """

    def __init__(self, code: str, seed: dict[str, Any], clock: Clock) -> None:
        self.code, self.seed, self.clock = code, seed, clock
        self.currency = seed.get("currency", "USD")
        self.scopes: list[str] = seed.get("scopes", [])
        self.bucket = Bucket(**seed.get("bucket", {"maximum": 2000, "restore": 100}))
        self.tokens: dict[str, datetime | None] = dict.fromkeys(seed.get("static_tokens", []))
        self.locations = {row["id"]: row for row in seed["locations"]}
        self.variants = {row["id"]: row for row in seed["variants"]}
        self.items = {row["inventory_item_id"]: row for row in seed["variants"]}
        self.levels: dict[tuple[str, str], dict[str, Any]] = {}
        self.orders: dict[str, Order] = {}
        self.index: dict[str, Order] = {}
        self.pending: list[tuple[datetime, Order]] = []
        self.lag = timedelta(0)
        self.idempotency: dict[str, tuple[datetime, str, Any]] = {}
        self._next = 900_000_000
        for row in seed.get("levels", []):
            self._open_level(row)
        for row in seed.get("orders", []):
            self.place_order(row)

    def act(self, action: str, body: dict[str, Any]) -> dict[str, Any]:
        """Do what the control endpoint asks.

        Raises:
            KeyError: the action or something it names is unknown.
        """
        actions: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "orders": self.place_order,
            "fulfil": self.fulfil,
            "cancel": self.cancel,
            "refund": self.refund,
            "move": self.move,
            "levels": self.change_level,
            "lag": self.set_lag,
            "locations": self.change_location,
        }
        return actions[action](body)

    def new_id(self, kind: str) -> str:
        """Return a new id of a kind."""
        self._next += 1
        return f"gid://shopify/{kind}/{self._next}"

    def level(self, item_id: str, location_id: str) -> dict[str, Any]:
        """Return a level, made with zeros where there was none."""
        key = (item_id, location_id)
        if key not in self.levels:
            self._open_level({"inventory_item_id": item_id, "location_id": location_id})
        return self.levels[key]

    def level_number(self, location_id: str) -> str:
        """Return the number in the ids of a location's levels: the seed's, else one made of the location's."""
        return str(self.locations.get(location_id, {}).get("level_number") or f"1{location_id.rsplit('/', 1)[1]}")

    def place_order(self, body: dict[str, Any]) -> Order:
        """Place a web, draft or till order."""
        created = datetime.fromisoformat(body["created_at"]) if body.get("created_at") else self.clock.now()
        order: Order = {
            "id": body.get("id") or self.new_id("Order"),
            "kind": body.get("kind", "web"),
            "created_at": created,
            "updated_at": created,
            "cancelled_at": None,
            "location_id": body.get("location_id") or next(iter(self.locations)),
            "fulfillment_orders": [],
            "fulfillments": [],
            "refunds": [],
            "body": body,
        }
        order["name"] = body.get("name") or f"#{order['id'].rsplit('/', 1)[1]}"
        order["lines"] = [self._line(row) for row in body["lines"]]
        self.orders[order["id"]] = order
        self._commit(order, applies=body.get("applies_to_stock", True))
        if body.get("fulfilled") and order["kind"] != "till":
            self.fulfil({"order_id": order["id"], "at": created, "applies_to_stock": body.get("applies_to_stock", True)})
        if body.get("cancelled"):
            self.cancel({"order_id": order["id"], "at": created, "applies_to_stock": body.get("applies_to_stock", True)})
        self._touch(order, created)
        return {"id": order["id"], "name": order["name"], "line_ids": [line["id"] for line in order["lines"]]}

    def fulfil(self, body: dict[str, Any]) -> dict[str, Any]:
        """Fulfil what is open of an order, or the quantities given by line id."""
        order = self.orders[body["order_id"]]
        wanted: dict[str, int] | None = body.get("quantities")
        at = body.get("at") or self.clock.now()
        made = []
        for routed in [fo for fo in order["fulfillment_orders"] if fo["status"] in ("OPEN", "IN_PROGRESS")]:
            rows = []
            for row in routed["lines"]:
                count = row["remaining"] if wanted is None else min(row["remaining"], wanted.get(row["line_id"], 0))
                if count:
                    row["remaining"] -= count
                    rows.append({"id": self.new_id("FulfillmentLineItem"), "line_id": row["line_id"], "quantity": count})
                    if body.get("applies_to_stock", True):
                        self._shift(order, row["line_id"], routed["location_id"], {"committed": -count})
            if rows:
                place = routed["location_id"]
                made.append(
                    {"id": self.new_id("Fulfillment"), "status": "SUCCESS", "location_id": place, "created_at": at, "lines": rows}
                )
            if not any(row["remaining"] for row in routed["lines"]):
                routed["status"] = "CLOSED"
        order["fulfillments"].extend(made)
        self._touch(order, at)
        return {"fulfillment_ids": [row["id"] for row in made]}

    def cancel(self, body: dict[str, Any]) -> dict[str, Any]:
        """Cancel what is open of an order, with restock unless told otherwise."""
        order = self.orders[body["order_id"]]
        at = body.get("at") or self.clock.now()
        restock = body.get("restock", True)
        applies = body.get("applies_to_stock", True)
        open_now = [
            {"line_id": row["line_id"], "quantity": row["remaining"], "location_id": routed["location_id"]}
            for routed in order["fulfillment_orders"]
            for row in routed["lines"]
            if row["remaining"]
        ]
        for routed in order["fulfillment_orders"]:
            routed["status"] = "CLOSED"
        order["cancelled_at"] = at
        for row in open_now:
            self._remove(order, row, restock=restock, applies=applies)
        if open_now:
            self._book_refund(order, open_now, "CANCEL" if restock else "NO_RESTOCK", at)
        self._touch(order, at)
        return {}

    def refund(self, body: dict[str, Any]) -> dict[str, Any]:
        """Refund units by line id: open ones are removed from the order, shipped ones come back if restocked."""
        order = self.orders[body["order_id"]]
        kind = body.get("restock_type", "CANCEL")
        place = body.get("location_id") or order["location_id"]
        rows = [{"line_id": line_id, "quantity": count, "location_id": place} for line_id, count in body["quantities"].items()]
        for row in rows:
            if kind == "RETURN":
                self._shift(order, row["line_id"], place, {"available": row["quantity"]})
            else:
                self._remove(order, row, restock=kind == "CANCEL", applies=True)
        self._book_refund(order, rows, kind, self.clock.now())
        self._touch(order, self.clock.now())
        return {}

    def move(self, body: dict[str, Any]) -> dict[str, Any]:
        """Move an order's open units to another location; committed and available follow (not documented by Shopify)."""
        order = self.orders[body["order_id"]]
        for routed in [fo for fo in order["fulfillment_orders"] if fo["status"] == "OPEN"]:
            for row in routed["lines"]:
                count = row["remaining"]
                self._shift(order, row["line_id"], routed["location_id"], {"committed": -count, "available": count})
                self._shift(order, row["line_id"], body["location_id"], {"committed": count, "available": -count})
            routed["location_id"] = body["location_id"]
        self._touch(order, self.clock.now())
        return {}

    def change_level(self, body: dict[str, Any]) -> dict[str, Any]:
        """Change a level by hand: {inventory_item_id, location_id, delta: {state: units}}."""
        level = self.level(body["inventory_item_id"], body["location_id"])
        for state, units in body["delta"].items():
            level[state] += units
        level["updated_at"] = self.clock.now()
        return {state: level[state] for state in STATES}

    def change_location(self, body: dict[str, Any]) -> dict[str, Any]:
        """Change a location's properties: {id, is_active?, name?}."""
        self.locations[body["id"]].update(body)
        return {}

    def set_lag(self, body: dict[str, Any]) -> dict[str, Any]:
        """Let the order search lag behind the orders by so many seconds (the level never lags)."""
        self.lag = timedelta(seconds=body["seconds"])
        self.pending = []
        self.index = copy.deepcopy(self.orders) if self.lag else dict(self.orders)
        return {}

    def searchable(self) -> list[Order]:
        """Return the orders as the search shows them now."""
        now = self.clock.now()
        due = [row for row in self.pending if row[0] <= now]
        self.pending = [row for row in self.pending if row[0] > now]
        self.index |= {order["id"]: order for _, order in due}
        return list(self.index.values())

    def _line(self, row: dict[str, Any]) -> dict[str, Any]:
        variant = self.variants.get(row.get("variant_id", ""), {})
        return {
            "id": row.get("id") or self.new_id("LineItem"),
            "variant_id": row.get("variant_id"),
            "title": row.get("title") or variant.get("title", "custom item"),
            "sku": row.get("sku", variant.get("sku")),
            "quantity": int(row["quantity"]),
            "removed": 0,
            "unit_price": Decimal(str(row.get("unit_price", variant.get("price", "0")))),
            "discount": Decimal(str(row.get("discount", "0"))),
            "properties": row.get("properties", {}),
            "requires_shipping": row.get("requires_shipping", True),
            "taxable": row.get("taxable", True),
        }

    def _commit(self, order: Order, *, applies: bool) -> None:
        """Take the order's units out of available: committed to a fulfilment order, or gone at the till."""
        stocked = [line for line in order["lines"] if line["variant_id"] in self.variants]
        place = order["location_id"]
        if order["kind"] == "till":
            rows = [
                {"id": self.new_id("FulfillmentLineItem"), "line_id": x["id"], "quantity": x["quantity"]} for x in order["lines"]
            ]
            at = order["created_at"]
            order["fulfillments"].append(
                {"id": self.new_id("Fulfillment"), "status": "SUCCESS", "location_id": place, "created_at": at, "lines": rows}
            )
        elif not order["body"].get("unrouted"):
            lines = [
                {
                    "id": self.new_id("FulfillmentOrderLineItem"),
                    "line_id": x["id"],
                    "total": x["quantity"],
                    "remaining": x["quantity"],
                }
                for x in order["lines"]
            ]
            order["fulfillment_orders"].append(
                {"id": self.new_id("FulfillmentOrder"), "status": "OPEN", "location_id": place, "lines": lines}
            )
        for line in stocked if applies else []:
            taken = {"available": -line["quantity"]}
            self._shift(order, line["id"], place, taken if order["kind"] == "till" else taken | {"committed": line["quantity"]})

    def _remove(self, order: Order, row: dict[str, Any], *, restock: bool, applies: bool) -> None:
        """Take open units out of an order; without restock they stay gone."""
        line = next(line for line in order["lines"] if line["id"] == row["line_id"])
        line["removed"] += row["quantity"]
        left = row["quantity"]
        for routed in order["fulfillment_orders"]:
            for part in routed["lines"]:
                if part["line_id"] == row["line_id"] and left:
                    taken = min(part["remaining"], left)
                    part["remaining"] -= taken
                    left -= taken
        if applies:
            back = {"available": row["quantity"]} if restock else {}
            self._shift(order, row["line_id"], row["location_id"], {"committed": -row["quantity"], **back})

    def _book_refund(self, order: Order, rows: list[dict[str, Any]], restock_type: str, at: datetime) -> None:
        lines = [{"id": self.new_id("RefundLineItem"), "restock_type": restock_type, **row} for row in rows]
        order["refunds"].append({"id": self.new_id("Refund"), "created_at": at, "lines": lines})

    def _shift(self, order: Order, line_id: str, location_id: str, change: dict[str, int]) -> None:
        line = next(line for line in order["lines"] if line["id"] == line_id)
        variant = self.variants.get(line["variant_id"] or "")
        if variant is None or not variant.get("is_tracked", True):
            return
        level = self.level(variant["inventory_item_id"], location_id)
        for state, units in change.items():
            level[state] += units
        level["updated_at"] = self.clock.now()

    def _open_level(self, row: dict[str, Any]) -> None:
        level = {state: int(row.get(state, 0)) for state in (*STATES, "incoming")}
        self.levels[row["inventory_item_id"], row["location_id"]] = level | {"updated_at": self.clock.now()}

    def _touch(self, order: Order, at: datetime) -> None:
        order["updated_at"] = max(order["updated_at"], at)
        if self.lag:
            self.pending.append((self.clock.now() + self.lag, copy.deepcopy(order)))
        else:
            self.index[order["id"]] = order
