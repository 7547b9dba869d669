"""The small world with numbered goods: PHONE has serial numbers, MILK has lots that expire; both were received two days ago.

PHONE: PH-0001 to PH-0004 at the warehouse, PH-0101 at the store 406. MILK: lot M-1 (6 units, expires in 5 days) and M-2 (4,
in 30 days) at the warehouse. Nobody has ordered any.

In the world of things that are made (`built_world`) there are also HANDSET, a serialized assembly of one BOARD (lot B-1, 10 units
at the warehouse), and GIFTBOX, a kit of one PHONE and two MILK.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sandbox.worlds.accounts import PLACE, gid
from sandbox.worlds.documents import iso
from sandbox.worlds.small import small_world

PHONE, MILK = "201", "202"
BOARD, HANDSET, GIFTBOX = "203", "204", "205"
SERIALS = {"WAREHOUSE": ("PH-0001", "PH-0002", "PH-0003", "PH-0004"), "STORE_406": ("PH-0101",)}
LOTS = {"M-1": (6, timedelta(days=5)), "M-2": (4, timedelta(days=30))}
_PRICES = {"PHONE": "199.00", "MILK": "1.19"}


def numbered_world(now: datetime, public_key_pem: str) -> dict[str, Any]:
    """Return the seed of the small world with PHONE and MILK in it, and their truth.

    Args:
        now: an aware instant in UTC.
        public_key_pem: the public key that the NetSuite certificate of the world holds.
    """
    seed = small_world(now, public_key_pem)
    account, shop = seed["netsuite"], seed["shopify"]["GROCER"]
    goods = {"itemtype": "InvtPart"}
    account["items"] += [
        goods | {"id": PHONE, "itemid": "PHONE", "displayname": "Phone", "isserialitem": "T"},
        goods | {"id": MILK, "itemid": "MILK", "displayname": "Milk", "islotitem": "T"},
    ]
    account["receipts"] = _receipts(now)
    units = {("PHONE", place): len(numbers) for place, numbers in SERIALS.items()}
    units["MILK", "WAREHOUSE"] = sum(quantity for quantity, _ in LOTS.values())
    for index, (sku, price) in enumerate(_PRICES.items(), start=91):
        shop["variants"].append(_variant(index, sku, price))
        shop["levels"] += [_level(index, place, units[sku, place]) for place in SERIALS if (sku, place) in units]
    seed["truth"] += [{"sku": sku, "location_code": place, "truth_qty": count} for (sku, place), count in units.items()]
    return seed


def built_world(now: datetime, public_key_pem: str) -> dict[str, Any]:
    """Return the seed of the numbered world with an assembly and a kit of numbered goods in it.

    Args:
        now: an aware instant in UTC.
        public_key_pem: the public key that the NetSuite certificate of the world holds.
    """
    seed = numbered_world(now, public_key_pem)
    account, shop = seed["netsuite"], seed["shopify"]["GROCER"]
    account["items"] += [
        {"id": BOARD, "itemid": "BOARD", "itemtype": "InvtPart", "islotitem": "T"},
        {"id": HANDSET, "itemid": "HANDSET", "itemtype": "Assembly", "isserialitem": "T"},
        {"id": GIFTBOX, "itemid": "GIFTBOX", "itemtype": "Kit"},
    ]
    members = [{"parentitem": GIFTBOX, "item": item, "quantity": count} for item, count in ((PHONE, 1), (MILK, 2))]
    account["kit_members"] = [*account.get("kit_members", []), *members]
    account["assembly_members"] = [{"parentitem": HANDSET, "item": BOARD, "quantity": 1}]
    lot = {"number": "B-1", "quantity": 10}
    at = iso(now - timedelta(days=2))
    account["receipts"].append({"item": BOARD, "location": "1", "quantity": 10, "numbers": [lot], "created_at": at})
    for index, (sku, price) in enumerate({"HANDSET": "299.00", "GIFTBOX": "205.00"}.items(), start=93):
        shop["variants"].append(_variant(index, sku, price))
        shop["levels"].append(_level(index, "WAREHOUSE", 0))
    seed["truth"].append({"sku": "BOARD", "location_code": "WAREHOUSE", "truth_qty": 10})
    return seed


def _receipts(now: datetime) -> list[dict[str, Any]]:
    at = iso(now - timedelta(days=2))
    phones = [
        {
            "item": PHONE,
            "location": PLACE[place].netsuite_ids[0],
            "quantity": len(numbers),
            "numbers": list(numbers),
            "created_at": at,
        }
        for place, numbers in SERIALS.items()
    ]
    lots = [
        {"number": lot, "quantity": quantity, "expiration_date": (now + life).strftime("%Y-%m-%d")}
        for lot, (quantity, life) in LOTS.items()
    ]
    return [*phones, {"item": MILK, "location": "1", "quantity": 10, "numbers": lots, "created_at": at}]


def _variant(index: int, sku: str, price: str) -> dict[str, Any]:
    number = 10_000 + index
    return {
        "id": gid("ProductVariant", number),
        "inventory_item_id": gid("InventoryItem", number),
        "product_id": gid("Product", number),
        "title": sku.title(),
        "sku": sku,
        "price": price,
        "is_tracked": True,
    }


def _level(index: int, place: str, available: int) -> dict[str, Any]:
    location = gid("Location", PLACE[place].shopify_ids["GROCER"])
    return {"inventory_item_id": gid("InventoryItem", 10_000 + index), "location_id": location, "available": available}
