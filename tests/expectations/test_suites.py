"""The generated suites: each law fails on a row that breaks it and passes on sound rows; Data Docs open without a network."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from contract.frames import empty, from_rows
from contract.loading import load_contract
from contract.tables import TABLES
from domain.atp import TERMS
from expectations.docs import offline, validate
from expectations.engine import Law, Suite, run_suite
from expectations.suites import Given, make_suites

CONTRACT = load_contract(Path(__file__).parent.parent / "worlds" / "small_contract.yaml").contract
AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
CODES = {"out_stock_differences.cause_code": ["stale_publish"]}
STOCK = {
    "sku": "EGGS",
    "location_code": "WAREHOUSE",
    "on_hand_qty": 5,
    "available_qty": 5,
    "committed_qty": 0,
    "backordered_qty": 0,
}
STOCK |= {"in_transit_qty": 0, "on_order_qty": 0, "read_at_utc": AT, "source_code": "NETSUITE"}
ITEM = {"sku": "EGGS", "item_id_netsuite": "1", "item_type": "InvtPart", "is_serial": False, "is_lot": False, "is_inactive": False}
DIFFERENCE = {"channel_code": "GROCER_SHOP", "sku": "EGGS", "location_code": "WAREHOUSE", "cause_code": "stale_publish"}
DIFFERENCE |= {
    "netsuite_qty": 5,
    "atp_qty": 5,
    "publish_qty": 5,
    "shown_qty": 6,
    "units_qty": 1,
    "verdict_code": "v",
    "evidence": "e",
}


ATP = {"sku": "EGGS", "location_code": "WAREHOUSE"} | dict.fromkeys(TERMS, 1)
ATP |= {"on_hand_qty": 9, "spared_qty": 1, "atp_qty": 2, "other_short_qty": 0, "available_qty": 9, "oldest_input_at_utc": AT}
ORDER = {"shop_code": "GROCER", "order_id_shopify": "gid://shopify/Order/1"}
DOCUMENT = ORDER | {"external_id": "SHOPIFY-GROCER-1", "order_name": "#1", "step_count": 0, "action_code": "create"}
DOCUMENT |= {
    "record_type": "salesOrder",
    "total_amount": Decimal("10.00"),
    "currency_code": "USD",
    "transaction_date": "2026-11-01",
}
OPEN = ("source_external_id", "source_record_type", "reason_code", "reason", "payload", "payload_hash")
DOCUMENT |= dict.fromkeys(OPEN)
BOOKED = {"transaction_id_netsuite": "7", "external_id": "SHOPIFY-GROCER-1", "total_amount": "10", "closed_amount": None}
NUMBER = {"sku": "PHONE", "serial_number": "PH-1"}


def frames(**rows):
    names = (
        "core_items",
        "core_components",
        "core_stock",
        "core_levels",
        "core_ledger",
        "core_order_lines",
        "out_channel_quantities",
    )
    given = {"core_items": [ITEM], "core_stock": [STOCK]} | rows
    made = {
        name: empty(name) for name in (*names, "out_stock_differences", "out_netsuite_documents", "out_atp", "raw_shopify__orders")
    }
    return made | {name: sparse(name, listed) for name, listed in given.items()}


def sparse(name, rows):
    """Return a frame of rows that may leave out what may be missing."""
    return from_rows(name, [dict.fromkeys(TABLES[name].columns) | row for row in rows])


def broken(given_frames, before=None):
    suites = make_suites(given_frames, Given(CONTRACT, AT, before or {}, CODES))
    return {(suite.name, result.name): result for suite in suites for result in run_suite(suite) if not result.is_passed}


def test_sound_frames_break_nothing():
    assert broken(frames(out_stock_differences=[DIFFERENCE]), {"core_stock": 2, "core_items": 1}) == {}


CASES = {
    "a place that the contract does not have": (
        {"core_stock": [STOCK | {"location_code": "MOON"}]},
        ("core_stock", "accepted location_code"),
        "EGGS/MOON",
    ),
    "stock of an item that is not there": (
        {"core_stock": [STOCK | {"sku": "HAM"}]},
        ("core_stock", "reference sku"),
        "HAM/WAREHOUSE",
    ),
    "read too long ago": (
        {"core_stock": [STOCK | {"read_at_utc": AT - timedelta(minutes=61)}]},
        ("core_stock", "fresh"),
        "EGGS/WAREHOUSE",
    ),
    "a cause that nobody knows": (
        {"out_stock_differences": [DIFFERENCE | {"cause_code": "magic"}]},
        ("out_stock_differences", "accepted cause_code"),
        "GROCER_SHOP/EGGS/WAREHOUSE/magic",
    ),
    "terms that do not come to the number": (
        {"out_atp": [ATP | {"atp_qty": 3}]},
        ("out_atp", "quantity_identity"),
        "EGGS/WAREHOUSE",
    ),
    "a number of a SKU that no item has": ({"out_atp": [ATP | {"sku": "HAM"}]}, ("out_atp", "reference sku"), "HAM/WAREHOUSE"),
    "a document that comes to another amount": (
        {
            "out_netsuite_documents": [DOCUMENT],
            "raw_netsuite__documents": [BOOKED | {"total_amount": "10.01"}],
            "raw_shopify__orders": [ORDER],
        },
        ("law_documents", "document_equality"),
        "SHOPIFY-GROCER-1",
    ),
    "a document of an order that was not read": (
        {"out_netsuite_documents": [DOCUMENT]},
        ("out_netsuite_documents", "reference order_id_shopify"),
        "SHOPIFY-GROCER-1",
    ),
    "a number that breaks a law": (
        {
            "out_serial_lineage": [],
            "out_serial_findings": [NUMBER | {"law_code": "two_places", "units_qty": 1, "documents": "d", "is_doubtful": True}],
        },
        ("law_serials", "two_places"),
        "PHONE/PH-1",
    ),
    "a number below 0": (
        {"out_stock_differences": [DIFFERENCE | {"publish_qty": -1}]},
        ("out_stock_differences", "range publish_qty"),
        "GROCER_SHOP/EGGS/WAREHOUSE/stale_publish",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_row_that_breaks_a_law_is_named(case):
    rows, law, key = CASES[case]
    found = broken(frames(**rows))
    assert set(found) == {law}
    assert found[law].sample_keys == (key,)


def test_half_the_rows_of_the_last_run_are_enough_and_fewer_are_not():
    assert broken(frames(), {"core_stock": 2}) == {}
    assert set(broken(frames(), {"core_stock": 3})) == {("core_stock", "row_count")}


def test_documents_that_are_equal_credits_and_those_without_an_amount_break_nothing():
    credit = DOCUMENT | {"external_id": "SHOPCRED-1", "record_type": "creditMemo"}
    shipped = DOCUMENT | {"external_id": "SHOPFUL-1", "record_type": "itemFulfillment", "total_amount": None}
    there = [BOOKED, BOOKED | {"transaction_id_netsuite": "8", "external_id": "SHOPCRED-1", "total_amount": "-10.00"}]
    there += [BOOKED | {"transaction_id_netsuite": "9", "external_id": "SHOPFUL-1", "total_amount": None}]
    orders = [ORDER | {"name": "#1"}]
    both = {"out_netsuite_documents": [DOCUMENT, credit, shipped], "raw_netsuite__documents": there, "raw_shopify__orders": orders}
    given = frames(**both, out_serial_lineage=[], out_serial_findings=[], out_atp=[ATP])
    assert broken(given) == {}
    made = {suite.name: suite for suite in make_suites(given, Given(CONTRACT, AT))}
    assert list(made["law_documents"].frame["key"]) == ["SHOPCRED-1", "SHOPIFY-GROCER-1"]
    assert made["law_documents"].is_told_elsewhere
    assert "law_serials" not in made


def test_a_missing_value_and_a_column_of_another_type():
    suites = {suite.name: suite for suite in make_suites(frames(), Given(CONTRACT, AT, {}, CODES))}
    stock = suites["core_stock"]
    for change, law, told in (
        ({"source_code": None}, "filled", "1 of 1 rows"),
        ({"on_hand_qty": 5.5}, "types", "found on_hand_qty is float64, not int64"),
    ):
        results = run_suite(replace(stock, frame=stock.frame.assign(**change)))
        assert (law, told) in {(result.name, result.notes) for result in results if not result.is_passed}


def test_of_many_rows_that_fail_the_first_twenty_are_named():
    rows = pd.DataFrame({"n": range(5_000), "key": [f"K{number}" for number in range(5_000)]})
    suite = Suite("many", rows, (Law("small", "Small.", "ExpectColumnValuesToBeBetween", {"column": "n", "max_value": -1}),))
    (result,) = run_suite(suite)
    assert (result.failing_count, result.sample_keys[:2], len(result.sample_keys)) == (5_000, ("K0", "K1"), 20)


def test_a_column_that_is_gone_and_a_key_twice():
    suites = make_suites(frames(), Given(CONTRACT, AT, {}, CODES))
    (stock,) = [suite for suite in suites if suite.name == "core_stock"]
    twice = pd.concat([stock.frame, stock.frame])
    told = {result.name for result in run_suite(type(stock)(stock.name, twice, stock.laws)) if not result.is_passed}
    assert told == {"unique_key"}
    narrow = stock.frame.drop(columns="source_code")
    told = {result.name for result in run_suite(type(stock)(stock.name, narrow, stock.laws)) if not result.is_passed}
    assert "columns" in told


def test_the_data_docs_open_without_a_network_and_old_runs_go(tmp_path, page):
    bad = frames(core_stock=[STOCK | {"location_code": "MOON"}])
    suites = make_suites(bad, Given(CONTRACT, AT, {}, CODES))
    for day, run_id in ((-30, "20261025T120000-old"), (-1, "20261123T120000-last"), (0, "20261124T120000-new")):
        done = validate(suites, tmp_path, run_id, AT + timedelta(days=day), keep_days=14)
    assert {(name, one.name) for name, one in done.results if not one.is_passed} == {("core_stock", "accepted location_code")}
    assert (tmp_path / "great_expectations" / "gx" / "expectations" / "core_stock.json").exists()
    pages = list((tmp_path / "data_docs").rglob("*.html"))
    assert not [path for path in pages if "-old" in str(path)]
    assert all('<script src="http' not in path.read_text() for path in pages)
    page.goto(done.page.as_uri())
    assert page.locator("table tbody tr").count() >= len(suites)
    page.locator("tbody td", has_text="20261124T120000-new").first.wait_for()
    assert "20261123T120000-last" in done.page.read_text(), "built by the run before, and listed still"
    (shown,) = [path for path in pages if "validations/core_stock" in path.as_posix() and "-new" in path.as_posix()]
    page.goto(shown.as_uri())
    assert page.locator("text=Failed").first.is_visible()
    assert page.locator("text=MOON").first.is_visible()
    (laws,) = [path for path in pages if "validations/out_atp" in path.as_posix() and "-new" in path.as_posix()]
    assert "In every row, atp_qty = on_hand_qty - committed_qty - backordered_qty + spared_qty" in laws.read_text()
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.locator("text=MOON").first.is_visible()


def test_what_asks_a_network_is_taken_out():
    text = '<link rel="stylesheet" href="https://cdn.x/npm/@y/bootstrap-dark@1.1.0/dist/css/bootstrap-prefers-dark.css" />'
    assert offline(text + '<img src="https://x.y/logo.png">', "", {"bootstrap.min.css"}) == ""
