"""Spec of stock, three ways: each difference has one cause that a row proves, and the parts add up to it."""

from datetime import UTC, datetime

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.frames import empty, from_rows
from domain.atp import TERMS
from domain.reconcile_stock import NETSUITE, Published, find_stock_differences

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
FRAMES = (
    "out_atp",
    "out_channel_quantities",
    "out_quantity_changes",
    "out_feed_rows",
    "core_ledger",
    "core_expected_levels",
    "core_unresolved",
    "raw_shopify__variants",
    "raw_shopify__levels",
)
KEY = ["channel_code", "sku", "location_code"]


def atp(available=None, **terms):
    """Return a row of out_atp whose true number follows from its terms; NetSuite says on hand less committed, never below 0."""
    row = dict.fromkeys([*TERMS, "other_short_qty"], 0) | {"on_hand_qty": 10} | terms
    figure = max(0, row["on_hand_qty"] - row["committed_qty"])
    return row | {
        "sku": "APPLE",
        "location_code": "WH",
        "atp_qty": sum(sign * row[term] for term, sign in TERMS.items()),
        "available_qty": figure if available is None else available,
        "oldest_input_at_utc": AT,
    }


def numbers(**rows):
    return {name: from_rows(name, rows[name]) if rows.get(name) else empty(name) for name in FRAMES}


def published(accepted=(), unanswered=(), outlets=(), fresh_since=None):
    columns = [*KEY, "published_qty", "published_at_utc"]
    return Published(
        pd.DataFrame([dict(zip(columns, row, strict=True)) for row in accepted], columns=columns),
        pd.DataFrame([dict(zip([*KEY, "change_key"], row, strict=True)) for row in unanswered], columns=[*KEY, "change_key"]),
        pd.DataFrame(outlets, columns=["channel_code", "sku", "shown_qty"]),
        fresh_since,
    )


def told(frames, known=None):
    rows = find_stock_differences(frames, known or published()).to_dict("records")
    return {(row["channel_code"], row["cause_code"]): row for row in rows}


@pytest.mark.parametrize(
    ("terms", "causes"),
    [
        ({}, {}),
        ({"committed_qty": 4}, {}),
        ({"unreflected_qty": 2}, {"unsynced_order": 2}),
        ({"unseen_qty": 1}, {"in_flight": 1}),
        ({"held_qty": 3}, {"held": 3}),
        ({"unapproved_qty": 2}, {"pending_approval": 2}),
        ({"partner_open_qty": 2}, {"partner": 2}),
        ({"backordered_qty": 2}, {"oversold": 2}),
        ({"backordered_qty": 2, "spared_qty": 2}, {}),
        ({"backordered_qty": 3, "spared_qty": 2}, {"oversold": 3, "rule": 2}),
        ({"on_hand_qty": 3, "committed_qty": 5}, {"oversold": 2}),
        ({"on_hand_qty": -1}, {"oversold": 1}),
        ({"on_hand_qty": 0}, {}),
        ({"available": 7}, {"identity_broken": 3}),
        ({"unreflected_qty": 2, "held_qty": 3, "available": 12}, {"unsynced_order": 2, "held": 3, "identity_broken": 2}),
    ],
)
def test_netsuites_figure_is_explained_term_by_term(terms, causes):
    found = told(numbers(out_atp=[atp(**terms)]))
    assert {cause: row["units_qty"] for (_, cause), row in found.items()} == causes
    assert {channel for channel, _ in found} <= {NETSUITE}


def test_an_unsynced_order_is_named():
    row = {"shop_code": "GROCER", "order_line_id_shopify": "gid://shopify/LineItem/1", "sku": "APPLE", "location_code": "WH"}
    row |= {"order_id_shopify": "gid://shopify/Order/77", "demand_qty": 2, "reflected_qty": 0, "unreflected_qty": 2}
    row |= {"reason_code": "not_in_netsuite", "transaction_id_netsuite": None}
    found = told(numbers(out_atp=[atp(unreflected_qty=2)], core_ledger=[row]))
    assert found[NETSUITE, "unsynced_order"]["evidence"] == "GROCER/77 (not_in_netsuite)"


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(TERMS)), st.integers(-20, 20)), st.integers(-5, 30))
def test_the_parts_add_up_to_the_difference(terms, available):
    row = atp(available, **{name: value if name == "on_hand_qty" else abs(value) for name, value in terms.items()})
    found = find_stock_differences(numbers(out_atp=[row]), published())
    signed = found["units_qty"].where(found["verdict_code"].eq("a_copy_would_oversell"), -found["units_qty"])
    assert signed.sum() == row["available_qty"] - row["atp_qty"]
    assert "unknown" not in set(found["cause_code"])


def shop(shown, ours, **more):
    number = {"channel_code": "ONE", "sku": "APPLE", "location_code": "WH", "pool_qty": ours, "arriving_qty": 0, "share_qty": ours}
    number |= {"buffer_qty": 0, "cap_qty": None, "publish_qty": ours, "rule_code": "r", "contract_fingerprint": "f"}
    change = {"shop_code": "GROCER", "inventory_item_id_shopify": "i", "location_id_shopify": "l", "channel_code": "ONE"}
    change |= {"sku": "APPLE", "location_code": "WH", "expected_qty": shown, "desired_qty": ours, "change_key": ""}
    return numbers(out_atp=[atp()], out_channel_quantities=[number], out_quantity_changes=[change], **more)


def level(drop=0, rise=0):
    row = {"shop_code": "GROCER", "sku": "APPLE", "location_code": "WH", "base_qty": 5, "drop_qty": drop, "rise_qty": rise}
    return row | {"first_seen_at_utc": AT, "level_read_at_utc": AT, "late_qty": 0, "last_seen_at_utc": AT, "rise_seen_at_utc": AT}


def expired(field, value):
    row = {"source_frame": "core_expected_levels", "source_key": "GROCER/APPLE/WH", "reason_code": "manual_change"}
    return row | {"field": field, "value": str(value)}


SENT = ("ONE", "APPLE", "WH", 9, pd.Timestamp(AT))
CALL = ("ONE", "APPLE", "WH", "k1")
CASES = {
    "sent long ago": (shop(9, 10), published([SENT]), "stale_publish", 1),
    "sent by a run that is not overdue": (shop(9, 10), published([SENT], fresh_since=AT), "in_flight", 1),
    "never sent": (shop(9, 10), published(), "never_published", 1),
    "never sent, and a run was just now": (shop(9, 10), published(fresh_since=AT), "never_published", 1),
    "rose by hand": (shop(14, 10, core_expected_levels=[level(rise=4)]), published([SENT]), "manual_change", 4),
    "fell by hand, in this run": (shop(8, 10, core_unresolved=[expired("drop_qty", 2)]), published([SENT]), "manual_change", 2),
    "rose and fell by as much": (shop(9, 10, core_expected_levels=[level(2, 2)]), published([SENT]), "stale_publish", 1),
    "a call without an answer": (shop(9, 10), published([SENT], [CALL]), "in_flight", 1),
    "below 0": (shop(-3, 10), published([SENT]), "oversold", 10),
}


@pytest.mark.parametrize("case", CASES)
def test_a_channel_has_one_cause_that_a_row_proves(case):
    frames, known, cause, units = CASES[case]
    ((key, row),) = told(frames, known).items()
    assert (key, row["units_qty"]) == (("ONE", cause), units)
    assert row["evidence"]


def test_below_0_and_0_are_the_same_to_a_buyer():
    assert told(shop(-3, 0), published([SENT])) == {}


@pytest.mark.parametrize(("shown", "cause"), [(7, "stale_publish"), (5, None), (None, None)])
def test_a_feed_against_our_number(shown, cause):
    feed = {"channel_code": "FEED", "sku": "APPLE", "publish_qty": 5}
    found = told(
        numbers(out_feed_rows=[feed]), published([("FEED", "APPLE", "", 7, pd.Timestamp(AT))], outlets=[("FEED", "APPLE", shown)])
    )
    assert list(found) == ([("FEED", cause)] if cause else [])


def test_units_of_a_sku_that_netsuite_does_not_have():
    variant = dict.fromkeys(empty("raw_shopify__variants").columns, "x") | {
        "shop_code": "GROCER",
        "sku": "KALE",
        "is_tracked": "true",
    }
    variant |= {"variant_id_shopify": "v", "inventory_item_id_shopify": "i"}
    row = dict.fromkeys(empty("raw_shopify__levels").columns, "0") | {"shop_code": "GROCER", "inventory_item_id_shopify": "i"}
    aside = {"source_frame": "raw_shopify__variants", "source_key": "GROCER/v", "reason_code": "unmapped_sku"}
    aside |= {"field": "sku", "value": "KALE"}
    for units, expected in (("3", 3), ("0", None), ("-1", None)):
        levels = [row | {"available_qty": units}]
        found = told(numbers(raw_shopify__variants=[variant], raw_shopify__levels=levels, core_unresolved=[aside]))
        assert {key: one["units_qty"] for key, one in found.items()} == ({("GROCER", "unmapped"): expected} if expected else {})
