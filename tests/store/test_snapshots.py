"""A snapshot reads back equal, appears at once, and names the file that is damaged."""

from __future__ import annotations

import gzip
import os
import shutil
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sqlalchemy import select

from contract.errors import FatalError
from store.engine import reading
from store.runs import start_run
from store.schema import snapshots
from store.snapshots import load_snapshot, most_rows, prune_snapshots, save_snapshot, snapshot_folder
from store.values import read_frame

AWKWARD = ["plain", "a,b", '"q"', "a\nb", "a\r\nb", "\r", "NA", "null", "007", "1.0", "é漢🧦", "a\x00b", " x ", "\\"]


def _raw(values):
    return pd.DataFrame({"name": pd.Series(values, dtype="str"), "sku": pd.Series(["s"] * len(values), dtype="str")})


def _save(engine, folder, run_id="r1", frames=None, extras=None):
    return save_snapshot(engine, folder, run_id, frames or {"raw_netsuite__locations": _raw(["a", None])}, extras or {})


def test_text_of_every_kind_comes_back_equal(engine, tmp_path):
    raw = _raw([*AWKWARD, None])
    folder = _save(engine, tmp_path, frames={"raw_shopify__variants": raw})
    frames, manifest, extras = load_snapshot(folder)
    assert_frame_equal(frames["raw_shopify__variants"], raw)
    assert manifest["frames"]["raw_shopify__variants"]["rows"] == len(raw)
    assert extras == {}


def test_half_a_character_does_not_lose_the_snapshot(engine, tmp_path):
    raw = pd.DataFrame({"name": pd.Series(["a\ud83d", "b"], dtype=object)})
    frames, _, _ = load_snapshot(_save(engine, tmp_path, frames={"raw_shopify__variants": raw}))
    assert frames["raw_shopify__variants"]["name"].tolist() == ["a?", "b"]


def test_an_empty_string_counts_as_missing_in_a_raw_frame(engine, tmp_path):
    frames, _, _ = load_snapshot(_save(engine, tmp_path, frames={"raw_shopify__variants": _raw(["", "a"])}))
    assert frames["raw_shopify__variants"]["name"].isna().tolist() == [True, False]


@pytest.mark.parametrize("values", [[], [None], [None, None]], ids=["no rows", "one empty row", "two empty rows"])
def test_rows_are_neither_lost_nor_made(engine, tmp_path, values):
    one_column = _raw(values)[["name"]]
    frames, _, _ = load_snapshot(_save(engine, tmp_path, frames={"raw_shopify__variants": one_column}))
    assert_frame_equal(frames["raw_shopify__variants"], one_column)


def test_frames_of_other_layers_keep_their_types(engine, tmp_path):
    core = pd.DataFrame(
        {
            "shop_code": pd.Series(["eu", "eu"], dtype="str"),
            "location_code": pd.Series(["", "l"], dtype="str"),
            "retail_location_code": pd.Series([None, "l"], dtype="str"),
            "base_qty": [-3, 2**40],
            "cap_qty": pd.Series([None, 4], dtype="Int64"),
            "is_till": [True, False],
            "total_amount": [Decimal("10.00"), None],
            "first_seen_at_utc": pd.to_datetime([None, "2026-01-02T03:04:05.000006Z"], utc=True).astype("datetime64[us, UTC]"),
        }
    )
    frames, _, _ = load_snapshot(_save(engine, tmp_path, frames={"core_orders": core, "core_ledger": core.head(0)}))
    assert_frame_equal(frames["core_orders"], core)
    assert_frame_equal(frames["core_ledger"], core.head(0))


def test_a_raw_frame_that_is_not_text_is_refused(engine, tmp_path):
    with pytest.raises(FatalError, match=r"raw_netsuite__stock\.on_hand_qty holds int64"):
        _save(engine, tmp_path, frames={"raw_netsuite__stock": pd.DataFrame({"on_hand_qty": [1]})})
    assert not snapshot_folder(tmp_path, "r1").exists()


def test_the_same_frames_give_the_same_bytes(engine, tmp_path):
    frames = {"raw_shopify__variants": _raw(AWKWARD)}
    folders = [_save(engine, tmp_path / name, frames=frames, extras={"contract.yaml": "a: 1\n"}) for name in "ab"]
    contents = [{path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders]
    assert contents[0] == contents[1]
    assert set(contents[0]) == {"raw_shopify__variants.csv.gz", "contract.yaml", "manifest.json"}


def test_extras_come_back_as_they_were(engine, tmp_path):
    extras = {"contract.yaml": "name: é\r\n", "levels.bin": b"\x00\xff"}
    assert load_snapshot(_save(engine, tmp_path, extras=extras))[2] == extras


@pytest.mark.parametrize("name", ["../evil", "manifest.json", "a/b", ".hidden", "raw_netsuite__locations.csv.gz"])
def test_a_name_that_is_not_fit_for_a_file_is_refused(engine, tmp_path, name):
    with pytest.raises(FatalError, match="not fit for files"):
        _save(engine, tmp_path, extras={name: "x"})
    assert list(tmp_path.rglob("*.csv.gz")) == []


def test_every_damaged_file_is_named(engine, tmp_path):
    folder = _save(engine, tmp_path, frames={f"raw_x__{n}": _raw([n]) for n in "abc"}, extras={"contract.yaml": "a"})
    (folder / "raw_x__a.csv.gz").write_bytes(gzip.compress(b'"name","sku"\n"b","s"\n'))
    (folder / "raw_x__b.csv.gz").unlink()
    (folder / "contract.yaml").write_text("b")
    with pytest.raises(FatalError) as caught:
        load_snapshot(folder)
    told = str(caught.value)
    assert "raw_x__a.csv.gz (sha256 differs)" in told
    assert "raw_x__b.csv.gz (missing)" in told
    assert "contract.yaml (sha256 differs)" in told
    assert "raw_x__c" not in told


@pytest.mark.parametrize(
    ("manifest", "told"), [(None, "no manifest"), ("{", "not JSON"), ("[]", "not of format"), ('{"format": 9}', "not of format")]
)
def test_a_manifest_that_cannot_be_read_is_told(engine, tmp_path, manifest, told):
    folder = _save(engine, tmp_path)
    (folder / "manifest.json").unlink()
    if manifest is not None:
        (folder / "manifest.json").write_text(manifest)
    with pytest.raises(FatalError, match=told):
        load_snapshot(folder)


def test_a_folder_that_was_moved_elsewhere_reads_the_same(engine, tmp_path):
    folder = _save(engine, tmp_path)
    moved = shutil.move(folder, tmp_path / "from a colleague")
    assert_frame_equal(load_snapshot(moved)[0]["raw_netsuite__locations"], _raw(["a", None]))


def test_the_store_knows_what_was_kept_and_a_second_save_replaces_it(engine, tmp_path):
    _save(engine, tmp_path, frames={"raw_x__a": _raw(["1"]), "raw_x__b": _raw(["1"])})
    folder = _save(engine, tmp_path, frames={"raw_x__a": _raw(["1", "2"])})
    with reading(engine) as connection:
        kept = read_frame(connection, select(snapshots))
    assert kept[["run_id", "frame_name", "row_count", "path"]].values.tolist() == [
        ["r1", "raw_x__a", 2, "snapshots/r1/raw_x__a.csv.gz"]
    ]
    assert kept["sha256"].tolist() == [load_snapshot(folder)[1]["frames"]["raw_x__a"]["sha256"]]
    assert [path.name for path in folder.parent.iterdir()] == ["r1"]


def test_a_full_disk_leaves_no_snapshot(engine, tmp_path, monkeypatch):
    def no_space(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        _save(engine, tmp_path)
    assert not snapshot_folder(tmp_path, "r1").exists()


def test_old_snapshots_and_what_a_killed_process_left_are_removed(engine, tmp_path):
    now = datetime.now(tz=UTC)
    ids = [
        start_run(engine, flow_name="f", parameters={}, contract_fingerprint="", at_utc=now - timedelta(days=days))
        for days in (31, 29)
    ]
    for run_id in [*ids, "sent-by-someone"]:
        _save(engine, tmp_path, run_id)
    killed, fresh = tmp_path / "snapshots" / ".r9-killed", tmp_path / "snapshots" / ".r9-writing"
    killed.mkdir()
    fresh.mkdir()
    os.utime(killed, (0, 0))
    assert prune_snapshots(engine, tmp_path, keep_days=30, now_utc=now) == [ids[0]]
    assert sorted(path.name for path in (tmp_path / "snapshots").iterdir()) == sorted([fresh.name, ids[1], "sent-by-someone"])
    with reading(engine) as connection:
        assert sorted(read_frame(connection, select(snapshots))["run_id"]) == sorted([ids[1], "sent-by-someone"])


def test_the_most_rows_of_the_last_runs(engine, tmp_path):
    for run_id, count in (("r1", 3), ("r2", 5), ("r3", 1)):
        _save(engine, tmp_path, run_id, {"raw_netsuite__items": _raw(["x"] * count)})
    assert most_rows(engine, ["r1", "r3"]) == {"raw_netsuite__items": 3}
    assert most_rows(engine, []) == {}
