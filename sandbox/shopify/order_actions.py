"""What buyers and staff do to a shop's orders, and what it does to the levels.

Placing an order moves available to committed; fulfilling lowers committed and on hand; a till sale lowers available and
on hand at once; cancelling with restock moves committed back to available, without it the units are gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.shopify.levels import Levels

Order = dict[str, Any]
_CHANGEABLE = frozenset(
    {"gateway", "tenders", "note", "tags", "attributes", "po_number", "email", "customer", "tax_title", "tax_lines"}
)
OPEN = ("OPEN", "IN_PROGRESS", "SCHEDULED", "ON_HOLD")


class OrderActions(Levels):
    """The orders of a shop; `Shop` adds how they are found."""

    orders: dict[str, Order]

    def new_id(self, kind: str) -> str:
        """Return a new id of a kind."""
        raise NotImplementedError

    def touch(self, order: Order, at: datetime) -> None:
        """Note that an order changed."""
        raise NotImplementedError

    def place_order(self, body: dict[str, Any]) -> Order:
        """Place a web, draft or till order (its keys: `sandbox/README.md`)."""
        created = datetime.fromisoformat(body["created_at"]) if body.get("created_at") else self.clock.now()
        order: Order = {
            "id": body.get("id") or self.new_id("Order"),
            "kind": body.get("kind", "web"),
            "created_at": created,
            "updated_at": created,
            "cancelled_at": None,
            "location_id": body.get("location_id") or next(iter(self.locations)),
            "is_routed": not body.get("unrouted"),
            "fulfillment_orders": [],
            "fulfillments": [],
            "refunds": [],
            "history": [],
            "body": body,
        }
        order["name"] = body.get("name") or f"#{order['id'].rsplit('/', 1)[1]}"
        order["lines"] = [self.new_line(row) for row in body["lines"]]
        self.orders[order["id"]] = order
        applies = body.get("applies_to_stock", True)
        self._take(order, applies=applies)
        if body.get("fulfilled") and order["kind"] != "till":
            self.fulfil({"order_id": order["id"], "at": created, "applies_to_stock": applies})
        if body.get("cancelled"):
            self.cancel({"order_id": order["id"], "at": created, "applies_to_stock": applies})
        self.touch(order, created)
        return {"id": order["id"], "name": order["name"], "line_ids": [line["id"] for line in order["lines"]]}

    def cancel(self, body: dict[str, Any]) -> dict[str, Any]:
        """Cancel what is open of an order: {order_id, restock?: true, location_id?, at?}."""
        order = self.orders[body["order_id"]]
        at = body.get("at") or self.clock.now()
        restock = body.get("restock", True)
        rows = []
        for line in order["lines"]:
            units = open_units(order, line)
            if units:
                rows += self._remove(order, line, units, restock, body)
        for routed in order["fulfillment_orders"]:
            routed["status"] = "CLOSED"
        order["cancelled_at"] = at
        if rows:
            self._book_refund(order, rows, "CANCEL" if restock else "NO_RESTOCK", at, body)
        self.touch(order, at)
        return {}

    def refund(self, body: dict[str, Any]) -> dict[str, Any]:
        """Refund units: {order_id, quantities: {line id: units}, restock_type?: CANCEL, location_id?, ...}.

        Further: shipping, adjustment, payout, tenders: [{gateway, amount}].

        CANCEL takes open units off the order and restocks them; RETURN restocks shipped ones; NO_RESTOCK takes open ones
        first, then shipped ones, and restocks none. `location_id` is where they are restocked.

        Raises:
            ValueError: more units than the order has for that.
        """
        order = self.orders[body["order_id"]]
        kind = body.get("restock_type", "CANCEL")
        lines = {line["id"]: line for line in order["lines"]}
        self._check_refund(order, kind, {lines[key]["id"]: int(units) for key, units in body["quantities"].items()})
        rows = []
        for key, units in body["quantities"].items():
            line = lines[key]
            removed = 0 if kind == "RETURN" else min(int(units), open_units(order, line))
            rows += self._remove(order, line, removed, kind == "CANCEL", body) if removed else []
            if returned := int(units) - removed:
                place = body.get("location_id") or order["location_id"]
                line["returned"] += returned
                rows.append({"line_id": key, "quantity": returned, "location_id": place})
                if kind == "RETURN":
                    self.shift_line(line, place, {"available": returned})
        self._book_refund(order, rows, kind, self.clock.now(), body)
        self.touch(order, self.clock.now())
        return {}

    def edit(self, body: dict[str, Any]) -> dict[str, Any]:
        """Edit an order: {order_id, add?: [lines], remove?: {line id: units}, restock?: true}.

        A line edited to nothing stays, with its ordered quantity and a current quantity of 0 (recorded). Added units go to
        a fulfilment order of their own.
        """
        order = self.orders[body["order_id"]]
        lines = {line["id"]: line for line in order["lines"]}
        for key, units in body.get("remove", {}).items():
            if int(units) > open_units(order, lines[key]):
                raise ValueError(f"only {open_units(order, lines[key])} units of {key} are open")
        for key, units in body.get("remove", {}).items():
            self._remove(order, lines[key], int(units), body.get("restock", True), {})
        added = [self.new_line(row) for row in body.get("add", [])]
        removed = {key: int(units) for key, units in body.get("remove", {}).items()}
        told = {"kind": "edit", "id": self.new_id("OrderEditAgreement"), "at": self.clock.now()}
        order["history"].append(told | {"removed": removed, "added": [line["id"] for line in added]})
        order["lines"] += added
        self._commit(order, added, order["location_id"], applies=True)
        order["body"] = {**order["body"], "edited": True}
        self.touch(order, self.clock.now())
        return {"line_ids": [line["id"] for line in added]}

    def change_order(self, body: dict[str, Any]) -> dict[str, Any]:
        """Change what staff or an app can of an order, or how it was paid: {order_id, and any of `_CHANGEABLE`}.

        Raises:
            ValueError: it names something else.
        """
        order = self.orders[body["order_id"]]
        given = {name: value for name, value in body.items() if name != "order_id"}
        if unknown := sorted(set(given) - _CHANGEABLE):
            raise ValueError(f"of an order cannot be changed: {', '.join(unknown)}")
        order["body"] = {**order["body"], **given}
        self.touch(order, self.clock.now())
        return {}

    def new_line(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return a line from its seed."""
        variant = self.variants.get(row.get("variant_id") or "", {})
        if int(row["quantity"]) < 1:
            raise ValueError("a line has at least one unit")
        return {
            "id": row.get("id") or self.new_id("LineItem"),
            "variant_id": row.get("variant_id"),
            "title": row.get("title") or variant.get("title", "custom item"),
            "sku": row.get("sku", variant.get("sku")),
            "quantity": int(row["quantity"]),
            "removed": 0,
            "returned": 0,
            "unit_price": Decimal(str(row.get("unit_price", variant.get("price", "0")))),
            "discount": Decimal(str(row.get("discount", "0"))),
            "properties": row.get("properties", {}),
            "requires_shipping": row.get("requires_shipping", True),
            "taxable": row.get("taxable", True),
            "is_tip": row.get("is_tip", False),
        }

    def shift_line(self, line: Mapping[str, Any], location_id: str, change: Mapping[str, int]) -> None:
        """Move a line's units on a level, where its item is tracked."""
        variant = self.variants.get(line["variant_id"] or "")
        if variant is not None and variant.get("is_tracked", True):
            self.shift(variant["inventory_item_id"], location_id, change)

    def fulfil(self, body: dict[str, Any]) -> dict[str, Any]:
        """Fulfil open units of an order (`Shipping`)."""
        raise NotImplementedError

    def _take(self, order: Order, *, applies: bool) -> None:
        """Take a new order's units out of available: committed to a fulfilment order, or gone at the till."""
        place = order["location_id"]
        if order["kind"] != "till":
            self._commit(order, order["lines"], place, applies=applies)
            return
        rows = [
            {"id": self.new_id("FulfillmentLineItem"), "line_id": x["id"], "quantity": x["quantity"]}
            for x in order["lines"]
            if not x["is_tip"]
        ]
        made = {"id": self.new_id("Fulfillment"), "status": "SUCCESS", "location_id": place, "created_at": order["created_at"]}
        order["fulfillments"].append(made | {"lines": rows})
        for line in order["lines"] if applies else []:
            self.shift_line(line, place, {"available": -line["quantity"]})

    def _commit(self, order: Order, lines: list[dict[str, Any]], place: str, *, applies: bool) -> None:
        units = {line["id"]: line["quantity"] for line in lines if not line["is_tip"]}
        if order["is_routed"] and units:
            self.open_fulfillment_order(order, place, units)
        for line in lines if applies else []:
            self.shift_line(line, place, {"available": -line["quantity"], "committed": line["quantity"]})

    def open_fulfillment_order(self, order: Order, place: str, units: Mapping[str, int]) -> dict[str, Any]:
        """Add a fulfilment order for units by line id; the first of an order has the ids that its seed may name."""
        named = {} if order["fulfillment_orders"] else order["body"].get("fulfillment_order", {})
        ids = named.get("line_ids", {})
        rows = [
            {"id": ids.get(key) or self.new_id("FulfillmentOrderLineItem"), "line_id": key, "total": count, "remaining": count}
            for key, count in units.items()
        ]
        made = {"id": named.get("id") or self.new_id("FulfillmentOrder"), "status": "OPEN", "location_id": place, "lines": rows}
        order["fulfillment_orders"].append(made)
        return made

    def _remove(
        self, order: Order, line: dict[str, Any], units: int, restock: bool, body: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        """Take open units off an order, from where they are committed; return what was taken, by the place it went to."""
        line["removed"] += units
        rows = []
        for place, taken in _taken(order, line, units):
            back = body.get("location_id") or place
            if body.get("applies_to_stock", True):
                self.shift_line(line, place, {"committed": -taken})
                if restock:
                    self.shift_line(line, back, {"available": taken})
            rows.append({"line_id": line["id"], "quantity": taken, "location_id": back})
        return rows

    def _check_refund(self, order: Order, kind: str, wanted: Mapping[str, int]) -> None:
        for line in order["lines"]:
            units = wanted.get(line["id"], 0)
            shipped = max(0, line["quantity"] - line["removed"] - line["returned"] - open_units(order, line))
            most = {"CANCEL": open_units(order, line), "RETURN": shipped}.get(kind, open_units(order, line) + shipped)
            if units > most or units < 0:
                raise ValueError(f"{kind} of {units} units of {line['id']}: there are {most}")

    def _book_refund(self, order: Order, rows: list[dict[str, Any]], kind: str, at: datetime, body: Mapping[str, Any]) -> None:
        lines = [{"id": self.new_id("RefundLineItem"), "restock_type": kind, **row} for row in rows]
        made = {"id": self.new_id("Refund"), "created_at": at, "lines": lines}
        made |= {"shipping": Decimal(str(body.get("shipping", "0"))), "adjustment": Decimal(str(body.get("adjustment", "0")))}
        made["payout"] = Decimal(str(body.get("payout", "0")))
        order["refunds"].append(made | {"note": body.get("note"), "tenders": body.get("tenders")})
        order["history"].append({"kind": "refund", "refund": order["refunds"][-1]})


def open_units(order: Order, line: Mapping[str, Any]) -> int:
    """Return the units of a line that are still to be shipped."""
    if not order["is_routed"]:
        return int(line["quantity"] - line["removed"])
    return sum(
        part["remaining"]
        for routed in order["fulfillment_orders"]
        for part in routed["lines"]
        if routed["status"] in OPEN and part["line_id"] == line["id"]
    )


def _taken(order: Order, line: Mapping[str, Any], units: int) -> Iterator[tuple[str, int]]:
    """Lower what remains of a line, fulfilment order by fulfilment order; yield place and units."""
    if not order["is_routed"]:
        yield order["location_id"], units
        return
    left = units
    for routed in order["fulfillment_orders"]:
        for part in routed["lines"]:
            if routed["status"] in OPEN and part["line_id"] == line["id"] and left and part["remaining"]:
                taken = min(part["remaining"], left)
                part["remaining"] -= taken
                left -= taken
                if not any(row["remaining"] for row in routed["lines"]):
                    routed["status"] = "CLOSED"
                yield routed["location_id"], taken
