"""Serials in the store, all or nothing and append-only; the views for plain SQL; on both databases."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pandas as pd
import pytest
from sqlalchemy import text

from contract.frames import conform, empty, from_rows
from domain.findings import finding
from domain.serial_events import journal
from domain.serial_lineage import trace
from store import findings, money, orders, publications, quarantine, runs, serials, tellings
from store.engine import reading
from store.migrations.versions.r0007_views import VIEWS
from store.migrations.versions.r0009_money_totals import VIEWS as MONEY_VIEWS
from store.publications import Receipt
from tests.domain.test_serial_lineage import event, frame, stock, there

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def rows_of(engine, view):
    with reading(engine) as connection:
        return [dict(row) for row in connection.execute(text(f"SELECT * FROM {view}")).mappings()]


def events_of(*rows):
    return conform("core_serial_events", frame(*rows))


def found(number, law="two_places"):
    row = {"sku": "PHONE", "serial_number": number, "law_code": law, "location_code": None, "units_qty": 1, "documents": "d"}
    return conform("out_serial_findings", pd.DataFrame([{**row, "suggestions": None, "is_doubtful": True}]))


def life(number, **more):
    blank = dict.fromkeys(empty("out_serial_lineage").columns)
    row = blank | {"sku": "PHONE", "serial_number": number, "is_lot": False, "on_hand_qty": 1, "status_code": "on_hand"}
    return conform("out_serial_lineage", pd.DataFrame([row | {"events_count": 1, "is_complete": True, **more}]))


def blocked(number, units=1):
    row = {"sku": "PHONE", "serial_number": number, "location_code": "W", "blocked_qty": units, "laws": "two_places"}
    return conform("core_blocked", pd.DataFrame([row]))


NONE = empty("out_serial_findings")


def test_events_are_appended_once_and_breaches_replaced(engine):
    one, two = event("received", 1), event("received", 2, number="S2")
    keys = {"blocked": blocked("S1"), "numbers": None, "at_utc": NOON}
    serials.record(engine, "r1", events_of(one, two), life("S1"), found("S1"), **keys)
    serials.record(engine, "r1", events_of(one), life("S1"), found("S1"), **keys)
    assert len(serials.events_of_numbers(engine, None)) == 2
    assert serials.events_of_numbers(engine, [("PHONE", "S2")])["event_key"].tolist() == ["NETSUITE/2/1/received/PHONE/S2/0"]
    assert serials.events_of_documents(engine, ["NETSUITE/1"])["serial_number"].tolist() == ["S1"]
    assert serials.events_of_documents(engine, []).empty
    later = NOON + timedelta(hours=1)
    serials.record(
        engine, "r2", events_of(), life("S2"), found("S2"), blocked=blocked("S2"), numbers=[("PHONE", "S2")], at_utc=later
    )
    assert serials.findings(engine)["serial_number"].tolist() == ["S1", "S2"], "of numbers that were not traced nothing changes"
    serials.record(
        engine, "r3", events_of(), life("S1"), NONE, blocked=empty("core_blocked"), numbers=[("PHONE", "S1")], at_utc=later
    )
    assert serials.findings(engine)["serial_number"].tolist() == ["S2"]
    assert serials.blocked(engine)["serial_number"].tolist() == ["S2"]


def test_what_another_order_has_and_what_is_doubtful_is_known_by_sku(engine):
    traced = pd.concat(
        [life("S1", status_code="promised", order_key="G/7"), life("S2"), life("L1", status_code="promised", is_lot=True)]
    )
    warned = found("S3", "not_as_promised").assign(is_doubtful=False)
    breaches = pd.concat([found("S1"), warned])
    serials.record(engine, "r1", events_of(), traced, breaches, blocked=blocked("S2"), numbers=None, at_utc=NOON)
    assert serials.promised(engine, ["PHONE"]) == {("PHONE", "S1"): "G/7"}
    assert serials.doubtful(engine, ["PHONE"]) == {("PHONE", "S1"), ("PHONE", "S2")}
    assert (serials.promised(engine, ["CASE"]), serials.doubtful(engine, [])) == ({}, frozenset())


@pytest.mark.parametrize("is_full", [False, True])
def test_the_row_of_a_number_of_which_nothing_is_left_goes_with_its_last_document(engine, is_full):
    """The receipt that named S1 is deleted, that of S2 stands, S3 has a balance only, S4 is not traced."""
    told = events_of(event("received", 1), event("received", 2, number="S2"))
    none = {"blocked": empty("core_blocked"), "at_utc": NOON}
    four = pd.concat([life(number) for number in ("S1", "S2", "S3", "S4")], ignore_index=True)
    serials.record(engine, "r1", told, four, NONE, numbers=None, **none)
    gone = journal(told.iloc[:1], told.iloc[:0].assign(modified_at_utc=None), {}, NOON)
    left = trace(pd.concat([told, gone], ignore_index=True), stock(there(number="S3")), frozenset())
    numbers = None if is_full else [("PHONE", number) for number in ("S1", "S2", "S3")]
    serials.record(engine, "r2", gone, left, NONE, numbers=numbers, **none)
    assert sorted(serials.lineage(engine)["serial_number"]) == (["S2", "S3"] if is_full else ["S2", "S3", "S4"])
    assert len(serials.events_of_numbers(engine, [("PHONE", "S1")])) == 2, "its history stays"


def test_a_number_keeps_the_instant_since_when_it_breaks_a_law(engine):
    none = {"blocked": empty("core_blocked"), "numbers": [("PHONE", "S1")]}
    for hour, run_id in enumerate(("r1", "r2")):
        serials.record(engine, run_id, events_of(), life("S1"), found("S1"), **none, at_utc=NOON + timedelta(hours=hour))
    (row,) = serials.findings(engine).to_dict("records")
    assert row["first_seen_at_utc"] == pd.Timestamp(NOON)


def test_orders_that_name_what_nothing_matches_are_asked_again(engine):
    asked = event("sold", 1, number="S?", order="G/7", problem="unknown_number")
    known = event("sold", 2, number="S1", order="G/8")
    serials.record(
        engine, "r1", events_of(asked, known), life("S1"), NONE, blocked=empty("core_blocked"), numbers=None, at_utc=NOON
    )
    assert serials.orders_with_problems(engine) == ["G/7"]
    back = events_of(asked).assign(reverses_key="NETSUITE/1/1/sold/PHONE/S?/0", event_key="x!")
    serials.record(engine, "r2", back, life("S1"), NONE, blocked=empty("core_blocked"), numbers=[], at_utc=NOON)
    assert serials.orders_with_problems(engine) == []


def test_orders_that_numbers_left_for_are_late_by_when_that_was_recorded(engine):
    left = [event("fulfilled", minute, number=f"S{minute}", order=f"G/{minute}", document=f"d{minute}") for minute in (1, 2)]
    sold = event("sold", 3, number="S1", order="G/1", document="o1")
    keys = {"blocked": empty("core_blocked"), "numbers": []}
    serials.record(engine, "r1", events_of(left[0], sold), life("S1"), NONE, **keys, at_utc=NOON)
    serials.record(engine, "r2", events_of(left[1]), life("S2"), NONE, **keys, at_utc=NOON + timedelta(days=9))
    assert sorted(serials.events_of_late_orders(engine, None)["order_key"]) == ["G/1", "G/1", "G/2"]
    assert serials.events_of_late_orders(engine, NOON + timedelta(days=1))["order_key"].tolist() == ["G/2"]
    assert serials.events_of_late_orders(engine, NOON + timedelta(days=10)).empty


def test_what_we_wrote_into_an_order_last_is_kept(engine):
    for numbers in (["A"], ["A", "B"]):
        tellings.record(engine, "r1", "G/1", {"7": numbers}, at_utc=NOON)
    assert tellings.told(engine, ["G/1", "G/2"]) == {"G/1": {"7": ["A", "B"]}}
    assert tellings.told(engine, []) == {}


@pytest.mark.parametrize("name", sorted({**VIEWS, **MONEY_VIEWS}))
def test_a_view_of_nothing_has_no_row(engine, name):
    assert rows_of(engine, name) == []


def test_the_views_show_what_is_so_now(engine):
    run_id = runs.start_run(engine, flow_name="reconcile", parameters={}, contract_fingerprint="f", at_utc=NOON)
    rows = conform(
        "out_findings", pd.DataFrame([finding("stock_differs", "A", field="x"), finding("order_differs", "B", field="y")])
    )
    findings.record(engine, run_id, rows, ("stock_differs", "order_differs"), at_utc=NOON)
    findings.record(engine, run_id, rows.iloc[1:], ("stock_differs", "order_differs"), at_utc=NOON + timedelta(days=1))
    assert {row["check_code"] for row in rows_of(engine, "open_findings")} == {str(rows.iloc[1]["check_code"])}
    assert len(rows_of(engine, "resolved_findings")) == 1
    order = {"shop_code": "G", "order_id_shopify": "gid://shopify/Order/1", "order_name": "#1", "state_code": "waiting"}
    orders.record_states(
        engine, run_id, [order | {"last_error": "", "next_action": "n", "order_updated_at_utc": None}], at_utc=NOON
    )
    assert [(row["order_name"], row["documents_count"]) for row in rows_of(engine, "orders_now")] == [("#1", 0)]
    aside = {"shop_code": "G", "entity_type": "order", "entity_key": "k", "reason_code": "r", "reason": "why", "payload": None}
    quarantine.set_aside(engine, [aside], at_utc=NOON)
    assert [row["reason"] for row in rows_of(engine, "set_aside_now")] == ["why"]
    for key, units, at in (("k1", 5, NOON), ("k2", 3, NOON + timedelta(minutes=5))):
        change = {"shop_code": "G", "inventory_item_id_shopify": "i", "location_id_shopify": "l", "channel_code": "C", "sku": "A"}
        change |= {"location_code": "W", "expected_qty": 9, "desired_qty": units, "change_key": key}
        publications.record_intent(engine, run_id, pd.DataFrame([change]), direction="lower", at_utc=at)
        outcome = {"inventory_item_id_shopify": "i", "location_id_shopify": "l", "outcome": "accepted", "message": ""}
        publications.record_receipt(engine, receipt(key, outcome, at))
    assert [row["published_qty"] for row in rows_of(engine, "published_now")] == [3]
    serials.record(engine, "r1", events_of(), life("S1"), found("S1"), blocked=blocked("S1"), numbers=None, at_utc=NOON)
    assert [(row["serial_number"], row["breaches_count"]) for row in rows_of(engine, "serials_now")] == [("S1", 1)]
    assert [row["status"] for row in rows_of(engine, "runs_now")] == ["running"]
    for theirs in ("9.99", "10.00"):
        money.record(engine, run_id, totals(theirs), at_utc=NOON)
    (row,) = rows_of(engine, "money_by_day")
    assert (row["tax_titles"], float(row["netsuite_amount"]), float(row["difference_amount"])) == ("City", 10, 0)


def totals(theirs):
    row = {"day": "2026-11-01", "shop_code": "G", "channel": "web", "gateway": "", "measure_code": "taxed", "currency_code": "USD"}
    row |= {"tax_titles": "City", "shopify_amount": Decimal("10.00"), "netsuite_amount": Decimal(theirs), "orders_count": 1}
    return from_rows("out_money_totals", [row | {"difference_amount": Decimal(theirs) - 10, "examples": "#1"}])


def receipt(key, outcome, at):
    return Receipt(change_key=key, status="accepted", outcomes=pd.DataFrame([outcome]), answered_at_utc=at, answer={})


def test_numbers_are_looked_up_by_what_they_hold_whatever_its_case(engine):
    for number in ("A%1", "AB1", "xa%1y"):
        serials.record(engine, "r1", events_of(), life(number), NONE, blocked=empty("core_blocked"), numbers=[], at_utc=NOON)
    assert sorted(serials.numbers_like(engine, "a%1", 10)["serial_number"]) == ["A%1", "xa%1y"]
    assert len(serials.numbers_like(engine, "1", 2)) == 2
    assert serials.numbers_like(engine, "A_1", 10).empty
