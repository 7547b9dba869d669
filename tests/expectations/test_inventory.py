"""The laws of the published numbers: a row that breaks one is named by its key, and an empty run breaks none."""

from pathlib import Path

import pytest

from contract.frames import empty
from contract.loading import load_contract
from contract.models import Split
from expectations.inventory import check_inventory, check_volume

CONTRACT = load_contract(Path(__file__).parent.parent / "worlds" / "small_contract.yaml").contract
LAWS = ["no_negative_number", "within_pool", "known_channel", "known_location", "one_number", "within_split"]
KEY = "GROCER_SHOP/EGGS/WAREHOUSE"


def numbers(**more):
    row = {"channel_code": "GROCER_SHOP", "sku": "EGGS", "location_code": "WAREHOUSE", "pool_qty": 5, "publish_qty": 5} | more
    frame = empty("out_channel_quantities").reindex(range(2))
    return frame.assign(**row).assign(sku=["MILK", row["sku"]])


def broken(out_channel_quantities, core_levels=None, contract=CONTRACT):
    levels = empty("core_levels") if core_levels is None else core_levels
    found = check_inventory({"out_channel_quantities": out_channel_quantities, "core_levels": levels}, contract)
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


@pytest.mark.parametrize(
    ("shown", "is_broken"),
    [((3, 2), False), ((5, 0), False), ((0, 0), False), ((3, 3), True), ((5, 5), True)],
    ids=["exact fit", "all at one", "nothing", "one too many", "the whole pool twice"],
)
def test_the_channels_of_a_split_together_stay_within_their_pool(shown, is_broken):
    split = Split(split_code="PAIR", channels=("GROCER_SHOP", "EXPRESS_SHOP"))
    contract = CONTRACT.model_copy(update={"splits": (split,)})
    pair = numbers().assign(sku="EGGS", channel_code=["GROCER_SHOP", "EXPRESS_SHOP"], publish_qty=list(shown))
    expected = {"within_split": ("halt", 1, ("PAIR/EGGS",))} if is_broken else {}
    assert broken(pair, contract=contract) == expected


READS = ("raw_netsuite__items", "raw_netsuite__stock")


@pytest.mark.parametrize(
    ("found", "before", "percent", "shown", "broken_keys"),
    [
        ((100, 100), (100, 100), 50, 9, ()),
        ((50, 51), (100, 101), 50, 9, ()),
        ((49, 100), (100, 100), 50, 9, ("raw_netsuite__items: 49 rows, at least 50",)),
        ((0, 0), (100, 100), 50, 0, ("raw_netsuite__items: 0 rows, at least 50", "raw_netsuite__stock: 0 rows, at least 50")),
        ((0, 0), (100, 100), 0, 9, ()),
        ((5, 0), None, 50, 9, ("raw_netsuite__stock: 0 rows, at least 1",)),
        ((5, 0), None, 50, 0, ()),
        ((0, 0), None, 50, 0, ()),
        ((900, 900), (1, 1), 100, 9, ()),
    ],
    ids=[
        "as before",
        "exact fit, rounded up",
        "one too few",
        "nothing any more",
        "switched off",
        "no balance on the first run, while shops show units",
        "no balance on the first run, and nothing shown",
        "an empty world",
        "more than before",
    ],
)
def test_a_read_that_shrank_halts(found, before, percent, shown, broken_keys):
    last = dict(zip(READS, before, strict=True)) if before else {}
    (check,) = check_volume(dict(zip(READS, found, strict=True)), last, percent, shown)
    assert (check.severity, check.is_passed) == ("halt", not broken_keys)
    assert check.sample_keys == broken_keys
