"""Orders in the small world: placed and acted on in the shop, and compared with what NetSuite has of them."""

from decimal import Decimal

from ruamel.yaml import YAML

from flows.wiring import open_context
from store.documents import known_documents

ITEMS = {
    "tip_item_id": "904",
    "duty_item_id": "905",
    "fee_item_id": "906",
    "gift_card_item_id": "907",
    "custom_item_id": "908",
    "rounding_item_id": "909",
    "adjustment_item_id": "910",
    "allowance_item_id": "911",
}
GATEWAYS = {"shopify_payments": "1", "gift_card": "2", "cash": "3", "shopify_store_credit": "4"}


def follow_to_settlement(world, path, concurrency=None):
    """Let the contract follow orders to their settlement, and the account have the items for it, and stock enough."""
    yaml = YAML()
    contract = yaml.load(path)
    contract["orders"]["items"] |= ITEMS
    contract["orders"] |= {"follow_to": "settlement", "gateways": GATEWAYS}
    contract["account"]["concurrency"] = concurrency or contract["account"]["concurrency"]
    yaml.dump(contract, path)
    with world.world.lock:
        for item in ITEMS.values():
            world.world.db.execute(
                "INSERT INTO ns_item (id, itemid, itemtype, isserialitem, islotitem, isinactive, custom) "
                f"VALUES ({item}, 'CHARGE-{item}', 'OthCharge', 'F', 'F', 'F', '{{}}')"
            )
        world.world.db.execute("UPDATE ns_stock SET quantityonhand = 1000")
        world.world.db.commit()


def variant(shop, sku):
    return next(key for key, row in shop.variants.items() if row["sku"] == sku)


def place(world, lines, **body):
    shop = world.world.shops["GROCER"]
    rows = [{"variant_id": variant(shop, sku), "quantity": count, **more} for sku, count, more in lines]
    with world.world.lock:
        return shop.place_order({"lines": rows, "location_id": "gid://shopify/Location/1001", "tax_rate": "0.0825", **body})


def act(world, action, **body):
    with world.world.lock:
        return world.world.shops["GROCER"].act(action, body)


def of(outcomes, order):
    rows = outcomes.loc[outcomes["order_id_shopify"] == order["id"]]
    return [tuple(row) for row in rows[["record_type", "outcome"]].itertuples(index=False)]


def made(world, order):
    """Return an order's documents in NetSuite: type to totals."""
    with open_context() as context:
        stored = known_documents(context.engine)
    ids = stored.loc[stored["order_id_shopify"] == order["id"], "external_id"]
    found = {}
    for kind, external_id, total in world.world.db.execute("SELECT type, externalid, foreigntotal FROM ns_transaction").fetchall():
        if external_id in set(ids):
            found.setdefault(kind, []).append(Decimal(str(total or 0)))
    return found


def no_duplicates(world):
    rows = world.world.db.execute(
        "SELECT externalid, COUNT(*) FROM ns_transaction WHERE externalid IS NOT NULL GROUP BY 1 HAVING COUNT(*) > 1"
    )
    assert rows.fetchall() == []


def in_balance(world, order):
    """Both systems agree: invoices less credits is the current total, payments less refunds what was paid."""
    from sandbox.shopify.agreements import agreements, payments, refunded_by

    shop = world.world.shops["GROCER"]
    state = shop.orders[order["id"]]
    current = sum(sale.total for one in agreements(shop, state) for sale in one.sales)
    found = made(world, order)
    billed = sum(found.get("CustInvc", []), Decimal(0)) + sum(found.get("CustCred", []), Decimal(0))
    if "CashSale" in found:
        billed = sum(found["CashSale"], Decimal(0)) + sum(found.get("CashRfnd", []), Decimal(0))
    assert billed == current, (found, current)
    if "CashSale" not in found:
        paid = sum(row[0] + row[4] for row in payments(shop, state)) - sum(refunded_by(shop, state, x) for x in state["refunds"])
        tendered = (
            sum(found.get("CustDep", []), Decimal(0))
            + sum(found.get("CustRfnd", []), Decimal(0))
            + sum(found.get("CustPymt", []), Decimal(0))
        )
        assert tendered == paid, (found, paid)
