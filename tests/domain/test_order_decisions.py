"""The decision table: a spec for every row, so that what the docs show is what is done."""

import json

import pandas as pd
import pytest

from domain.order_decisions import DECISIONS
from tests.domain.order_world import Told, decide


def order(**more):
    told = Told(**more)
    told.line(1, "APPLE", 3, "30.00")
    return told


def booked(told, before, linked="SalesOrd"):
    """Return the decision where NetSuite has what was decided at first: what is left is the event's."""
    first = decide(before).documents
    known = dict.fromkeys(first.loc[first["action_code"].isin(["create", "transform"]), "external_id"], "1")
    return decide(told, linked=linked, known=known).documents


def shipped():
    told = order()
    told.pay("30.00")
    told.ship(1, 3)
    return told


def placed():
    told = order()
    told.route(1, 3)
    return None, told


def paid():
    _, told = placed()
    told.pay("10.00", "gift_card")
    told.pay("20.00")
    return placed()[1], told


def paid_late():
    def start():
        told = order(financial_status="PENDING")
        told.ship(1, 3)
        return told

    told = start()
    told.pay("30.00")
    return start(), told


def ship():
    def start():
        told = order()
        told.pay("30.00")
        return told

    before, after = start(), start()
    before.route(1, 3)
    after.ship(1, 3)
    return before, after


def nothing_to_ship():
    told = Told()
    told.line(1, None, 1, "3.00", kind="TIP")
    before = Told()
    before.line(1, None, 1, "3.00", kind="TIP")
    return "known", told


def zero_total():
    told = Told()
    told.line(1, "APPLE", 1, "0.00", discount="10.00")
    told.ship(1, 1)
    return None, told


def moved():
    _, before = placed()
    after = order()
    after.route(1, 3, "THERE")
    return before, after


def edited():
    _, before = placed()
    _, after = placed()
    after.minute += 5
    after.line(2, "BREAD", 1, "2.00", agreement=2)
    after.route(2, 1)
    return before, after


def cancelled_unbooked():
    return None, order(cancelled_at_utc="2026-11-20T11:00:00Z")


def cancelled():
    before = order()
    before.pay("30.00")
    before.route(1, 3)
    after = order(cancelled_at_utc="2026-11-20T11:00:00Z")
    after.pay("30.00")
    after.rows["raw_shopify__fulfillment_order_lines"].append(
        {
            "order_line_id_shopify": "gid://shopify/LineItem/1",
            "status_code": "CLOSED",
            "remaining_qty": 0,
            "fulfillment_order_line_id_shopify": "x",
        }
    )
    after.minute += 5
    after.refund(1, 3, "30.00", "CANCEL")
    after.pay("-30.00")
    return before, after


def cancelled_rest():
    def start():
        told = order()
        told.pay("30.00")
        told.ship(1, 1)
        return told

    before, after = start(), start()
    before.route(1, 2)
    after.refund(1, 2, "20.00", "CANCEL")
    after.pay("-20.00")
    return before, after


def given_back(kind, line=1, place="HERE", **more):
    after = shipped()
    after.refund(line, 1, "10.00", kind, place, **more)
    after.pay("-10.00")
    return shipped(), after


def exchanged():
    before, after = given_back("RETURN")
    after.minute += 1
    after.line(2, "BREAD", 2, "4.00", agreement=3)
    after.ship(2, 2)
    return before, after


def till():
    told = order(till=True)
    told.pay("30.00", "cash")
    told.ship(1, 3)
    return told


def till_sale():
    return None, till()


def till_back(kind):
    after = till()
    after.refund(1, 1, "10.00", kind)
    after.pay("-10.00", "cash")
    return till(), after


def till_exchange():
    before, after = till_back("RETURN")
    rows = after.rows["raw_shopify__refunds"]
    assert rows
    after.minute = 0
    after.line(2, "BREAD", 1, "4.00", agreement=2)
    after.rows["raw_shopify__sales"][-1]["happened_at_utc"] = "2026-11-20T10:01:30Z"
    after.minute = 9
    after.pay("4.00", "cash")
    after.ship(2, 1)
    return before, after


SPECS = {
    "placed": placed,
    "till_sale": till_sale,
    "paid": paid,
    "paid_late": paid_late,
    "shipped": ship,
    "nothing_to_ship": nothing_to_ship,
    "zero_total": zero_total,
    "moved": moved,
    "edited": edited,
    "cancelled_unbooked": cancelled_unbooked,
    "cancelled": cancelled,
    "cancelled_rest": cancelled_rest,
    "returned": lambda: given_back("RETURN", place="THERE"),
    "refunded_kept": lambda: given_back("NO_RESTOCK"),
    "refunded_charge": lambda: given_back("SHIPPING", line=None),
    "exchanged": exchanged,
    "till_return": lambda: till_back("RETURN"),
    "till_kept": lambda: till_back("NO_RESTOCK"),
    "till_exchange": till_exchange,
    "test_order": lambda: (None, order(is_test="true")),
}


def test_every_row_has_its_spec():
    assert set(SPECS) == {row.code for row in DECISIONS}


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda row: row.code)
def test_the_documents_of_a_row(decision):
    before, after = SPECS[decision.code]()
    if before is None:
        found = decide(after).documents
    elif before == "known":
        found = decide(after, linked="SalesOrd").documents
    else:
        found = booked(after, before, "CashSale" if decision.code.startswith("till") else "SalesOrd")
    assert found["reason"].loc[found["action_code"] == "set_aside"].to_list() == []
    made = found.loc[found["action_code"].isin(["create", "transform"])].sort_values("step_count")
    expected = decision.documents * 2 if decision.code == "paid" else decision.documents
    assert tuple(made["record_type"]) == expected


def bodies(found, record_type):
    return [json.loads(x) for x in found.loc[found["record_type"] == record_type, "payload"]]


def test_a_return_to_another_location_is_received_there():
    before, after = given_back("RETURN", place="THERE")
    (receipt,) = bodies(booked(after, before), "itemReceipt")
    assert receipt["item"]["items"][0]["location"] == {"id": "11"}


def test_units_that_were_taken_off_are_on_no_line_any_more():
    before, after = cancelled_rest()
    (revised,) = bodies(booked(after, before), "salesOrder")
    assert [(row["quantity"], row["amount"]) for row in revised["item"]["items"]] == [(1, 10.0)]


def test_fifty_over_three_invoices_is_fifty():
    told = Told()
    told.line(1, "APPLE", 3, "50.00")
    for _ in range(3):
        told.ship(1, 1)
    found = decide(told).documents
    assert [str(x) for x in found.loc[found["record_type"] == "invoice"].sort_values("step_count")["total_amount"]] == [
        "16.67",
        "16.66",
        "16.67",
    ]


def test_tax_inside_the_price_is_booked_as_shopify_tells_it():
    told = Told(taxes_included=True)
    for line, tax in ((1, "3.16"), (2, "3.17"), (3, "3.17")):
        told.line(line, "APPLE", 1, "19.00", taxes=[tax])
    (body,) = bodies(decide(told).documents, "salesOrder")
    assert [row["amount"] for row in body["item"]["items"]] == [15.84, 15.83, 15.83, 9.5]


def test_tax_of_new_york_is_the_sum_of_the_lines():
    told = Told()
    for line, (net, tax) in enumerate((("130.00", "11.54"), ("130.00", "11.54"), ("130.00", "11.54")), start=1):
        total = f"{float(net) + float(tax):.2f}"
        told.line(line, "APPLE", 1, total, taxes=[tax])
    (body,) = bodies(decide(told).documents, "salesOrder")
    assert body["item"]["items"][-1]["amount"] == 34.62


@pytest.mark.parametrize(
    ("kind", "key"),
    [("DUTY", "duty"), ("ADDITIONAL_FEE", "fee"), ("ADJUSTMENT", "adjustment"), ("TIP", "tip"), ("GIFT_CARD", "gift_card")],
)
def test_an_amount_without_its_item_is_set_aside_and_says_what_to_add(kind, key):
    from tests.domain.order_world import contract

    rules = contract()
    items = rules.orders.items.model_copy(update={f"{key}_item_id": None})
    rules = rules.model_copy(update={"orders": rules.orders.model_copy(update={"items": items})})
    told = order()
    if kind in ("TIP", "GIFT_CARD"):
        told.line(2, None, 1, "5.00", kind=kind)
    else:
        told.sale(1, kind, "5.00")
    found = decide(told, rules).documents
    assert (found["action_code"].to_list(), found["reason_code"].to_list()) == (["set_aside"], ["missing_item"])
    assert f"orders.items.{key}_item_id" in found["reason"][0]


def test_an_order_that_does_not_add_up_is_set_aside_with_its_terms():
    told = order()
    told.order["current_total_amount"] = "30.01"
    found = decide(told).documents
    assert found["reason_code"].to_list() == ["totals_differ"]
    assert "product 30.00" in found["reason"][0]


def test_an_unmapped_gateway_stops_at_the_payment_and_not_before():
    told = order()
    told.pay("30.00", "bogus")
    told.route(1, 3)
    found = decide(told).documents.sort_values("step_count")
    assert found["action_code"].to_list() == ["create", "set_aside"]
    assert found["reason_code"].to_list()[1] == "unmapped_gateway"


def test_suitetax_details_take_the_place_of_the_tax_line():
    from contract.models import TaxCode
    from tests.domain.order_world import contract

    rules = contract(tax="suitetax", tax_codes={"T0": TaxCode(tax_code_id="7", tax_type_id="8")})
    told = Told()
    told.line(1, "APPLE", 1, "11.00", taxes=["1.00"])
    (body,) = bodies(decide(told, rules).documents, "salesOrder")
    assert (len(body["item"]["items"]), body["taxDetails"]["items"][0]["taxAmount"]) == (1, 1.0)
    told.line(2, "APPLE", 1, "11.00", taxes=["0.50", "0.50"])
    assert decide(told, rules).documents["reason_code"].to_list() == ["unmapped_tax_title"]


@pytest.mark.parametrize("follow_to", ["order", "settlement"])
@pytest.mark.parametrize(("make", "kind", "root"), [(lambda: paid()[1], "SalesOrd", "salesOrder"), (till, "CashSale", "cashSale")])
def test_for_a_comparison_what_is_booked_is_decided_once_more_as_it_was_booked(make, kind, root, follow_to):
    from tests.domain.order_world import contract

    rules = contract(follow_to=follow_to)
    first = decide(make(), rules).documents
    again = decide(make(), rules, linked=kind, is_afresh=True).documents
    assert root in set(first["record_type"])
    pd.testing.assert_frame_equal(first, again)


def test_for_a_comparison_a_till_sale_that_was_booked_as_an_order_stays_one():
    again = decide(till(), linked="SalesOrd", is_afresh=True).documents
    assert {"salesOrder", "cashSale"} & set(again["record_type"]) == {"salesOrder"}
