"""The query root: what may be asked of a shop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from typing import Any

from sandbox.shopify.connections import Key, connection, number
from sandbox.shopify.executor import Context, not_modelled
from sandbox.shopify.installation import installation_node, version_nodes
from sandbox.shopify.inventory_nodes import item_node, level_node, location_node, variant_node
from sandbox.shopify.metafields import definition_node
from sandbox.shopify.order_actions import Order
from sandbox.shopify.order_nodes import draft_node, financial_status, line_node, order_node, refund_node
from sandbox.shopify.search import Filters, Search, is_flag, is_number, is_text
from sandbox.shopify.shipping_nodes import fulfillment_node, fulfillment_order_node
from sandbox.shopify.shop import Shop

_ORDER_KEYS: dict[str, Callable[[Order], Key]] = {
    "UPDATED_AT": lambda order: (order["updated_at"], number(order["id"])),
    "CREATED_AT": lambda order: (order["created_at"], number(order["id"])),
    "PROCESSED_AT": lambda order: (order["created_at"], number(order["id"])),
    "ID": lambda order: (number(order["id"]), number(order["id"])),
}
_STATUSES: dict[str, Callable[[Order], bool]] = {
    "any": lambda _: True,
    "open": lambda order: not order["cancelled_at"] and not order["body"].get("closed"),
    "closed": lambda order: bool(order["body"].get("closed")),
    "not_closed": lambda order: not order["body"].get("closed"),
    "cancelled": lambda order: bool(order["cancelled_at"]),
}


def query_root(shop: Shop, search: Search | None = None, context: Context | None = None) -> dict[str, Any]:
    """Return the root's fields.

    Args:
        shop: the shop asked.
        search: takes the searches of the request.
        context: the request's scopes.
    """
    context = context or Context(None)
    return _Roots(shop, search or Search(UTC, context), context).fields()


class _Roots:
    """The root's fields, for one request."""

    def __init__(self, shop: Shop, search: Search, context: Context) -> None:
        self.shop, self.search, self.context = shop, search, context

    def fields(self) -> dict[str, Any]:
        """Return them by name."""
        shop = self.shop
        return {
            "__typename": "QueryRoot",
            "orders": self.orders,
            "order": lambda id: self.find(id, "Order"),  # noqa: A006
            "draftOrders": self.draft_orders,
            "draftOrder": lambda id: self.find(id, "DraftOrder"),  # noqa: A006
            "fulfillment": lambda id: self.find(id, "Fulfillment"),  # noqa: A006
            "fulfillmentOrder": lambda id: self.find(id, "FulfillmentOrder"),  # noqa: A006
            "refund": lambda id: self.find(id, "Refund"),  # noqa: A006
            "locations": self.locations,
            "location": lambda id=None: location_node(shop, id or next(iter(shop.locations)), self.search),  # noqa: A006
            "productVariants": self.variants,
            "productVariant": lambda id: variant_node(shop, id),  # noqa: A006
            "inventoryItem": lambda id: item_node(shop, id, self.search),  # noqa: A006
            "inventoryItems": self.items,
            "inventoryLevel": lambda id: self.find(id, "InventoryLevel"),  # noqa: A006
            "metafieldDefinitions": self.definitions,
            "metafieldDefinition": self.definition,
            "currentAppInstallation": lambda: installation_node(self.context.scopes),
            "publicApiVersions": lambda: version_nodes(shop),
            "nodes": lambda ids: [self.find(key) for key in ids],
            "node": self.find,
            "shop": {"__typename": "Shop", "id": shop.seed.get("id", "gid://shopify/Shop/1")}
            | {"name": shop.seed.get("name", shop.code), "currencyCode": shop.currency}
            | {"taxesIncluded": shop.taxes_included, "ianaTimezone": str(shop.timezone)},
        }

    def orders(self, query: str | None = None, sortKey: str = "PROCESSED_AT", **given: Any) -> Any:  # noqa: N803 - the schema's name
        """Return the orders that a search finds."""
        if sortKey not in _ORDER_KEYS:
            raise not_modelled(f"orders by {sortKey}")
        matches = self.search.matcher("orders", query, self._order_filters())
        shown = (order for order in self.shop.searchable() if self.shop.is_visible(order, self.context.scopes))
        found = sorted((order for order in shown if matches(order)), key=_ORDER_KEYS[sortKey])
        return connection(found, given, lambda order: order_node(self.shop, order), _ORDER_KEYS[sortKey])

    def draft_orders(self, query: str | None = None, **given: Any) -> Any:
        """Return the drafts that a search finds, by id."""
        filters: Filters = {
            "id": lambda draft, term: is_number(draft["id"], term),
            "status": lambda draft, term: is_text(draft["status"], term),
            "updated_at": lambda draft, term: self.search.is_at(draft["updated_at"], term),
            "created_at": lambda draft, term: self.search.is_at(draft["created_at"], term),
        }
        matches = self.search.matcher("draftOrders", query, filters)
        found = sorted((row for row in self.shop.drafts.values() if matches(row)), key=lambda row: number(row["id"]))
        return connection(found, given, lambda row: draft_node(self.shop, row), lambda row: (number(row["id"]), number(row["id"])))

    def locations(self, includeInactive: bool = False, includeLegacy: bool = False, **given: Any) -> Any:  # noqa: N803, ARG002
        """Return the locations by name (recorded); none is a fulfilment service's."""
        rows = [(row["name"], number(key), key) for key, row in self.shop.locations.items()]
        found = sorted(row for row in rows if includeInactive or self.shop.locations[row[2]].get("is_active", True))
        return connection(found, given, lambda row: location_node(self.shop, row[2], self.search), lambda row: row[:2])

    def variants(self, query: str | None = None, **given: Any) -> Any:
        """Return the variants that a search finds, by id."""
        filters: Filters = {
            "id": is_number,
            "sku": lambda key, term: is_text(self.shop.variants[key].get("sku"), term),
            "barcode": lambda key, term: is_text(self.shop.variants[key].get("barcode"), term),
        }
        matches = self.search.matcher("productVariants", query, filters)
        found = sorted((key for key in self.shop.variants if matches(key)), key=number)
        return connection(found, given, lambda key: variant_node(self.shop, key), lambda key: (number(key), number(key)))

    def items(self, query: str | None = None, **given: Any) -> Any:
        """Return the inventory items that a search finds, by id."""
        filters: Filters = {"id": is_number, "sku": lambda key, term: is_text(self.shop.items[key].get("sku"), term)}
        matches = self.search.matcher("inventoryItems", query, filters)
        found = sorted((key for key in self.shop.items if matches(key)), key=number)
        return connection(found, given, lambda key: item_node(self.shop, key), lambda key: (number(key), number(key)))

    def definitions(self, ownerType: str, namespace: str | None = None, key: str | None = None, **given: Any) -> Any:  # noqa: N803
        """Return the metafield definitions of an owner type, by id."""
        rows = [
            row
            for row in self.shop.metafields.definitions.values()
            if row["owner_type"] == ownerType and namespace in (None, row["namespace"]) and key in (None, row["key"])
        ]
        found = sorted(rows, key=lambda row: number(row["id"]))
        return connection(found, given, definition_node, lambda row: (number(row["id"]), number(row["id"])))

    def definition(self, id: str | None = None, identifier: dict[str, Any] | None = None) -> Any:  # noqa: A002
        """Return a metafield definition by id or by owner type, namespace and key."""
        store = self.shop.metafields
        wanted = identifier or {}
        row = store.definitions.get(id) if id else store.definition(wanted["ownerType"], (wanted["namespace"], wanted["key"]))
        return definition_node(row) if row else None

    def find(self, id: str, kind: str | None = None) -> Any:  # noqa: A002 - the schema's name
        """Return the object of an id, None where there is none.

        Raises:
            GraphQLError: its type is not modelled.
        """
        shop, key = self.shop, id
        given = key.removeprefix("gid://shopify/").split("/")[0]
        finders: dict[str, Callable[[], Any]] = {
            "Order": lambda: self._order(key),
            "DraftOrder": lambda: draft_node(shop, shop.drafts[key]) if key in shop.drafts else None,
            "Location": lambda: location_node(shop, key, self.search),
            "InventoryItem": lambda: item_node(shop, key),
            "InventoryLevel": lambda: self._level(key),
            "ProductVariant": lambda: variant_node(shop, key),
            "Fulfillment": lambda: self._part("fulfillments", key),
            "FulfillmentOrder": lambda: self._part("fulfillment_orders", key),
            "Refund": lambda: self._part("refunds", key),
        }
        if given not in finders:
            raise not_modelled(f"node of type {given}")
        return finders[given]() if kind in (None, given) else None

    def _order(self, key: str) -> Any:
        order = self.shop.orders.get(key)
        return order_node(self.shop, order) if order and self.shop.is_visible(order, self.context.scopes) else None

    def _level(self, key: str) -> Any:
        told, _, item = key.rsplit("/", 1)[1].partition("?inventory_item_id=")
        place = next((place for place in self.shop.locations if self.shop.level_number(place) == told), "")
        return level_node(self.shop, f"gid://shopify/InventoryItem/{item}", place)

    def _part(self, kind: str, key: str) -> Any:
        """Return the fulfilment, fulfilment order or refund of an id, or None."""
        for order in self.shop.orders.values():
            for row in order[kind]:
                if row["id"] == key:
                    return self._part_node(kind, order, row)
        return None

    def _part_node(self, kind: str, order: Order, row: dict[str, Any]) -> Any:
        if kind == "refunds":
            return refund_node(self.shop, order, row)
        node = {"fulfillments": fulfillment_node, "fulfillment_orders": fulfillment_order_node}[kind]
        return node(self.shop, order, row, lambda line: line_node(self.shop, order, line))

    def _order_filters(self) -> Filters:
        return {
            "id": lambda order, term: is_number(order["id"], term),
            "name": lambda order, term: is_text(order["name"].lstrip("#"), term) or is_text(order["name"], term),
            "updated_at": lambda order, term: self.search.is_at(order["updated_at"], term),
            "created_at": lambda order, term: self.search.is_at(order["created_at"], term),
            "processed_at": lambda order, term: self.search.is_at(order["created_at"], term),
            "test": lambda order, term: is_flag(bool(order["body"].get("test", False)), term),
            "status": lambda order, term: _has_status(order, term.value),
            "financial_status": lambda order, term: is_text(financial_status(self.shop, order), term),
            "tag": lambda order, term: term.value in order["body"].get("tags", []),
        }


def _has_status(order: Order, status: str) -> bool:
    if status not in _STATUSES:
        raise not_modelled(f"orders of status {status}")
    return _STATUSES[status](order)
