"""What an order's lines name, wherever the contract says: of a variant, and of what came back."""

import json

import pandas as pd
import pytest

from contract.frames import conform
from contract.serials import Serials
from domain.serial_capture import claim_events, earlier_of, returned_numbers
from domain.serial_matching import Known, Matcher
from domain.serial_numbers import Formats
from tests.domain.raw_rows import raw, rows
from tests.domain.test_serial_lineage import event, frame

ORDER, FORMATS = "gid://shopify/Order/1", [{"skus": ["PHONE"], "pattern": "PH-[0-9]"}, {"skus": ["CASE"], "pattern": "CA-[0-9]"}]
NUMBERS = [
    *((f"PH-{one}", "PHONE") for one in range(5)),
    *((f"CA-{one}", "CASE") for one in range(3)),
    ("L1", "MILK"),
    ("L2", "MILK"),
]
MINE = {"shop_code": "G", "order_id_shopify": ORDER}


def gid(kind, number):
    return f"gid://shopify/{kind}/{number}"


def world(lines, *, refunds=(), variants=None, **order):
    """Return the frames of one order: lines as (number, SKU, units, properties), refunds as (line, units, kind, note)."""
    items = [
        {"sku": sku, "item_id_netsuite": sku, "item_type": "x", "is_serial": sku != "MILK", "is_lot": sku == "MILK"}
        for sku in ("PHONE", "CASE", "MILK")
    ]
    kits = [{"kit_sku": "SET", "sku": "PHONE", "component_qty": 1}, {"kit_sku": "SET", "sku": "CASE", "component_qty": 1}]
    head = {"name": "#1", "created_at_utc": "2026-11-01T10:00:00Z", "updated_at_utc": "2026-11-02T10:00:00Z", "is_test": "false"}
    blank = {"cancelled_at_utc": None, "note": None, "tags": "[]", "custom_attributes": "[]", "metafields": "{}"}
    raw_frames = {
        "raw_shopify__orders": raw("raw_shopify__orders", MINE | head | blank | order),
        "raw_shopify__order_lines": raw(
            "raw_shopify__order_lines",
            *(
                MINE | {"order_line_id_shopify": gid("LineItem", number), "variant_id_shopify": gid("ProductVariant", sku), "sku": sku}
                | {"custom_attributes": json.dumps([{"key": "Serial", "value": value} for value in more])}
                for number, sku, _, *more in lines
            ),
        ),
        "raw_shopify__refunds": raw(
            "raw_shopify__refunds",
            *(
                MINE | {"order_line_id_shopify": gid("LineItem", line), "restock_type": kind, "refunded_qty": units, "note": note}
                | {"created_at_utc": f"2026-11-0{day}T10:00:00Z"}
                for day, (line, units, kind, note) in enumerate(refunds, start=3)
            ),
        ),
        "raw_shopify__variant_metafields": raw(
            "raw_shopify__variant_metafields",
            *(
                {"shop_code": "G", "variant_id_shopify": gid("ProductVariant", sku), "metafield_key": key, "value": value}
                for sku, key, value in variants or ()
            ),
        ),
    }  # fmt: skip
    at = pd.Timestamp("2026-11-01", tz="UTC")
    placed = [
        MINE | {"order_line_id_shopify": gid("LineItem", number), "location_code": "W", "sku": sku, "demand_qty": units}
        | dict.fromkeys(("ordered_qty", "open_qty", "fulfilled_qty", "unrouted_qty", "left_qty", "back_qty"), 0)
        | {"event_at_utc": at, "placed_at_utc": at}
        for number, sku, units, *_ in lines
    ]  # fmt: skip
    core = {
        "core_items": rows("core_items", *items, is_inactive=False),
        "core_components": rows("core_components", *kits),
        "core_order_lines": rows("core_order_lines", *placed),
    }
    return raw_frames, core


def section(**given):
    return Serials.model_validate(
        {"formats": FORMATS}
        | {key: [one if isinstance(one, dict) else {"source": one} for one in value] for key, value in given.items()}
    )


def matcher(serials=None):
    formats = Formats((serials or section()).formats)
    return Matcher([Known(number, sku, frozenset({"W"})) for number, sku in NUMBERS], formats)


def named(frames, serials, stage="sold"):
    events = claim_events(*frames, matcher(serials), serials)
    mine = events.loc[events["stage_code"].eq(stage)]
    found = {}
    for row in mine.to_dict("records"):
        text = row["serial_number"] + (f" {row['problem_code']}" if isinstance(row["problem_code"], str) else "")
        found.setdefault(row["line_key"], []).append(text)
    return found


CERTAIN = {"repair": "certain"}
SOLD = [(7, "PHONE", 1, "PX-1")]


def repaired(lines, there, earlier=None, **more):
    """Return what the lines name, where only these numbers are known, each on hand or not; and the events."""
    serials = Serials.model_validate({"formats": FORMATS, "sources": [{"source": "line.property.Serial"}]} | CERTAIN | more)
    known = [Known(number, "PHONE", frozenset({"W"} if is_there else ())) for number, is_there in there.items()]
    events = claim_events(*world(lines), Matcher(known, Formats(serials.formats), earlier), serials)
    return [(row["serial_number"], row["problem_code"]) for row in events.to_dict("records")], events


def fulfilled(number, order="G/1", sku="PHONE"):
    rows = frame(event("fulfilled", 9, number=number, order=order, sku=sku))
    return conform("core_serial_events", rows)


def test_a_certain_repair_stays_when_the_unit_has_left():
    first, events = repaired(SOLD, {"PH-1": True})
    assert first == [("PH-1", None)]
    alive = conform("core_serial_events", events)
    gone = {"PH-1": False}
    assert repaired(SOLD, gone)[0] == [("PX-1", "unknown_number")], "nobody has taken it for anything yet"
    assert repaired(SOLD, gone, earlier_of(alive))[0] == first
    assert repaired(SOLD, gone | {"PH-2": True}, earlier_of(alive))[0] == first, "another that is like it changes nothing"
    assert repaired(SOLD, gone, earlier_of(alive), repair="suggest")[0] == [("PX-1", "unknown_number")]
    assert repaired(SOLD, {"PH-4": False}, earlier_of(alive))[0] == [("PX-1", "unknown_number")], "NetSuite has it no more"
    assert repaired([(7, "PHONE", 1, "PZ-1")], gone, earlier_of(alive))[0] == [("PZ-1", "unknown_number")], "another text"
    back = alive.assign(reverses_key=alive["event_key"], event_key="x!")
    taken_back = earlier_of(pd.concat([alive, back], ignore_index=True))
    assert repaired(SOLD, gone, taken_back)[0] == [("PX-1", "unknown_number")]
    joined = conform("core_serial_events", pd.concat([alive, alive.assign(serial_number="PH-2", event_key="y")]))
    assert repaired(SOLD, gone, earlier_of(joined))[0] == [("PX-1", "unknown_number")], "two numbers in one text"


def test_the_only_number_that_can_be_meant_is_certain_where_it_left_for_the_order():
    gone = {"PH-1": False}
    assert repaired(SOLD, gone, earlier_of(fulfilled("PH-1")))[0] == [("PH-1", None)]
    assert repaired(SOLD, gone | {"PH-2": False}, earlier_of(fulfilled("PH-1")))[0] == [("PX-1", "unknown_number")]
    for other in (fulfilled("PH-1", order="G/2"), fulfilled("PH-1", order=None), fulfilled("PH-1", sku="CASE")):
        assert repaired(SOLD, gone, earlier_of(other))[0] == [("PX-1", "unknown_number")]


VARIANT = section(sources=["line.property.Serial", "variant.metafield.ops.number"])
OF_VARIANTS = {
    "a text": ("ph-1", {"7": ["PH-1"]}),
    "two in a text": ("PH-1; PH-2", {"7": ["PH-1", "PH-2"]}),
    "a JSON list": ('["PH-1", "PH-2"]', {"7": ["PH-1", "PH-2"]}),
    "an empty list": ("[]", {}),
    "half a list": ('["PH-9', {"7": ['["PH-9 unknown_number']}),
    "a number that nobody has": ("PH-9", {"7": ["PH-9 unknown_number"]}),
    "another item's": ("CA-1", {"7": ["CA-1 wrong_item"]}),
    "nothing": ("", {}),
}


@pytest.mark.parametrize("name", OF_VARIANTS)
def test_a_variants_metafield_names_the_numbers_of_its_lines(name):
    value, expected = OF_VARIANTS[name]
    frames = world([(7, "PHONE", 2)], variants=[("PHONE", "ops.number", value), ("PHONE", "ops.other", "PH-4")])
    assert named(frames, VARIANT) == expected


def test_every_line_of_the_variant_names_them_beside_its_own_and_no_other_variants_does():
    frames = world([(7, "PHONE", 1), (8, "PHONE", 1, "PH-2"), (9, "CASE", 1)], variants=[("PHONE", "ops.number", "PH-1")])
    assert named(frames, VARIANT) == {"7": ["PH-1"], "8": ["PH-2", "PH-1"]}
    assert named((frames[0] | {"raw_shopify__variant_metafields": raw("raw_shopify__variant_metafields")}, frames[1]), VARIANT) == {
        "8": ["PH-2"]
    }


def test_a_serial_stands_on_a_line_once_and_a_lot_as_often_as_units_of_it():
    frames = world([(7, "PHONE", 2, "PH-1, PH-1"), (8, "MILK", 3, "L1, L1, L2")])
    assert named(frames, VARIANT) == {"7": ["PH-1", "PH-1 twice_on_line"], "8": ["L1", "L1", "L2"]}


NOTE = [{"source": "line.property.Serial"}, {"source": "order.note", "pattern": "SN:([A-Z0-9-]+)"}]
ALIKE = Serials.model_validate({"formats": [{"skus": ["*"], "pattern": "[A-Z]+-?[0-9]"}], "sources": NOTE})
ONE_NOTE = {  # lines that share one format; the order's note; what each line names
    "each the SKU's own": ([(7, "PHONE", 1), (8, "CASE", 1)], "SN:CA-1 SN:PH-1", {"7": ["PH-1"], "8": ["CA-1"]}),
    "two lines of one SKU, by units": ([(7, "PHONE", 2), (8, "PHONE", 1)], "SN:PH-3 SN:PH-1 SN:PH-2", {"7": ["PH-3", "PH-1"], "8": ["PH-2"]}),
    "more than units: the last line's": ([(7, "PHONE", 1), (8, "PHONE", 1)], "SN:PH-1 SN:PH-2 SN:PH-3", {"7": ["PH-1"], "8": ["PH-2", "PH-3"]}),
    "fewer than units": ([(7, "PHONE", 1), (8, "PHONE", 1)], "SN:PH-1", {"7": ["PH-1"]}),
    "a serial told twice is of one line": (
        [(7, "PHONE", 1), (8, "PHONE", 1)], "SN:PH-1 SN:PH-1 SN:PH-2", {"7": ["PH-1", "PH-1 twice_on_line"], "8": ["PH-2"]},
    ),
    "a number that nobody has is of the SKU that lacks one": (
        [(7, "PHONE", 1), (8, "CASE", 1)], "SN:XX-9 SN:PH-1", {"7": ["PH-1"], "8": ["XX-9 unknown_number"]},
    ),
    "a line that names its own": ([(7, "PHONE", 1, "PH-1"), (8, "PHONE", 1)], "SN:PH-1 SN:PH-2", {"7": ["PH-1"], "8": ["PH-2"]}),
    "another SKU's line that names its own": ([(7, "PHONE", 1, "PH-1"), (8, "CASE", 1)], "SN:PH-2 SN:CA-1", {"7": ["PH-1"], "8": ["CA-1"]}),
    "one lot stands for both lines": ([(7, "MILK", 2), (8, "MILK", 1)], "SN:L1", {"7": ["L1"], "8": ["L1"]}),
    "several lots by units": ([(7, "MILK", 2), (8, "MILK", 1)], "SN:L1 SN:L1 SN:L2", {"7": ["L1", "L1"], "8": ["L2"]}),
    "a kit's members": ([(7, "SET", 1)], "SN:CA-1 SN:PH-1", {"7": ["CA-1", "PH-1"]}),
    "a kit's own": ([(7, "SET", 2, "CA-1, PH-1, PH-2, CA-2")], "", {"7": ["CA-1", "CA-2", "PH-1", "PH-2"]}),
    "a kit and its member by itself": ([(7, "SET", 1), (8, "CASE", 1)], "SN:CA-1 SN:CA-2 SN:PH-1", {"7": ["CA-1", "PH-1"], "8": ["CA-2"]}),
}  # fmt: skip


@pytest.mark.parametrize("name", ONE_NOTE)
def test_a_number_that_is_told_for_the_order_is_of_the_line_whose_sku_has_it(name):
    lines, note, expected = ONE_NOTE[name]
    found = named(world(lines, note=note), ALIKE)
    assert {line: numbers if lines[0][1] != "SET" else sorted(numbers) for line, numbers in found.items()} == expected


def test_what_came_back_is_told_to_the_sku_that_has_it():
    serials = ALIKE.model_copy(update={"sources": (), "returned": ALIKE.sources})
    frames = world([(7, "PHONE", 1), (8, "CASE", 1), (9, "PHONE", 1)], note="SN:CA-1 SN:PH-1")
    assert {key: [number for number, _ in rows] for key, rows in returned_numbers(*frames, matcher(serials), serials).items()} == {
        ("G/1", "7", "PHONE"): ["PH-1"],
        ("G/1", "8", "CASE"): ["CA-1"],
        ("G/1", "9", "PHONE"): ["PH-1"],
    }


BACK = section(
    sources=["line.property.Serial"],
    returned=[
        "order.metafield.ops.returned",
        {"source": "refund.note", "pattern": "RET:([A-Z0-9-]+)"},
        {"source": "order.tags", "pattern": "back-(.+)"},
    ],
)
TWO = [(7, "PHONE", 2, "PH-1, PH-2")]
REFUNDED = {  # lines; refunds; what is told; the numbers that came back, by line
    "nothing came back": (TWO, [], {"metafields": '{"ops.returned": "{\\"7\\": [\\"PH-1\\"]}"}'}, {}),
    "a part, and nobody says which": (TWO, [(7, 1, "RETURN", None)], {}, {}),
    "the whole line": (TWO, [(7, 2, "RETURN", None)], {}, {"7": ["PH-1", "PH-2"]}),
    "a part, told by the metafield": (TWO, [(7, 1, "RETURN", None)], {"metafields": '{"ops.returned": "{\\"7\\": [\\"PH-2\\"]}"}'}, {"7": ["PH-2"]}),
    "told before it came back: the first only": (
        TWO, [(7, 1, "RETURN", None)], {"metafields": '{"ops.returned": "{\\"7\\": [\\"PH-2\\", \\"PH-1\\"]}"}'}, {"7": ["PH-2"]},
    ),
    "told by the refund's note": (TWO, [(7, 1, "RETURN", "RET:PH-2 scratched")], {}, {"7": ["PH-2"]}),
    "two refunds, each with its note": (TWO, [(7, 1, "RETURN", "RET:PH-2"), (7, 1, "RETURN", "RET:PH-1")], {}, {"7": ["PH-2", "PH-1"]}),
    "a note of money that was kept": (TWO, [(7, 1, "NO_RESTOCK", "RET:PH-2")], {}, {}),
    "another unit than was sold": (TWO, [(7, 1, "RETURN", "RET:PH-4")], {}, {"7": ["PH-4"]}),
    "a unit that nobody has": (TWO, [(7, 1, "RETURN", "RET:PH-9")], {}, {"7": ["PH-9 unknown_number"]}),
    "told by a tag": (TWO, [(7, 1, "RETURN", None)], {"tags": '["vip", "back-PH-1"]'}, {"7": ["PH-1"]}),
    "no JSON": (TWO, [(7, 1, "RETURN", None)], {"metafields": '{"ops.returned": "7: PH-1"}'}, {}),
    "two lines of one item, one note": (
        [(7, "PHONE", 1, "PH-1"), (8, "PHONE", 1, "PH-2")], [(7, 1, "RETURN", "RET:PH-1 RET:PH-2"), (8, 1, "RETURN", "RET:PH-1 RET:PH-2")], {},
        {"7": ["PH-1"], "8": ["PH-2"]},
    ),
    "the line of an exchange": (
        [(7, "PHONE", 1, "PH-1"), (8, "PHONE", 1, "PH-2")], [(7, 1, "RETURN", None)], {}, {"7": ["PH-1"]},
    ),
    "lots, told once": ([(7, "MILK", 5, "L1, L2")], [(7, 3, "RETURN", None)], {"metafields": '{"ops.returned": "{\\"7\\": [\\"L2\\"]}"}'}, {"7": ["L2"]}),
    "a part of kits": ([(7, "SET", 2, "PH-1, PH-2, CA-1, CA-2")], [(7, 1, "RETURN", "RET:PH-2 RET:CA-1")], {}, {"7": ["CA-1", "PH-2"]}),
    "of a cancelled order nothing": (TWO, [(7, 2, "RETURN", None)], {"cancelled_at_utc": "2026-11-04"}, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUNDED)
def test_what_came_back(name):
    lines, refunds, told, expected = REFUNDED[name]
    assert named(world(lines, refunds=refunds, **told), BACK, "refunded") == expected


def test_each_came_back_with_its_own_refund():
    frames = world(TWO, refunds=[(7, 1, "RETURN", "RET:PH-2"), (7, 1, "RETURN", "RET:PH-1")])
    events = claim_events(*frames, matcher(), BACK)
    when = events.loc[events["stage_code"].eq("refunded")].set_index("serial_number")["happened_at_utc"]
    assert {number: f"{at:%m-%d}" for number, at in when.items()} == {"PH-2": "11-03", "PH-1": "11-04"}


def test_documents_are_told_every_number_that_stands_there_twice_too():
    frames = world(TWO, metafields='{"ops.returned": "{\\"gid://shopify/LineItem/7\\": [\\"ph-2\\", \\"PH-2\\", \\"PH-9\\"]}"}')
    found = returned_numbers(*frames, matcher(), BACK)
    assert found == {("G/1", "7", "PHONE"): [("PH-2", None), ("PH-2", "twice_on_line"), ("PH-9", "unknown_number")]}
