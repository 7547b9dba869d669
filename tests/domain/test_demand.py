"""Spec table of demand: which units of a Shopify order line have left, or must leave, which location."""

import pytest

from domain.demand import conform_order_lines
from tests.domain.channel_world import make_contract
from tests.domain.raw_rows import rows

CONTRACT = make_contract({"ONE": {}})
ORDER = {"shop_code": "ONE", "order_id_shopify": "gid://shopify/Order/1"}
LINE = {**ORDER, "order_line_id_shopify": "gid://shopify/LineItem/1"}
A, B = "gid://shopify/Location/10", "gid://shopify/Location/20"
STAMPS = {"created_at_utc": "2026-03-01T00:00:00Z", "updated_at_utc": "2026-03-02T00:00:00Z"}


def routed(units, place=A, status="OPEN"):
    return (
        "raw_shopify__fulfillment_order_lines",
        {"remaining_qty": str(units), "location_id_shopify": place, "status_code": status},
    )


def shipped(units, place=A, status="SUCCESS"):
    return ("raw_shopify__fulfillments", {"fulfilled_qty": str(units), "location_id_shopify": place, "status_code": status})


def refunded(units, kind, place=A, restocked=True):
    row = {"refunded_qty": str(units), "restock_type": kind, "location_id_shopify": place, "is_restocked": str(restocked).lower()}
    return ("raw_shopify__refunds", row)


def conform(ordered, current, *parts, line=None, known=("SHIRT",), variant_sku="SHIRT"):
    keys = {
        "raw_shopify__fulfillment_order_lines": "fulfillment_order_line_id_shopify",
        "raw_shopify__fulfillments": "fulfillment_line_id_shopify",
        "raw_shopify__refunds": "refund_line_id_shopify",
    }
    frames = {
        name: rows(name, *({**row, key: str(place)} for place, (table, row) in enumerate(parts) if table == name), **LINE)
        for name, key in keys.items()
    }
    given = {"variant_id_shopify": "v", "sku": "SHIRT", "position": "1", "is_gift_card": "false", **(line or {})}
    frames |= {
        "raw_shopify__orders": rows("raw_shopify__orders", {**ORDER, **STAMPS}),
        "raw_shopify__order_lines": rows(
            "raw_shopify__order_lines", {**LINE, "ordered_qty": str(ordered), "current_qty": str(current), **given}
        ),
        "raw_shopify__variants": rows("raw_shopify__variants", {"shop_code": "ONE", "variant_id_shopify": "v", "sku": variant_sku}),
    }
    return conform_order_lines(frames, list(known), CONTRACT)


CASES = {
    # ordered, current, what happened -> {place: (demand, ever left, came back)}
    "open": (3, 3, [routed(3)], {"A": (3, 3, 0)}),
    "open at two places": (3, 3, [routed(2), routed(1, B)], {"A": (2, 2, 0), "B": (1, 1, 0)}),
    "on hold": (3, 3, [routed(3, status="ON_HOLD")], {"A": (3, 3, 0)}),
    "scheduled": (3, 3, [routed(3, status="SCHEDULED")], {"A": (3, 3, 0)}),
    "shipped": (3, 3, [routed(0, status="CLOSED"), shipped(3)], {"A": (3, 3, 0)}),
    "part shipped": (3, 3, [routed(1), shipped(2)], {"A": (3, 3, 0)}),
    "routed to A, shipped from B": (3, 3, [routed(0, status="CLOSED"), shipped(3, B)], {"A": (0, 0, 0), "B": (3, 3, 0)}),
    "shipment cancelled, open again": (3, 3, [routed(3), shipped(3, status="CANCELLED")], {"A": (3, 3, 0)}),
    "shipment failed": (3, 3, [routed(3), shipped(3, status="FAILURE")], {"A": (3, 3, 0)}),
    "not routed yet": (3, 3, [], {"A": (3, 3, 0)}),
    "cancelled before it left, restocked": (
        3,
        0,
        [routed(0, status="CLOSED"), refunded(3, "CANCEL")],
        {"A": (0, 3, 3)},
    ),
    "one of three cancelled": (3, 2, [routed(2), refunded(1, "CANCEL")], {"A": (2, 3, 1)}),
    "refunded after it left, kept": (3, 2, [shipped(3), refunded(1, "NO_RESTOCK", restocked=False)], {"A": (3, 3, 0)}),
    "returned where it left": (3, 2, [shipped(3), refunded(1, "RETURN")], {"A": (3, 3, 1)}),
    "returned elsewhere": (3, 2, [shipped(3), refunded(1, "RETURN", B)], {"A": (3, 3, 0), "B": (0, 0, 1)}),
    "cancelled without a trace": (3, 0, [routed(0, status="CLOSED")], {"A": (0, 3, 3)}),
    "edited away, one of three": (3, 2, [routed(2)], {"A": (2, 3, 1)}),
    "sold at a till: shipped at once": (1, 1, [shipped(1, B)], {"B": (1, 1, 0)}),
}


@pytest.mark.parametrize("case", CASES)
def test_the_units_of_a_line(case):
    ordered, current, parts, expected = CASES[case]
    core, aside = conform(ordered, current, *parts)
    found = {row["location_code"]: (row["demand_qty"], row["left_qty"], row["back_qty"]) for row in core.to_dict("records")}
    assert {place: units for place, units in found.items() if any(units)} == {p: u for p, u in expected.items() if any(u)}
    assert aside.empty


def test_a_place_that_the_contract_does_not_know_is_told_and_the_rest_counts():
    core, aside = conform(3, 3, routed(2), routed(1, "gid://shopify/Location/99"))
    assert core.set_index("location_code")["demand_qty"].to_dict()["A"] >= 2
    assert list(aside["reason_code"]) == ["unmapped_location"]


def test_a_line_counts_for_the_sku_that_its_variant_has_today():
    core, _ = conform(1, 1, routed(1), line={"sku": "OLD"}, known=("SHIRT", "OLD"))
    assert list(core["sku"]) == ["SHIRT"]


def test_a_deleted_variant_leaves_the_lines_own_sku():
    core, _ = conform(1, 1, routed(1), line={"variant_id_shopify": None})
    assert list(core["sku"]) == ["SHIRT"]


def test_a_sku_that_nobody_knows_is_told_and_a_gift_card_is_not():
    core, aside = conform(1, 1, routed(1), known=("OTHER",))
    assert core.empty
    assert list(aside["reason_code"]) == ["unmapped_sku"]
    core, aside = conform(1, 1, routed(1), known=("OTHER",), line={"is_gift_card": "true"})
    assert core.empty
    assert aside.empty
