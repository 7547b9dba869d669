"""Intent before the call, receipt after it; what has no receipt is seen; the last accepted number is known."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from contract.errors import FatalError
from store.publications import Receipt, latest_published, record_intent, record_receipt, unsettled_batches

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def _changes(key="k1", *, shop="eu", desired=(5, 7)):
    return pd.DataFrame(
        {
            "shop_code": shop,
            "inventory_item_id_shopify": [f"gid://{n}" for n in range(len(desired))],
            "location_id_shopify": "gid://l",
            "channel_code": shop,
            "sku": [f"SKU-{n}" for n in range(len(desired))],
            "location_code": "store",
            "expected_qty": 9,
            "desired_qty": list(desired),
            "change_key": key,
        }
    )


def _outcomes(*outcomes):
    pairs = [(f"gid://{n}", "gid://l", outcome, "") for n, outcome in enumerate(outcomes)]
    return pd.DataFrame(pairs, columns=["inventory_item_id_shopify", "location_id_shopify", "outcome", "message"])


def _numbers(engine):
    frame = latest_published(engine)
    return dict(zip(frame["sku"], frame["published_qty"], strict=True))


def test_an_intent_is_unsettled_until_its_receipt(engine):
    assert record_intent(engine, "r1", _changes(), direction="decrease", at_utc=NOON) == 1
    (batch,) = unsettled_batches(engine)
    assert (batch.change_key, batch.run_id, batch.shop_code, batch.status) == ("k1", "r1", "eu", "intended")
    assert (batch.direction, batch.intended_at_utc) == ("decrease", NOON)
    assert batch.pairs["desired_qty"].tolist() == [5, 7]
    assert _numbers(engine) == {}
    record_receipt(engine, Receipt("k1", "accepted", answer={"throttle": 1}))
    assert unsettled_batches(engine) == []
    assert _numbers(engine) == {"SKU-0": 5, "SKU-1": 7}


def test_each_pair_has_its_own_outcome(engine):
    record_intent(engine, "r1", _changes(), direction="decrease")
    record_receipt(engine, Receipt("k1", "rejected", _outcomes("accepted", "stale")))
    assert _numbers(engine) == {"SKU-0": 5}


def test_a_lost_answer_stays_visible_until_it_is_settled(engine):
    record_intent(engine, "r1", _changes(), direction="decrease")
    record_receipt(engine, Receipt("k1", "unsettled"))
    assert [batch.status for batch in unsettled_batches(engine)] == ["unsettled"]
    assert _numbers(engine) == {}
    record_receipt(engine, Receipt("k1", "settled", _outcomes("accepted", "not_applied")))
    assert unsettled_batches(engine) == []
    assert _numbers(engine) == {"SKU-0": 5}


def test_a_batch_is_settled_only_when_every_pair_is_told(engine):
    record_intent(engine, "r1", _changes(), direction="decrease")
    with pytest.raises(FatalError, match="nothing is said of"):
        record_receipt(engine, Receipt("k1", "settled", _outcomes("accepted")))
    assert len(unsettled_batches(engine)) == 1


def test_the_last_accepted_number_counts_whatever_came_after_it(engine):
    for n, (quantity, status) in enumerate([(5, "accepted"), (4, "accepted"), (3, "rejected"), (2, "unsettled")]):
        record_intent(engine, f"r{n}", _changes(f"k{9 - n}", desired=(quantity,)), direction="decrease")
        record_receipt(engine, Receipt(f"k{9 - n}", status, answered_at_utc=NOON + timedelta(minutes=n)))
    row = latest_published(engine, sku="SKU-0").iloc[0]
    assert (row.published_qty, row.run_id, row.published_at_utc) == (4, "r1", NOON + timedelta(minutes=1))
    assert latest_published(engine, sku="SKU-1").empty


def test_the_same_key_again_is_open_again(engine):
    for _ in range(2):
        record_intent(engine, "r1", _changes(), direction="decrease")
        assert len(unsettled_batches(engine)) == 1
        record_receipt(engine, Receipt("k1", "accepted"))
    assert _numbers(engine) == {"SKU-0": 5, "SKU-1": 7}


def test_many_batches_of_several_shops(engine):
    changes = pd.concat([_changes(f"k-{shop}-{n}", shop=shop, desired=range(90)) for shop in ("eu", "us") for n in range(3)])
    assert record_intent(engine, "r1", changes, direction="increase") == 6
    assert [batch.change_key for batch in unsettled_batches(engine, ["us"])] == ["k-us-0", "k-us-1", "k-us-2"]
    assert {len(batch.pairs) for batch in unsettled_batches(engine)} == {90}


def test_a_feed_has_no_vendor_ids(engine):
    feed = _changes().assign(inventory_item_id_shopify="", location_id_shopify="", location_code="", shop_code="")
    feed = feed.assign(expected_qty=pd.Series([None, None], dtype="Int64"), channel_code="market")
    record_intent(engine, "r1", feed, direction="increase")
    record_receipt(engine, Receipt("k1", "accepted"))
    assert latest_published(engine)[["channel_code", "sku", "location_code", "published_qty"]].values.tolist() == [
        ["market", "SKU-0", "", 5],
        ["market", "SKU-1", "", 7],
    ]


@pytest.mark.parametrize(
    ("receipt", "told"),
    [
        (Receipt("k0", "accepted"), "k0 has no intent"),
        (Receipt("k1", "fine"), "'fine' is no receipt's status"),
        (Receipt("k1", "rejected", _outcomes("accepted", "stale", "stale")), "gid://2"),
    ],
)
def test_a_receipt_that_fits_no_intent_is_refused_and_changes_nothing(engine, receipt, told):
    record_intent(engine, "r1", _changes(), direction="decrease")
    with pytest.raises(FatalError, match=told):
        record_receipt(engine, receipt)
    assert [batch.status for batch in unsettled_batches(engine)] == ["intended"]


def test_a_key_that_names_two_shops_is_refused(engine):
    with pytest.raises(FatalError, match="k1 names two shops"):
        record_intent(engine, "r1", pd.concat([_changes(), _changes(shop="us")]), direction="decrease")
    assert unsettled_batches(engine) == []


_KILLED = """
import sys, time, pandas as pd
from store.engine import open_engine
from store.publications import record_intent
engine = open_engine(sys.argv[1])
changes = pd.read_json(sys.argv[2], dtype={"change_key": str})
record_intent(engine, "killed", changes, direction="decrease")
print("intended", flush=True)
time.sleep(60)
"""


def test_a_process_killed_between_intent_and_receipt_leaves_the_intent(engine, database_url, tmp_path):
    _changes().to_json(tmp_path / "changes.json")
    command = [sys.executable, "-c", _KILLED, database_url, str(tmp_path / "changes.json")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "intended\n"
        process.kill()
        assert process.wait() == -signal.SIGKILL
    (batch,) = unsettled_batches(engine)
    assert (batch.run_id, batch.status) == ("killed", "intended")
    assert batch.pairs[["expected_qty", "desired_qty"]].values.tolist() == [[9, 5], [9, 7]]
