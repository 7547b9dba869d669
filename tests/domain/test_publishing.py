"""Spec table of the publishing plan: what changes, in which calls, with which keys."""

import pandas as pd
import pytest

from contract.frames import empty, from_rows
from domain.publishing import BATCH_SIZE, find_changes, held_back, plan_calls
from tests.domain.channel_world import READ_AT, make_contract

CONTRACT = make_contract({"ONE": {}, "FEED": {}}, splits=[{"split_code": "PAIR", "channels": ["ONE", "FEED"]}])


def level(available, sku="SHIRT", place="A", shop="ONE"):
    states = (
        "on_hand_qty",
        "committed_qty",
        "reserved_qty",
        "damaged_qty",
        "safety_stock_qty",
        "quality_control_qty",
        "incoming_qty",
    )
    row = {"shop_code": shop, "sku": sku, "location_code": place, "available_qty": available, "read_at_utc": READ_AT}
    return row | {"inventory_item_id_shopify": f"i{sku}", "location_id_shopify": f"l{place}", **dict.fromkeys(states, 0)}


def number(units, sku="SHIRT", place="A", channel="ONE"):
    row = {"channel_code": channel, "sku": sku, "location_code": place, "publish_qty": units, "cap_qty": None, "rule_code": "r"}
    counts = dict.fromkeys(("pool_qty", "arriving_qty", "share_qty", "buffer_qty"), 0)
    return row | counts | {"contract_fingerprint": "f"}


CHANGES = {
    "the shop shows it already": ([number(5)], [level(5)], []),
    "it must fall": ([number(4)], [level(5)], [(5, 4)]),
    "it must rise": ([number(6)], [level(5)], [(5, 6)]),
    "to zero": ([number(0)], [level(5)], [(5, 0)]),
    "from below zero": ([number(0)], [level(-2)], [(-2, 0)]),
    "zero stays zero": ([number(0)], [level(0)], []),
    "no level there": ([number(4, place="B")], [level(5)], []),
    "no number for the level": ([], [level(5)], []),
    "a feed's number is no shop's": ([number(4, channel="FEED", place="-")], [level(5)], []),
    "another SKU": ([number(4, sku="SOCKS")], [level(5)], []),
}


@pytest.mark.parametrize("case", CHANGES)
def test_only_what_differs_changes(case):
    numbers, levels, expected = CHANGES[case]
    wanted = from_rows("out_channel_quantities", numbers) if numbers else empty("out_channel_quantities")
    told = find_changes(wanted, from_rows("core_levels", levels), CONTRACT)
    assert list(told[["expected_qty", "desired_qty"]].itertuples(index=False, name=None)) == expected


def changes(count, expected=5, desired=4, shop="ONE"):
    return pd.DataFrame(
        [
            {
                "shop_code": shop,
                "inventory_item_id_shopify": f"i{n}",
                "location_id_shopify": "l",
                "expected_qty": expected,
                "desired_qty": desired,
            }
            for n in range(count)
        ],
        columns=["shop_code", "inventory_item_id_shopify", "location_id_shopify", "expected_qty", "desired_qty"],
    )


@pytest.mark.parametrize(
    ("count", "sizes"), [(0, []), (1, [1]), (249, [249]), (250, [250]), (251, [250, 1]), (500, [250, 250]), (501, [250, 250, 1])]
)
def test_a_call_holds_at_most_250_pairs(count, sizes):
    assert BATCH_SIZE == 250
    assert [len(call) for call in plan_calls(changes(count), "run/1")] == sizes


def test_a_call_lowers_or_raises_never_both_and_what_falls_goes_first():
    mixed = pd.concat([changes(3, 5, 9), changes(3, 5, 4), changes(2, 5, 1, shop="TWO")], ignore_index=True)
    calls = list(plan_calls(mixed, "run/1"))
    directions = [set(call["desired_qty"] > call["expected_qty"]) for call in calls]
    assert all(len(direction) == 1 for direction in directions)
    assert [(call["shop_code"].iloc[0], direction.pop()) for call, direction in zip(calls, directions, strict=True)] == [
        ("ONE", False),
        ("ONE", True),
        ("TWO", False),
    ]


def keys(frame, intent):
    return [call["change_key"].iloc[0] for call in plan_calls(frame, intent)]


def test_one_intent_has_one_key_and_every_other_another():
    base = keys(changes(3), "run/1")
    assert keys(changes(3), "run/1") == base
    others = [
        keys(changes(3), "run/2"),
        keys(changes(2), "run/1"),
        keys(changes(3, 6, 4), "run/1"),
        keys(changes(3, 5, 3), "run/1"),
    ]
    assert all(set(other).isdisjoint(base) for other in others)
    assert len({key for call in plan_calls(changes(300), "run/1") for key in call["change_key"]}) == 2


@pytest.mark.parametrize(
    ("channel", "sku", "is_held"),
    [("ONE", "SHIRT", True), ("FEED", "SHIRT", True), ("ONE", "SOCKS", False)],
    ids=["its split waits", "the other of its split", "another SKU"],
)
def test_a_number_of_a_split_waits_for_what_must_fall(channel, sku, is_held):
    rising = pd.DataFrame({"channel_code": [channel], "sku": [sku]})
    waiting = pd.DataFrame({"channel_code": ["FEED"], "sku": ["SHIRT"]})
    assert list(held_back(rising, waiting, CONTRACT)) == [is_held]
    assert list(held_back(rising, waiting.iloc[:0], CONTRACT)) == [False]
    assert list(held_back(rising, waiting, make_contract({"ONE": {}, "FEED": {}}))) == [False]
