"""Partners: whose figure counts, what it does not net yet, and what a bad snapshot does (nothing, or less)."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from contract.frames import empty, from_rows
from contract.models import Contract
from contract.tables import TABLES
from domain.conform_netsuite import Stock
from domain.partners import documents_since, find_open_units, merge_arrivals, with_partners
from tests.domain.channel_world import make_contract

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
STAMP = {"run_id": "r", "extracted_at_utc": AT.isoformat()}
AS_OF = AT - timedelta(minutes=30)
AS_OF_TEXT = AS_OF.isoformat()


def contract_with(**more):
    base = make_contract({"ONE": {}})
    columns = {"sku": "sku", "on_hand": "on_hand", "in_transit": "in_transit", "due_date": "due_date", "as_of": "as_of"}
    partner = {"partner_code": "P", "location": "A", "url": "p.csv", "columns": columns, "max_age_minutes": 60, **more}
    return Contract.model_validate({**base.model_dump(), "partners": [partner]})


def items(*skus):
    row = dict.fromkeys(TABLES["core_items"].columns, False)
    return from_rows("core_items", [{**row, "sku": sku, "item_id_netsuite": sku, "item_code": sku} for sku in skus])


def netsuite_stock(**on_hand):
    quantities = dict.fromkeys((name for name in TABLES["core_stock"].columns if name.endswith("_qty")), 0)
    rows = [
        {
            "sku": sku,
            "location_code": "A",
            **quantities,
            "on_hand_qty": units,
            "committed_qty": 2,
            "read_at_utc": AT,
            "source_code": "n",
        }
        for sku, units in on_hand.items()
    ]
    nothing = pd.DataFrame({"sku": [], "location_code": []}, dtype="str")
    return Stock(from_rows("core_stock", rows), empty("core_unresolved"), nothing)


def snapshot(*rows, as_of=AS_OF_TEXT, problem=None, written_at=None):
    told = [{"line": str(line), "in_transit": None, "due_date": None, "as_of": as_of, **row} for line, row in enumerate(rows)]
    head = {"partner_code": "P", "written_at_utc": written_at, "problem": problem, **STAMP}
    return {
        "raw_partners__snapshots": from_rows("raw_partners__snapshots", [head]),
        "raw_partners__stock": from_rows("raw_partners__stock", [{"partner_code": "P", **STAMP, **row} for row in told]),
    }


def counted(raw, stock=None, contract=None, skus=("S", "T")):
    given = netsuite_stock(S=9, T=9) if stock is None else stock
    return with_partners(raw, given, items(*skus), contract or contract_with(), AT)


def on_hand(result):
    return result.stock.core.set_index("sku")["on_hand_qty"].to_dict()


def reasons(result):
    return sorted(result.stock.aside["reason_code"])


S5 = {"sku": "S", "on_hand": "5"}
T1 = {"sku": "T", "on_hand": "1"}


def test_the_partners_figure_stands_for_netsuites():
    told = counted(snapshot(S5, T1))
    assert on_hand(told) == {"S": 5, "T": 1}
    row = told.stock.core.set_index("sku").loc["S"]
    assert (row["committed_qty"], row["source_code"], row["read_at_utc"]) == (2, "P", pd.Timestamp(AS_OF))
    assert told.as_of == {"P": AS_OF}


@pytest.mark.parametrize(
    ("row", "units", "unreadable", "reason"),
    [
        ({"sku": "S", "on_hand": "0"}, 0, False, []),
        ({"sku": "S", "on_hand": "-3"}, -3, False, ["negative_quantity"]),
        ({"sku": "S", "on_hand": "2.5"}, None, True, ["fractional_quantity"]),
        ({"sku": "S", "on_hand": "five"}, None, True, ["not_a_number"]),
        ({"sku": "S", "on_hand": None}, None, True, ["missing_quantity"]),
        ({"sku": "STRANGE", "on_hand": "4"}, 0, False, ["partner_unknown_sku"]),  # and S is not there: 0
        ({"sku": None, "on_hand": "4"}, 0, False, ["no_sku"]),
    ],
)
def test_each_row_by_itself(row, units, unreadable, reason):
    told = counted(snapshot(row, T1))
    assert on_hand(told).get("S") == units
    assert on_hand(told)["T"] == 1
    assert (("S", "A") in set(told.stock.unreadable.itertuples(index=False, name=None))) == unreadable
    assert reasons(told) == reason


def test_a_sku_that_stands_twice_is_left_as_it_is():
    told = counted(snapshot(S5, {"sku": "S", "on_hand": "7"}, T1))
    assert on_hand(told) == {"T": 1}
    assert reasons(told) == ["duplicate_sku", "duplicate_sku"]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (snapshot(problem="partner P: the file may be half written"), "half written"),
        (snapshot(S5, as_of=(AT + timedelta(hours=1)).isoformat()), "yet to come; check time_zone"),
        (snapshot(S5, as_of="yesterday at noon"), "as_of is no instant"),
        (snapshot(S5, as_of=None), "nothing says when it was counted"),
    ],
)
def test_a_snapshot_that_cannot_be_used_leaves_every_pair_as_it_is(raw, words):
    told = counted(raw)
    assert on_hand(told) == {}
    assert set(told.stock.unreadable["sku"]) == {"S", "T"}
    assert told.as_of == {}
    assert reasons(told) == ["partner_unreadable"]
    assert words in told.stock.aside["value"].iloc[0]


@pytest.mark.parametrize(("theirs", "netsuite", "units"), [(5, 9, 5), (9, 5, 5), (5, 0, 0), (5, -1, -1)])
def test_too_old_a_snapshot_lowers_and_never_raises(theirs, netsuite, units):
    old = snapshot({"sku": "S", "on_hand": str(theirs)}, as_of=(AT - timedelta(minutes=61)).isoformat())
    told = counted(old, netsuite_stock(S=netsuite), skus=("S",))
    assert on_hand(told) == {"S": units}
    assert reasons(told) == ["partner_too_old"]
    exact = snapshot({"sku": "S", "on_hand": str(theirs)}, as_of=(AT - timedelta(minutes=60)).isoformat())
    assert on_hand(counted(exact, netsuite_stock(S=netsuite), skus=("S",))) == {"S": theirs}


def test_an_instant_without_an_offset_is_in_the_partners_own_time_zone():
    raw = snapshot(S5, as_of="2026-03-02T12:30:00")
    told = counted(raw, contract=contract_with(time_zone="Europe/Berlin"))
    assert told.as_of == {"P": AS_OF}


def test_what_is_on_its_way_counts_from_one_source():
    row = {**S5, "in_transit": "3", "due_date": "2026-03-05"}
    told = counted(snapshot(row, T1 | {"in_transit": "0"}))
    assert on_hand(told)["S"] == 5
    assert on_hand(counted(snapshot(row, T1), contract=contract_with(includes_in_transit=True)))["S"] == 2
    rows = [("S", "A", "2026-03-04", "in_transit", 8), ("S", "B", "2026-03-04", "in_transit", 4)]
    transfers = pd.DataFrame(rows, columns=list(TABLES["core_arrivals"].columns))
    merged = merge_arrivals(transfers, told.arrivals, contract_with())
    assert merged[["location_code", "source_code", "arriving_qty"]].to_numpy().tolist() == [
        ["A", "partner", 3],
        ["B", "in_transit", 4],
    ]


LINE = {
    "transaction_id_netsuite": "1",
    "line_id_netsuite": "1",
    "transaction_type": "SalesOrd",
    "status_code": "B",
    "is_closed": "F",
    "item_id_netsuite": "S",
    "location_id_netsuite": "1",
    "ordered_qty": "4",
    "committed_qty": "3",
    "backordered_qty": "1",
    "shipped_qty": "0",
    **STAMP,
}
SHIPMENT = LINE | {"transaction_type": "ItemShip", "status_code": "C", "committed_qty": None, "backordered_qty": None}
EARLY, LATE = "2026-03-02T11:29:59Z", "2026-03-02T11:30:01Z"
OPEN_UNITS = [
    # the figure nets orders, the line                                        -> units that it does not net yet
    (False, SHIPMENT | {"transaction_modified_at_utc": LATE}, 4),  # shipped after the count
    (False, SHIPMENT | {"transaction_modified_at_utc": EARLY}, 0),
    (False, SHIPMENT | {"transaction_modified_at_utc": LATE, "status_code": "B"}, 0),  # packed, still on the shelf
    (False, LINE | {"transaction_modified_at_utc": LATE}, 0),  # open: NetSuite's committed is subtracted already
    (False, LINE | {"transaction_type": "CashSale", "transaction_modified_at_utc": LATE}, 4),
    (True, LINE | {"created_at_utc": LATE}, 4),  # sent after the count
    (True, LINE | {"created_at_utc": EARLY}, 0),
    (True, LINE | {"created_at_utc": None}, 4),
    (True, LINE | {"created_at_utc": LATE, "is_closed": "T"}, 0),
    (True, LINE | {"created_at_utc": LATE, "location_id_netsuite": "2"}, 0),
    (True, SHIPMENT | {"transaction_modified_at_utc": LATE}, 0),  # its order was sent before
]


@pytest.mark.parametrize(("nets", "line", "units"), OPEN_UNITS)
@pytest.mark.parametrize("read", ["first", "since", "both"])
def test_what_a_snapshot_does_not_net_yet(nets, line, units, read):
    names = ("raw_netsuite__order_lines", "raw_netsuite__order_lines_since")
    first, since = (
        from_rows(name, [{**dict.fromkeys(TABLES[name].columns), **line}] if read in (place, "both") else [])
        for name, place in zip(names, ("first", "since"), strict=True)
    )
    told = find_open_units(first, since, items("S"), {"P": AS_OF}, contract_with(nets_orders=nets))
    assert told["partner_open_qty"].sum() == units


def test_an_order_sent_within_the_cut_off_is_not_netted_yet():
    contract = contract_with(nets_orders=True, cut_off_minutes=15)
    for minutes, units in ((15, 0), (14, 4)):
        made = (AS_OF - timedelta(minutes=minutes)).isoformat()
        name = "raw_netsuite__order_lines"
        first = from_rows(name, [{**dict.fromkeys(TABLES[name].columns), **LINE, "created_at_utc": made}])
        told = find_open_units(first, empty("raw_netsuite__order_lines_since"), items("S"), {"P": AS_OF}, contract)
        assert told["partner_open_qty"].sum() == units
    assert documents_since(snapshot(S5), contract, AT) == AS_OF - timedelta(minutes=15)
    assert documents_since(snapshot(problem="gone"), contract, AT) is None


def test_a_figure_that_nets_orders_takes_no_commitment_off_again():
    told = counted(snapshot(S5, T1), contract=contract_with(nets_orders=True))
    assert told.stock.core["committed_qty"].to_list() == [0, 0]
