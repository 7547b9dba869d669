"""Conforming Shopify, row by row: which variants take a number, which levels can be trusted, and what is held."""

import pytest

from contract.frames import empty
from domain.conform_shopify import LEVEL_STATES, conform_holds, conform_levels, conform_tags, resolve_variants
from tests.domain.channel_world import make_contract
from tests.domain.raw_rows import raw

CONTRACT = make_contract({"ONE": {}, "TWO": {}})
PLACES = {
    "A": "gid://shopify/Location/10",
    "B": "gid://shopify/Location/20",
    "ELSEWHERE": "gid://shopify/Location/99",
    "A of TWO": "gid://shopify/Location/11",
}


def variant(number=1, sku="X", **more):
    """Return a row of `raw_shopify__variants` that takes a number."""
    given = {"shop_code": "ONE", "variant_id_shopify": f"v{number}", "inventory_item_id_shopify": f"i{number}", "sku": sku}
    return {**given, "is_tracked": "true", "requires_components": "false", **more}


# variants -> the variants that take a number, and the reasons
VARIANTS = {
    "a SKU of ours": ([variant()], ["v1"], []),
    "no SKU": ([variant(sku=None)], [], ["no_sku"]),
    "an empty SKU is none": ([variant(sku="")], [], ["no_sku"]),
    "a SKU that NetSuite has not": ([variant(sku="Y")], [], ["unmapped_sku"]),
    "a SKU that differs in case": ([variant(sku="x")], [], ["unmapped_sku"]),
    "stock not tracked": ([variant(is_tracked="false")], [], ["untracked"]),
    "sold on when out of stock": ([variant(inventory_policy="CONTINUE")], ["v1"], []),
    "a bundle: Shopify works it out": ([variant(requires_components="true")], [], ["bundle_parent"]),
    "two of one SKU in one shop: neither": ([variant(1), variant(2)], [], ["duplicate_sku", "duplicate_sku"]),
    "one SKU in two shops": ([variant(1), variant(2, shop_code="TWO")], ["v1", "v2"], []),
    "an untracked one of the same SKU is no duplicate": ([variant(1), variant(2, is_tracked="false")], ["v1"], ["untracked"]),
    "a fault of its own for each": (
        [variant(1, sku=None), variant(2, sku="Y"), variant(3)],
        ["v3"],
        ["no_sku", "unmapped_sku"],
    ),
}


def variants(told):
    return raw("raw_shopify__variants", *told)


@pytest.mark.parametrize("case", VARIANTS, ids=str)
def test_which_variants_take_a_number(case):
    told, taken, reasons = VARIANTS[case]
    resolved, aside = resolve_variants(variants(told), ["X"])
    assert (sorted(resolved["variant_id_shopify"]), sorted(aside["reason_code"])) == (taken, sorted(reasons))
    assert len(told) == len(resolved) + len(aside), "no row vanishes"


def level(place="A", **states):
    units = dict.fromkeys(LEVEL_STATES, 0) | {f"{state}_qty": count for state, count in states.items()}
    units = {"on_hand_qty": sum(count for state, count in units.items() if state in LEVEL_STATES), "incoming_qty": 0} | units
    key = {"shop_code": "ONE", "inventory_item_id_shopify": "i1", "location_id_shopify": PLACES[place]}
    return {**key, "is_active": "true", "level_read_at_utc": "2026-03-02T12:00:00Z", **units}


# a level -> whether it can be trusted, and the reasons
LEVELS = {
    "all states zero": (level(), True, []),
    "the sum of its states": (level(available=3, committed=2, reserved=1, damaged=1, quality_control=1, safety_stock=1), True, []),
    "below zero": (level(available=-3, committed=1), True, []),
    "one unit more than its states": (level(available=3, on_hand=4), False, ["identity_broken"]),
    "one unit less": (level(available=3, on_hand=2), False, ["identity_broken"]),
    "incoming is no state of what is on hand": (level(available=3, incoming=7), True, []),
    "at a location of no contract": (level("ELSEWHERE", available=3), False, ["unmapped_location"]),
}


@pytest.mark.parametrize("case", LEVELS, ids=str)
def test_which_levels_can_be_trusted(case):
    row, is_sound, reasons = LEVELS[case]
    resolved, _ = resolve_variants(variants([variant()]), ["X"])
    core, aside = conform_levels(raw("raw_shopify__levels", row), resolved, CONTRACT)
    assert (len(core) == 1, aside["reason_code"].to_list()) == (is_sound, reasons)


def test_a_broken_level_takes_no_other_down():
    resolved, _ = resolve_variants(variants([variant()]), ["X"])
    rows = [level(available=3, on_hand=9), level("B", available=5)]
    core, _ = conform_levels(raw("raw_shopify__levels", *rows), resolved, CONTRACT)
    assert core.set_index("location_code")["available_qty"].to_dict() == {"B": 5}


def test_what_a_level_shows_of_a_variant_without_a_number_is_left_out():
    assert conform_levels(raw("raw_shopify__levels", level()), resolve_variants(variants([variant(sku="Y")]), ["X"])[0], CONTRACT)[
        0
    ].empty


def test_held_units_are_summed_by_kind_over_the_shops_and_never_below_zero():
    told = [variant(), variant(2, shop_code="TWO")]
    resolved, _ = resolve_variants(variants(told), ["X"])
    two = {"shop_code": "TWO", "inventory_item_id_shopify": "i2", "location_id_shopify": PLACES["A of TWO"]}
    rows = [level(available=5, reserved=2, damaged=1, safety_stock=-1), level(reserved=3, quality_control=4) | two]
    core, aside = conform_levels(raw("raw_shopify__levels", *rows), resolved, CONTRACT)
    assert aside.empty
    assert conform_holds(core).set_index("hold_code")["held_qty"].to_dict() == {"reserved": 5, "damaged": 1, "quality_control": 4}
    assert conform_holds(empty("core_levels")).empty


@pytest.mark.parametrize(
    ("tags", "expected"),
    [('["new","sale"]', ["new", "sale"]), ("[]", []), (None, []), ('["a, b"]', ["a, b"])],
    ids=["two", "none", "missing", "a comma inside"],
)
def test_a_sku_carries_its_products_tags(tags, expected):
    assert conform_tags(variants([variant(tags=tags)]))["tag"].to_list() == expected


def test_a_tag_that_two_shops_give_is_one_tag():
    assert len(conform_tags(variants([variant(tags='["new"]'), variant(2, shop_code="TWO", tags='["new"]')]))) == 1
