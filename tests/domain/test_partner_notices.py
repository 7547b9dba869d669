"""Shipment notices: what they say left, what cannot be used and why, and that a notice is a document like any other."""

import random
from datetime import UTC, datetime
from functools import cache

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.frames import conform, from_rows
from contract.models import Contract
from domain.partner_notices import read_notices
from domain.serial_assignment import Claim, Notice
from domain.serial_events import alive_of, counted, journal, no_events
from domain.serial_matching import Earlier, Known, Matcher
from domain.serial_numbers import Formats
from domain.serial_readings import notices_of
from domain.unresolved import REASONS
from tests.domain.channel_world import make_contract
from tests.domain.raw_rows import rows

STAMP = {"run_id": "r", "extracted_at_utc": "2026-11-05T12:00:00+00:00"}
COLUMNS = {name: name for name in ("notice", "order", "sku", "number", "quantity", "shipped_at", "tracking")}
GOOD = {
    "notice": "77",
    "order": "#1",
    "sku": "PHONE",
    "number": "PH-1",
    "quantity": "1",
    "shipped_at": "2026-11-05T09:00:00",
    "tracking": None,
}
NUMBERS = [*((f"PH-{one}", "PHONE") for one in range(6)), ("L1", "MILK"), ("L2", "MILK"), ("CA-1", "CASE")]
ITEMS = rows(
    "core_items",
    *(
        {"sku": sku, "item_id_netsuite": sku, "item_type": "x", "is_serial": sku in ("PHONE", "CASE"), "is_lot": sku == "MILK"}
        for sku in ("PHONE", "CASE", "MILK", "APPLE")
    ),
    is_inactive=False,
)  # fmt: skip
ORDERS = {"#1": frozenset({"ONE/1"}), "#2": frozenset({"ONE/2", "TWO/2"})}
LOTS = frozenset({"MILK"})


@cache
def contract():
    shipments = {"url": "s.csv", "columns": COLUMNS}
    partner = {"partner_code": "P", "location": "A", "url": "p.csv", "columns": {"sku": "s", "on_hand": "q"}, "max_age_minutes": 60}
    partner |= {"time_zone": "Europe/Berlin", "shipments": shipments}
    return Contract.model_validate({**make_contract({}).model_dump(), "partners": [partner]})


def read(*lines, problem=None, earlier=None):
    files = [{"partner_code": "P", "written_at_utc": "2026-11-05T10:00:00+00:00", "problem": problem, **STAMP}]
    told = [{"partner_code": "P", "line": str(number), **STAMP, **GOOD, **line} for number, line in enumerate(lines, start=1)]
    raw = {
        "raw_partners__shipment_files": from_rows("raw_partners__shipment_files", files),
        "raw_partners__shipments": from_rows("raw_partners__shipments", told),
    }
    matcher = Matcher([Known(number, sku, frozenset({"A"})) for number, sku in NUMBERS], Formats(), earlier)
    repair = contract().serials.model_copy(update={"repair": "certain" if earlier else "suggest"})
    return read_notices(raw, ITEMS, ORDERS, matcher, contract().model_copy(update={"serials": repair}))


def names(notices):
    events = counted(notices.events, LOTS)
    return sorted(
        f"{row['serial_number']}{'' if pd.isna(row['problem_code']) else ' ' + row['problem_code']}"
        for row in events.to_dict("records")
    )


def aside(notices):
    return sorted(f"{row['source_key'].split('/')[-1]} {row['reason_code']}" for row in notices.aside.to_dict("records"))


SPEC = {  # the lines; the numbers that left by them; what is set aside, by line
    "nothing": ([], [], []),
    "one": ([{}], ["PH-1"], []),
    "in another spelling": ([{"number": " ph-1"}], ["PH-1"], []),
    "two serials in one cell": ([{"number": "PH-1; PH-2", "quantity": "2"}], ["PH-1", "PH-2"], []),
    "two serials on two lines": ([{}, {"number": "PH-2"}], ["PH-1", "PH-2"], []),
    "fewer numbers than units": ([{"quantity": "2"}], ["PH-1 count_differs"], []),
    "more numbers than units": ([{"number": "PH-1,PH-2"}], ["PH-1 count_differs", "PH-2 count_differs"], []),
    "the same number twice": ([{}, {}], ["PH-1", "PH-1 twice_on_line"], []),
    "a number that nobody has": ([{"number": "PH-99"}], ["PH-99 unknown_number"], []),
    "a number of another item": ([{"number": "CA-1"}], ["CA-1 wrong_item"], []),
    "units of a lot": ([{"sku": "MILK", "number": "L1", "quantity": "5"}], ["L1"], []),
    "an item without numbers": ([{}, {"sku": "APPLE", "number": None, "quantity": "?"}], ["PH-1"], []),
    "none left: the line is taken back": ([{"quantity": "0"}], [], []),
    "an SKU that NetSuite does not have": ([{}, {"sku": "PEAR"}], ["PH-1"], ["2 partner_unknown_sku"]),
    "an order that nobody knows": ([{"order": "#9"}], ["PH-1"], ["1 partner_unknown_order"]),
    "an order's name in two shops": ([{"order": "#2"}], ["PH-1"], ["1 partner_unknown_order"]),
    "no order": ([{"order": None}], ["PH-1"], ["1 partner_unknown_order"]),
    "no notice": ([{"notice": None}, {"number": "PH-2"}], ["PH-2"], ["1 no_notice"]),
    "no SKU: the notice waits": ([{"sku": None}, {"number": "PH-2"}], [], ["1 no_sku", "2 notice_incomplete"]),
    "no number: the notice waits": ([{"number": None}, {}], [], ["1 no_number", "2 notice_incomplete"]),
    "no quantity: the notice waits": ([{"quantity": None}], [], ["1 no_quantity"]),
    "a quantity below 0": ([{"quantity": "-1"}], [], ["1 no_quantity"]),
    "a part of a unit": ([{"quantity": "0.5"}], [], ["1 no_quantity"]),
    "words for a quantity": ([{"quantity": "one"}], [], ["1 no_quantity"]),
    "no instant": ([{"shipped_at": None}], [], ["1 no_instant"]),
    "words for an instant": ([{"shipped_at": "soon"}], [], ["1 no_instant"]),
    "an instant that is yet to come": ([{"shipped_at": "2026-11-05T13:06:00"}], [], ["1 no_instant"]),
    "a clock a little ahead": ([{"shipped_at": "2026-11-05T13:05:00"}], ["PH-1"], []),
    "another notice goes on": ([{"quantity": "?"}, {"notice": "78", "number": "PH-2"}], ["PH-2"], ["1 no_quantity"]),
}  # fmt: skip


@pytest.mark.parametrize("name", SPEC)
def test_what_a_notice_says(name):
    lines, expected, set_aside = SPEC[name]
    found = read(*lines)
    assert (names(found), aside(found)) == (expected, set_aside)


def test_an_event_says_who_what_when_and_moves_nothing():
    (row,) = read({"tracking": "1Z9", "order": "SHOPIFY-ONE-5"}).events.to_dict("records")
    assert (row["document_key"], row["document_name"], row["order_key"]) == ("PARTNER/P/77", "P notice 77 (1Z9)", "ONE/5")
    assert (row["stage_code"], row["location_code"], row["moved_qty"]) == ("notified", "A", 0)
    assert f"{row['happened_at_utc']:%H:%M}" == "08:00", "its own time zone"
    assert read({"order": "1"}).events["order_key"].tolist() == ["ONE/1"]
    (lot,) = read({"sku": "MILK", "number": "L1", "quantity": "5"}).events.to_dict("records")
    assert lot["line_qty"] == 5


def test_notices_that_cannot_be_read_are_a_row_and_every_reason_is_told():
    found = read(problem="partner P: s.csv: the file is empty; it may be half written")
    assert (names(found), aside(found), found.written) == ([], ["P partner_unreadable"], {})
    codes = {row.split()[1] for _, _, rows in SPEC.values() for row in rows}
    assert codes <= set(REASONS)


def test_a_line_is_kept_by_its_notice_and_heals_only_where_the_notice_is_there():
    bad, other = {"notice": "a/78", "quantity": "?"}, {"number": "PH-2"}
    found = [read(*lines) for lines in ([other, bad], [bad], [other, other | {"notice": None}, bad])]
    assert [[key for key in one.aside["source_key"] if "78" in key] for one in found] == [["P/a/78/1"]] * 3, "wherever it stands"
    assert "P//2" in set(found[2].aside["source_key"])
    keys = ["P", "P/a/78/1", "P/77/1", "P//2", "GONE/5/1"]
    assert [read(bad).judges(key) for key in keys] == [True, True, False, True, True]
    assert [read(problem="cut off").judges(key) for key in keys] == [True, False, False, False, True]


def test_what_a_notice_s_number_was_taken_for_is_kept():
    taken = Earlier({("PARTNER/P/77", "PHONE", "PX-1"): "PH-1"})
    assert names(read({"number": "PX-1"}, earlier=taken)) == ["PH-1"]
    assert names(read({"number": "PX-1", "notice": "78"}, earlier=taken)) == ["PX-1 unknown_number"]


def test_documents_take_notices_in_the_order_of_leaving_with_units_and_tracking():
    late = {"shipped_at": "2026-11-05T09:30:00"}
    found = read(
        late | {"number": "PH-2", "tracking": "1Z2"},
        {},
        {"sku": "MILK", "number": "L1", "quantity": "5"},
        {"order": "#9", "notice": "78"},
    )
    assert notices_of(found.events, found.tracking, LOTS) == {
        ("ONE/1", "PHONE"): [Notice(Claim("PH-1"), 1, "A"), Notice(Claim("PH-2"), 1, "A", "1Z2")],
        ("ONE/1", "MILK"): [Notice(Claim("L1"), 5, "A")],
    }


AT = datetime(2026, 11, 5, 12, tzinfo=UTC)
lines = st.lists(
    st.fixed_dictionaries(
        {
            "notice": st.sampled_from(["77", "78"]),
            "number": st.sampled_from(["PH-1", "PH-2", "PH-3", "PH-9"]),
            "quantity": st.sampled_from(["0", "1", "1", "1", "2", "x"]),
            "order": st.sampled_from(["#1", "#9"]),
        }
    ),
    max_size=5,
)


def recorded(known, notices):
    """Append what notices say to what is known, as a run does; a notice that could not be used stays as it was."""
    mine = known.loc[known["document_key"].isin(list(notices.written))]
    return pd.concat([known, journal(mine, counted(notices.events, LOTS), notices.written, AT)], ignore_index=True)


def content(events):
    columns = ["document_key", "line_key", "serial_number", "line_qty", "problem_code"]
    return alive_of(events)[columns].fillna("").sort_values(columns, ignore_index=True).astype("str")


@settings(max_examples=10, deadline=None)
@given(lines, lines, st.randoms(use_true_random=False))
def test_the_last_that_a_notice_said_stands_however_often_and_in_whatever_order_it_is_read(before, after, chance):
    start = conform("core_serial_events", no_events())
    shuffled = list(after)
    random.Random(chance.random()).shuffle(shuffled)
    first, last = read(*before), read(*after)
    known = recorded(recorded(recorded(start, first), last), read(*shuffled))
    once = recorded(start, last)
    told = content(known).loc[lambda rows: rows["document_key"].isin(list(last.written))].reset_index(drop=True)
    assert told.equals(content(once))
    gone = content(known).loc[lambda rows: ~rows["document_key"].isin(list(last.written))].reset_index(drop=True)
    stayed = content(recorded(start, first)).loc[lambda rows: ~rows["document_key"].isin(list(last.written))]
    assert gone.equals(stayed.reset_index(drop=True)), "what is told no more, or cannot be used, stays"
    assert known["event_key"].is_unique
