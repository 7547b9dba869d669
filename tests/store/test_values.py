"""Instants, JSON, text and frames survive both databases; the upsert means the same on both."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError

from store.engine import reading, writing
from store.schema import core_expected_levels, explanations, quarantine, watermarks
from store.upsert import upsert
from store.values import dump_json, read_frame

AWKWARD = ["plain", "", "\\N", "\\", "a\tb", "a\nb", "a\rb", "a\r\nb", "'; DROP--", '"q"', "é漢🧦", "007", " NULL ", "null"]


def test_an_instant_comes_back_aware_and_in_utc(engine):
    sent = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=timezone(timedelta(hours=-7)))
    with writing(engine) as connection:
        upsert(connection, watermarks, [{"stream": "s", "position_at_utc": sent, "run_id": "r"}])
        got = connection.execute(select(watermarks.c.position_at_utc)).scalar_one()
    assert got == sent
    assert got.tzinfo == UTC


@pytest.mark.parametrize("count", [1, 200])
def test_an_instant_without_a_zone_is_refused(engine, count):
    naive = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    rows = [{"stream": str(n), "position_at_utc": naive, "run_id": "r"} for n in range(count)]
    with pytest.raises((ValueError, StatementError), match="no time zone"), writing(engine) as connection:
        upsert(connection, watermarks, rows)


@pytest.mark.parametrize("repeat", [1, 20], ids=["few rows", "many rows"])
def test_awkward_text_comes_back_the_same(engine, repeat):
    texts = [text + "." * n for text in AWKWARD for n in range(repeat)]
    rows = [{"run_id": "r", "sku": t, "channel_code": "", "location_code": "l", "terms": {"t": t}} for t in texts]
    with writing(engine) as connection:
        upsert(connection, explanations, rows)
        got = read_frame(connection, select(explanations))
    assert set(got["sku"]) == set(texts)
    assert [terms["t"] for terms in got["terms"]] == got["sku"].tolist()


@pytest.mark.parametrize("repeat", [1, 120], ids=["few rows", "many rows"])
def test_text_that_a_database_refuses_is_replaced(engine, repeat):
    rows = [
        {"run_id": "r", "sku": f"{n}a\x00b\ud800c", "channel_code": "", "location_code": "", "terms": {"k\x00": "\ud83d"}}
        for n in range(repeat)
    ]
    with writing(engine) as connection:
        upsert(connection, explanations, rows)
        got = read_frame(connection, select(explanations))
    assert got["sku"].str.endswith("a\ufffdb\ufffdc").all()
    assert got["terms"].iloc[0] == {"k\ufffd": "\ufffd"}


def test_json_takes_what_frames_hold():
    value = {
        "qty": np.int64(3),
        "money": Decimal("10.00"),
        "at": pd.Timestamp("2026-01-02T03:04:05Z"),
        "missing": [float("nan"), pd.NaT, pd.NA, None],
        "endless": float("inf"),
        "set": {"b", "a"},
    }
    assert json.loads(dump_json(value)) == {
        "qty": 3,
        "money": "10.00",
        "at": "2026-01-02T03:04:05+00:00",
        "missing": [None] * 4,
        "endless": "inf",
        "set": ["a", "b"],
    }


def test_an_empty_frame_has_types(engine):
    with reading(engine) as connection:
        frame = read_frame(connection, select(core_expected_levels))
    assert frame.empty
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        "shop_code": "str",
        "sku": "str",
        "location_code": "str",
        "base_qty": "int64",
        "drop_qty": "int64",
        "rise_qty": "int64",
        "first_seen_at_utc": "datetime64[us, UTC]",
        "level_read_at_utc": "datetime64[us, UTC]",
        "late_qty": "int64",
        "last_seen_at_utc": "datetime64[us, UTC]",
        "rise_seen_at_utc": "datetime64[us, UTC]",
    }


@pytest.mark.parametrize("padding", [0, 150], ids=["few rows", "many rows"])
def test_the_last_row_of_a_key_wins(engine, padding):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [{"stream": f"p{n}", "position_at_utc": at, "run_id": "r"} for n in range(padding)]
    rows += [{"stream": "s", "position_at_utc": at, "run_id": run} for run in ("first", "last")]
    with writing(engine) as connection:
        assert upsert(connection, watermarks, rows) == padding + 1
        got = connection.execute(select(watermarks.c.run_id).where(watermarks.c.stream == "s")).scalar_one()
    assert got == "last"


def test_no_rows_are_no_work(engine):
    with writing(engine) as connection:
        assert upsert(connection, watermarks, []) == 0
        assert upsert(connection, quarantine, pd.DataFrame({"shop_code": []})) == 0


def test_fifty_thousand_explanations_take_seconds(engine):
    rows = pd.DataFrame(
        {
            "run_id": "r",
            "sku": [f"SKU-{n}" for n in range(50_000)],
            "channel_code": "eu",
            "location_code": "l",
            "terms": [{"on_hand_qty": n, "read_at_utc": "2026-01-01T00:00:00+00:00"} for n in range(50_000)],
        }
    )
    started = time.monotonic()
    with writing(engine) as connection:
        assert upsert(connection, explanations, rows) == 50_000
    # One statement a row through psycopg2 takes 10 s here; by COPY 1 to 2 s. Wide, for a loaded machine.
    assert time.monotonic() - started < 8
