"""Which numbers left with which line of an order: those that a line names, else by the room of its SKU or its kit."""

import pandas as pd
import pytest

from domain.serial_told import merged, numbers_by_line

KITS = pd.DataFrame({"kit_sku": ["BOX", "BOX"], "sku": ["PHONE", "MILK"], "component_qty": [1, 2]})
CASES = {
    # lines (SKU, units), what left (SKU, number), what lines name ((SKU, number): line): numbers by line
    "nothing left": ([("PHONE", 1)], [], {}, {}),
    "by its SKU": ([("PHONE", 1)], [("PHONE", "S1")], {}, {"1": ["S1"]}),
    "the line that names it": ([("PHONE", 1), ("PHONE", 1)], [("PHONE", "S1"), ("PHONE", "S2")], {("PHONE", "S1"): "2"},
        {"2": ["S1"], "1": ["S2"]}),
    "a kit's members": ([("BOX", 1)], [("PHONE", "S1"), ("MILK", "L1")], {}, {"1": ["L1", "S1"]}),
    "by itself before its kit": ([("PHONE", 1), ("BOX", 1)], [("PHONE", "S1"), ("PHONE", "S2")], {}, {"1": ["S1"], "2": ["S2"]}),
    "no room": ([("BOX", 1)], [("PHONE", "S1"), ("PHONE", "S2")], {}, {"1": ["S1"]}),
    "a line of another order": ([("PHONE", 1)], [("PHONE", "S1")], {("PHONE", "S1"): "9"}, {"1": ["S1"]}),
    "of no line": ([("BREAD", 1)], [("PHONE", "S1")], {}, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_numbers_by_line(name):
    lines, left, named, wanted = CASES[name]
    order = "gid://shopify/Order/7"
    rows = [
        {
            "order_id_shopify": order,
            "order_line_id_shopify": f"gid://shopify/LineItem/{place}",
            "sku": sku,
            "ordered_qty": str(units),
        }
        for place, (sku, units) in enumerate(lines, start=1)
    ]
    events = [{"stage_code": "fulfilled", "sku": sku, "serial_number": number, "line_key": "1"} for sku, number in left]
    events += [
        {"stage_code": "sold", "sku": sku, "serial_number": number, "line_key": line} for (sku, number), line in named.items()
    ]
    told = pd.DataFrame(events, columns=["stage_code", "sku", "serial_number", "line_key"]).assign(order_key="GROCER/7")
    assert numbers_by_line(pd.DataFrame(rows), KITS, told) == ({order: wanted} if wanted else {})


MERGED = {  # what stands there, what left, what we last wrote: what is to stand there, and which of it is ours
    "nothing yet": ({}, {"1": ["A"]}, {}, ({"1": ["A"]}, {"1": ["A"]})),
    "a second parcel": ({"1": ["A"]}, {"1": ["A", "B"]}, {"1": ["A"]}, ({"1": ["A", "B"]}, {"1": ["A", "B"]})),
    "what left is corrected": ({"1": ["A"]}, {"1": ["A2"]}, {"1": ["A"]}, ({"1": ["A2"]}, {"1": ["A2"]})),
    "what left did not leave": ({"1": ["A"], "2": ["B"]}, {"2": ["B"]}, {"1": ["A"], "2": ["B"]}, ({"2": ["B"]}, {"2": ["B"]})),
    "somebody else's": ({"1": ["X"]}, {"1": ["A"]}, {}, ({"1": ["X"]}, {})),
    "somebody else's over ours": ({"1": ["X"]}, {"1": ["A", "B"]}, {"1": ["A"]}, ({"1": ["X"]}, {})),
    "somebody else's in another order": ({"1": ["B", "A"]}, {"1": ["A", "B"]}, {}, ({"1": ["B", "A"]}, {})),
    "somebody else's line, gone from ours": ({"1": ["X"]}, {}, {"1": ["A"]}, ({"1": ["X"]}, {})),
    "a part of what left, by whomever": ({"1": ["A"]}, {"1": ["A", "B"]}, {}, ({"1": ["A", "B"]}, {"1": ["A", "B"]})),
    "what left already stands there": ({"1": ["A"]}, {"1": ["A"]}, {}, ({"1": ["A"]}, {"1": ["A"]})),
    "ours was taken out": ({}, {"1": ["A"]}, {"1": ["A"]}, ({"1": ["A"]}, {"1": ["A"]})),
    "another line's": ({"9": "by hand"}, {"1": ["A"]}, {}, ({"9": "by hand", "1": ["A"]}, {"1": ["A"]})),
    "a text on our line": ({"1": "A"}, {"1": ["A", "B"]}, {}, ({"1": "A"}, {})),
    "no mapping of lines": (["A"], {"1": ["A"]}, {}, None),
}  # fmt: skip


@pytest.mark.parametrize("name", MERGED)
def test_what_we_wrote_is_completed_and_corrected_and_what_somebody_else_wrote_stays(name):
    known, wanted, ours, expected = MERGED[name]
    assert merged(known, wanted, ours) == expected
    if expected is not None:
        assert merged(expected[0], wanted, expected[1]) == expected, "told again, nothing changes"
