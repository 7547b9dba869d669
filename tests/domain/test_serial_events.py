"""What a document of NetSuite does to a number: by its type and what it came from, else by the sign of the move."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from contract.frames import conform, empty
from domain.serial_events import alive_of, counted, journal, movement_events, no_events
from domain.serial_laws import find_breaches
from domain.serial_lineage import trace
from tests.domain.test_serial_lineage import NOBODY, event, frame, stock

LINE = {
    "inventory_number_id_netsuite": "9", "inventory_number": "S1", "item_id_netsuite": "201", "location_id_netsuite": "1",
    "transaction_id_netsuite": "5", "line_id_netsuite": "1", "status_code": "C", "is_inventory_affecting": "T", "external_id": None,
    "created_from_id_netsuite": None, "created_from_type": None, "created_from_external_id": None, "other_ref_num": None,
    "created_at_utc": "2026-11-01T00:00:00Z", "modified_at_utc": "2026-11-01T00:00:00Z",
}  # fmt: skip


def moves(*rows):
    raw = {"raw_netsuite__serial_movements": pd.DataFrame([{**LINE, **row} for row in rows])}
    raw["raw_netsuite__serial_invoices"] = empty("raw_netsuite__serial_invoices")
    events = counted(movement_events(raw, {"201": "PHONE"}, {"1": "W", "2": "S"}), frozenset())
    return [tuple(row) for row in events[["stage_code", "location_code", "moved_qty", "problem_code"]].itertuples(index=False)]


CASES = {
    # type, came from, the line's units, the number's units, moves stock: stage, units
    "received": ("ItemRcpt", None, "1", "1", "T", "received", 1),
    "a transfer order asks": ("TrnfrOrd", None, "-1", "-1", "T", "reserved", 0),
    "its fulfilment": ("ItemShip", "TrnfrOrd", "-1", "-1", "T", "moved_out", -1),
    "its receipt": ("ItemRcpt", "TrnfrOrd", "1", "1", "T", "moved_in", 1),
    "shipped": ("ItemShip", "SalesOrd", "-1", "-1", "T", "fulfilled", -1),
    "came back": ("ItemRcpt", "RtnAuth", "1", "1", "T", "returned", 1),
    "came back and was written off": ("ItemRcpt", "RtnAuth", "1", "1", "F", "written_off", 0),
    "an invoice that ships by itself": ("CustInvc", None, "-1", "-1", "T", "fulfilled", -1),
    "an invoice of an order without its fulfilment": ("CustInvc", "SalesOrd", "-1", "-1", "T", "fulfilled", -1),
    "an invoice of what has left": ("CustInvc", "SalesOrd", "-1", "-1", "F", "named", 0),
    "a bill that receives": ("VendBill", None, "1", "1", "T", "received", 1),
    "a bill of what was received": ("VendBill", "PurchOrd", "1", "1", "F", "named", 0),
    "a vendor's credit": ("VendCred", "VendAuth", "-1", "-1", "T", "scrapped", -1),
    "built": ("Build", None, "1", "1", "T", "built", 1),
    "a component": ("Build", None, "-1", "-1", "T", "consumed", -1),
    "taken apart": ("Unbuild", None, "-1", "-1", "T", "taken_apart", -1),
    "a component taken out": ("Unbuild", None, "1", "1", "T", "recovered", 1),
    "one side of a transfer": ("InvTrnfr", None, "-1", "-1", "T", "moved_out", -1),
    "the other side": ("InvTrnfr", None, "1", "1", "T", "moved_in", 1),
    "out of a bin": ("BinTrnfr", None, "-1", "-1", "T", "left_bin", 0),
    "into a bin": ("BinTrnfr", None, "1", "1", "T", "put_away", 0),
    "both bins on one line": ("BinTrnfr", None, "1", "0", "T", "put_away", 0),
    "into a status": ("StatChng", None, "1", "1", "T", "status_changed", 0),
    "out of a status": ("StatChng", None, "-1", "-1", "T", "left_status", 0),
    "counted": ("InvCount", None, "1", "1", "F", "counted", 0),
    "counted less": ("InvCount", None, "-1", "-1", "T", "scrapped", -1),
    "counted more": ("InvCount", None, "1", "1", "T", "found", 1),
    "a number without a sign": ("InvAdjst", None, "-1", "1", "T", "scrapped", -1),
    "a line without units": ("InvAdjst", None, None, "-1", "T", "scrapped", -1),
    "a document that moves nothing": ("CashSale", None, "-1", "-1", "F", "named", 0),
    "a type that nobody knows, out": ("Other", None, "-1", "-1", "T", "moved_out", -1),
    "a type that nobody knows, in": ("Other", None, "1", "1", "T", "moved_in", 1),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_stage(name):
    kind, source, line, units, moves_stock, stage, moved = CASES[name]
    row = {"transaction_type": kind, "created_from_type": source, "line_qty": line, "moved_qty": units}
    assert moves(row | {"is_inventory_affecting": moves_stock}) == [(stage, "W", moved, None)]


def test_a_line_may_take_units_off_one_number_and_add_them_to_another():
    both = {"transaction_type": "InvCount", "created_from_type": None, "line_qty": "-1"}
    rows = [both | {"inventory_number": "L1", "moved_qty": "-3"}, both | {"inventory_number": "L2", "moved_qty": "2"}]
    assert moves(*rows) == [("scrapped", "W", -3, None), ("found", "W", 2, None)]
    assert [row[-1] for row in moves(rows[0])] == ["count_differs"]


def test_the_two_sides_of_a_transfer_on_their_lines():
    both = {"transaction_type": "InvTrnfr", "created_from_type": None}
    out = both | {"line_qty": "-1", "moved_qty": "-1"}
    into = both | {"line_qty": "1", "moved_qty": "1", "line_id_netsuite": "2", "location_id_netsuite": "2"}
    assert moves(out, into) == [("moved_out", "W", -1, None), ("moved_in", "S", 1, None)]


DAY = 24 * 60
FIRST = [event("received", 1, number=number, document=1, line_qty=2) for number in ("S1", "S2")]
LEFT = [event("fulfilled", DAY, order="G/1")]
EDITS = {  # what the receipt says of its numbers on the third day
    "a number more": {"line_qty": 3},
    "another place": {"location_code": "S"},
    "the count is wrong": {"problem_code": "count_differs"},
}


def edited(change):
    rows = [event("received", 1, number=number, document=1) | change for number in ("S1", "S2", "S3")]
    return [row | {"modified_at_utc": row["happened_at_utc"] + pd.Timedelta(days=3)} for row in rows]


def after(*readings):
    """Return what is known when documents were read one after another."""
    known = conform("core_serial_events", no_events())
    for told in (frame(*rows) for rows in readings):
        mine = known.loc[known["document_key"].isin(told["document_key"])]
        known = pd.concat([known, journal(mine, told, {}, datetime(2026, 11, 9, tzinfo=UTC))], ignore_index=True)
    return known


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_receipt_re_dates_no_number_that_it_named_before(name):
    known = after(FIRST, LEFT, edited(EDITS[name]))
    came = alive_of(known).loc[lambda rows: rows["stage_code"].eq("received")].set_index("serial_number")["happened_at_utc"]
    assert {number: f"{at:%d}" for number, at in came.items()} == {"S1": "01", "S2": "01", "S3": "04"}
    found = find_breaches(known, stock(), frozenset(), "2026-11-10", NOBODY)
    assert "never_received" not in set(found["law_code"])
    for place in range(3):
        readings = [FIRST, edited(EDITS[name])]
        readings.insert(place, LEFT)
        assert trace(after(*readings), stock(), frozenset()).equals(trace(known, stock(), frozenset()))


def test_a_stage_that_is_new_to_a_document_happened_when_it_was_changed():
    picked = [event("picked", 1, document=5)]
    shipped = [event("fulfilled", 1, document=5) | {"modified_at_utc": pd.Timestamp("2026-11-04", tz="UTC")}]
    again = [row | {"location_code": "S", "modified_at_utc": pd.Timestamp("2026-11-06", tz="UTC")} for row in shipped]
    for readings in ((picked, shipped), (picked, shipped, again)):
        (row,) = alive_of(after(*readings)).to_dict("records")
        assert (row["stage_code"], f"{row['happened_at_utc']:%d}") == ("fulfilled", "04")
