"""The laws of the published numbers: a row that breaks one is named by its key, and an empty run breaks none."""

from pathlib import Path

import pytest

from contract.frames import empty
from contract.loading import load_contract
from expectations.inventory import check_inventory

CONTRACT = load_contract(Path(__file__).parent.parent / "worlds" / "small_contract.yaml").contract
LAWS = ["no_negative_number", "within_pool", "known_channel", "known_location", "one_number"]
KEY = "GROCER_SHOP/EGGS/WAREHOUSE"


def numbers(**more):
    row = {"channel_code": "GROCER_SHOP", "sku": "EGGS", "location_code": "WAREHOUSE", "pool_qty": 5, "publish_qty": 5} | more
    frame = empty("out_channel_quantities").reindex(range(2))
    return frame.assign(**row).assign(sku=["MILK", row["sku"]])


def broken(out_channel_quantities, core_levels=None):
    levels = empty("core_levels") if core_levels is None else core_levels
    found = check_inventory({"out_channel_quantities": out_channel_quantities, "core_levels": levels}, CONTRACT)
    assert [check.name for check in found] == [*LAWS, "level_identity"]
    return {check.name: (check.severity, check.failing_count, check.sample_keys) for check in found if not check.is_passed}


@pytest.mark.parametrize(
    ("change", "law", "key"),
    [
        ({"publish_qty": [5, -1]}, "no_negative_number", KEY),
        ({"publish_qty": [5, 6]}, "within_pool", KEY),
        ({"pool_qty": [5, -3], "publish_qty": [5, 1]}, "within_pool", KEY),
        ({"channel_code": ["GROCER_SHOP", "ELSEWHERE"]}, "known_channel", "ELSEWHERE/EGGS/WAREHOUSE"),
        ({"location_code": ["WAREHOUSE", "MOON"]}, "known_location", "GROCER_SHOP/EGGS/MOON"),
    ],
)
def test_a_broken_law_halts_and_names_the_row(change, law, key):
    assert broken(numbers().assign(**change)) == {law: ("halt", 1, (key,))}


def test_two_numbers_for_one_place_halt():
    assert broken(numbers().assign(sku="EGGS")) == {"one_number": ("halt", 2, (KEY, KEY))}


def test_sound_numbers_and_no_numbers_break_nothing():
    assert broken(numbers()) == {}
    assert broken(numbers(pool_qty=-3, publish_qty=0)) == {}
    assert broken(empty("out_channel_quantities")) == {}


def test_a_level_that_is_not_the_sum_of_its_states_is_set_aside():
    row = {"shop_code": "GROCER", "sku": "EGGS", "location_code": "WAREHOUSE", "on_hand_qty": 7, "available_qty": 5}
    others = ["committed_qty", "reserved_qty", "damaged_qty", "safety_stock_qty", "quality_control_qty"]
    levels = empty("core_levels").reindex(range(1)).assign(**row, **dict.fromkeys(others, 0))
    assert broken(numbers(), levels) == {"level_identity": ("quarantine", 1, ("GROCER/EGGS/WAREHOUSE",))}
