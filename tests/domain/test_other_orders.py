"""Orders of other origin: which of their units count, by the contract, row by row."""

from datetime import UTC, datetime

import pytest

from contract.frames import from_rows
from contract.models import OrderLink, OtherOrders
from contract.tables import TABLES
from domain.channels import compute_channel_quantities
from domain.other_orders import find_other_orders, short_units
from tests.domain.channel_world import atp_frame, frames, make_contract

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
LINKS = [{"by": "external_id", "pattern": "SHOPIFY-{shop_code}-{order_id}"}, {"by": "other_reference", "pattern": "{order_name}"}]
LINE = {
    "transaction_id_netsuite": "1",
    "line_id_netsuite": "1",
    "transaction_type": "SalesOrd",
    "status_code": "B",
    "is_closed": "F",
    "item_id_netsuite": "100",
    "location_id_netsuite": "1",
    "ordered_qty": "5",
    "committed_qty": "2",
    "backordered_qty": "3",
    "shipped_qty": "0",
    "transaction_modified_at_utc": "2026-03-01T00:00:00Z",
    "run_id": "r",
    "extracted_at_utc": "2026-03-02T12:00:00Z",
}


def found(line=LINE, again=LINE, **rules):
    contract = make_contract({"ONE": {}}).model_copy(update={"other_orders": OtherOrders(**rules)})
    orders = contract.orders.model_copy(update={"order_links": tuple(OrderLink(**link) for link in LINKS)})
    contract = contract.model_copy(update={"orders": orders})
    items = from_rows(
        "core_items",
        [{**dict.fromkeys(TABLES["core_items"].columns, False), "sku": "S", "item_id_netsuite": "100", "item_code": "S"}],
    )
    names = ("raw_netsuite__order_lines", "raw_netsuite__order_lines_reread")
    first, second = (
        from_rows(name, [{**dict.fromkeys(TABLES[name].columns), **row}] if row else [])
        for name, row in zip(names, (line, again), strict=True)
    )
    return find_other_orders(first, second, items, contract, AT)


PENDING = {"status_code": "A", "committed_qty": "0", "backordered_qty": "0"}
SPEC = [
    # what the line is, the contract's rule                       -> spared, unapproved
    ({}, {}, 0, 0),
    ({}, {"backorders": "none"}, 3, 0),
    ({"ship_date": "2026-03-05"}, {"backorders": "due", "due_days": 3}, 0, 0),
    ({"ship_date": "2026-03-06"}, {"backorders": "due", "due_days": 3}, 3, 0),
    ({}, {"backorders": "due", "due_days": 3}, 0, 0),  # no date: it may be due today
    (PENDING, {"unapproved": "all"}, 0, 5),
    (PENDING | {"shipped_qty": "1"}, {"unapproved": "all"}, 0, 4),
    (PENDING | {"ship_date": "2026-03-06"}, {"unapproved": "due", "due_days": 3}, 0, 0),
    ({"status_code": "B"}, {"unapproved": "all"}, 0, 0),  # approved: committed or backordered already
]


@pytest.mark.parametrize(("line", "rules", "spared", "unapproved"), SPEC)
def test_what_counts_of_an_order_by_phone(line, rules, spared, unapproved):
    row = {**LINE, **line}
    told = found(row, row, **rules)[["spared_qty", "unapproved_qty"]].sum()
    assert (told["spared_qty"], told["unapproved_qty"]) == (spared, unapproved)


@pytest.mark.parametrize(
    "more",
    [
        {"external_id": "SHOPIFY-ONE-123"},  # ours, whatever the window read
        {"other_ref_num": "#1001"},
        {"order_line_id_shopify": "9"},
        {"is_closed": "T"},
        {"transaction_type": "CashSale"},
        {"location_id_netsuite": "99"},  # no location of the contract
    ],
)
def test_what_is_no_open_order_of_other_origin(more):
    row = {**LINE, **more}
    assert found(row, row, backorders="none", unapproved="all").empty


@pytest.mark.parametrize("more", [{"external_id": "SHOPIFY-THREE-123"}, {"other_ref_num": "PO 4711"}, {"external_id": "EDI-1"}])
def test_what_no_shop_could_have_written(more):
    row = {**LINE, **more}
    assert len(found(row, row, backorders="none")) == 1


@pytest.mark.parametrize(
    ("again", "spared"),
    [
        (None, 0),  # gone between the readings
        ({**LINE, "backordered_qty": "1"}, 1),  # the smaller of both
        ({**LINE, "backordered_qty": "9"}, 3),
        ({**LINE, "transaction_modified_at_utc": "2026-03-02T11:59:59Z"}, 0),  # moved
        ({**LINE, "location_id_netsuite": "2"}, 0),
    ],
)
def test_a_backorder_is_spared_only_as_far_as_both_readings_agree(again, spared):
    assert found(LINE, again, backorders="none")["spared_qty"].to_list() == [spared]


@pytest.mark.parametrize(
    ("atp", "other_short", "here", "there"),
    [
        (-3, 3, 0, 5),  # the phone order waits for its own location
        (-3, 0, 0, 2),  # our own demand takes from the other
        (-3, 1, 0, 3),
        (2, 3, 2, 5),
    ],
)
def test_what_others_are_short_of_is_never_taken_from_another_location(atp, other_short, here, there):
    units = atp_frame({("S", "A"): atp, ("S", "B"): 5})
    units.loc[units["location_code"] == "A", "other_short_qty"] = other_short
    told, _ = compute_channel_quantities(units, frames(), make_contract({"ONE": {}}), "f", AT)
    assert told.set_index("location_code")["publish_qty"].to_dict() == {"A": here, "B": there}


def test_short_units_are_what_is_counted():
    told = short_units(found(backorders="all"), make_contract({"ONE": {}}))
    assert told["other_short_qty"].to_list() == [3]
    assert short_units(found(backorders="none"), make_contract({"ONE": {}}))["other_short_qty"].to_list() == [0]
