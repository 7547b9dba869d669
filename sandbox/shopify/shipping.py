"""Fulfilment orders and drafts of a shop: routing, moving, shipping, reserving.

What a move does to the levels is not documented by Shopify: committed and available follow the units. Recorded: a part
fulfilled leaves its order IN_PROGRESS, all of it CLOSED; cancelling a fulfilment leaves the fulfilment order CLOSED with
its full remaining quantity, so that a closed one's remaining units mean nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.shopify.order_actions import OPEN, Order, OrderActions, open_units


class Shipping(OrderActions):
    """Fulfilment orders, fulfilments and drafts."""

    drafts: dict[str, dict[str, Any]]

    def fulfil(self, body: dict[str, Any]) -> dict[str, Any]:
        """Fulfil what is open of an order: {order_id, quantities?: {line id: units}, tracking?: one or a list, at?}.

        A tracking is {company, number, url}.

        Raises:
            ValueError: more units of a line than are open.
        """
        order = self.orders[body["order_id"]]
        wanted = {key: int(units) for key, units in body["quantities"].items()} if "quantities" in body else None
        for key, units in (wanted or {}).items():
            if units > open_units(order, _line(order, key)) or not order["is_routed"]:
                raise ValueError(f"{units} units of {key} are not there to fulfil")
        at = body.get("at") or self.clock.now()
        applies = body.get("applies_to_stock", True)
        made = [
            self._fulfillment(routed, rows, at, body.get("tracking"))
            for routed in order["fulfillment_orders"]
            if routed["status"] in OPEN and (rows := self._ship(order, routed, wanted, applies=applies))
        ]
        order["fulfillments"].extend(made)
        self.touch(order, at)
        return {"fulfillment_ids": [row["id"] for row in made]}

    def ship_units(self, order: Order, routed: dict[str, Any], units: dict[str, int]) -> list[dict[str, Any]]:
        """Ship units of one fulfilment order by order line; return the fulfilment's lines."""
        return self._ship(order, routed, dict(units), applies=True)

    def new_fulfillment(self, routed: dict[str, Any], rows: list[dict[str, Any]], at: datetime, tracking: Any) -> dict[str, Any]:
        """Return a fulfilment of what was shipped."""
        return self._fulfillment(routed, rows, at, tracking)

    def _ship(self, order: Order, routed: dict[str, Any], wanted: dict[str, int] | None, *, applies: bool) -> list[dict[str, Any]]:
        """Ship what is wanted (None: all) of a fulfilment order; return the fulfilment's lines."""
        rows = []
        for part in routed["lines"]:
            key = part["line_id"]
            count = part["remaining"] if wanted is None else min(part["remaining"], wanted.get(key, 0))
            if count:
                part["remaining"] -= count
                if wanted is not None:
                    wanted[key] -= count
                rows.append({"id": self.new_id("FulfillmentLineItem"), "line_id": key, "quantity": count})
                if applies:
                    self.shift_line(_line(order, key), routed["location_id"], {"committed": -count})
        return rows

    def cancel_fulfilment(self, body: dict[str, Any]) -> dict[str, Any]:
        """Take back a fulfilment: {order_id, fulfillment_id}; its units are open again.

        Recorded: in the fulfilment order they came from while that is in progress, in one of their own once it is closed.
        """
        order = self.orders[body["order_id"]]
        row = next(row for row in order["fulfillments"] if row["id"] == body["fulfillment_id"])
        if row["status"] != "SUCCESS" or order["kind"] == "till":
            raise ValueError("this fulfilment cannot be cancelled")
        if any(line["returned"] for line in order["lines"]) or order["cancelled_at"]:
            raise ValueError("after a return or a cancellation this is not modelled")
        row["status"] = "CANCELLED"
        units = {part["line_id"]: part["quantity"] for part in row["lines"]}
        routed = next(routed for routed in order["fulfillment_orders"] if routed["id"] == row["fulfillment_order_id"])
        if routed["status"] == "CLOSED":
            for part in routed["lines"]:
                part["remaining"] = part["total"]
            self.open_fulfillment_order(order, row["location_id"], units)
        else:
            for part in routed["lines"]:
                part["remaining"] += units.get(part["line_id"], 0)
            is_whole = all(part["remaining"] == part["total"] for part in routed["lines"])
            routed["status"] = "OPEN" if is_whole else "IN_PROGRESS"
        for line_id, count in units.items():
            self.shift_line(_line(order, line_id), row["location_id"], {"committed": count})
        self.touch(order, self.clock.now())
        return {}

    def route(self, body: dict[str, Any]) -> dict[str, Any]:
        """Route an order that was placed unrouted: {order_id, location_id?}."""
        order = self.orders[body["order_id"]]
        if order["is_routed"]:
            raise ValueError("this order is routed")
        left = {line["id"]: line["quantity"] - line["removed"] for line in order["lines"]}
        left = {key: units for key, units in left.items() if units}
        order["is_routed"] = True
        place = body.get("location_id") or order["location_id"]
        if left and not order["cancelled_at"]:
            self._carry(order, left, order["location_id"], place)
            self.open_fulfillment_order(order, place, left)
        self.touch(order, self.clock.now())
        return {}

    def move(self, body: dict[str, Any]) -> dict[str, Any]:
        """Move open units to another location: {order_id, location_id, fulfillment_order_id?, quantities?: {line id: units}}.

        Wholly moved, a fulfilment order keeps its id; partly, a new one is made for the units; and where the order has an
        open one at the destination already, that one is closed and a new one holds both (schema).
        """
        order, place = self.orders[body["order_id"]], body["location_id"]
        chosen = body.get("fulfillment_order_id")
        for routed in [row for row in order["fulfillment_orders"] if row["status"] == "OPEN"]:
            if routed["location_id"] != place and chosen in (None, routed["id"]):
                self._move_one(order, routed, place, body.get("quantities"))
        self.touch(order, self.clock.now())
        return {}

    def _move_one(self, order: Order, routed: dict[str, Any], place: str, wanted: Mapping[str, int] | None) -> None:
        open_now = {part["line_id"]: part["remaining"] for part in routed["lines"] if part["remaining"]}
        moved = {key: min(units, wanted.get(key, 0)) if wanted is not None else units for key, units in open_now.items()}
        moved = {key: units for key, units in moved.items() if units}
        if not moved:
            return
        self._carry(order, moved, routed["location_id"], place)
        there = next((x for x in order["fulfillment_orders"] if x["status"] == "OPEN" and x["location_id"] == place), None)
        if moved == open_now and there is None:
            routed["location_id"] = place
            return
        for part in routed["lines"]:
            part["remaining"] -= moved.get(part["line_id"], 0)
            part["total"] -= moved.get(part["line_id"], 0)
        routed["lines"] = [part for part in routed["lines"] if part["total"]]
        routed["status"] = "OPEN" if any(part["remaining"] for part in routed["lines"]) else "CLOSED"
        if there is not None:
            there["status"] = "CLOSED"
            for part in there["lines"]:
                moved[part["line_id"]] = moved.get(part["line_id"], 0) + part["remaining"]
                part["remaining"] = 0
        self.open_fulfillment_order(order, place, {key: units for key, units in moved.items() if units})

    def _carry(self, order: Order, units: Mapping[str, int], old: str, new: str) -> None:
        for key, count in units.items() if old != new else ():
            self.shift_line(_line(order, key), old, {"committed": -count, "available": count})
            self.shift_line(_line(order, key), new, {"committed": count, "available": -count})

    def _fulfillment(self, routed: dict[str, Any], rows: list[dict[str, Any]], at: datetime, tracking: Any) -> dict[str, Any]:
        routed["status"] = "IN_PROGRESS" if any(part["remaining"] for part in routed["lines"]) else "CLOSED"
        return {
            "id": self.new_id("Fulfillment"),
            "status": "SUCCESS",
            "location_id": routed["location_id"],
            "fulfillment_order_id": routed["id"],
            "created_at": at,
            "tracking": _trackings(tracking),
            "lines": rows,
        }

    def open_draft(self, body: dict[str, Any]) -> dict[str, Any]:
        """Open a draft order: {lines, location_id?, reserve_until?, created_at?}; until `reserve_until` it holds its units."""
        now = self.clock.now()
        until = datetime.fromisoformat(body["reserve_until"]) if body.get("reserve_until") else None
        draft: dict[str, Any] = {
            "id": body.get("id") or self.new_id("DraftOrder"),
            "status": "OPEN",
            "location_id": body.get("location_id") or next(iter(self.locations)),
            "lines": [self.new_line(row) for row in body["lines"]],
            "reserve_until": until,
            "reserves": until is not None,
            "created_at": datetime.fromisoformat(body["created_at"]) if body.get("created_at") else now,
            "updated_at": now,
            "order_id": None,
            "body": body,
        }
        draft["name"] = body.get("name") or f"#D{draft['id'].rsplit('/', 1)[1]}"
        self.drafts[draft["id"]] = draft
        if draft["reserves"]:
            self._reserve(draft, 1)
        return {"id": draft["id"], "name": draft["name"]}

    def complete_draft(self, body: dict[str, Any]) -> dict[str, Any]:
        """Complete a draft: {draft_id, order?: {id, name}}; what it reserved is free again, and an order of it is placed."""
        draft = self.drafts[body["draft_id"]]
        if draft["status"] != "OPEN":
            raise ValueError("this draft is completed")
        self._release(draft)
        lines = [{key: value for key, value in line.items() if key != "id"} for line in draft["lines"]]
        given = {key: value for key, value in draft["body"].items() if key not in ("id", "name", "reserve_until")}
        given |= {"created_at": None, **body.get("order", {})}
        placed = self.place_order(given | {"lines": lines, "kind": "draft", "location_id": draft["location_id"]})
        draft |= {"status": "COMPLETED", "order_id": placed["id"], "updated_at": self.clock.now()}
        return placed

    def delete_draft(self, body: dict[str, Any]) -> dict[str, Any]:
        """Delete a draft: {draft_id}; what it reserved is free again."""
        self._release(self.drafts[body["draft_id"]])
        del self.drafts[body["draft_id"]]
        return {}

    def settle(self) -> None:
        """Let go what drafts reserved until an instant that has passed."""
        for draft in self.drafts.values():
            if draft["reserves"] and draft["reserve_until"] <= self.clock.now():
                self._release(draft)

    def _release(self, draft: dict[str, Any]) -> None:
        if draft["reserves"]:
            self._reserve(draft, -1)
            draft["reserves"] = False

    def _reserve(self, draft: Mapping[str, Any], sign: int) -> None:
        for line in draft["lines"]:
            units = sign * line["quantity"]
            self.shift_line(line, draft["location_id"], {"reserved": units, "available": -units})


def _trackings(given: Any) -> list[dict[str, Any]]:
    """Return tracking rows; the mutation takes several numbers with their addresses, and one company for all (recorded)."""
    if isinstance(given, list):
        return given
    numbers = (given or {}).get("numbers") or []
    if not numbers:
        return [given] if given else []
    urls = [*(given.get("urls") or []), *([None] * len(numbers))]
    return [{"company": given.get("company"), "number": number, "url": url} for number, url in zip(numbers, urls, strict=False)]


def _line(order: Order, line_id: str) -> dict[str, Any]:
    return next(line for line in order["lines"] if line["id"] == line_id)
