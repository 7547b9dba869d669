"""The seeded worlds: determinate, exact to the cent, and their truth is what their own documents add up to."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from contract.loading import load_contract
from sandbox.world import World
from sandbox.worlds.accounts import CUSTOM_FIELDS, PLACES
from sandbox.worlds.baskets import STORES, clean_baskets
from sandbox.worlds.demo import demo_world
from sandbox.worlds.small import small_world

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEY = "-----BEGIN PUBLIC KEY-----"


def few_baskets() -> pd.DataFrame:
    """48 baskets of one to four lines over twelve days, 40 products; three units for 10.00 do not divide evenly."""
    rows = []
    for basket in range(48):
        for position in range(1 + basket % 4):
            product = (basket * 7 + position * 11) % 40
            quantity = 1 + (basket + position) % 3
            rows.append(
                {
                    "store_id": STORES[basket % 6],
                    "basket_id": 9000 + basket,
                    "product_id": 1000 + product,
                    "quantity": quantity,
                    "sales_value": 10.00 if quantity == 3 else 1.13 * quantity,
                    "retail_disc": 0.10 if position else 0.0,
                    "coupon_disc": 0.0,
                    "coupon_match_disc": 0.0,
                    "transaction_timestamp": pd.Timestamp("2017-01-01 08:10") + pd.Timedelta(hours=6 * basket),
                }
            )
    rows.append(rows[0] | {"basket_id": 9999, "product_id": 5000, "quantity": 0})
    # Products that only an old basket has: what gets spoiled.
    rows += [rows[0] | {"basket_id": 8999, "product_id": 2000 + index} for index in range(8)]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module", params=["small", "demo"])
def world(request):
    if request.param == "small":
        return small_world(NOW, KEY)
    return demo_world(NOW, public_key_pem=KEY, baskets=few_baskets())


def orders_of(world):
    return [(shop, order) for shop, seed in world["shopify"].items() for order in seed["orders"]]


def code_of_shopify():
    return {f"gid://shopify/Location/{number}": place.location_code for place in PLACES for number in place.shopify_ids.values()}


def code_of_netsuite():
    return {number: place.location_code for place in PLACES for number in place.netsuite_ids}


def shop_demand(world):
    """Units per SKU and location code of every order that is not cancelled."""
    units = Counter()
    for shop, order in orders_of(world):
        sku_of = {row["id"]: row["sku"] for row in world["shopify"][shop]["variants"]}
        for line in order["lines"] if not order["cancelled"] else []:
            units[sku_of[line["variant_id"]], code_of_shopify()[order["location_id"]]] += line["quantity"]
    return units


def other_demand(world):
    """Units per SKU and location code of NetSuite's own sales orders, which no shop knows."""
    sku_of = {row["id"]: row["itemid"] for row in world["netsuite"]["items"]}
    units = Counter()
    for row in world["netsuite"]["transactions"]:
        if row["body"]["entity"]["id"] == "503":
            for line in row["body"]["item"]["items"]:
                units[sku_of[line["item"]["id"]], code_of_netsuite()[line["location"]["id"]]] += line["quantity"]
    return units


def books(world):
    sku_of = {row["id"]: row["itemid"] for row in world["netsuite"]["items"]}
    units = Counter()
    for row in world["netsuite"]["stock"]:
        units[sku_of[row["item"]], code_of_netsuite()[row["location"]]] += row["quantityonhand"]
    return units


def test_truth_is_the_books_minus_every_demand(world):
    demand, others, on_hand = shop_demand(world), other_demand(world), books(world)
    assert len(world["truth"]) > 10
    for row in world["truth"]:
        pair = (row["sku"], row["location_code"])
        assert (pair, row["truth_qty"]) == (pair, on_hand[pair] - demand[pair] - others[pair])


def test_copied_levels_are_netsuites_available_of_forty_minutes_before(world):
    copied_at = (NOW - timedelta(minutes=40)).strftime("%Y-%m-%dT%H:%M:%SZ")
    sku_of = {row["id"]: row["itemid"] for row in world["netsuite"]["items"]}
    left = {(sku_of[row["item"]], row["location"]): row["quantityonhand"] for row in world["netsuite"]["stock"]}
    for row in world["netsuite"]["transactions"]:
        is_netted = row["type"] == "cashSale" or row["body"]["orderStatus"]["id"] == "B"
        for line in row["body"]["item"]["items"]:
            pair = (sku_of[line["item"]["id"]], line["location"]["id"])
            if is_netted and row["created_at"] < copied_at and pair in left:
                left[pair] -= line["quantity"]
    available = Counter()
    for (sku, place), units in left.items():
        available[sku, code_of_netsuite()[place]] += int(max(0, units))
    codes, checked = code_of_shopify(), 0
    named = {(row["sku"], row["location_code"]) for row in world["truth"]}
    for seed in world["shopify"].values():
        sku_of_inventory = {row["inventory_item_id"]: row["sku"] for row in seed["variants"]}
        for level in seed["levels"]:
            pair = (sku_of_inventory[level["inventory_item_id"]], codes[level["location_id"]])
            if pair in named:
                assert (pair, level["available"]) == (pair, available[pair])
                checked += 1
    assert checked > 10


def test_committed_is_the_open_units_of_the_orders_that_the_levels_already_contain(world):
    for seed in world["shopify"].values():
        inventory_of = {row["id"]: row["inventory_item_id"] for row in seed["variants"]}
        expected = Counter()
        for order in seed["orders"]:
            is_open = not (order["cancelled"] or order["fulfilled"])
            for line in order["lines"] if is_open and not order["applies_to_stock"] else []:
                expected[inventory_of[line["variant_id"]], order["location_id"]] += line["quantity"]
        seeded = {(row["inventory_item_id"], row["location_id"]): row["committed"] for row in seed["levels"]}
        assert {pair: units for pair, units in seeded.items() if units} == dict(expected)


def test_netsuite_documents_equal_their_orders_to_the_cent(world):
    by_name = {order["name"]: order for _, order in orders_of(world)}
    seen = 0
    for row in world["netsuite"]["transactions"]:
        order = by_name.get(row["body"]["otherRefNum"])
        if order is None:
            continue
        seen += 1
        nets = [Decimal(line["unit_price"]) * line["quantity"] - Decimal(line["discount"]) for line in order["lines"]]
        taxes = [(net * Decimal(order["tax_rate"])).quantize(Decimal("0.01"), "ROUND_HALF_UP") for net in nets]
        amounts = [Decimal(str(line["amount"])) for line in row["body"]["item"]["items"]]
        assert sum(amounts) == sum(nets) + sum(taxes) + Decimal(order["shipping"])
        assert all(amount == round(amount, 2) for amount in amounts)
    assert seen > 5


def test_every_kind_of_link_is_there(world):
    bodies = [row["body"] for row in world["netsuite"]["transactions"]]
    ours = [body for body in bodies if body.get("externalId", "").startswith("SHOPIFY-")]
    assert ours
    assert any(body.get("externalId", "").startswith("CELIGO_") for body in bodies)
    assert any("externalId" not in body and body["otherRefNum"].startswith("#") for body in bodies)
    assert any(body.get("orderStatus") == {"id": "A"} for body in ours)
    known = {body["otherRefNum"] for body in bodies}
    unknown = [order for _, order in orders_of(world) if order["name"] not in known]
    assert any(order["cancelled"] for order in unknown)
    assert any(order["fulfilled"] and order["kind"] == "web" for order in unknown)
    assert any(not order["fulfilled"] and not order["cancelled"] for order in unknown)
    assert len({order["name"] for _, order in orders_of(world)}) == len(orders_of(world))


def test_our_documents_point_at_their_order_lines(world):
    lines = {line["id"]: line for _, order in orders_of(world) for line in order["lines"]}
    ids = [line["id"] for _, order in orders_of(world) for line in order["lines"]]
    assert len(ids) == len(set(ids))
    pointed = [
        line
        for row in world["netsuite"]["transactions"]
        for line in row["body"]["item"]["items"]
        if "custcol_shopify_line_id" in line
    ]
    assert pointed
    assert all(lines[line["custcol_shopify_line_id"]]["quantity"] == line["quantity"] for line in pointed)


@pytest.fixture
def live(world, tmp_path):
    running = World(tmp_path)
    running.reset(world)
    yield running
    running.db.close()


def test_netsuite_as_loaded_agrees_with_the_truth(world, live):
    netted = Counter()
    for sku, place, units in live.db.execute(
        "SELECT i.itemid, s.location, s.quantityonhand - s.quantitycommitted - s.quantitybackordered "
        "FROM ns_stock s JOIN ns_item i ON i.id = s.item"
    ).fetchall():
        netted[sku, code_of_netsuite()[str(place)]] += units
    bodies = [row["body"] for row in world["netsuite"]["transactions"]]
    written = {body["otherRefNum"] for body in bodies if body.get("orderStatus") != {"id": "A"}}
    for shop in live.shops.values():
        for order in shop.orders.values():
            for line in order["lines"] if order["name"] not in written else []:
                pair = (line["sku"], code_of_shopify()[order["location_id"]])
                netted[pair] -= line["quantity"] - line["removed"]
    for row in world["truth"]:
        assert row["truth_qty"] == netted[row["sku"], row["location_code"]]


def test_shopify_as_loaded_commits_exactly_the_open_units(live):
    for shop in live.shops.values():
        expected = Counter()
        for order in shop.orders.values():
            for line in order["lines"] if not order["fulfillments"] else []:
                item = shop.variants[line["variant_id"]]["inventory_item_id"]
                expected[item, order["location_id"]] += line["quantity"] - line["removed"]
        assert sum(expected.values()) > 0
        for pair, level in shop.levels.items():
            assert (pair, level["committed"]) == (pair, expected[pair])


def test_one_location_is_oversold_on_netsuites_own_books(world):
    sku_of = {row["id"]: row["itemid"] for row in world["netsuite"]["items"]}
    on_hand = {(sku_of[row["item"]], row["location"]): row["quantityonhand"] for row in world["netsuite"]["stock"]}
    for row in world["netsuite"]["transactions"]:
        for line in row["body"]["item"]["items"] if row["type"] == "cashSale" else []:
            pair = (sku_of[line["item"]["id"]], line["location"]["id"])
            if pair in on_hand:
                on_hand[pair] -= line["quantity"]
    assert [units for units in on_hand.values() if units < 0] == [-1]


def test_the_faults_a_catalogue_can_have_are_there(world):
    items = {row["itemid"] for row in world["netsuite"]["items"]}
    grocer = [row["sku"] for row in world["shopify"]["GROCER"]["variants"]]
    express = [row["sku"] for row in world["shopify"]["EXPRESS"]["variants"]]
    assert None in grocer
    assert {sku for sku in grocer if sku} - items - {"GIFT-25"}
    assert items - set(grocer) - set(express) - {"SHIPPING", "TAX", "DISCOUNT"}
    assert [sku for sku, count in Counter(grocer).items() if count > 1 and sku]
    assert [row for row in world["netsuite"]["stock"] if row["quantityonhand"] % 1]


def test_a_sales_order_is_short_on_the_books(world):
    sku_of = {row["id"]: row["itemid"] for row in world["netsuite"]["items"]}
    left = {(sku_of[row["item"]], row["location"]): row["quantityonhand"] for row in world["netsuite"]["stock"]}
    for row in world["netsuite"]["transactions"]:
        if row["type"] == "salesOrder" and row["body"]["orderStatus"]["id"] == "B":
            for line in row["body"]["item"]["items"]:
                pair = (sku_of[line["item"]["id"]], line["location"]["id"])
                left[pair] = left.get(pair, 10**6) - line["quantity"]
    assert any(units < 0 for units in left.values())


def test_ids_fit_the_demos_contract():
    contract = load_contract(Path(__file__).parents[2] / "contract" / "contract.yaml").contract
    for location in contract.locations:
        place = next(place for place in PLACES if place.location_code == location.location_code)
        assert tuple(location.netsuite_locations) == place.netsuite_ids
        gids = {shop: f"gid://shopify/Location/{number}" for shop, number in place.shopify_ids.items()}
        assert dict(location.shopify_locations) == gids
    fields = {row["scriptid"] for row in CUSTOM_FIELDS}
    assert {field.target for field in contract.orders.fields} | {contract.account.line_id_field} <= fields
    assert contract.account.account_id == small_world(NOW, KEY)["netsuite"]["account_id"]


def test_same_seed_same_world_other_seed_other_world():
    first = demo_world(NOW, public_key_pem=KEY, baskets=few_baskets())
    assert first == demo_world(NOW, public_key_pem=KEY, baskets=few_baskets())
    assert first != demo_world(NOW, public_key_pem=KEY, seed=8, baskets=few_baskets())
    assert small_world(NOW, KEY) == small_world(NOW, KEY)


def test_line_totals_are_exactly_what_the_store_received():
    raw = few_baskets()
    lines = clean_baskets(raw, NOW)
    assert len(lines) == len(raw) - 1  # the zero quantity is left out
    total = (lines["unit_cents"] * lines["quantity"] - lines["discount_cents"]).sum()
    assert total == (raw.loc[raw["quantity"] > 0, "sales_value"] * 100).round().astype(int).sum()
    assert lines["discount_cents"].min() >= 0
    threes = lines.loc[(lines["quantity"] == 3) & (lines["discount_cents"] == 2), "unit_cents"]
    assert set(threes) == {334}
    assert NOW - timedelta(hours=1) < lines["sold_at"].max() <= NOW


def test_the_whole_world_of_real_baskets():
    world = demo_world(NOW, public_key_pem=KEY)
    assert 7000 < len(world["netsuite"]["items"]) < 8000
    assert 250 < len(orders_of(world)) < 350
    kinds = Counter(row["type"] for row in world["netsuite"]["transactions"])
    assert kinds["salesOrder"] > 50
    assert kinds["cashSale"] > 50
    assert all(order["created_at"] > "2026-11-20T11:59:59Z" for _, order in orders_of(world))
    demand, on_hand = shop_demand(world), books(world)
    pairs = {(row["sku"], row["location_code"]): row["truth_qty"] for row in world["truth"]}
    assert pairs == {pair: on_hand[pair] - demand[pair] for pair in pairs}
    assert demo_world(NOW, public_key_pem=KEY)["truth"] == world["truth"]
