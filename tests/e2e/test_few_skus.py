"""A few SKUs at a time over real HTTP: the numbers of a whole run, the reads of a few, and what moves meanwhile mended at once."""

import json

import pandas as pd
import pytest

from flows.parameters import PublishParameters
from flows.publish_inventory import publish_all, publish_named
from flows.publish_skus import SKUS, WHOLE
from flows.wiring import open_context
from store.runs import newest_runs
from store.snapshots import load_snapshot, snapshot_folder

WRITE = {"dry_run": False}


pytestmark = pytest.mark.usefixtures("bodies")


def frames_of(context, flow_name):
    found = newest_runs(context.engine, [flow_name])[0]
    return load_snapshot(snapshot_folder(context.state_folder, found.run_id))[0], found


def variant_of(shop, sku):
    return next(row for row in shop.variants.values() if row["sku"] == sku)


def shown(world, sku):
    return {
        (code, location): level["available"]
        for code, shop in world.world.shops.items()
        for (item, location), level in shop.levels.items()
        if item == variant_of(shop, sku)["inventory_item_id"]
    }


def test_a_few_skus_get_the_numbers_of_the_whole_run(world):
    with open_context() as context:
        publish_all(context, PublishParameters())
        publish_named(context, PublishParameters(skus=["APPLE", "EGGS"]))
        whole, _ = frames_of(context, WHOLE)
        few, run = frames_of(context, SKUS)
        assert run.status == "done"
        for name in ("out_channel_quantities", "out_quantity_changes"):
            expected = whole[name].loc[whole[name]["sku"].isin(["APPLE", "EGGS"])].reset_index(drop=True)
            same = [column for column in expected.columns if column not in {"oldest_input_at_utc", "read_at_utc"}]
            pd.testing.assert_frame_equal(few[name][same], expected[same])
        assert len(few["out_quantity_changes"])
        assert set(few["raw_shopify__variants"]["sku"]) < set(whole["raw_shopify__variants"]["sku"])
        assert len(few["raw_netsuite__stock"]) < len(whole["raw_netsuite__stock"])


def test_a_sale_since_the_last_run_counts_and_only_its_sku_is_written(world):
    shop = world.world.shops["GROCER"]
    with open_context() as context:
        publish_all(context, PublishParameters(**WRITE))
        before = {sku: shown(world, sku) for sku in ("APPLE", "BREAD")}
        place = "gid://shopify/Location/1001"
        with world.world.lock:
            for sku in ("APPLE", "BREAD"):
                shop.place_order({"lines": [{"variant_id": variant_of(shop, sku)["id"], "quantity": 1}], "location_id": place})
        summary = publish_named(context, PublishParameters(**WRITE, skus=["APPLE"]))
        assert summary.counts["numbers accepted"] == summary.counts["numbers changed"] > 0
        # The other shop sells from the same pool: one unit less there too.
        after = shown(world, "APPLE")
        fell = {pair for pair in after if after[pair] == before["APPLE"][pair] - 1}
        assert {code for code, _ in fell} == {"GROCER", "EXPRESS"}
        bread = shown(world, "BREAD")
        assert bread["GROCER", place] == before["BREAD"]["GROCER", place] - 1
        assert {pair for pair in bread if bread[pair] != before["BREAD"][pair]} == {("GROCER", place)}
        assert publish_all(context, PublishParameters(**WRITE)).counts.get("numbers stale", 0) == 0


def test_without_a_whole_run_to_build_on_everything_is_read_first(world):
    with open_context() as context:
        summary = publish_named(context, PublishParameters(**WRITE, skus=["APPLE"]))
        assert summary.counts["numbers computed"] > 0
        assert set(frames_of(context, SKUS)[0]["out_channel_quantities"]["sku"]) == {"APPLE"}


def test_a_level_that_moves_under_the_run_is_computed_again_in_the_same_run(world, monkeypatch):
    """A till sale between the read of the levels and the writing: stale, read again, sent again, and right."""
    shop = world.world.shops["GROCER"]
    place = "gid://shopify/Location/1001"
    import flows.publish_inventory as flow

    publish = flow.publish

    def sold_meanwhile(*given):
        with world.world.lock:
            shop.place_order({"lines": [{"variant_id": variant_of(shop, "APPLE")["id"], "quantity": 1}], "location_id": place})
        return publish(*given)

    monkeypatch.setattr(flow, "publish", sold_meanwhile)
    with open_context() as context:
        truth = {row["location_code"]: row["truth_qty"] for row in world.seed["truth"] if row["sku"] == "APPLE"}
        summary = publish_all(context, PublishParameters(**WRITE))
        assert "stale" not in summary.set_aside
        again, run = frames_of(context, SKUS)
        assert (run.parameters["skus"], run.status) == (["APPLE"], "done")
        atp = again["out_atp"].set_index("location_code")["atp_qty"]
        assert {code: int(units) for code, units in atp.items()} == truth | {"WAREHOUSE": truth["WAREHOUSE"] - 1}
        assert summary.counts["numbers accepted"] == summary.counts["numbers changed"]


def test_an_unknown_sku_is_told_and_nothing_is_written(world, run):
    code, _, told = run("publish-inventory", "--write", "--sku", "NO-SUCH")
    assert code == 4
    assert "no item or kit has item code 'NO-SUCH'" in told


def test_explain_shows_the_newest_run_that_holds_the_sku(world, run):
    with open_context() as context:
        publish_all(context, PublishParameters())
        whole = newest_runs(context.engine, [WHOLE])[0].run_id
        publish_named(context, PublishParameters(skus=["APPLE"]))
        few = newest_runs(context.engine, [SKUS])[0].run_id
    told = {sku: json.loads(run("explain", sku, "--json")[1])["run_id"] for sku in ("APPLE", "BREAD")}
    assert told == {"APPLE": few, "BREAD": whole}
    assert run("replay", few)[0] == 0
    assert run("publish-inventory", "--shadow", "--sku", "APPLE")[0] == 2
