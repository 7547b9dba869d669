"""Since when channels showed a number above 0, by their receipts; on both databases."""

from datetime import UTC, datetime, timedelta

import pandas as pd

from store import documents, orders
from store.publications import Receipt, record_intent, record_receipt
from store.showings import showings, shown_since

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def publish(engine, hour, units, *, channel="SHOP", place="W", sku="A", outcome="accepted"):
    key = f"k{hour}{channel}{place}{sku}"
    pair = {"shop_code": "", "inventory_item_id_shopify": place, "location_id_shopify": "", "channel_code": channel, "sku": sku}
    pair |= {"location_code": place, "expected_qty": 0, "desired_qty": units, "change_key": key}
    at = NOON + timedelta(hours=hour)
    record_intent(engine, "r", pd.DataFrame([pair]), direction="increase", at_utc=at)
    if outcome:
        told = {"inventory_item_id_shopify": place, "location_id_shopify": "", "outcome": outcome, "message": ""}
        record_receipt(engine, Receipt(key, "accepted", pd.DataFrame([told]), answered_at_utc=at + timedelta(minutes=1)))


def shown(engine, *skus):
    rows = showings(engine, skus)
    hours = (rows["shown_at_utc"] - pd.Timestamp(NOON)) // pd.Timedelta(hours=1)
    found = rows.assign(hour=hours)[["channel_code", "location_code", "sku", "hour", "shown_qty"]]
    return sorted(tuple(row) for row in found.itertuples(index=False))


def test_only_what_began_or_ended_a_showing_is_told(engine):
    for hour, units in enumerate((0, 3, 5, 2, 0, -1, 4, 4)):
        publish(engine, hour, units)
    publish(engine, 1, 9, channel="FEED", place="")
    publish(engine, 2, 9, place="S", outcome="stale")
    publish(engine, 3, 9, place="S", outcome="")
    publish(engine, 4, 1, place="S")
    publish(engine, 1, 7, sku="B")
    assert shown(engine, "A") == [
        ("FEED", "", "A", 1, 9), ("SHOP", "S", "A", 4, 1), ("SHOP", "W", "A", 1, 3), ("SHOP", "W", "A", 4, 0), ("SHOP", "W", "A", 6, 4),
    ]  # fmt: skip
    assert shown(engine, "B", "C") == [("SHOP", "W", "B", 1, 7)]
    assert shown(engine) == []
    assert shown(engine, *map(str, range(700)), "B") == [("SHOP", "W", "B", 1, 7)], "more than one statement can name"
    assert shown_since(engine, NOON + timedelta(hours=4)) == {"A"}
    assert shown_since(engine, NOON) == {"A", "B"}
    assert shown_since(engine, NOON + timedelta(hours=8)) == set()


def test_orders_by_their_names_and_the_cash_sales_of_orders(engine):
    row = {"state_code": "waiting", "last_error": "", "next_action": "", "order_updated_at_utc": None}
    for shop, number in (("G", 1), ("E", 1), ("G", 2)):
        told = row | {"shop_code": shop, "order_id_shopify": f"gid://shopify/Order/{number}", "order_name": f"#{number}"}
        orders.record_states(engine, "r", [told], at_utc=NOON)
    assert orders.named(engine, ["#1", "#9"])["shop_code"].tolist() == ["E", "G"]
    assert orders.named(engine, []).empty
    document = {"shop_code": "G", "order_id_shopify": "o1", "payload_hash": None, "status": "written", "message": ""}
    made = [("SHOPIFY-G-1", "cashSale", "7"), ("SHOPIFY-G-1-E5", "cashSale", "8"), ("SHOPIFY-G-1-E6", "cashSale", None)]
    for name, kind, number in (*made, ("SHOPRMA-G-1", "returnAuthorization", "9")):
        documents.record_written(
            engine, "r", [document | {"external_id": name, "record_type": kind, "netsuite_id": number}], at_utc=NOON
        )
    assert documents.cash_sales_of(engine, ["o1", "o2"]) == {"SHOPIFY-G-1": "7", "SHOPIFY-G-1-E5": "8"}
    assert documents.cash_sales_of(engine, []) == {}
