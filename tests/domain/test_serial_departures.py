"""What left for an order and came back: by the documents of its numbers, and with which of its lines."""

from collections import Counter

from contract.frames import conform
from domain.serial_departures import Departures, read_departures
from tests.domain.raw_rows import raw
from tests.domain.test_serial_lineage import event, frame

ITEM = ("G/1", "PHONE")


def departures(*events, on_hand=(), **raw_frames):
    made = conform("core_serial_events", frame(*events))
    return read_departures(made, {**EMPTY, **raw_frames}, frozenset(on_hand))


EMPTY = {name: raw(name) for name in ("raw_shopify__order_lines", "raw_shopify__fulfillments", "raw_shopify__sales")}


def left(number, minute, document, **more):
    return event("fulfilled", minute, number=number, order="G/1", document=document, **more) | {"document_name": document}


def test_what_is_out_is_what_left_less_what_came_back():
    found = departures(left("A", 1, "d1"), left("B", 1, "d1"), event("returned", 2, number="A", order="G/1"))
    assert [(one.number, one.units) for one in found.out[ITEM]] == [("A", 0), ("B", 1)]
    assert found.back == {ITEM: Counter("A")}
    again = departures(left("A", 1, "d1"), event("returned", 2, number="A", order="G/1"), left("A", 3, "d3"))
    assert [(one.number, one.units) for one in again.out[ITEM]] == [("A", 1)]
    there = departures(left("A", 1, "d1"), on_hand=[("PHONE", "A")])
    assert (there.out[ITEM][0].units, there.back[ITEM]) == (0, Counter("A")), "counted in by hand, without the order"
    lots = departures(left("L1", 1, "d1", units=5, sku="MILK"), event("returned", 2, number="L1", order="G/1", sku="MILK", units=2))
    assert [(one.number, one.units) for one in lots.out["G/1", "MILK"]] == [("L1", 3)]


def test_the_line_that_a_number_left_with():
    """By what the order names; else by the fulfilment, or the sale at the till, that has one line of the item only."""
    lines = [{"shop_code": "G", "order_line_id_shopify": f"gid://shopify/LineItem/{one}", "sku": "PHONE"} for one in (7, 8, 9)]
    parcel = {"shop_code": "G", "fulfillment_id_shopify": "gid://shopify/Fulfillment/5"}
    shipped = [parcel | {"order_line_id_shopify": "gid://shopify/LineItem/8"}]
    sale = {"shop_code": "G", "order_id_shopify": "gid://shopify/Order/1", "refund_id_shopify": None}
    sales = [
        sale
        | {
            "agreement_id_shopify": "gid://shopify/A/31",
            "happened_at_utc": "1",
            "order_line_id_shopify": "gid://shopify/LineItem/7",
        },
        sale
        | {
            "agreement_id_shopify": "gid://shopify/A/32",
            "happened_at_utc": "2",
            "order_line_id_shopify": "gid://shopify/LineItem/9",
        },
    ]
    found = departures(
        event("sold", 1, number="A", order="G/1", line="9"),
        *(
            left(number, 2, name)
            for number, name in zip("ABCD", ("d", "SHOPFUL-G-5", "SHOPIFY-G-1", "SHOPIFY-G-1-E32"), strict=True)
        ),
        left("E", 3, "by hand"),
        raw_shopify__order_lines=raw("raw_shopify__order_lines", *lines),
        raw_shopify__fulfillments=raw("raw_shopify__fulfillments", *shipped),
        raw_shopify__sales=raw("raw_shopify__sales", *sales),
    )
    assert [one.line for one in found.out[ITEM]] == ["9", "8", "7", "9", None]
    both = [*shipped, parcel | {"order_line_id_shopify": "gid://shopify/LineItem/9"}]
    found = departures(
        left("B", 2, "SHOPFUL-G-5"),
        raw_shopify__order_lines=raw("raw_shopify__order_lines", *lines),
        raw_shopify__fulfillments=raw("raw_shopify__fulfillments", *both),
    )
    assert found.out[ITEM][0].line is None


def test_of_an_order_without_numbers_nothing_is_out():
    assert departures() == Departures({}, {})
