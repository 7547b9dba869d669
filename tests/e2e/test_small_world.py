"""The main job on the small world, over real HTTP: every number is the truth worked out by hand, and nothing is written twice."""

from datetime import timedelta

import pandas as pd
import pytest

from domain.shadow import compare_shown
from flows.wiring import open_context
from tasks.compute import compute_numbers
from tasks.publish_outlets import write_outlets
from tasks.publish_quantities import publish_changes, settle_unanswered
from tasks.record_run import begin_run, load_state, remember_levels
from tasks.sync_orders import Window
from tests.e2e.steps import read, sync


def compute(context):
    settle_unanswered.fn(context)
    raw = read(context)
    settle_unanswered.fn(context, raw["raw_shopify__levels"])
    numbers = compute_numbers.fn(context, "r", raw, load_state(context))
    remember_levels.fn(context, numbers)
    return numbers


def against_truth(numbers, world):
    truth = pd.DataFrame(world.seed["truth"])
    return numbers["out_atp"].merge(truth, on=["sku", "location_code"], how="inner", validate="one_to_one")


def publish(context, numbers):
    run_id = begin_run(context, "publish-inventory", {})
    return publish_changes.fn(context, run_id, numbers["out_quantity_changes"])


def test_every_number_is_the_truth_and_a_second_run_changes_nothing(world):
    with open_context() as context:
        numbers = compute(context)
        told = against_truth(numbers, world)
        assert len(told) == len(world.seed["truth"])
        assert told.loc[told["atp_qty"] != told["truth_qty"]].empty
        outcomes = publish(context, numbers)
        assert len(outcomes) > 0
        assert set(outcomes["outcome"]) == {"accepted"}
        again = compute(context)
        assert again["out_quantity_changes"].empty
        assert (against_truth(again, world)["atp_qty"] == told["truth_qty"]).all()


def test_orders_are_written_once_and_the_numbers_stay_true(world):
    with open_context() as context:
        publish(context, compute(context))
        first = sync(context)
        assert {"written", "adopted"} <= set(first["outcome"])
        assert "failed" not in set(first["outcome"])
        assert "written" not in set(sync(context)["outcome"])
        second = sync(context, Window(context.now() - timedelta(days=30), is_regular=False))
        assert "written" not in set(second["outcome"])
        assert (second["outcome"] == "adopted").sum() == first["outcome"].isin(["written", "adopted"]).sum()
        told = against_truth(compute(context), world)
        assert (told["atp_qty"] == told["truth_qty"]).all()


@pytest.mark.parametrize("kind", ["timeout_after", "disconnect", "truncate"])
def test_a_lost_answer_to_a_publishing_call_is_settled(world, kind):
    with open_context() as context:
        numbers = compute(context)
        fault = {"system": "shopify", "operation": "inventorySetQuantities", "kind": kind, "seconds": 0.05, "times": 1}
        world.world.faults.order(fault)
        outcomes = publish(context, numbers)
        assert set(outcomes["outcome"]) == {"accepted"}
        assert compute(context)["out_quantity_changes"].empty


def test_an_order_write_whose_answer_is_lost_is_adopted_not_repeated(world):
    with open_context() as context:
        world.world.faults.order(
            {
                "system": "netsuite",
                "operation": "POST /services/rest/record/v1/",
                "kind": "timeout_after",
                "seconds": 0.05,
                "times": 2,
            }
        )
        first = sync(context)
        assert "failed" not in set(first["outcome"])
        counted = world.world.db.execute(
            "SELECT externalid, COUNT(*) FROM ns_transaction WHERE externalid IS NOT NULL GROUP BY 1 HAVING COUNT(*) > 1"
        )
        assert counted.fetchall() == []


def test_a_feed_holds_every_sku_of_its_channel(world, tmp_path):
    with open_context() as context:
        numbers = compute(context)
        manifests = write_outlets.fn(context, "r", numbers).manifests
        written = pd.read_csv(manifests[0]["url"])
        assert manifests[0]["rows"] == len(written) == len(numbers["out_feed_rows"])
        assert (written["publish_qty"] >= 0).all()


def test_a_sale_that_no_order_list_shows_yet_is_subtracted_until_it_is_known(world):
    shop = world.world.shops["GROCER"]
    with open_context() as context:
        publish(context, compute(context))
        with world.world.lock:
            shop.set_lag({"seconds": 3600})
            variant = next(key for key, row in shop.variants.items() if row["sku"] == "EGGS")
            order = shop.place_order(
                {"lines": [{"variant_id": variant, "quantity": 4}], "location_id": "gid://shopify/Location/1001"}
            )
        numbers = compute(context)
        eggs = numbers["out_atp"].query("sku == 'EGGS' and location_code == 'WAREHOUSE'").iloc[0]
        assert (eggs["unseen_qty"], eggs["unreflected_qty"], eggs["atp_qty"]) == (4, 0, 26)
        with world.world.lock:
            shop.set_lag({"seconds": 0})
        eggs = compute(context)["out_atp"].query("sku == 'EGGS' and location_code == 'WAREHOUSE'").iloc[0]
        assert (eggs["unseen_qty"], eggs["unreflected_qty"], eggs["atp_qty"]) == (0, 4, 26), order


def test_shadow_says_where_the_connector_before_us_oversells(world):
    with open_context() as context:
        numbers = compute_numbers.fn(context, "r", read(context), load_state(context, forget_all=True))
        told = compare_shown(*(numbers[name] for name in ("out_quantity_changes", "out_channel_quantities", "out_atp")))
        rows = told.set_index(["channel_code", "sku", "location_code"])
        # The copy of 40 minutes ago shows 18 apples less the one sold since on this shop; 16 are left, one is kept back.
        apple = rows.loc[("EXPRESS_SHOP", "APPLE", "WAREHOUSE")]
        assert (apple["shown_qty"], apple["publish_qty"], apple["verdict_code"]) == (17, 15, "would_oversell")
        assert apple["units_qty"] == 1
        assert load_state(context)["core_expected_levels"].empty
