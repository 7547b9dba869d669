"""History is let go by age, and nothing that is still rested on goes with it: on both databases."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from store import publications, quarantine, runs, snapshots
from store.history import prune_history
from store.publications import Receipt, latest_published, record_intent, record_receipt, unsettled_batches

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def days_ago(days):
    return NOON - timedelta(days=days)


def run_at(engine, days, *, flow="publish-inventory", status="done"):
    started = days_ago(days)
    run_id = runs.start_run(engine, flow_name=flow, parameters={}, contract_fingerprint="f", at_utc=started)
    runs.record_step(engine, run_id, runs.Step("read"))
    if status:
        runs.finish_run(engine, run_id, status=status, at_utc=started)
    return run_id


def publish(engine, run_id, key, days, skus, outcome="accepted"):
    changes = pd.DataFrame(
        {
            "shop_code": "eu",
            "inventory_item_id_shopify": [f"gid://{sku}" for sku in skus],
            "location_id_shopify": "gid://l",
            "channel_code": "web",
            "sku": skus,
            "location_code": "store",
            "expected_qty": 9,
            "desired_qty": days,
            "change_key": key,
        }
    )
    record_intent(engine, run_id, changes, direction="decrease", at_utc=days_ago(days))
    if outcome != publications.INTENDED:
        record_receipt(engine, Receipt(key, outcome, answered_at_utc=days_ago(days)))


def prune(engine, keep_days=100):
    return {table: rows for table, rows in prune_history(engine, keep_days=keep_days, now_utc=NOON).items() if rows}


def keys(engine):
    return set(latest_published(engine)["change_key"])


def test_a_superseded_publication_goes_with_its_run(engine):
    old, new = run_at(engine, 200), run_at(engine, 1)
    publish(engine, old, "old", 200, ["A", "B"])
    publish(engine, new, "new", 1, ["A", "B"])
    assert prune(engine) == {"publication_pairs": 2, "publication_batches": 1, "steps": 1, "runs": 1}
    assert (runs.get_run(engine, old), keys(engine)) == (None, {"new"})
    assert runs.steps_of(engine, old) == []


def test_what_a_channel_accepted_last_stays_however_old_and_its_run_with_it(engine):
    old = run_at(engine, 200)
    publish(engine, old, "old", 200, ["A", "B"])
    publish(engine, run_at(engine, 1), "new", 1, ["A"])
    assert prune(engine) == {"publication_pairs": 1}
    assert keys(engine) == {"old", "new"}
    assert runs.get_run(engine, old) is not None


@pytest.mark.parametrize("outcome", [publications.INTENDED, publications.UNSETTLED])
def test_a_call_whose_effect_is_not_known_stays(engine, outcome):
    publish(engine, run_at(engine, 200), "old", 200, ["A"], outcome)
    publish(engine, run_at(engine, 1), "new", 1, ["A"])
    assert prune(engine) == {}
    assert [batch.change_key for batch in unsettled_batches(engine)] == ["old"]


def test_a_number_that_was_refused_goes_and_hides_nothing(engine):
    publish(engine, run_at(engine, 300), "accepted", 300, ["A"])
    publish(engine, run_at(engine, 200), "refused", 200, ["A"], publications.REJECTED)
    run_at(engine, 1)
    assert prune(engine) == {"publication_pairs": 1, "publication_batches": 1, "steps": 1, "runs": 1}
    assert keys(engine) == {"accepted"}


@pytest.mark.parametrize(("days", "goes"), [(99, False), (100, False), (101, True)])
def test_the_age_that_counts_is_the_contracts(engine, days, goes):
    old = run_at(engine, days)
    run_at(engine, 1)
    assert bool(prune(engine)) is goes
    assert (runs.get_run(engine, old) is None) is goes


def test_a_run_under_way_and_the_newest_of_each_flow_stay(engine):
    kept = {run_at(engine, 300, status=None), run_at(engine, 200), run_at(engine, 250, flow="sync-orders", status="failed")}
    gone = run_at(engine, 260, flow="sync-orders")
    assert prune(engine) == {"steps": 1, "runs": 1}
    assert {run_id for run_id in kept if runs.get_run(engine, run_id)} == kept
    assert runs.get_run(engine, gone) is None


def test_a_run_stays_as_long_as_its_snapshot(engine, tmp_path):
    old = run_at(engine, 200)
    run_at(engine, 1)
    snapshots.save_snapshot(engine, tmp_path, old, {"raw_things": pd.DataFrame({"a": ["1"]})}, {})
    assert prune(engine) == {}
    assert snapshots.prune_snapshots(engine, tmp_path, keep_days=14, now_utc=NOON) == [old]
    assert prune(engine) == {"steps": 1, "runs": 1}


def test_healed_quarantine_goes_and_open_quarantine_stays(engine):
    thing = {"shop_code": "eu", "entity_type": "order", "reason_code": "r", "reason": "why", "payload": {}}
    quarantine.set_aside(engine, [thing | {"entity_key": "healed"}, thing | {"entity_key": "open"}], at_utc=days_ago(200))
    quarantine.resolve_healed(engine, entity_type="order", checked_since_utc=days_ago(1), shop_codes=["eu"], entity_keys=["healed"])
    # It healed now, by the clock of the machine; a year and a day later it is let go.
    later = datetime.now(UTC) + timedelta(days=366)
    assert prune_history(engine, keep_days=365, now_utc=later)["quarantine"] == 1
    assert quarantine.open_rows(engine)["entity_key"].tolist() == ["open"]


@pytest.mark.parametrize("seed", range(4))
def test_law_what_is_known_of_the_channels_is_the_same_before_and_after(engine, seed):
    chance = random.Random(seed)
    outcomes = [publications.ACCEPTED] * 4 + [publications.REJECTED, publications.UNSETTLED, publications.INTENDED]
    for number, days in enumerate(sorted(chance.sample(range(1, 300), 40), reverse=True)):
        skus = sorted(chance.sample("ABCDEF", chance.randint(1, 4)))
        publish(engine, run_at(engine, days), f"k{number:03}", days, skus, chance.choice(outcomes))
    before = latest_published(engine), [batch.change_key for batch in unsettled_batches(engine)]
    assert prune(engine)["publication_pairs"] > 10
    pd.testing.assert_frame_equal(latest_published(engine), before[0])
    assert [batch.change_key for batch in unsettled_batches(engine)] == before[1]
    assert prune(engine) == {}
