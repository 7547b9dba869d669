"""Reconciliation over real HTTP: nothing where both systems agree; each difference with its cause, its age, and an end."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from flows.wiring import open_context
from store import findings
from store.engine import writing
from store.schema import runs
from store.snapshots import load_snapshot
from tests.e2e.order_world import place
from tests.e2e.steps import sync

ONE_APPLE = [("APPLE", 2, {"unit_price": "10.00"})]


def reconciled(run):
    code, out, err = run("reconcile", "--json")
    assert code in (0, 1), err
    summary = json.loads(out)
    return summary, load_snapshot(Path(summary["snapshot"]))[0]


def causes(frame, key):
    return {(row[key], row["cause_code"]) for row in frame.to_dict("records")}


@pytest.fixture
def settled(books, run, bodies):
    """Everything published and booked: both systems as they should be."""
    with open_context() as context:
        sync(context)
    assert run("publish-inventory", "--write")[0] in (0, 1)
    return books


def open_now():
    with open_context() as context:
        rows = findings.open_findings(context.engine).to_dict("records")
    return {(row["check_code"], row["object_key"], row["field"]): row for row in rows}


OF_THE_WORLD = {
    ("stock_differs", "EXPRESS/KALE", "unmapped"),
    ("stock_differs", "GROCER/KALE", "unmapped"),
    ("stock_differs", "NETSUITE/CHEESE/WAREHOUSE", "oversold"),
}
"""What is wrong with the small world by itself: a SKU that NetSuite does not have, and a backorder."""


def test_where_both_systems_agree_nothing_is_open_but_what_the_world_has(settled, run, bodies):
    summary, frames = reconciled(run)
    assert set(open_now()) == OF_THE_WORLD
    assert frames["out_order_differences"].empty
    money = frames["out_money_totals"]
    assert set(money["measure_code"]) == {"ordered", "billed", "tendered"}
    assert set(money["gateway"]) == {"", "shopify_payments"}
    assert not money["difference_amount"].map(bool).any()
    netsuite = frames["out_stock_differences"].query("channel_code == 'NETSUITE'")
    assert causes(netsuite, "sku") == {("BREAD", "unsynced_order"), ("CHEESE", "oversold")}
    page = Path(summary["page"]).read_text()
    assert "no stock item of this SKU was read from NetSuite" in page
    assert (Path(summary["page"]).parent.parent / "index.html").exists()


def test_a_difference_has_an_age_and_an_end(settled, run, bodies):
    reconciled(run)
    place(settled, ONE_APPLE)
    reconciled(run)
    assert set(open_now()) == OF_THE_WORLD, "what the next run sends is on its way"
    with open_context() as context, writing(context.engine) as connection:
        connection.execute(update(runs).values(started_at_utc=context.now() - timedelta(hours=2)))
    reconciled(run)
    first = open_now()
    assert any(check == "stock_differs" and "APPLE" in where for check, where, _ in first)
    reconciled(run)
    second = open_now()
    assert {k: row["first_seen_at_utc"] for k, row in second.items()} == {k: row["first_seen_at_utc"] for k, row in first.items()}
    assert all(second[k]["seen_count"] == first[k]["seen_count"] + 1 for k in first)
    run("publish-inventory", "--write")
    with open_context() as context:
        sync(context)
    summary, _ = reconciled(run)
    assert set(open_now()) == OF_THE_WORLD
    assert summary["counts"]["findings resolved"] == len(set(second) - OF_THE_WORLD) > 0
    assert "Resolved since the last report" in Path(summary["page"]).read_text()
    assert reconciled(run)[0]["counts"]["findings resolved"] == 0
