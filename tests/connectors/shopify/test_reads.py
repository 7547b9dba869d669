"""Reads of a shop over a real socket: the small world comes back whole, in the catalogue's columns."""

import json
from datetime import timedelta

import pandas as pd
import pytest

from connectors.shopify.read_catalog import read_locations, read_variants
from connectors.shopify.read_levels import read_levels, read_levels_of
from connectors.shopify.read_orders import OPTIONAL, read_orders, read_orders_by_id
from contract.errors import FatalError, RetriableError
from contract.frames import conform
from contract.tables import TABLES
from tests.connectors.shopify.conftest import NOW, RUN

SINCE = NOW - timedelta(days=60)
WAREHOUSE, STORE = "gid://shopify/Location/1001", "gid://shopify/Location/1002"
COUNTS = ["ordered_qty", "current_qty"]


def shop_of(sandbox):
    return sandbox.world.shops["GROCER"]


def place(sandbox, count: int = 1, **more):
    variants = list(shop_of(sandbox).variants)[:1] * count
    lines = [{"variant_id": variant, "quantity": 1, "unit_price": "1.00"} for variant in variants]
    return shop_of(sandbox).place_order({"lines": lines, "location_id": WAREHOUSE, **more})


def test_locations_and_variants(sandbox, client):
    locations, variants = read_locations(client, **RUN), read_variants(client, **RUN)
    assert set(locations["location_id_shopify"]) == set(shop_of(sandbox).locations)
    assert set(variants["variant_id_shopify"]) == set(shop_of(sandbox).variants)
    for name, frame in (("raw_shopify__locations", locations), ("raw_shopify__variants", variants)):
        assert tuple(frame.columns) == TABLES[name].columns
        conform(name, frame)
    assert set(locations["is_active"]) == {"true"}


def test_a_location_that_is_closed_is_read_too(sandbox, client):
    shop_of(sandbox).change_location({"id": STORE, "is_active": False})
    frame = read_locations(client, **RUN).set_index("location_id_shopify")
    assert frame.loc[STORE, "is_active"] == "false"


def test_levels_hold_all_eight_quantities_and_the_shops_instant(sandbox, client):
    frame = read_levels(client, [WAREHOUSE, STORE, WAREHOUSE], **RUN)
    conform("raw_shopify__levels", frame)
    assert len(frame) == len(shop_of(sandbox).levels)
    for row in frame.to_dict("records"):
        level = shop_of(sandbox).levels[row["inventory_item_id_shopify"], row["location_id_shopify"]]
        assert {name: int(row[f"{name}_qty"]) for name in level if name != "updated_at"} == {
            name: value for name, value in level.items() if name != "updated_at"
        }
        assert int(row["on_hand_qty"]) == sum(value for name, value in level.items() if name not in ("updated_at", "incoming"))
        assert pd.Timestamp(row["level_read_at_utc"]) >= pd.Timestamp(NOW)


def test_levels_are_read_page_by_page(sandbox, client):
    shop = shop_of(sandbox)
    for number in range(260):
        item = f"gid://shopify/InventoryItem/7{number:05}"
        shop.items[item] = {"inventory_item_id": item, "sku": f"S{number}"}
        shop.level(item, STORE)["available"] = number
    counts: list[int] = []
    frame = read_levels(client, [STORE], on_page=counts.append, **RUN)
    assert counts[0] == 250
    assert counts[-1] == len(frame) > 260


def test_a_location_that_is_not_there_stops(client):
    with pytest.raises(FatalError, match="check the contract's ids"):
        read_levels(client, ["gid://shopify/Location/404"], **RUN)


def test_levels_of_given_pairs(sandbox, client):
    shop = shop_of(sandbox)
    there = sorted(shop.levels)[:3]
    pairs = [*there, there[0], ("gid://shopify/InventoryItem/404", WAREHOUSE), (there[0][0], "gid://shopify/Location/404")]
    frame = read_levels_of(client, pairs, **RUN)
    key = ["inventory_item_id_shopify", "location_id_shopify"]
    assert sorted(frame[key].itertuples(index=False, name=None)) == there
    whole = read_levels(client, list(shop.locations), **RUN)
    both = frame.merge(whole, on=["shop_code", *key], validate="one_to_one", suffixes=("", "_whole"))
    assert (both["available_qty"] == both["available_qty_whole"]).all()


def test_no_levels_make_an_empty_frame(client):
    frame = read_levels(client, [], **RUN)
    assert frame.empty
    assert tuple(frame.columns) == TABLES["raw_shopify__levels"].columns


def test_orders_of_every_kind(sandbox, client):
    frames = read_orders(client, updated_since=SINCE, **RUN)
    for name, frame in frames.items():
        assert tuple(frame.columns) == TABLES[name].columns
        conform(name, frame)
    orders = frames["raw_shopify__orders"]
    assert set(orders["order_id_shopify"]) == set(shop_of(sandbox).orders)
    first = orders.set_index("name").loc["#G1001"]
    # 1.98 + 4.95 shipping + 0.16 tax, as the world's own comment works out
    assert (first["subtotal_amount"], first["shipping_amount"], first["tax_amount"], first["total_amount"]) == (
        "1.98",
        "4.95",
        "0.16",
        "7.09",
    )
    assert json.loads(first["custom_attributes"]) == [{"key": "utm_source", "value": "newsletter"}]
    assert json.loads(first["tax_lines"])[0]["amount"] == "0.16"
    assert first["is_test"] == "false"
    assert pd.isna(first["staff_name"])
    lines = frames["raw_shopify__order_lines"]
    assert lines["order_line_id_shopify"].is_unique
    assert set(lines["order_id_shopify"]) == set(orders["order_id_shopify"])


def test_fulfilled_cancelled_and_refunded_units(sandbox, client):
    shop = shop_of(sandbox)
    placed = place(sandbox, count=3)
    ids = placed["line_ids"]
    shop.fulfil({"order_id": placed["id"], "quantities": {ids[0]: 1}})
    shop.refund({"order_id": placed["id"], "quantities": {ids[0]: 1}, "restock_type": "RETURN"})
    shop.cancel({"order_id": placed["id"]})
    frames = read_orders_by_id(client, [placed["id"]], **RUN)
    shipped, refunds = frames["raw_shopify__fulfillments"], frames["raw_shopify__refunds"]
    assert shipped[["order_line_id_shopify", "fulfilled_qty", "location_id_shopify"]].to_numpy().tolist() == [
        [ids[0], "1", WAREHOUSE]
    ]
    told = sorted(refunds[["order_line_id_shopify", "restock_type", "is_restocked"]].itertuples(index=False, name=None))
    assert told == sorted([(ids[0], "RETURN", "true"), (ids[1], "CANCEL", "true"), (ids[2], "CANCEL", "true")])
    assert frames["raw_shopify__orders"]["cancelled_at_utc"].notna().all()
    routed = frames["raw_shopify__fulfillment_order_lines"]
    assert set(routed["remaining_qty"]) == {"0"}
    assert set(routed["status_code"]) == {"CLOSED"}


@pytest.mark.parametrize("count", [12, 13, 40, 251, 300])
def test_an_order_of_any_length_is_whole(sandbox, client, count):
    placed = place(sandbox, count=count)
    shop_of(sandbox).fulfil({"order_id": placed["id"], "quantities": dict.fromkeys(placed["line_ids"][:5], 1)})
    frames = read_orders(client, updated_since=SINCE, **RUN)
    mine = {name: frame.loc[frame["order_id_shopify"] == placed["id"]] for name, frame in frames.items()}
    assert mine["raw_shopify__order_lines"]["order_line_id_shopify"].tolist() == placed["line_ids"]
    assert mine["raw_shopify__order_lines"]["position"].tolist() == [str(number) for number in range(1, count + 1)]
    assert set(mine["raw_shopify__fulfillment_order_lines"]["order_line_id_shopify"]) == set(placed["line_ids"])
    assert len(mine["raw_shopify__fulfillments"]) == 5


@pytest.mark.parametrize("count", [9, 10, 11, 30])
def test_an_order_of_many_fulfilments_and_refunds_is_whole(sandbox, client, count):
    shop = shop_of(sandbox)
    placed = place(sandbox, count=count)
    for line_id in placed["line_ids"]:
        shop.fulfil({"order_id": placed["id"], "quantities": {line_id: 1}})
        shop.refund({"order_id": placed["id"], "quantities": {line_id: 1}, "restock_type": "RETURN"})
    frames = read_orders_by_id(client, [placed["id"]], **RUN)
    assert set(frames["raw_shopify__fulfillments"]["order_line_id_shopify"]) == set(placed["line_ids"])
    assert set(frames["raw_shopify__refunds"]["order_line_id_shopify"]) == set(placed["line_ids"])


def test_an_order_of_many_fulfilment_orders_is_whole(sandbox, client):
    placed = place(sandbox, count=5)
    order = shop_of(sandbox).orders[placed["id"]]
    (whole,) = order["fulfillment_orders"]
    order["fulfillment_orders"] = [
        {**whole, "id": f"{whole['id']}{number}", "lines": [line]} for number, line in enumerate(whole["lines"])
    ]
    routed = read_orders_by_id(client, [placed["id"]], **RUN)["raw_shopify__fulfillment_order_lines"]
    assert routed["order_line_id_shopify"].tolist() == placed["line_ids"]


def test_many_orders_are_read_page_by_page(sandbox, client):
    for _ in range(70):
        place(sandbox)
    counts: list[int] = []
    frames = read_orders(client, updated_since=SINCE, on_page=counts.append, **RUN)
    assert counts[:2] == [33, 66]
    assert set(frames["raw_shopify__orders"]["order_id_shopify"]) == set(shop_of(sandbox).orders)


def test_an_order_updated_while_we_page_is_read_once_and_newest(sandbox, client):
    first, *_ = [place(sandbox) for _ in range(40)]
    sandbox.world.clock.set(NOW + timedelta(minutes=5))

    def change(count: int) -> None:
        if count == 33:
            shop_of(sandbox).fulfil({"order_id": first["id"]})

    since = NOW
    frames = read_orders(client, updated_since=since, on_page=change, **RUN)
    orders = frames["raw_shopify__orders"]
    assert orders["order_id_shopify"].is_unique
    assert first["id"] in set(frames["raw_shopify__fulfillments"]["order_id_shopify"])


def test_the_window_is_half_open(sandbox, client):
    inside, after = NOW - timedelta(minutes=3), NOW - timedelta(minutes=2)
    a = place(sandbox, created_at=inside.isoformat())
    b = place(sandbox, created_at=after.isoformat())
    frames = read_orders(client, updated_since=inside, updated_until=after, **RUN)
    found = set(frames["raw_shopify__orders"]["order_id_shopify"])
    assert a["id"] in found
    assert b["id"] not in found


def test_orders_by_id_do_not_wait_for_the_search(sandbox, client):
    shop_of(sandbox).set_lag({"seconds": 3600})
    placed = place(sandbox)
    found = read_orders(client, updated_since=SINCE, **RUN)["raw_shopify__orders"]
    assert placed["id"] not in set(found["order_id_shopify"])
    by_id = read_orders_by_id(client, [placed["id"], placed["id"], "gid://shopify/Order/404"], **RUN)["raw_shopify__orders"]
    assert by_id["order_id_shopify"].tolist() == [placed["id"]]


def test_metafields_by_name(sandbox, client):
    placed = place(sandbox, metafields={"custom.gift": "yes", "custom.other": "no"})
    frame = read_orders(client, updated_since=SINCE, metafields=["custom.gift", "custom.absent"], **RUN)["raw_shopify__orders"]
    told = frame.set_index("order_id_shopify")["metafields"]
    assert json.loads(told[placed["id"]]) == {"custom.gift": "yes"}
    assert set(told.drop(placed["id"])) == {"{}"}


def test_a_page_that_repeats_stops(sandbox, client, monkeypatch):
    page = next(
        client.pages(
            "orders", "orders", {"query": "updated_at:>='2026-01-01T00:00:00Z'", "lines": 12}, what="orders", optional=OPTIONAL
        )
    )
    monkeypatch.setattr(client, "pages", lambda *_, **__: iter([page, page]))
    with pytest.raises(RetriableError, match="comes twice: a page repeats"):
        read_orders(client, updated_since=SINCE, **RUN)


def test_a_key_that_stands_twice_stops(client, monkeypatch):
    page = next(client.pages("levels", "location.inventoryLevels", {"location": WAREHOUSE}, what="levels"))
    monkeypatch.setattr(client, "pages", lambda *_, **__: iter([page, page]))
    with pytest.raises(RetriableError, match="comes twice"):
        read_levels(client, [WAREHOUSE], **RUN)
