"""One shop's state: its credentials, and the orders as the search shows them; what happens in it is in its bases."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.clock import Clock
from sandbox.shopify.access import with_implied
from sandbox.shopify.bucket import Bucket
from sandbox.shopify.installation import VERSIONS, change_definitions, change_metafields, change_scopes, change_versions
from sandbox.shopify.metafields import Metafields
from sandbox.shopify.order_actions import Order
from sandbox.shopify.shipping import Shipping

RECENT = timedelta(days=60)


class Shop(Shipping):
    """The state of one shop.

    Args:
        code: our name for it.
        seed: what it begins with (`sandbox/README.md`).
        clock: the world's clock.
    """

    def __init__(self, code: str, seed: dict[str, Any], clock: Clock) -> None:
        super().__init__(seed, clock)
        self.code, self.seed = code, seed
        self.currency = seed.get("currency", "USD")
        self.taxes_included = bool(seed.get("taxes_included", False))
        self.timezone = ZoneInfo(seed.get("timezone", "UTC"))
        self.scopes: list[str] = seed.get("scopes", [])
        self.bucket = Bucket(**seed.get("bucket", {"maximum": 2000, "restore": 100}))
        self.tokens: dict[str, datetime | None] = {}
        self.narrow: dict[str, frozenset[str]] = {}
        for given in seed.get("static_tokens", []):
            row = {"token": given} if isinstance(given, str) else given
            self.tokens[row["token"]] = None
            if "scopes" in row:
                self.narrow[row["token"]] = with_implied(frozenset(row["scopes"]))
        self.orders: dict[str, Order] = {}
        self.drafts: dict[str, dict[str, Any]] = {}
        self.index: dict[str, Order] = {}
        self.pending: list[tuple[datetime, Order]] = []
        self.lag = timedelta(0)
        self.idempotency: dict[str, tuple[datetime, str, Any]] = {}
        self.bulk: dict[str, dict[str, Any]] = {}
        self.origin = ""
        self._next = 900_000_000
        self.versions: list[dict[str, Any]] = seed.get("api_versions", VERSIONS)
        self.metafields = Metafields(self.new_id, self.clock.now)
        for row in seed.get("metafield_definitions", []):
            self.metafields.define(row)
        for key, row in self.variants.items():
            self.metafields.seed(key, row.get("metafields", {}))
            self.metafields.seed(row.get("product_id", ""), row.get("product_metafields", {}))
        for row in seed.get("orders", []):
            self.place_order(row)
        for row in seed.get("drafts", []):
            self.open_draft(row)

    def act(self, action: str, body: dict[str, Any]) -> dict[str, Any]:
        """Do what the control endpoint asks.

        Raises:
            KeyError: the action or something it names is unknown.
            ValueError: it cannot be done.
        """
        actions: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "orders": self.place_order,
            "fulfil": self.fulfil,
            "cancel_fulfilment": self.cancel_fulfilment,
            "cancel": self.cancel,
            "refund": self.refund,
            "edit": self.edit,
            "route": self.route,
            "move": self.move,
            "drafts": self.open_draft,
            "complete_draft": self.complete_draft,
            "delete_draft": self.delete_draft,
            "levels": self.change_level,
            "lag": self.set_lag,
            "locations": self.change_location,
            "change_order": self.change_order,
            "metafields": lambda given: change_metafields(self, given),
            "metafield_definition": lambda given: change_definitions(self, given),
            "scopes": lambda given: change_scopes(self, given),
            "api_versions": lambda given: change_versions(self, given),
        }
        self.settle()
        return actions[action](body)

    def place_order(self, body: dict[str, Any]) -> Order:
        """Place an order, with the metafields of its seed."""
        made = super().place_order(body)
        self.metafields.seed(made["id"], body.get("metafields", {}))
        return made

    def has_owner(self, key: str) -> bool:
        """Tell whether there is an order, variant or product of that id."""
        return key in self.orders or key in self.variants or any(row.get("product_id") == key for row in self.variants.values())

    def new_id(self, kind: str) -> str:
        """Return a new id of a kind."""
        self._next += 1
        return f"gid://shopify/{kind}/{self._next}"

    def scopes_of(self, token: str) -> frozenset[str] | None:
        """Return what a token may do; None for everything, where neither the token nor the seed states scopes."""
        if token in self.narrow:
            return self.narrow[token]
        return with_implied(frozenset(self.scopes)) if "scopes" in self.seed else None

    def is_visible(self, order: Order, scopes: frozenset[str] | None) -> bool:
        """Tell whether an order is shown: those older than 60 days need `read_all_orders` (documentation)."""
        return scopes is None or "read_all_orders" in scopes or bool(order["created_at"] >= self.clock.now() - RECENT)

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

    def touch(self, order: Order, at: datetime) -> None:
        """Note that an order changed; the search learns it now, or after its lag."""
        order["updated_at"] = max(order["updated_at"], at)
        if self.lag:
            self.pending.append((self.clock.now() + self.lag, copy.deepcopy(order)))
        else:
            self.index[order["id"]] = order
