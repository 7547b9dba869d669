"""One SKU in two shops and two locations: orders, transfers and hands that change it, as both vendors would show it.

Every event changes the world at one instant; every read returns the rows that a vendor would answer then. The truth of a
location is its physical units less its open demand.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, tzinfo=UTC)
UNITS = 20
PLACES = {"A": "1", "B": "2"}
SHOPS = {"ONE": ("A", "B"), "TWO": ("A",)}


@dataclass
class Line:
    """A line of a NetSuite sales order, item fulfilment or cash sale."""

    kind: str
    transaction: str
    place: str
    ordered: int
    order_line: str
    committed: int = 0
    backordered: int = 0
    shipped: int = 0
    status: str = "B"
    is_closed: bool = False
    created_from: str | None = None
    stamp: int = 0


@dataclass
class Order:
    """A Shopify order of one line."""

    shop: str
    number: str
    quantity: int
    placed: int
    current: int = 0
    open_at: dict[str, int] = field(default_factory=dict)
    shipped_at: dict[str, int] = field(default_factory=dict)
    back: list[tuple[str, str, int]] = field(default_factory=list)
    touched_at: int = 0


class World:
    """The state of one SKU; `now` counts seconds."""

    def __init__(self, name: str) -> None:
        self.sku, self.now = f"W{name}", 0
        self.physical = dict.fromkeys(PLACES, UNITS)
        self.on_hand = dict.fromkeys(PLACES, UNITS)
        self.available = {(shop, place): UNITS for shop, places in SHOPS.items() for place in places}
        self.committed = dict.fromkeys(self.available, 0)
        self.orders: dict[str, Order] = {}
        self.index: dict[str, Order] = {}
        self.lines: dict[str, Line] = {}
        self.sold: list[tuple[int, str, str, int]] = []
        self.carried_off: list[tuple[int, str, int]] = []

    def truth(self, place: str) -> int:
        """Return the physical units of a place less its open demand."""
        return self.physical[place] - sum(order.open_at.get(place, 0) for order in self.orders.values())

    # what shops do

    def place(self, name: str, shop: str, place: str, quantity: int) -> None:
        """A buyer orders: available becomes committed."""
        self.orders[name] = Order(shop, f"{self.sku}{name}", quantity, self.now, quantity, {place: quantity}, touched_at=self.now)
        self._move(shop, place, available=-quantity, committed=quantity)
        self.sold.append((self.now, shop, place, quantity))

    def till_sale(self, name: str, shop: str, place: str, quantity: int) -> None:
        """A till sells: the units leave at once."""
        order = Order(shop, f"{self.sku}{name}", quantity, self.now, quantity, {}, {place: quantity}, touched_at=self.now)
        self.orders[name] = order
        self._move(shop, place, available=-quantity)
        self.physical[place] -= quantity
        self.sold.append((self.now, shop, place, quantity))

    def reduce(self, name: str, units: int) -> None:
        """An order is edited or cancelled: units go back to available."""
        order = self._touch(name)
        place = next(iter(order.open_at))
        order.current -= units
        order.open_at[place] -= units
        order.back.append((place, "CANCEL", units))
        self._move(order.shop, place, available=units, committed=-units)

    def move(self, name: str, place: str) -> None:
        """A fulfilment order is moved to another location of the shop."""
        order = self._touch(name)
        ((before, units),) = order.open_at.items()
        order.open_at = {place: units}
        self._move(order.shop, before, available=units, committed=-units)
        self._move(order.shop, place, available=-units, committed=units)
        self.sold.append((self.now, order.shop, place, units))

    def give_back(self, name: str) -> None:
        """A shipped order comes back, and is restocked where it left."""
        order = self._touch(name)
        ((place, units),) = order.shipped_at.items()
        order.back.append((place, "RETURN", units))
        self._move(order.shop, place, available=units)
        self.physical[place] += units

    def find(self, name: str) -> None:
        """The order search catches up with one order."""
        self.index[name] = copy.deepcopy(self.orders[name])

    def catch_up(self) -> None:
        """The order search catches up with all."""
        self.index = copy.deepcopy(self.orders)

    def by_hand(self, shop: str, place: str, units: int) -> None:
        """Somebody changes a level by hand."""
        self._move(shop, place, available=units)

    # what NetSuite does

    def write(self, name: str, place: str | None = None) -> None:
        """The order is written, pending approval."""
        order = self.orders[name]
        where = place or next(iter(order.open_at), None) or next(iter(order.shipped_at))
        line = Line("SalesOrd", f"{order.number}1", where, order.current, order.number, status="A", stamp=self.now)
        self.lines[f"{name}/order"] = line

    def approve(self, name: str) -> None:
        """The order commits what there is; the rest is backordered."""
        line = self._stamped(name)
        line.status = "B"
        self._commit(line)

    def unapprove(self, name: str) -> None:
        """The order commits nothing any more."""
        line = self._stamped(name)
        line.status, line.committed, line.backordered = "A", 0, 0

    def relocate(self, name: str, place: str) -> None:
        """The line follows to another location."""
        line = self._stamped(name)
        line.place, line.committed, line.backordered = place, 0, 0
        self._commit(line)

    def resize(self, name: str) -> None:
        """The line follows an edit."""
        line = self._stamped(name)
        line.ordered = self.orders[name].current
        line.committed = line.backordered = 0
        self._commit(line)

    def close(self, name: str) -> None:
        """The line is closed."""
        line = self._stamped(name)
        line.is_closed, line.committed, line.backordered, line.status = True, 0, 0, "H"

    def delete(self, name: str) -> None:
        """The order is deleted."""
        del self.lines[f"{name}/order"]

    def ship(self, name: str, place: str | None = None) -> None:
        """The goods leave: in the warehouse, in NetSuite and in Shopify at once."""
        order, line = self._touch(name), self._stamped(name)
        ((routed, units),) = order.open_at.items()
        where = place or line.place
        line.committed = line.backordered = 0
        line.shipped, line.status = units, "F"
        transaction = f"{order.number}2"
        self.lines[f"{name}/ship"] = Line(
            "ItemShip", transaction, where, units, order.number, status="C", created_from=line.transaction, stamp=self.now
        )
        self.on_hand[where] -= units
        self.physical[where] -= units
        order.open_at, order.shipped_at = {}, {where: units}
        self._move(order.shop, routed, committed=-units)

    def cash_sale(self, name: str) -> None:
        """The till's sale is booked."""
        order = self.orders[name]
        ((place, units),) = order.shipped_at.items()
        self.lines[f"{name}/cash"] = Line("CashSale", f"{order.number}3", place, units, order.number, stamp=self.now)
        self.on_hand[place] -= units

    def receive_back(self, name: str) -> None:
        """The return is received in NetSuite."""
        ((place, units),) = self.orders[name].shipped_at.items()
        self.on_hand[place] += units

    def transfer_out(self, place: str, units: int) -> None:
        """Goods leave for the other location."""
        self.on_hand[place] -= units
        self.physical[place] -= units
        self.carried_off.append((self.now, place, units))

    def transfer_in(self, place: str, units: int) -> None:
        """Goods arrive."""
        self.on_hand[place] += units
        self.physical[place] += units

    # what each read shows

    def read_lines(self) -> list[dict[str, str | None]]:
        """Return the rows of a read of order lines."""
        return [
            {
                "transaction_id_netsuite": line.transaction,
                "line_id_netsuite": "1",
                "external_id": None,
                "transaction_type": line.kind,
                "status_code": line.status,
                "is_closed": "T" if line.is_closed else "F",
                "item_id_netsuite": self.sku,
                "item_type": "InvtPart",
                "location_id_netsuite": PLACES[line.place],
                "ordered_qty": str(line.ordered),
                "committed_qty": str(line.committed) if line.kind == "SalesOrd" else None,
                "backordered_qty": str(line.backordered) if line.kind == "SalesOrd" else None,
                "shipped_qty": str(line.shipped),
                "created_from_id_netsuite": line.created_from,
                "other_ref_num": f"#{line.order_line}",
                "order_line_id_shopify": line.order_line,
                "transaction_modified_at_utc": instant(line.stamp),
                "line_modified_at_utc": instant(line.stamp),
            }
            for line in self.lines.values()
        ]

    def read_balances(self) -> list[dict[str, str]]:
        """Return the rows of a read of balances."""
        return [
            {
                "item_id_netsuite": self.sku,
                "location_id_netsuite": PLACES[place],
                "on_hand_qty": str(self.on_hand[place]),
                "available_qty": str(max(0, self.on_hand[place] - self._of(place, "committed"))),
                "committed_qty": str(self._of(place, "committed")),
                "backordered_qty": str(self._of(place, "backordered")),
                "in_transit_qty": "0",
                "on_order_qty": "0",
            }
            for place in PLACES
        ]

    def read_orders(self) -> list[Order]:
        """Return the orders that the search shows."""
        return list(copy.deepcopy(self.index).values())

    def read_levels(self) -> list[dict[str, str]]:
        """Return the rows of a read of levels."""
        zero = dict.fromkeys(("reserved_qty", "damaged_qty", "safety_stock_qty", "quality_control_qty", "incoming_qty"), "0")
        return [
            {
                "shop_code": shop,
                "inventory_item_id_shopify": f"{shop}{self.sku}",
                "location_id_shopify": location_id(shop, place),
                "is_active": "true",
                "available_qty": str(units),
                "committed_qty": str(self.committed[shop, place]),
                "on_hand_qty": str(units + self.committed[shop, place]),
                "level_read_at_utc": instant(self.now),
                **zero,
            }
            for (shop, place), units in self.available.items()
        ]

    def _commit(self, line: Line) -> None:
        if line.status != "B":
            return
        free = self.on_hand[line.place] - self._of(line.place, "committed")
        line.committed = max(0, min(line.ordered, free))
        line.backordered = line.ordered - line.committed

    def _of(self, place: str, name: str) -> int:
        return sum(getattr(line, name) for line in self.lines.values() if line.place == place)

    def _touch(self, name: str) -> Order:
        order = self.orders[name]
        order.touched_at = self.now
        return order

    def _stamped(self, name: str) -> Line:
        line = self.lines[f"{name}/order"]
        line.stamp = self.now
        return line

    def _move(self, shop: str, place: str, *, available: int = 0, committed: int = 0) -> None:
        self.available[shop, place] += available
        self.committed[shop, place] += committed


def instant(seconds: int) -> str:
    """Return an instant of the world as vendors write it."""
    return (START + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def location_id(shop: str, place: str) -> str:
    """Return a place's id in a shop."""
    return f"gid://shopify/Location/{PLACES[place]}{list(SHOPS).index(shop)}"
