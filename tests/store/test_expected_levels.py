"""The expected-level ledger is saved and loaded whole, fast, and by two processes at once."""

from __future__ import annotations

import subprocess
import sys
import time

import pandas as pd
from pandas.testing import assert_frame_equal

from contract.tables import TABLES
from store.expected_levels import load_expected_levels, save_expected_levels

READ = pd.Timestamp("2026-11-23T12:00:00.123456Z").as_unit("us")


def _levels(count, *, shop="eu", base=0):
    frame = pd.DataFrame(
        {
            "shop_code": pd.Series([shop] * count, dtype="str"),
            "sku": pd.Series([f"SKU-{n:06d}" for n in range(count)], dtype="str"),
            "location_code": pd.Series(["store"] * count, dtype="str"),
            "base_qty": [base + n for n in range(count)],
            "drop_qty": 1,
            "rise_qty": 0,
            "first_seen_at_utc": pd.Series([READ if n % 2 else pd.NaT for n in range(count)], dtype="datetime64[us, UTC]"),
            "level_read_at_utc": READ,
            "late_qty": 0,
            "last_seen_at_utc": pd.Series([pd.NaT] * count, dtype="datetime64[us, UTC]"),
            "rise_seen_at_utc": pd.Series([pd.NaT if n % 2 else READ for n in range(count)], dtype="datetime64[us, UTC]"),
        }
    )
    assert tuple(frame.columns) == TABLES["core_expected_levels"].columns
    return frame


def _counted(count, *, shop="eu", left=1):
    frame = pd.DataFrame(
        {
            "shop_code": pd.Series([shop] * count, dtype="str"),
            "order_line_id_shopify": pd.Series([f"gid://{n:06d}" for n in range(count)], dtype="str"),
            "sku": pd.Series(["A"] * count, dtype="str"),
            "location_code": pd.Series(["store"] * count, dtype="str"),
            "left_qty": left,
            "back_qty": 0,
            "counted_at_utc": READ,
        }
    )
    assert tuple(frame.columns) == TABLES["core_counted_events"].columns
    return frame


def test_the_ledger_comes_back_equal(engine):
    for count in (3, 500):
        save_expected_levels(engine, _levels(count), _counted(count))
        levels, counted = load_expected_levels(engine, ["eu"])
        assert_frame_equal(levels, _levels(count))
        assert_frame_equal(counted, _counted(count))


def test_other_shops_and_keys_stay_as_they_are(engine):
    save_expected_levels(engine, _levels(3), _counted(3))
    save_expected_levels(engine, _levels(2, shop="us"), _counted(0))
    save_expected_levels(engine, _levels(1, base=40), _counted(0))
    levels, _ = load_expected_levels(engine, ["eu"])
    assert levels["base_qty"].tolist() == [40, 1, 2]
    assert len(load_expected_levels(engine, ["eu", "us"])[0]) == 5


def test_a_ledger_of_nothing_has_every_column_and_type(engine):
    levels, counted = load_expected_levels(engine, ["nowhere"])
    assert_frame_equal(levels, _levels(0).astype(levels.dtypes.to_dict()))
    assert tuple(levels.columns) == TABLES["core_expected_levels"].columns
    assert tuple(counted.columns) == TABLES["core_counted_events"].columns


def test_fifty_thousand_levels_take_seconds_to_save_and_to_save_again(engine):
    for base in (0, 1):
        levels = _levels(50_000, base=base)
        started = time.monotonic()
        save_expected_levels(engine, levels, _counted(0))
        seconds = time.monotonic() - started
        # 1 to 2 s on two slow cores, and 10 s by one statement a row; wide, for a loaded machine.
        assert seconds < 8
    loaded, _ = load_expected_levels(engine, ["eu"])
    assert_frame_equal(loaded, levels)


_WRITER = """
import sys
from store.engine import open_engine
from store.expected_levels import load_expected_levels, save_expected_levels
from store.watermarks import advance
from datetime import datetime, timedelta, UTC
engine = open_engine(sys.argv[1])
levels, counted = load_expected_levels(engine, ["eu"])
mine = levels if sys.argv[2] == "first" else levels.iloc[::-1]
for n in range(25):
    save_expected_levels(engine, mine.assign(base_qty=n, drop_qty=n), counted)
    advance(engine, "stream:" + sys.argv[2], datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=n), sys.argv[2])
print("done")
"""


def test_two_processes_write_the_same_rows_at_once(engine, database_url):
    save_expected_levels(engine, _levels(400), _counted(0))
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, database_url, name], stdout=-1, stderr=-1, text=True)
        for name in ("first", "second")
    ]
    answers = [writer.communicate(timeout=120) for writer in writers]
    assert [out for out, _ in answers] == ["done\n"] * 2, answers
    levels, _ = load_expected_levels(engine, ["eu"])
    assert len(levels) == 400
    assert set(levels["base_qty"]) == set(levels["drop_qty"]) == {24}
