"""Bad data in both systems: a row with a reason code, its number left as it is, the rest goes on; mended, all ends as if it had never been."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

import flows.publish_inventory
import flows.sync_orders
from flows.wiring import open_context
from sandbox.worlds.small import ITEM_OF
from store import quarantine
from store.snapshots import load_snapshot
from tests.e2e.test_contract_edits import edit_contract, numbers
from tests.e2e.test_crashes import documents_by_order, sell
from tests.e2e.test_small_world import compute
from tests.e2e.test_small_world import publish as publish_changes

WAREHOUSE, STORE = "gid://shopify/Location/1001", "gid://shopify/Location/1002"
PLACE = {
    WAREHOUSE: "WAREHOUSE",
    STORE: "STORE_406",
    "gid://shopify/Location/2001": "WAREHOUSE",
    "gid://shopify/Location/2002": "STORE_31782",
}
ODD = {"duplicate_sku": 4, "fractional_quantity": 2, "no_sku": 2, "unmapped_sku": 2}
"""What is set aside in the small world as it is: GRAPES twice in each shop, 2.5 HONEY, flowers without a code, KALE."""


@pytest.fixture
def publish(world, run, bodies):
    """Publish by the command line; return the exit code, the summary, and what was set aside."""

    def once():
        code, out, err = run("publish-inventory", "--write", "--json")
        assert err == ""
        summary = json.loads(out)
        with open_context() as context:
            frames, _, _ = load_snapshot(context.state_folder / "snapshots" / summary["run_id"])
        rows = frames["core_unresolved"][["source_frame", "reason_code", "field", "value"]].fillna("")
        return code, summary, set(rows.itertuples(index=False, name=None))

    return once


def variant_of(world, shop, sku):
    return next(row for row in world.world.shops[shop].variants.values() if row["sku"] == sku)


def shown(world):
    """Return what the shops show, by shop, product title and location."""
    with world.world.lock:
        return {
            (code, shop.items[item]["title"], PLACE[place]): level["available"]
            for code, shop in world.world.shops.items()
            for (item, place), level in shop.levels.items()
        }


def moved(before, after):
    return {key: (units, after[key]) for key, units in before.items() if after[key] != units}


def sql(world, statement, *values):
    with world.world.lock:
        world.world.db.execute(statement, values)
        world.world.db.commit()


def stock(world, sku, location, quantity):
    sql(world, "UPDATE ns_stock SET quantityonhand = ? WHERE item = ? AND location = ?", quantity, ITEM_OF[sku], location)


def test_rows_that_are_wrong_keep_their_numbers_and_the_rest_goes_on(world, publish):
    code, summary, _ = publish()
    assert (code, summary["set_aside"]) == (1, ODD)
    clean = shown(world)
    assert {clean[shop, title, "WAREHOUSE"] for shop in ("GROCER", "EXPRESS") for title in ("Kale", "Honey", "Grapes")} == {2}
    stocked = world.world.db.execute("SELECT quantityonhand, item, location FROM ns_stock").fetchall()
    twin, without, bundle = (variant_of(world, *at) for at in (("GROCER", "KALE"), ("EXPRESS", "FLOUR"), ("GROCER", "FLOUR")))
    stock(world, "APPLE", 1, 19.5)
    stock(world, "BREAD", 11, None)
    stock(world, "CHEESE", 11, -4)
    sql(world, "UPDATE ns_item SET itemid = 'DATES' WHERE itemid = 'IN-NO-SHOP'")
    twin["sku"], without["sku"] = "EGGS", None
    bundle["is_bundle"] = bundle["requires_components"] = True
    for sku, location, quantity in (("DATES", 1, 50), ("FLOUR", 1, 50), ("BREAD", 1, 14), ("EGGS", 15, 5)):
        stock(world, sku, location, quantity)
    code, _, aside = publish()
    assert code == 1
    assert aside >= {
        ("raw_netsuite__stock", "fractional_quantity", "on_hand_qty", "19.5"),
        ("raw_netsuite__stock", "missing_quantity", "on_hand_qty", ""),
        ("raw_netsuite__items", "duplicate_sku", "item_code", "DATES"),
        ("raw_shopify__variants", "unmapped_sku", "sku", "DATES"),
        ("raw_shopify__variants", "duplicate_sku", "sku", "EGGS"),
        ("raw_shopify__variants", "no_sku", "sku", ""),
        ("raw_shopify__variants", "bundle_parent", "sku", "FLOUR"),
        ("raw_shopify__order_lines", "unmapped_sku", "sku", "DATES"),
    }
    # What is sound follows: more bread, no cheese below zero, and eggs where the shop has one variant of them.
    assert moved(clean, shown(world)) == {
        ("GROCER", "Bread", "WAREHOUSE"): (5, 9),
        ("EXPRESS", "Bread", "WAREHOUSE"): (5, 9),
        ("GROCER", "Cheese", "STORE_406"): (3, 0),
        ("EXPRESS", "Eggs", "STORE_31782"): (0, 5),
        # The store owed one; the warehouse gives it no longer.
        ("EXPRESS", "Eggs", "WAREHOUSE"): (28, 29),
    }
    sql(world, "UPDATE ns_item SET itemid = 'IN-NO-SHOP' WHERE id = 193")
    twin["sku"], without["sku"] = "KALE", "FLOUR"
    bundle["is_bundle"] = bundle["requires_components"] = False
    for quantity, item, location in stocked:
        sql(world, "UPDATE ns_stock SET quantityonhand = ? WHERE item = ? AND location = ?", quantity, item, location)
    code, summary, _ = publish()
    assert (code, summary["set_aside"]) == (1, ODD)
    assert shown(world) == clean


def between_read_and_write(monkeypatch, module, step, change):
    """Let something happen just before a step of a flow, once."""
    then, waiting = getattr(module, step), [change]

    def happen(*given, **named):
        if waiting:
            waiting.pop()()
        return then(*given, **named)

    monkeypatch.setattr(module, step, happen)


def test_what_changes_between_read_and_write_takes_no_other_number_with_it(world, publish, run, monkeypatch):
    shop = world.world.shops["GROCER"]
    apple, bread, dates = (variant_of(world, "GROCER", sku) for sku in ("APPLE", "BREAD", "DATES"))
    before = shown(world)

    def meanwhile():
        with world.world.lock:
            shop.change_location({"id": STORE, "is_active": False})
            bread["is_bundle"] = bread["requires_components"] = True
            del shop.items[apple["inventory_item_id"]]
            change = {"inventory_item_id": dates["inventory_item_id"], "location_id": WAREHOUSE, "delta": {"available": 3}}
            shop.change_level(change)

    between_read_and_write(monkeypatch, flows.publish_inventory, "check_inventory_frames", meanwhile)
    code, summary, _ = publish()
    shop.items[apple["inventory_item_id"]] = apple
    assert (code, summary["set_aside"]["rejected"]) == (1, 4)
    after = shown(world)
    kept = [("Apple", "WAREHOUSE"), ("Bread", "WAREHOUSE"), ("Cheese", "STORE_406"), ("Flour", "STORE_406")]
    assert all(after["GROCER", *at] == before["GROCER", *at] for at in kept)
    assert (after["GROCER", "Eggs", "WAREHOUSE"], after["EXPRESS", "Bread", "WAREHOUSE"]) == (29, 5)
    told = {sku: json.loads(run("explain", sku, "--channel", "GROCER_SHOP", "--json")[1]) for sku in ("APPLE", "BREAD", "FLOUR")}
    codes = {sku: {row["message"].split(":")[0] for row in rows["published"]} - {""} for sku, rows in told.items()}
    assert codes == {"APPLE": {"INVALID_INVENTORY_ITEM"}, "BREAD": {"NON_MUTABLE_INVENTORY_ITEM"}, "FLOUR": {"INVALID_LOCATION"}}
    code, summary, aside = publish()
    assert (code, summary["set_aside"]["rejected"]) == (1, 2), "the location is still closed"
    assert ("raw_shopify__variants", "bundle_parent", "sku", "BREAD") in aside
    assert (shown(world)["GROCER", "Apple", "WAREHOUSE"], shown(world)["GROCER", "Dates", "WAREHOUSE"]) == (15, 5)
    shop.change_location({"id": STORE, "is_active": True})
    bread["is_bundle"] = bread["requires_components"] = False
    code, summary, _ = publish()
    assert (code, summary["set_aside"]) == (1, ODD)
    assert [shown(world)["GROCER", *at] for at in kept] == [15, 5, 3, 3]


def test_a_bad_order_among_good_ones_waits_alone_and_is_booked_once_it_is_mended(world, run, bodies, monkeypatch):
    flour = world.world.db.execute("SELECT * FROM ns_item WHERE itemid = 'FLOUR'").fetchone()
    before = documents_by_order(world)
    sql(world, "UPDATE ns_item SET itemid = 'APPLES' WHERE itemid = 'APPLE'")

    def meanwhile():
        sql(world, "DELETE FROM ns_item WHERE itemid = 'FLOUR'")

    between_read_and_write(monkeypatch, flows.sync_orders, "write_documents", meanwhile)
    assert run("sync-orders", "--write")[0] == 1
    assert set(documents_by_order(world)) - set(before) == {"SHOPIFY-GROCER-1006", "SHOPIFY-GROCER-1009"}
    told = {key: (code, reason) for key, code, reason in waiting()}
    assert {key: code for key, (code, _) in told.items()} == {
        "gid://shopify/Order/1007": "USER_ERROR",
        "gid://shopify/Order/1008": "unmapped_sku",
        "gid://shopify/Order/2001": "unmapped_sku",
    }
    assert "NetSuite: salesOrder SHOPIFY-GROCER-1007: " in told["gid://shopify/Order/1007"][1]
    assert "106 for the following field: item" in told["gid://shopify/Order/1007"][1]
    assert "order #E2001 line 'Apple': SKU APPLE is no stock item" in told["gid://shopify/Order/2001"][1]
    sql(world, "UPDATE ns_item SET itemid = 'APPLE' WHERE itemid = 'APPLES'")
    sql(world, f"INSERT INTO ns_item VALUES ({', '.join('?' for _ in flour)})", *flour)
    for _ in range(2):
        assert run("sync-orders", "--write")[0] == 0
        assert waiting() == []
        new = {f"SHOPIFY-GROCER-{number}" for number in (1006, 1007, 1008, 1009)} | {"SHOPIFY-EXPRESS-2001"}
        assert documents_by_order(world) == before + Counter(new)


def waiting():
    with open_context() as context:
        rows = quarantine.open_rows(context.engine, entity_type="order")
        return list(rows[["entity_key", "reason_code", "reason"]].itertuples(index=False, name=None))


def test_a_location_that_the_contract_lacks_is_named_and_its_orders_wait(world, run, bodies):
    whole = documents_by_order(world)
    sql(
        world,
        "DELETE FROM ns_transactionline WHERE \"transaction\" IN (SELECT id FROM ns_transaction WHERE externalid LIKE '%2003')",
    )
    sql(world, "DELETE FROM ns_transaction WHERE externalid LIKE '%2003'")
    kept = []

    def without_store(contract):
        kept.append(contract["locations"].pop())
        next(channel for channel in contract["channels"] if channel["channel_code"] == "EXPRESS_SHOP")["pool"].pop()

    edit_contract(without_store)
    aside = numbers()["core_unresolved"].query("reason_code == 'unmapped_location'")
    assert set(aside["value"]) == {"gid://shopify/Location/2002"}
    assert run("sync-orders", "--write")[0] == 1
    (row,) = waiting()
    assert row[:2] == ("gid://shopify/Order/2003", "unmapped_location")
    assert "location gid://shopify/Location/2002 is in no entry of the contract's locations; add it" in row[2]
    edit_contract(lambda contract: contract["locations"].append(kept[0]))
    assert run("sync-orders", "--write")[0] == 0
    assert waiting() == []
    assert documents_by_order(world)["SHOPIFY-EXPRESS-2003"] == whole["SHOPIFY-EXPRESS-2003"] == 1


def test_vendors_whose_clocks_are_minutes_off_change_no_number_and_lose_no_order(world, run, bodies):
    world.world.clock.set(datetime.now(UTC) + timedelta(minutes=10))
    with open_context() as context:
        publish_changes(context, compute(context))
    assert run("sync-orders", "--write")[0] == 0
    before = documents_by_order(world)
    world.world.clock.set(datetime.now(UTC) - timedelta(minutes=10))
    sell(world, 2)
    assert run("sync-orders", "--write")[0] == 0
    assert len(documents_by_order(world)) == len(before) + 1
    assert set(documents_by_order(world).values()) == {1}
    with open_context() as context:
        found = compute(context)
        eggs = found["out_atp"].query("sku == 'EGGS' and location_code == 'WAREHOUSE'").iloc[0]
        assert eggs["atp_qty"] == 28
        assert set(publish_changes(context, found)["outcome"]) == {"accepted"}


def test_a_shop_whose_clock_is_hours_behind_is_written_nothing_and_told_why(world, publish, run):
    before = shown(world)
    world.world.clock.set(datetime.now(UTC) - timedelta(hours=2))
    code, summary, _ = publish()
    assert code == 1
    assert shown(world) == before
    told = run("doctor")[1]
    assert all(f"{shop} clock\tFIX\tthis machine's clock is 72" in told for shop in ("Shopify GROCER", "Shopify EXPRESS"))
    world.world.clock.set(None)
    assert "not_sent" not in publish()[1]["set_aside"]
    assert summary["set_aside"]["not_sent"] >= len(moved(before, shown(world))) > 10
