"""A kit of numbered goods: BOX holds one PHONE (serialized) and two MILK (lots); what its documents carry, and what waits."""

import json

import pandas as pd
import pytest

from domain import serial_assignment, serial_readings
from tests.domain.order_world import Told, decide

PHONES, LOTS = ("S1", "S2", "S3"), (("L1", 3), ("L2", 9))
KEY = "GROCER/1"


def numbers(*claims, assign="none"):
    """Return the numbers of a run in which line 1 names these (SKU, number, problem)."""
    stock = [("201", number, 1, "2030-01-01") for number in PHONES] + [("202", lot, units, "2027-01-01") for lot, units in LOTS]
    rows = [
        {
            "inventory_number_id_netsuite": str(place),
            "inventory_number": number,
            "item_id_netsuite": item,
            "location_id_netsuite": "1",
            "on_hand_qty": units,
            "expiration_date": day,
            "is_inactive": "F",
        }
        for place, (item, number, units, day) in enumerate(stock, start=1)
    ]
    items = pd.DataFrame(
        {"sku": ["PHONE", "MILK"], "item_id_netsuite": ["201", "202"], "is_serial": [True, False], "is_lot": [False, True]}
    )
    kits = pd.DataFrame({"kit_sku": ["BOX"] * 3, "sku": ["PHONE", "MILK", "BREAD"], "component_qty": [1, 2, 4]})
    named = [
        {"stage_code": "sold", "order_key": KEY, "line_key": "1", "sku": sku, "serial_number": number, "problem_code": problem}
        for sku, number, problem in claims
    ]
    columns = ["stage_code", "order_key", "line_key", "sku", "serial_number", "problem_code", "moved_qty"]
    told = serial_assignment.Told(serial_readings.claims_of(pd.DataFrame(named, columns=columns)))
    found = serial_readings.read_numbers(pd.DataFrame(rows), items, told, assign, "2026-11-20")
    found.members = serial_readings.numbered_members(kits, found.kinds)
    return found


def box(units, *shipments, **more):
    told = Told(**more)
    told.line(1, "BOX", units, f"{10 * units}.00")
    told.pay(f"{10 * units}.00")
    for count in shipments:
        told.ship(1, count)
    return told


def carried(decided):
    """Return per fulfilment what each of its lines carries: (member's item or None, [(number's id, units)])."""
    found = []
    for payload in decided.documents.loc[decided.documents["record_type"].eq("itemFulfillment"), "payload"]:
        lines = []
        for line in json.loads(payload)["item"]["items"]:
            rows = line.get("inventoryDetail", {}).get("inventoryAssignment", {}).get("items", [])
            lines.append((line.get("$member"), [(row["issueInventoryNumber"]["id"], row["quantity"]) for row in rows]))
        found.append(lines)
    return found


def aside(decided):
    return decided.documents.loc[decided.documents["action_code"].eq("set_aside"), ["reason_code", "reason"]].values.tolist()


def phone(*given):
    return [("PHONE", number, None) for number in given]


CASES = {
    # kits sold, kits of each shipment, what the line names, rule: what each fulfilment carries, why the rest waits
    "nothing shipped": (1, (), phone("S1"), "fifo", [], None),
    "named and picked": (1, (1,), phone("S2"), "fefo", [[(None, []), ("201", [("2", 1)]), ("202", [("4", 2)])]], None),
    "a lot runs out": (2, (2,), phone("S1", "S2"), "fefo",
        [[(None, []), ("201", [("1", 1), ("2", 1)]), ("202", [("4", 3), ("5", 1)])]], None),
    "each shipment its own": (2, (1, 1), phone("S3", "S1"), "fifo",
        [[(None, []), ("201", [("3", 1)]), ("202", [("4", 2)])], [(None, []), ("201", [("1", 1)]), ("202", [("4", 1), ("5", 1)])]], None),
    "a lot is named": (1, (1,), [*phone("S1"), ("MILK", "L2", None)], "none",
        [[(None, []), ("201", [("1", 1)]), ("202", [("5", 2)])]], None),
    "too few": (2, (2,), phone("S1"), "none", [], "numbers_missing"),
    "none": (1, (1,), [], "none", [], "numbers_missing"),
    "unknown": (1, (1,), [("PHONE", "S9", "unknown_number")], "fifo", [], "unknown_number"),
    "elsewhere": (1, (1,), phone("S7"), "fifo", [], "number_not_there"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_a_kits_fulfilment_carries(name):
    units, shipments, claims, assign, wanted, reason = CASES[name]
    decided = decide(box(units, *shipments), numbers=numbers(*claims, assign=assign))
    assert carried(decided) == wanted
    assert [code for code, _ in aside(decided)] == ([reason] if reason else [])


def test_a_kit_at_a_till_and_one_that_comes_back_wait_for_a_person():
    ((code, told),) = aside(decide(box(1, 1, till=True), numbers=numbers(*phone("S1"), assign="fifo")))
    assert (code, "kit BOX holds PHONE, MILK" in told, told.endswith("book it by hand")) == ("numbers_of_kit", True, True)
    back = box(1, 1)
    back.refund(1, 1, "10.00", "RETURN")
    back.pay("-10.00")
    decided = decide(back, numbers=numbers(*phone("S1"), assign="fifo"))
    ((code, told),) = aside(decided)
    assert (code, "1 of kit BOX came back, with numbers of PHONE, MILK" in told) == ("numbers_of_kit", True)
    assert len(carried(decided)) == 1
