"""The shop that a recorded answer implies: what must be seeded so that the sandbox can give the same answer.

Only what the sandbox's seed can say is taken: lines, prices, quantities of the levels. Totals, statuses and sums are for
the sandbox to work out, so that they are compared and not copied.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

Found = tuple[str, dict[str, Any]]
TOKEN = "shpat_conformance"
_ANYWHERE = "gid://shopify/Location/1"
_LEVEL_STATES = ("available", "committed", "reserved", "damaged", "quality_control", "safety_stock", "incoming")


def shop_seed(found: list[Found], currency: str = "USD") -> dict[str, Any]:
    """Return the seed of a shop in which these objects are found.

    Args:
        found: type and fields of every object of an answer, children before parents.
        currency: the shop's, where no object says it.
    """
    _tell_children(found)
    levels = list(_levels(found))
    variants = _variants(found, levels)
    for kind, row in found:
        if kind == "MetafieldOwner":
            key = number(row["id"])
            made = {"id": f"gid://shopify/ProductVariant/{key}", "inventory_item_id": f"gid://shopify/InventoryItem/{key}"}
            variants.append(made | {"product_id": row["id"]})
    orders = [_order(row) for row in _merged(found, "Order").values()]
    locations = _locations(found, levels)
    for kind, row in found:
        _, _, item = (row.get("id") or "").partition("?inventory_item_id=") if kind == "InventoryLevel" else ("", "", "")
        for place in locations if item else ():
            if place["id"] == (row.get("location") or {}).get("id", _ANYWHERE):
                place["level_number"] = number(row["id"])
    return {
        "static_tokens": [TOKEN],
        "currency": next(iter(_said(found, "currencyCode")), currency),
        "bucket": {"maximum": 2000, "restore": 100},
        "locations": locations,
        "variants": variants,
        "levels": levels,
        "orders": orders,
        "drafts": [_draft(row) for row in _merged(found, "DraftOrder").values()],
    }


def rows_of(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a connection or list."""
    if isinstance(value, dict):
        edges = [edge.get("node") for edge in value.get("edges") or [] if isinstance(edge, dict)]
        value = value.get("nodes") or edges
    return [row for row in value or [] if isinstance(row, dict)]


def number(gid: str) -> str:
    """Return the number of a global id."""
    return gid.rsplit("/", 1)[1].split("?", maxsplit=1)[0]


def _tell_children(found: list[Found]) -> None:
    """Let levels know their item and place where only their parent was asked for it."""
    for kind, row in found:
        levels = [*rows_of(row.get("inventoryLevels")), *rows_of([row.get("inventoryLevel")])]
        for level in levels if row.get("id") else ():
            level.setdefault({"InventoryItem": "item", "Location": "location"}.get(kind, "parent"), {"id": row["id"]})
        variant = row.get("variant") if kind == "InventoryItem" else None
        if isinstance(variant, dict) and variant.get("id") and row.get("id"):
            variant.setdefault("inventoryItem", {"id": row["id"]})


def _merged(found: list[Found], kind: str) -> dict[str, dict[str, Any]]:
    """Return the objects of a type by id, with everything any of their appearances said."""
    merged: dict[str, dict[str, Any]] = {}
    for name, row in found:
        if name == kind and row.get("id"):
            merged[row["id"]] = merged.get(row["id"], {}) | row
    for name, row in found if kind == "Order" else ():
        # An order told without its id is one we know, if all it says is true of that one.
        if name == kind and row and not row.get("id") and not any(_says_no_more(row, known) for known in merged.values()):
            key = f"gid://shopify/Order/{900_000 + len(merged)}"
            merged[key] = row | {"id": key}
    return merged


def _says_no_more(row: dict[str, Any], known: dict[str, Any]) -> bool:
    return all(name in known and known[name] == value for name, value in row.items())


def _said(found: list[Found], name: str) -> Iterator[Any]:
    for kind, row in found:
        if kind in ("Shop", "Order", "MoneyV2") and row.get(name):
            yield row[name]


def _locations(found: list[Found], levels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    told = _merged(found, "Location")
    seeds = [
        {
            "id": key,
            "name": row.get("name", "Somewhere"),
            "is_active": row.get("isActive", True),
            "fulfills_online_orders": row.get("fulfillsOnlineOrders", True),
        }
        for key, row in told.items()
    ]
    missing = dict.fromkeys(level["location_id"] for level in levels if level["location_id"] not in told)
    seeds += [{"id": key, "name": "Somewhere"} for key in missing]
    return seeds or [{"id": _ANYWHERE, "name": "Somewhere"}]


def _levels(found: list[Found]) -> Iterator[dict[str, Any]]:
    pairs: dict[tuple[str, str], dict[str, Any]] = {}
    for kind, row in found:
        item = (row.get("item") or {}).get("id") or _item_of(row.get("id") or "")
        if kind != "InventoryLevel" or not item:
            continue
        place = (row.get("location") or {}).get("id", _ANYWHERE)
        told = {part["name"]: part["quantity"] for part in row.get("quantities") or [] if "name" in part}
        known = pairs.setdefault((item, place), {"inventory_item_id": item, "location_id": place})
        known |= {name: count for name, count in told.items() if name in _LEVEL_STATES}
        if "on_hand" in told and "committed" not in told:
            # Not asked for, so what makes on hand more than available must be committed to orders.
            known["committed"] = told["on_hand"] - sum(known.get(name, 0) for name in _LEVEL_STATES[:-1] if name != "committed")
    yield from pairs.values()


def _item_of(level_id: str) -> str:
    _, _, item = level_id.partition("?inventory_item_id=")
    return f"gid://shopify/InventoryItem/{item}" if item else ""


def _variants(found: list[Found], levels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    seeds: dict[str, dict[str, Any]] = {}
    items = _merged(found, "InventoryItem")
    for key, row in _merged(found, "ProductVariant").items():
        item = (row.get("inventoryItem") or {}).get("id") or f"gid://shopify/InventoryItem/{number(key)}"
        seeds[item] = _variant(key, item, row, items.get(item, {}))
        held = [level for level in levels if level["inventory_item_id"] == item]
        if row.get("inventoryQuantity") and not held:
            levels.append({"inventory_item_id": item, "location_id": _ANYWHERE, "available": row["inventoryQuantity"]})
    for item in dict.fromkeys([*items, *(level["inventory_item_id"] for level in levels)]):
        if item not in seeds:
            inner = rows_of([items.get(item, {}).get("variant")])
            key = inner[0]["id"] if inner and inner[0].get("id") else f"gid://shopify/ProductVariant/{number(item)}"
            seeds[item] = _variant(key, item, inner[0] if inner else {}, items.get(item, {}))
    return list(seeds.values())


def _variant(key: str, item: str, row: dict[str, Any], about: dict[str, Any]) -> dict[str, Any]:
    product = row.get("product") or {}
    return {
        "id": key,
        "inventory_item_id": item,
        "product_id": product.get("id", f"gid://shopify/Product/{number(key)}"),
        "product_title": product.get("title"),
        "title": row.get("title"),
        "sku": row.get("sku", about.get("sku")),
        "barcode": row.get("barcode"),
        "price": row.get("price", "0.00"),
        "is_tracked": about.get("tracked", True),
        "inventory_policy": row.get("inventoryPolicy", "DENY"),
    }


def _order(row: dict[str, Any]) -> dict[str, Any]:
    lines = [_line(line) for line in rows_of(row.get("lineItems")) or _lines_to_fulfil(row)] or [_whole_order(row)]
    shipping = sum((_amount(part, "originalPriceSet") for part in rows_of(row.get("shippingLines"))), Decimal(0))
    seed = {
        "id": row["id"],
        "name": row.get("name"),
        "created_at": row.get("createdAt") or row.get("processedAt") or row.get("updatedAt"),
        "processed_at": row.get("processedAt"),
        "email": row.get("email"),
        "note": row.get("note"),
        "tags": row.get("tags", []),
        "test": row.get("test", False),
        "po_number": row.get("poNumber"),
        "discount_codes": row.get("discountCodes", []),
        "attributes": {part["key"]: part["value"] for part in row.get("customAttributes") or []},
        "paid": row.get("displayFinancialStatus", "PAID") not in ("PENDING", "AUTHORIZED", "EXPIRED", "VOIDED"),
        "shipping": str(shipping or _amount(row, "totalShippingPriceSet")),
        "tax_rate": str(_tax_rate(row)),
        "fulfilled": row.get("displayFulfillmentStatus") == "FULFILLED",
        "applies_to_stock": False,
        "lines": lines,
    }
    gateways = row.get("paymentGatewayNames") or [part["gateway"] for part in rows_of(row.get("transactions")) if "gateway" in part]
    return seed | ({"gateway": gateways[0]} if gateways else {}) | _titled(row)


def _draft(row: dict[str, Any]) -> dict[str, Any]:
    lines = [_line(line) for line in rows_of(row.get("lineItems"))] or [_whole_order(row)]
    lines = [line | {"id": line["id"].replace("DraftOrderLineItem", "LineItem")} if "id" in line else line for line in lines]
    return {"id": row["id"], "name": row.get("name"), "lines": lines, "reserve_until": row.get("reserveInventoryUntil")}


def _titled(row: dict[str, Any]) -> dict[str, Any]:
    taxes = _tax_lines(row)
    return {"tax_title": taxes[0]["title"]} if taxes and "title" in taxes[0] else {}


def _line(row: dict[str, Any]) -> dict[str, Any]:
    discount = sum((_amount(part, "allocatedAmountSet") for part in row.get("discountAllocations") or []), Decimal(0))
    seed = {
        "title": row.get("title"),
        "sku": row.get("sku"),
        "quantity": row.get("quantity", 1),
        "unit_price": str(_amount(row, "originalUnitPriceSet")),
        "discount": str(discount),
        "variant_id": (row.get("variant") or {}).get("id"),
        "properties": {part["key"]: part["value"] for part in row.get("customAttributes") or []},
        "requires_shipping": row.get("requiresShipping", True),
        "taxable": row.get("taxable", True),
    }
    return seed | ({"id": row["id"]} if row.get("id") else {})


def _lines_to_fulfil(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the lines as the fulfilment orders tell them, where the order itself was not asked for them."""
    parts = [part for routed in rows_of(row.get("fulfillmentOrders")) for part in rows_of(routed.get("lineItems"))]
    told = {part["lineItem"]["id"]: part for part in parts if (part.get("lineItem") or {}).get("id")}
    return [part["lineItem"] | {"quantity": part.get("totalQuantity", 1)} for part in told.values()]


def _whole_order(row: dict[str, Any]) -> dict[str, Any]:
    """Return one line for an order whose lines were not asked for: its price is what the order comes to."""
    worth = next((_amount(row, name) for name in ("subtotalPriceSet", "totalPriceSet", "currentTotalPriceSet") if row.get(name)), 0)
    return {"title": "Not asked for", "quantity": 1, "unit_price": str(worth)}


def _tax_rate(row: dict[str, Any]) -> Any:
    taxes = _tax_lines(row)
    return taxes[0].get("rate", 0) if taxes else 0


def _tax_lines(row: dict[str, Any]) -> list[dict[str, Any]]:
    lines: Iterable[dict[str, Any]] = [tax for line in rows_of(row.get("lineItems")) for tax in rows_of(line.get("taxLines"))]
    return [*rows_of(row.get("taxLines")), *lines]


def _amount(row: dict[str, Any], name: str) -> Decimal:
    money = (row.get(name) or {}).get("shopMoney") or {}
    return Decimal(str(money.get("amount", "0")))


def as_key(seed: dict[str, Any]) -> str:
    """Return a seed as text, to see whether two are the same."""
    return json.dumps(seed, sort_keys=True, default=str)
