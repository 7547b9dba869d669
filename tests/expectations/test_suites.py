"""The generated suites: each law fails on a row that breaks it and passes on sound rows; Data Docs open without a network."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from contract.frames import empty, from_rows
from contract.loading import load_contract
from expectations.docs import offline, validate
from expectations.engine import run_suite
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


def frames(**rows):
    names = ("core_items", "core_stock", "core_levels", "core_ledger", "core_order_lines", "out_channel_quantities")
    given = {"core_items": [ITEM], "core_stock": [STOCK]} | rows
    made = {name: empty(name) for name in (*names, "out_stock_differences")}
    return made | {name: from_rows(name, listed) for name, listed in given.items()}


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
    "stock of an item that is not there": ({"core_stock": [STOCK | {"sku": "HAM"}]}, ("core_stock", "reference"), "HAM/WAREHOUSE"),
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
    for day, run_id in ((-30, "20261025T120000-old"), (0, "20261124T120000-new")):
        done = validate(suites, tmp_path, run_id, AT + timedelta(days=day), keep_days=14)
    assert {(name, one.name) for name, one in done.results if not one.is_passed} == {("core_stock", "accepted location_code")}
    assert (tmp_path / "great_expectations" / "gx" / "expectations" / "core_stock.json").exists()
    pages = list((tmp_path / "data_docs").rglob("*.html"))
    assert not [path for path in pages if "-old" in str(path)]
    assert all('<script src="http' not in path.read_text() for path in pages)
    page.goto(done.page.as_uri())
    assert page.locator("table tbody tr").count() >= len(suites)
    page.locator("tbody td", has_text="20261124T120000-new").first.wait_for()
    (shown,) = [path for path in pages if "validations/core_stock" in path.as_posix()]
    page.goto(shown.as_uri())
    assert page.locator("text=Failed").first.is_visible()
    assert page.locator("text=MOON").first.is_visible()
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.locator("text=MOON").first.is_visible()


def test_what_asks_a_network_is_taken_out():
    text = '<link rel="stylesheet" href="https://cdn.x/npm/@y/bootstrap-dark@1.1.0/dist/css/bootstrap-prefers-dark.css" />'
    assert offline(text + '<img src="https://x.y/logo.png">', "", {"bootstrap.min.css"}) == ""
