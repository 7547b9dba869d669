"""Rubbish in either system, over a real socket: the row has a reason code, its pair is left as it is, and the rest goes on."""

import pytest

from flows.parameters import PublishParameters
from flows.publish_inventory import publish_all
from flows.publish_skus import WHOLE
from flows.wiring import open_context
from store.runs import newest_runs
from store.snapshots import load_snapshot, snapshot_folder
from tests.e2e import driver
from tests.e2e.test_order_lives import variant

WAREHOUSE, PLACE = 1, "gid://shopify/Location/1001"


@pytest.fixture(autouse=True)
def bodies(monkeypatch):
    driver.without_prefect(monkeypatch.setattr)


def publish():
    """Publish, and return the run's frames."""
    with open_context() as context:
        publish_all(context, PublishParameters(dry_run=False))
        run = newest_runs(context.engine, [WHOLE])[0]
        return load_snapshot(snapshot_folder(context.state_folder, run.run_id))[0]


def item_of(world, sku):
    return world.world.db.execute("SELECT id FROM ns_item WHERE itemid = ?", (sku,)).fetchone()[0]


def set_stock(world, sku, value):
    world.world.db.execute(
        "UPDATE ns_stock SET quantityonhand = ? WHERE item = ? AND location = ?", (value, item_of(world, sku), WAREHOUSE)
    )


def add_variant(world, sku, **more):
    shop = world.world.shops["GROCER"]
    key = f"gid://shopify/ProductVariant/{990_000 + len(shop.variants)}"
    item = key.replace("ProductVariant", "InventoryItem")
    row = {
        "id": key,
        "inventory_item_id": item,
        "sku": sku,
        "is_tracked": True,
        "inventory_policy": "DENY",
        "price": "1.00",
        **more,
    }
    shop.variants[key] = row
    shop.items[item] = row
    shop.level(item, PLACE)["available"] = 50
    return item


def shown(world, sku):
    shop = world.world.shops["GROCER"]
    return shop.levels[shop.variants[variant(shop, sku)]["inventory_item_id"], PLACE]["available"]


def told(frames, reason):
    rows = frames["core_unresolved"]
    return set(rows.loc[rows["reason_code"] == reason, "value"])


STOCK = {
    "a fraction": (2.5, "fractional_quantity", "2.5"),
    "nothing, where other quantities are": (None, "missing_quantity", ""),
}


@pytest.mark.parametrize("case", STOCK)
def test_a_balance_that_cannot_be_read_leaves_its_pair_as_it_is(world, case):
    value, reason, said = STOCK[case]
    publish()
    before = {sku: shown(world, sku) for sku in ("FLOUR", "APPLE")}
    set_stock(world, "FLOUR", value)
    set_stock(world, "APPLE", 15)
    frames = publish()
    assert said in {str(found or "") for found in told(frames, reason)} | ({""} if said == "" else set())
    assert told(frames, reason) or said == ""
    assert shown(world, "FLOUR") == before["FLOUR"]
    assert shown(world, "APPLE") == before["APPLE"] - 5


def test_stock_below_zero_is_oversold_and_shows_nothing(world):
    publish()
    set_stock(world, "FLOUR", -4)
    frames = publish()
    rows = frames["out_atp"].set_index(["sku", "location_code"])
    assert rows.loc[("FLOUR", "WAREHOUSE"), "atp_qty"] == -4
    assert shown(world, "FLOUR") == 0


def test_a_sku_twice_in_netsuite_is_told_and_neither_is_published(world):
    publish()
    before = shown(world, "FLOUR")
    world.world.db.execute(
        "INSERT INTO ns_item (id, itemid, itemtype, isserialitem, islotitem, isinactive, custom) "
        "VALUES (7777, 'FLOUR', 'InvtPart', 'F', 'F', 'F', '{}')"
    )
    set_stock(world, "FLOUR", 1)
    frames = publish()
    assert told(frames, "duplicate_sku") == {"FLOUR"}
    assert shown(world, "FLOUR") == before


def test_a_sku_twice_in_a_shop_is_told_and_neither_is_published(world):
    publish()
    before = shown(world, "FLOUR")
    item = add_variant(world, "FLOUR")
    set_stock(world, "FLOUR", 1)
    frames = publish()
    assert "FLOUR" in told(frames, "duplicate_sku")
    assert shown(world, "FLOUR") == before
    assert world.world.shops["GROCER"].levels[item, PLACE]["available"] == 50


@pytest.mark.parametrize(
    ("sku", "more", "reason"),
    [
        (None, {}, "no_sku"),
        ("", {}, "no_sku"),
        ("WHO KNOWS", {}, "unmapped_sku"),
        ("FLOUR ", {}, "unmapped_sku"),
        ("BASKET", {"requires_components": True}, "bundle_parent"),
        ("SERVICE", {"is_tracked": False}, "untracked"),
    ],
    ids=["no SKU", "an empty SKU", "an unknown SKU", "a SKU with a blank behind it", "a bundle", "not tracked"],
)
def test_a_variant_without_a_number_has_a_reason_and_is_left_alone(world, sku, more, reason):
    item = add_variant(world, sku, **more)
    frames = publish()
    assert reason in set(frames["core_unresolved"]["reason_code"])
    assert world.world.shops["GROCER"].levels[item, PLACE]["available"] == 50
    assert shown(world, "APPLE") == 15


def test_a_level_whose_states_do_not_add_up_is_left_alone(world, monkeypatch):
    """Shopify's identity holds in every recording; should it break, the level cannot be trusted."""
    publish()
    shop = world.world.shops["GROCER"]
    from sandbox.shopify import inventory_nodes

    real = inventory_nodes._quantity
    item = shop.variants[variant(shop, "FLOUR")]["inventory_item_id"]
    broken = shop.levels[item, PLACE]

    def lying(level, key, name):
        node = real(level, key, name)
        return node | {"quantity": node["quantity"] + 1} if level is broken and name == "on_hand" else node

    monkeypatch.setattr(inventory_nodes, "_quantity", lying)
    set_stock(world, "FLOUR", 1)
    before = shown(world, "FLOUR")
    frames = publish()
    assert "identity_broken" in set(frames["core_unresolved"]["reason_code"])
    assert shown(world, "FLOUR") == before


def test_an_item_that_shopify_refuses_takes_no_other_down(world):
    set_stock(world, "FLOUR", 3)
    shop = world.world.shops["GROCER"]
    real = dict(shop.items)

    def gone():
        shop.items.pop(shop.variants[variant(shop, "FLOUR")]["inventory_item_id"])

    import flows.publish_inventory as flow

    publish_real = flow.publish

    def publish_without(*given):
        gone()
        return publish_real(*given)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(flow, "publish", publish_without)
        frames = publish()
    changed = frames["out_quantity_changes"]
    assert "FLOUR" in set(changed["sku"])
    others = changed.loc[(changed["sku"] != "FLOUR") & (changed["shop_code"] == "GROCER")]
    assert len(others)
    for row in others.itertuples():
        assert shop.levels[row.inventory_item_id_shopify, row.location_id_shopify]["available"] == row.desired_qty
    shop.items.update(real)
