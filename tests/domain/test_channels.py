"""The channel rules over whole frames: precedence, splits, kits, arriving stock, one number or one per location."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.apportion import apportion
from tests.domain.channel_world import AT, full_rows, make_contract, numbers

EARLIER, LATER = AT - timedelta(hours=1), AT + timedelta(hours=1)

# Each case: the rules of channel ONE, and the number of SKU "RED-1" (tag sale) at A whose pool is 100.
PRECEDENCE = {
    "the default where nothing else is said": ([], 99),
    "a location before the default": ([{"location": "A", "buffer_units": 5}], 95),
    "a rule of another location does not apply": ([{"location": "B", "buffer_units": 5}], 99),
    "a tag before a location": ([{"location": "A", "buffer_units": 5}, {"tags": ["sale"], "buffer_units": 3}], 97),
    "a tag it does not carry does not apply": ([{"tags": ["new"], "buffer_units": 3}], 99),
    "a pattern before a tag": ([{"tags": ["sale"], "buffer_units": 3}, {"skus": ["RED-*"], "buffer_units": 7}], 93),
    "the name before a pattern": ([{"skus": ["RED-1"], "buffer_units": 8}, {"skus": ["*"], "buffer_units": 7}], 92),
    "a location makes a rule more specific": (
        [{"skus": ["RED-1"], "location": "A", "buffer_units": 9}, {"skus": ["RED-1"], "buffer_units": 8}],
        91,
    ),
    "an open time window too": (
        [{"skus": ["RED-1"], "buffer_units": 8}, {"skus": ["RED-1"], "buffer_units": 2, "valid_from": EARLIER}],
        98,
    ),
    "a window not yet open": ([{"location": "A", "buffer_units": 5, "valid_from": LATER}], 99),
    "a window that opens now": ([{"location": "A", "buffer_units": 5, "valid_from": AT}], 95),
    "a window that ends now is over": ([{"location": "A", "buffer_units": 5, "valid_until": AT}], 99),
    "each parameter by itself": ([{"tags": ["sale"], "cap": 40}, {"location": "A", "buffer_units": 70}], 30),
    "of equals the one that shows fewer units": (
        [{"skus": ["RED-1"], "buffer_units": 2}, {"skus": ["RED-1"], "buffer_units": 6}],
        94,
    ),
    "brackets and question marks are plain characters": ([{"skus": ["R?D-[1]*"], "buffer_units": 9}], 99),
}


@pytest.mark.parametrize("case", PRECEDENCE, ids=str)
def test_the_most_specific_rule_decides(case):
    rules, expected = PRECEDENCE[case]
    contract = make_contract({"ONE": {"rules": rules}}, default_rule={"buffer_units": 1})
    told, _ = numbers(contract, {("RED-1", "A"): 100}, core_tags=[{"sku": "RED-1", "tag": "sale"}])
    assert told == {("ONE", "RED-1", "A"): expected}


def test_what_decided_is_named():
    rules = [{"tags": ["sale"], "cap": 40}, {"location": "A", "buffer_units": 70}]
    contract = make_contract({"ONE": {"rules": rules, "rule": {"end_when": 2}}}, default_rule={"stale_percent": 10})
    row = full_rows(contract, {("RED-1", "A"): 100}, core_tags=[{"sku": "RED-1", "tag": "sale"}]).iloc[0]
    assert row["rule_code"] == "rules[0]+rules[1]+channel+default"
    assert (row["pool_qty"], row["buffer_qty"], row["cap_qty"], row["publish_qty"]) == (100, 70, 40, 30)


def test_equally_specific_rules_and_rules_without_effect_are_told():
    rules = [
        {"skus": ["RED-1"], "buffer_units": 2},
        {"skus": ["RED-1", "BLUE"], "buffer_units": 6},
        {"skus": ["NOTHING"], "cap": 1},
        {"tags": ["nowhere"], "cap": 1},
    ]
    contract = make_contract({"ONE": {"rules": rules}})
    _, findings = numbers(contract, {("RED-1", "A"): 100, ("BLUE", "A"): 1})
    told = findings.set_index("source_key")[["reason_code", "value"]].apply(tuple, axis=1).to_dict()
    assert told == {
        "channels.ONE: buffer_units: rules[0] and rules[1]": ("ambiguous_rule", "RED-1"),
        "channels.ONE.rules[2]": ("rule_matches_nothing", "NOTHING"),
        "channels.ONE.rules[3]": ("rule_matches_nothing", "nowhere"),
    }


def test_a_feed_takes_one_number_and_keeps_its_buffer_of_the_pool_or_of_each_location():
    units = {("X", "A"): 5, ("X", "B"): 1}
    per_pool = make_contract({"FEED": {"rule": {"buffer_units": 2}}})
    per_location = make_contract({"FEED": {"rule": {"buffer_units": 2}, "buffer_per": "location"}})
    assert numbers(per_pool, units)[0] == {("FEED", "X", "-"): 4}
    assert numbers(per_location, units)[0] == {("FEED", "X", "-"): 3}


def test_a_shop_may_keep_its_buffer_of_the_whole_pool_the_last_locations_first():
    contract = make_contract({"ONE": {"rule": {"buffer_units": 4}, "buffer_per": "pool"}})
    assert numbers(contract, {("X", "A"): 3, ("X", "B"): 3})[0] == {("ONE", "X", "A"): 2, ("ONE", "X", "B"): 0}


def test_an_oversold_location_takes_from_the_others_before_anything_is_shown():
    contract = make_contract({"ONE": {}, "FEED": {}})
    told, _ = numbers(contract, {("X", "A"): -3, ("X", "B"): 5, ("Y", "A"): -2, ("Y", "B"): 0})
    assert (told[("ONE", "X", "A")], told[("ONE", "X", "B")]) == (0, 2)
    assert told[("FEED", "X", "-")] == 2
    assert {number for key, number in told.items() if key[1] == "Y"} == {0}


def test_a_share_of_a_shared_pool_is_rounded_down():
    contract = make_contract({"ONE": {"rule": {"share": "0.5"}}, "TWO": {}})
    told, _ = numbers(contract, {("X", "A"): 7, ("X", "B"): 1})
    assert [told[("ONE", "X", place)] for place in "AB"] == [3, 0]
    assert [told[("TWO", "X", place)] for place in "AB"] == [7, 1]


def test_a_split_pool_is_shared_out_to_the_last_unit():
    contract = make_contract(
        {"ONE": {"rule": {"share": "0.5"}}, "TWO": {"rule": {"share": "0.3"}}, "FEED": {"rule": {"share": "0.2"}}},
        splits=[{"split_code": "ALL", "channels": ["ONE", "TWO", "FEED"]}],
    )
    told, _ = numbers(contract, {("X", "A"): 10, ("X", "B"): 1})
    assert [told[("ONE", "X", place)] for place in "AB"] == [5, 1]
    assert [told[("TWO", "X", place)] for place in "AB"] == [3, 0]
    assert told[("FEED", "X", "-")] == 2


def test_what_the_shares_of_a_split_lack_to_one_is_kept_back():
    contract = make_contract(
        {"ONE": {"rule": {"share": "0.25"}}, "TWO": {"rule": {"share": "0.25"}}},
        splits=[{"split_code": "HALF", "channels": ["ONE", "TWO"]}],
    )
    told, _ = numbers(contract, {("X", "A"): 8})
    assert sum(told.values()) == 4


def test_a_split_covers_an_oversold_location_once():
    contract = make_contract(
        {"ONE": {"rule": {"share": "0.5"}}, "TWO": {"rule": {"share": "0.5"}}},
        splits=[{"split_code": "ALL", "channels": ["ONE", "TWO"]}],
    )
    told, _ = numbers(contract, {("X", "A"): -4, ("X", "B"): 10})
    assert sum(told.values()) == 6


def test_a_kit_is_as_many_as_its_scarcest_component_makes_at_each_location():
    kit = [
        {"kit_sku": "BOX", "sku": "CUP", "component_qty": 4},
        {"kit_sku": "BOX", "sku": "LID", "component_qty": 1},
        {"kit_sku": "SIX", "sku": "CUP", "component_qty": 6},
        {"kit_sku": "LOST", "sku": "NOWHERE", "component_qty": 1},
    ]
    units = {("CUP", "A"): 11, ("LID", "A"): 9, ("CUP", "B"): 3, ("LID", "B"): 9}
    contract = make_contract({"ONE": {}, "FEED": {}})
    told, _ = numbers(contract, units, core_components=kit)
    assert [told[("ONE", "BOX", place)] for place in "AB"] == [2, 0]
    assert [told[("ONE", "SIX", place)] for place in "AB"] == [1, 0]
    assert told[("FEED", "BOX", "-")] == 2
    assert not [key for key in told if key[1] == "LOST"]


def test_a_kit_takes_no_more_of_a_component_than_the_channels_own_share():
    contract = make_contract(
        {"ONE": {"rule": {"share": "0.5"}}, "TWO": {"rule": {"share": "0.5"}}},
        splits=[{"split_code": "ALL", "channels": ["ONE", "TWO"]}],
    )
    told, _ = numbers(contract, {("CUP", "A"): 9}, core_components=[{"kit_sku": "TWO-CUPS", "sku": "CUP", "component_qty": 2}])
    assert told[("ONE", "TWO-CUPS", "A")] * 2 + told[("TWO", "TWO-CUPS", "A")] * 2 <= 9
    assert told[("ONE", "TWO-CUPS", "A")] == 2


ARRIVALS = [
    {"sku": "X", "location_code": "A", "due_date": "2026-03-02", "source_code": "in_transit", "arriving_qty": 1},
    {"sku": "X", "location_code": "A", "due_date": "2026-03-09", "source_code": "in_transit", "arriving_qty": 2},
    {"sku": "X", "location_code": "A", "due_date": "2026-03-10", "source_code": "in_transit", "arriving_qty": 4},
    {"sku": "X", "location_code": "A", "due_date": "9999-12-31", "source_code": "in_transit", "arriving_qty": 8},
    {"sku": "X", "location_code": "A", "due_date": "2026-03-03", "source_code": "partner", "arriving_qty": 16},
]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, 10),
        ({"arriving": ["in_transit"]}, 11),
        ({"arriving": ["in_transit"], "horizon_days": 6}, 11),
        ({"arriving": ["in_transit"], "horizon_days": 7}, 13),
        ({"arriving": ["in_transit", "partner"], "horizon_days": 8}, 33),
        ({"arriving": []}, 10),
    ],
    ids=str,
)
def test_arriving_stock_counts_within_the_horizon_and_from_the_sources_named(rule, expected):
    contract = make_contract({"FEED": {"rule": rule}})
    assert numbers(contract, {("X", "A"): 10}, core_arrivals=ARRIVALS)[0] == {("FEED", "X", "-"): expected}


def test_units_sold_lately_are_kept_back_where_they_were_sold():
    sold = [
        {"sku": "X", "location_code": "A", "sold_at_utc": AT - timedelta(minutes=30), "sold_qty": 3},
        {"sku": "X", "location_code": "A", "sold_at_utc": AT - timedelta(minutes=61), "sold_qty": 90},
        {"sku": "X", "location_code": "B", "sold_at_utc": AT - timedelta(minutes=60), "sold_qty": 90},
    ]
    contract = make_contract({"ONE": {"rule": {"buffer_sold_minutes": 60}}, "FEED": {"rule": {"buffer_sold_minutes": 60}}})
    told, _ = numbers(contract, {("X", "A"): 10, ("X", "B"): 10}, core_sales=sold)
    assert told == {("ONE", "X", "A"): 7, ("ONE", "X", "B"): 10, ("FEED", "X", "-"): 17}


def test_a_stale_input_lowers_the_number():
    contract = make_contract(
        {"ONE": {"rule": {"stale_after_minutes": 30}}, "TWO": {"rule": {"stale_after_minutes": 31, "stale_percent": 50}}}
    )
    told, _ = numbers(contract, {("X", "A"): 9}, read_at=AT - timedelta(minutes=31))
    assert told == {("ONE", "X", "A"): 0, ("TWO", "X", "A"): 9}
    told, _ = numbers(contract, {("X", "A"): 9}, read_at=AT - timedelta(minutes=31, seconds=1))
    assert told == {("ONE", "X", "A"): 0, ("TWO", "X", "A"): 4}


# --- laws

fractions = st.integers(0, 10_000).map(lambda n: Decimal(n) / 10_000)
small = st.integers(-20, 60)


@settings(derandomize=True, deadline=None)
@given(st.integers(0, 300), st.lists(fractions, min_size=1, max_size=5))
def test_apportioning_is_house_monotone_and_gives_out_what_there_is(pool, weights):
    before, after = apportion(np.array([pool, pool + 1]), weights)
    assert (after >= before).all()
    assert before.sum() <= pool
    if sum(weights) >= 1:
        assert before.sum() == pool


rules_of_channel = st.fixed_dictionaries(
    {},
    optional={
        "share": fractions.map(str),
        "buffer_units": st.integers(0, 8),
        "buffer_percent": st.integers(0, 100),
        "cap": st.integers(0, 30),
        "end_when": st.integers(0, 5),
        "buffer_sold_minutes": st.just(60),
        "arriving": st.just(["in_transit"]),
    },
)
worlds = st.fixed_dictionaries(
    {
        "rules": st.tuples(rules_of_channel, rules_of_channel, rules_of_channel),
        "buffer_per": st.sampled_from(["location", "pool"]),
        "is_split": st.booleans(),
        "units": st.tuples(small, small, small, small),
        "sold": st.integers(0, 5),
        "arriving": st.integers(0, 5),
    }
)


def build(world, *, sold_at=None):
    """Return the numbers of a world; with `sold_at`, after one unit more was sold there."""
    one, two, feed = (dict(rule) for rule in world["rules"])
    if world["buffer_per"] == "pool":
        one.pop("buffer_percent", None)
    channels = {"ONE": {"rule": one, "buffer_per": world["buffer_per"]}, "TWO": {"rule": two}, "FEED": {"rule": feed}}
    splits = [{"split_code": "S", "channels": ["ONE", "TWO", "FEED"]}] if world["is_split"] else []
    places = [("X", "A"), ("X", "B"), ("Y", "A"), ("Y", "B")]
    units = dict(zip(places, world["units"], strict=True))
    sales = [{"sku": "X", "location_code": "A", "sold_at_utc": AT - timedelta(minutes=5), "sold_qty": world["sold"]}]
    if sold_at:
        units[sold_at] -= 1
        sales.append({"sku": sold_at[0], "location_code": sold_at[1], "sold_at_utc": AT - timedelta(minutes=1), "sold_qty": 1})
    arriving = [
        {"sku": "X", "location_code": "B", "due_date": "2026-03-01", "source_code": "in_transit", "arriving_qty": world["arriving"]}
    ]
    kits = [
        {"kit_sku": "KIT", "sku": "X", "component_qty": 2},
        {"kit_sku": "KIT", "sku": "Y", "component_qty": 1},
    ]
    contract = make_contract(channels, splits=splits)
    return full_rows(contract, units, core_sales=sales, core_arrivals=arriving, core_components=kits)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(worlds)
def test_no_number_is_negative_or_above_its_pool_and_a_split_never_shows_a_unit_twice(world):
    told = build(world)
    assert (told["publish_qty"] >= 0).all()
    assert (told["publish_qty"] <= told["share_qty"]).all()
    assert (told["share_qty"] <= told["pool_qty"].clip(lower=0)).all()
    if world["is_split"]:
        for sku in ("X", "Y"):
            mine = told.loc[told["sku"] == sku]
            pool = mine.loc[mine["channel_code"] == "FEED", "pool_qty"].clip(lower=0).sum()
            assert mine["publish_qty"].sum() <= pool


@settings(derandomize=True, deadline=None, max_examples=40)
@given(worlds, st.sampled_from([("X", "A"), ("X", "B"), ("Y", "A"), ("Y", "B")]))
def test_a_unit_sold_anywhere_never_raises_any_number(world, place):
    key = ["channel_code", "sku", "location_code"]
    before, after = (build(world, sold_at=at).set_index(key)["publish_qty"] for at in (None, place))
    assert (after <= before).all()


@settings(derandomize=True, deadline=None, max_examples=10)
@given(worlds, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(world, random):
    units = {("X", "A"): 5, ("X", "B"): -2, ("Y", "A"): 3, ("Y", "B"): 9}
    shuffled = list(units.items())
    random.shuffle(shuffled)
    contract = make_contract({"ONE": {"rule": dict(world["rules"][0])}, "FEED": {}})
    assert full_rows(contract, units).equals(full_rows(contract, dict(shuffled)))


def test_an_instant_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="timezone"):
        make_contract({"ONE": {"rules": [{"location": "A", "valid_from": datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)}]}})
