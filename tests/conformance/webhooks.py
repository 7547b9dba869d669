"""Webhook samples against the sandbox: an order or level seeded from a payload must say over GraphQL what the payload says.

The payloads are REST-shaped and some of their ids are rounded as floats, which is why ids are taken from the gid. Samples of
other topics have nothing that the sandbox serves.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from domain.order_facts import number_of
from tests.conformance.compare import Difference, Family, compare
from tests.conformance.implied_state import shop_seed
from tests.conformance.recordings import documents
from tests.conformance.running import ShopClient

Row = dict[str, Any]
_MONEY = "{ shopMoney { amount currencyCode } }"
_ORDER = f"""query Order($id: ID!) {{ order(id: $id) {{ id name currencyCode test
  subtotalPriceSet {_MONEY} totalPriceSet {_MONEY} totalTaxSet {_MONEY} totalShippingPriceSet {_MONEY} totalDiscountsSet {_MONEY}
  lineItems(first: 250) {{ nodes {{ id title sku quantity requiresShipping originalUnitPriceSet {_MONEY} }} }} }} }}"""
_LEVEL = """query Level($item: ID!, $location: ID!) { inventoryItem(id: $item) {
  inventoryLevel(locationId: $location) { quantities(names: ["available"]) { quantity } } } }"""


def webhooks(archive: Path, shop: ShopClient) -> Family:
    """Return what became of the samples."""
    family = Family("Shopify webhook samples")
    for name, payload in documents(archive):
        family.found += 1
        if isinstance(payload, dict) and payload.get("line_items") and "subtotal_price" in payload and "/orders/" in f"/{name}":
            _compare_order(name, payload, shop, family)
        elif isinstance(payload, dict) and name.endswith(("inventory_levels/update", "inventory_levels/connect")):
            _compare_level(name, payload, shop, family)
        else:
            family.left_out["neither an order with its lines nor a level with its quantity"] += 1
    return family


def _compare_order(name: str, payload: Row, shop: ShopClient, family: Family) -> None:
    gid = payload["admin_graphql_api_id"]
    lines = [_line(row) for row in payload["line_items"]]
    shipping = sum((Decimal(row["price"]) for row in payload["shipping_lines"]), Decimal(0))
    order = {"id": gid, "name": payload["name"], "created_at": payload["created_at"], "lines": lines, "shipping": str(shipping)}
    shop.begin(shop_seed([], payload["currency"]) | {"orders": [order | {"test": payload["test"], "applies_to_stock": False}]})
    answered = shop.ask(_ORDER, {"id": gid}).get("data", {}).get("order")
    _settle(family, name, _told(payload), answered)


def _compare_level(name: str, payload: Row, shop: ShopClient, family: Family) -> None:
    level_gid = payload["admin_graphql_api_id"]
    item = f"gid://shopify/InventoryItem/{level_gid.rpartition('=')[2]}"
    place = f"gid://shopify/Location/{payload['location_id']}"
    units = [{"name": "available", "quantity": payload["available"]}]
    shop.begin(shop_seed([("InventoryLevel", {"item": {"id": item}, "location": {"id": place}, "quantities": units})]))
    answered = shop.ask(_LEVEL, {"item": item, "location": place}).get("data")
    told = {"inventoryItem": {"inventoryLevel": {"quantities": [{"quantity": payload["available"]}]}}}
    _settle(family, name, told, answered)


def _settle(family: Family, name: str, recorded: Any, answered: Any) -> None:
    family.covered += 1
    count, found = compare(name, recorded, answered)
    family.values += count
    family.differences += found


def _line(row: Row) -> Row:
    discount = sum((Decimal(part["amount"]) for part in row["discount_allocations"]), Decimal(0))
    return {
        "id": row["admin_graphql_api_id"],
        "title": row["title"],
        "sku": row["sku"],
        "quantity": row["quantity"],
        "unit_price": row["price"],
        "discount": str(discount),
        "requires_shipping": row["requires_shipping"],
    }


def _told(payload: Row) -> Row:
    """Return what GraphQL must say of a payload: amounts are decimals, told without needless zeros."""
    return {
        "id": payload["admin_graphql_api_id"],
        "name": payload["name"],
        "currencyCode": payload["currency"],
        "test": payload["test"],
        **{
            field: _money(payload[source], payload["currency"])
            for field, source in (
                ("subtotalPriceSet", "subtotal_price_set"),
                ("totalPriceSet", "total_price_set"),
                ("totalTaxSet", "total_tax_set"),
                ("totalShippingPriceSet", "total_shipping_price_set"),
                ("totalDiscountsSet", "total_discounts_set"),
            )
        },
        "lineItems": {
            "nodes": [
                {
                    "id": row["admin_graphql_api_id"],
                    "title": row["title"],
                    "sku": row["sku"],
                    "quantity": row["quantity"],
                    "requiresShipping": row["requires_shipping"],
                    "originalUnitPriceSet": _money(row["price_set"], payload["currency"]),
                }
                for row in payload["line_items"]
            ]
        },
    }


def _money(bag: Row, currency: str) -> Row:
    amount = Decimal(bag["shop_money"]["amount"]).normalize()
    # Recorded: at least one digit after the point.
    return {"shopMoney": {"amount": f"{amount:f}" if amount % 1 else f"{amount:.1f}", "currencyCode": currency}}


def rounded_ids(archive: Path) -> tuple[int, list[Difference]]:
    """Return how many payloads tell an id as a number and as a gid, and those whose number is not the gid's.

    They differ by what a float cannot hold; the gid's number is the one that GraphQL knows.
    """
    both = [(name, row) for name, row in documents(archive) if isinstance(row, dict) and {"id", "admin_graphql_api_id"} <= set(row)]
    wrong = [(name, row) for name, row in both if str(row["id"]) != number_of(row["admin_graphql_api_id"])]
    return len(both), [Difference(name, "id", row["admin_graphql_api_id"], row["id"]) for name, row in wrong]
