"""Reconciliation over real HTTP: nothing where both systems agree; each difference with its cause, its age, and an end."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from sqlalchemy import update

from flows.wiring import open_context
from sandbox.netsuite.account import account_of
from sandbox.netsuite.actions import act as administer
from store import findings
from store.engine import writing
from store.schema import runs
from store.snapshots import load_snapshot
from tests.e2e.order_world import act, place
from tests.e2e.steps import sync

ONE_APPLE = [("APPLE", 2, {"unit_price": "10.00"})]


def reconciled(run, *more):
    code, out, err = run("reconcile", "--json", *more)
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
    assert set(money["measure_code"]) == {"ordered", "billed", "tendered", "ordered_tax"}
    assert money.loc[money["channel"].eq("pos") & money["measure_code"].eq("billed"), "netsuite_amount"].map(bool).all()
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


def test_a_difference_stays_open_when_its_order_leaves_the_span(settled, run, bodies):
    order = place(settled, ONE_APPLE)
    with open_context() as context:
        sync(context)
    name = f"SHOPIFY-GROCER-{order['id'].rsplit('/', 1)[1]}"
    long_ago = settled.world.clock.now() - timedelta(days=30)
    with settled.world.lock:
        administer(settled.world, "edit_field", {"external_id": name, "field": "rate", "value": 11, "line": 1})
        settled.world.shops["GROCER"].orders[order["id"]]["updated_at"] = long_ago
        settled.world.db.execute("UPDATE ns_transaction SET createddate = ? WHERE externalid = ?", (long_ago.isoformat(), name))
        settled.world.db.commit()
    key = ("order_differs", f"GROCER {order['name']} {name}", "total_differs")
    reconciled(run, "--days", "60")
    assert key in open_now()
    reconciled(run, "--days", "3")
    assert open_now()[key]["seen_count"] == 2, "nobody looked, and nothing was mended"
    with settled.world.lock:
        administer(settled.world, "edit_field", {"external_id": name, "field": "rate", "value": 10, "line": 1})
    reconciled(run, "--days", "3")
    assert key not in open_now()


TITLES = [{"title": "State", "rate": "0.04"}, {"title": "City", "rate": "0.045"}]
CODES = {title["title"]: {"tax_code_id": str(number), "tax_type_id": "1"} for number, title in enumerate(TITLES, start=71)}


def book_taxes(world, path, **orders):
    """Let the contract book taxes so, in an account that can."""
    yaml = YAML()
    contract = yaml.load(path)
    contract["orders"] |= orders
    yaml.dump(contract, path)
    account = account_of(world.world)
    with account.change():
        account.settings = replace(account.settings, has_suitetax=orders.get("tax") == "suitetax")
        item = {"id": 912, "itemid": "CITY-TAX", "itemtype": "OthCharge", "isinactive": "F", "custom": "{}"}
        account.insert("ns_item", item | {"isserialitem": "F", "islotitem": "F"})


def lower_the_citys_tax_by_a_cent(world, document):
    """Do what an administrator does: change the tax of one title on the sales order."""
    rows = world.world.db.execute(
        'SELECT l.id, l.foreignamount FROM ns_transactionline l JOIN ns_transaction t ON t.id = l."transaction" '
        "WHERE t.externalid = ? AND l.item = 912",
        (document,),
    )
    row = rows.fetchone()
    if row:
        return administer(
            world.world,
            "edit_field",
            {"external_id": document, "line": row[0], "field": "amount", "value": round(-row[1] - 0.01, 2)},
        )
    body = world.world.db.execute("SELECT body FROM ns_transaction WHERE externalid = ?", (document,)).fetchone()[0]
    details = json.loads(body)["taxDetails"]
    details["items"][1]["taxAmount"] = round(details["items"][1]["taxAmount"] - 0.01, 2)
    return administer(world.world, "edit_field", {"external_id": document, "field": "taxDetails", "value": details})


@pytest.mark.parametrize(
    "orders", [{"tax_items": {"City": "912"}}, {"tax": "suitetax", "tax_codes": CODES}], ids=["lines", "suitetax"]
)
def test_tax_agrees_by_title_and_a_cent_that_somebody_edits_is_named(books, run, bodies, tmp_path, orders):
    book_taxes(books, tmp_path / "contract" / "contract.yaml", **orders)
    order = place(books, [("APPLE", 3, {"unit_price": "10.01"})], tax_lines=TITLES, shipping="5.00", shipping_tax_rate="0.085")
    cancelled = place(books, [("APPLE", 3, {"unit_price": "10.00"}), ("BREAD", 2, {})], tax_lines=TITLES)
    with open_context() as context:
        sync(context)
        act(books, "refund", order_id=cancelled["id"], quantities={cancelled["line_ids"][0]: 2, cancelled["line_ids"][1]: 2})
        act(books, "fulfil", order_id=order["id"], quantities={order["line_ids"][0]: 1})
        sync(context)
        act(books, "fulfil", order_id=order["id"])
        sync(context)
        act(books, "refund", order_id=order["id"], quantities={order["line_ids"][0]: 1}, restock_type="RETURN")
        sync(context)
    _, frames = reconciled(run)
    money, day = frames["out_money_totals"], f"{books.world.clock.now():%Y-%m-%d}"
    assert frames["out_order_differences"].empty
    assert not money["difference_amount"].map(bool).any()
    mine = money.loc[money["tax_titles"].isin(["State", "City"])].set_index(["measure_code", "tax_titles"])
    assert {key: str(row["netsuite_amount"]) for key, row in mine.to_dict("index").items()} == {
        ("ordered_tax", "State"): "1.8",
        ("ordered_tax", "City"): "2.03",
        ("taxed", "State"): "1.0",
        ("taxed", "City"): "1.13",
    }
    document = f"SHOPIFY-GROCER-{order['id'].rsplit('/', 1)[1]}"
    lower_the_citys_tax_by_a_cent(books, document)
    reconciled(run)
    told = {key: row for key, row in open_now().items() if key[0] in ("money_differs", "order_differs")}
    assert set(told) == {
        ("money_differs", f"{day} GROCER web City USD", "ordered_tax"),
        ("money_differs", f"{day} GROCER web USD", "ordered"),
        ("order_differs", f"GROCER {order['name']} {document}", "total_differs"),
    }
    assert (
        "tax City 1.58, in NetSuite 1.57"
        in told["order_differs", f"GROCER {order['name']} {document}", "total_differs"]["examples"]
    )
    assert order["name"] in told["money_differs", f"{day} GROCER web City USD", "ordered_tax"]["examples"]
