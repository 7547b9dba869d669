"""Runs, watermarks, quarantine, documents, evidence: on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from contract.errors import FatalError
from store import documents, evidence, orders, quarantine, runs, watermarks

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def _start(engine, at=NOON, flow="publish_inventory"):
    return runs.start_run(engine, flow_name=flow, parameters={"dry_run": False}, contract_fingerprint="f", at_utc=at)


def _thing(**values):
    row = {"shop_code": "eu", "entity_type": "order", "entity_key": "1", "reason_code": "unmapped_sku", "reason": "no SKU"}
    return row | {"payload": {"a": 1}} | values


def _document(**values):
    row = {"external_id": "SHOPIFY-eu-1", "shop_code": "eu", "order_id_shopify": "1", "record_type": "salesOrder"}
    return row | {"payload_hash": "h1"} | values


def test_a_run_is_started_and_finished(engine):
    run_id = _start(engine)
    running = runs.get_run(engine, run_id)
    assert (running.status, running.finished_at_utc, running.parameters) == ("running", None, {"dry_run": False})
    runs.finish_run(engine, run_id, status="done", summary={"changed": 3}, at_utc=NOON + timedelta(minutes=1))
    done = runs.get_run(engine, run_id)
    assert (done.status, done.summary) == ("done", {"changed": 3})
    assert done.finished_at_utc - done.started_at_utc == timedelta(minutes=1)


def test_the_latest_run_is_of_its_flow_and_status(engine):
    first = _start(engine)
    second = _start(engine, NOON + timedelta(hours=1))
    _start(engine, NOON + timedelta(hours=2), flow="sync_orders")
    runs.finish_run(engine, first, status="done")
    assert runs.latest_run(engine, "publish_inventory").run_id == second
    assert runs.latest_run(engine, "publish_inventory", status="done").run_id == first
    assert runs.latest_run(engine, "replay") is None


def test_an_unknown_run_cannot_be_finished(engine):
    with pytest.raises(FatalError, match="r-0 is unknown"):
        runs.finish_run(engine, "r-0", status="done")
    assert runs.get_run(engine, "r-0") is None


def test_a_step_recorded_again_replaces_the_first(engine):
    run_id = _start(engine)
    runs.record_step(engine, run_id, runs.Step("conform", rows_in=9))
    whole = runs.Step("conform", rows_in=10, rows_out=8, rows_set_aside=2, milliseconds=5)
    runs.record_step(engine, run_id, whole)
    assert runs.steps_of(engine, run_id) == [whole]


def test_a_watermark_never_moves_backwards(engine):
    assert watermarks.get(engine, "orders:eu") is None
    assert watermarks.advance(engine, "orders:eu", NOON, "r1") == NOON
    assert watermarks.advance(engine, "orders:eu", NOON - timedelta(microseconds=1), "r2") == NOON
    later = NOON + timedelta(microseconds=1)
    assert watermarks.advance(engine, "orders:eu", later, "r3") == later
    assert watermarks.get(engine, "orders:eu") == later
    assert watermarks.get(engine, "orders:us") is None


def test_a_thing_set_aside_again_is_counted_and_keeps_its_first_instant(engine):
    quarantine.set_aside(engine, [_thing()], at_utc=NOON)
    quarantine.set_aside(engine, pd.DataFrame([_thing(reason="still")]), at_utc=NOON + timedelta(hours=1))
    row = quarantine.open_rows(engine).iloc[0]
    assert (row.seen_count, row.reason, row.payload) == (2, "still", {"a": 1})
    assert (row.first_seen_at_utc, row.last_seen_at_utc) == (NOON, NOON + timedelta(hours=1))


def test_what_a_check_does_not_find_again_has_healed_and_may_come_back(engine):
    things = [_thing(), _thing(entity_key="2"), _thing(shop_code="us"), _thing(entity_type="item")]
    quarantine.set_aside(engine, things, at_utc=NOON)
    check = NOON + timedelta(hours=1)
    quarantine.set_aside(engine, [_thing(entity_key="2")], at_utc=check)
    closed = quarantine.resolve_healed(engine, entity_type="order", checked_since_utc=check, shop_codes=["eu"])
    assert closed == 1
    still_open = quarantine.open_rows(engine, entity_type="order")
    assert sorted(zip(still_open["shop_code"], still_open["entity_key"], strict=True)) == [("eu", "2"), ("us", "1")]
    quarantine.set_aside(engine, [_thing()], at_utc=check)
    assert len(quarantine.open_rows(engine)) == 4


def test_only_the_things_checked_can_heal(engine):
    quarantine.set_aside(engine, [_thing(entity_key=str(n)) for n in range(5)], at_utc=NOON)
    closed = quarantine.resolve_healed(
        engine,
        entity_type="order",
        checked_since_utc=NOON + timedelta(hours=1),
        shop_codes=["eu"],
        entity_keys=[str(n) for n in range(3, 40_000)],
    )
    assert closed == 2
    assert quarantine.open_rows(engine)["entity_key"].tolist() == ["0", "1", "2"]


def test_a_document_is_intended_until_its_answer_is_recorded(engine):
    documents.intend(engine, "r1", pd.DataFrame([_document()]), at_utc=NOON)
    assert documents.unsettled(engine)["external_id"].tolist() == ["SHOPIFY-eu-1"]
    documents.record_written(engine, "r1", [_document(netsuite_id="77", status="written", message="")], at_utc=NOON)
    assert documents.unsettled(engine).empty
    known = documents.known_documents(engine, ["eu"]).iloc[0]
    assert (known.netsuite_id, known.status, known.payload_hash) == ("77", "written", "h1")


def test_a_document_intended_again_keeps_its_netsuite_id_and_first_instant(engine):
    documents.record_written(engine, "r1", [_document(netsuite_id="77", status="adopted", message="")], at_utc=NOON)
    documents.intend(engine, "r2", [_document(payload_hash="h2")], at_utc=NOON + timedelta(days=1))
    row = documents.unsettled(engine).iloc[0]
    assert (row.netsuite_id, row.payload_hash, row.first_seen_at_utc, row.run_id) == ("77", "h2", NOON, "r2")
    assert row.last_seen_at_utc == NOON + timedelta(days=1)


def test_documents_of_other_shops_are_left_out(engine):
    documents.intend(engine, "r", [_document(), _document(external_id="SHOPIFY-us-1", shop_code="us")])
    assert documents.known_documents(engine, ["us"])["external_id"].tolist() == ["SHOPIFY-us-1"]
    assert len(documents.known_documents(engine)) == 2
    assert documents.known_documents(engine, []).empty


def test_the_last_run_explains_a_number(engine):
    first, second = _start(engine), _start(engine, NOON + timedelta(hours=1))
    for run_id, on_hand in ((first, 5), (second, 6)):
        rows = [{"channel_code": "eu", "sku": "A", "location_code": "l", "terms": {"on_hand_qty": on_hand}}]
        evidence.save_explanations(engine, run_id, rows)
    assert evidence.explanations_of(engine, "A")["terms"].tolist() == [{"on_hand_qty": 6}]
    assert evidence.explanations_of(engine, "A", run_id=first)["terms"].tolist() == [{"on_hand_qty": 5}]
    assert evidence.explanations_of(engine, "A", channel_code="us").empty
    assert evidence.prune_explanations(engine, keep_runs=1) == 1
    assert evidence.explanations_of(engine, "A", run_id=first).empty
    assert len(evidence.explanations_of(engine, "A")) == 1


def test_what_is_dismissed_stays_so_until_it_is_released(engine):
    quarantine.set_aside(engine, [_thing(entity_key="1"), _thing(entity_key="2")], at_utc=NOON)
    assert quarantine.dismiss(engine, "eu", "1", "by hand", at_utc=NOON) == 1
    assert quarantine.dismiss(engine, "eu", "1", "again", at_utc=NOON) == 0
    assert quarantine.dismiss(engine, "us", "2", "another shop's", at_utc=NOON) == 0
    assert list(quarantine.open_rows(engine)["entity_key"]) == ["2"]
    later = NOON + timedelta(hours=1)
    healed = {"entity_type": "order", "checked_since_utc": later, "shop_codes": ["eu"]}
    assert quarantine.resolve_healed(engine, **healed) == 1, "what is dismissed does not heal"
    quarantine.set_aside(engine, [_thing(entity_key="1")], at_utc=later)
    (row,) = quarantine.open_rows(engine, is_dismissed=True).to_dict("records")
    assert (row["entity_key"], row["note"], row["seen_count"]) == ("1", "by hand", 2)
    assert quarantine.release(engine, "eu", "1", "a mistake") == 1
    assert quarantine.release(engine, "eu", "1", "again") == 0
    (row,) = quarantine.open_rows(engine).to_dict("records")
    assert (row["entity_key"], row["note"]) == ("1", "a mistake")


def _order(**values):
    row = {"shop_code": "eu", "order_id_shopify": "gid://shopify/Order/1", "order_name": "#1001", "state_code": "written"}
    return row | {"last_error": "", "next_action": "1 units to ship", "order_updated_at_utc": NOON} | values


def test_an_order_keeps_since_when_it_is_in_its_state(engine):
    orders.record_states(engine, "r1", [_order(), _order(shop_code="us")], at_utc=NOON)
    orders.record_states(engine, "r2", [_order(next_action="2 units to ship")], at_utc=NOON + timedelta(hours=1))
    first, other = orders.find_orders(engine, "1001").to_dict("records")
    assert (first["next_action"], first["state_since_at_utc"], first["run_id"]) == ("2 units to ship", NOON, "r2")
    assert other["shop_code"] == "us"
    orders.record_states(engine, "r3", [_order(state_code="settled")], at_utc=NOON + timedelta(hours=2))
    (settled,) = orders.orders_by_state(engine, "settled").to_dict("records")
    assert settled["state_since_at_utc"] == NOON + timedelta(hours=2)
    assert len(orders.orders_by_state(engine)) == 2
    assert orders.find_orders(engine, "1002").empty
