"""Feeds: whole or not at all, with a manifest that tells what was written."""

import hashlib
import json
import threading

import fsspec
import pandas as pd
import pytest

from connectors.feeds import write_feed
from contract.errors import FatalError, RetriableError

ROWS = pd.DataFrame({"sku": ["A-1", "B,2", 'C"3'], "publish_qty": [3, 0, 12]})


def test_a_csv_feed_and_its_manifest(tmp_path):
    path = tmp_path / "deep" / "feed.csv"
    manifest = write_feed(str(path), ROWS, run_id="r1", format="csv")
    body = path.read_bytes()
    assert body.decode() == 'sku,publish_qty\nA-1,3\n"B,2",0\n"C""3",12\n'
    assert manifest["rows"] == 3
    assert manifest["sha256"] == hashlib.sha256(body).hexdigest()
    assert manifest["run_id"] == "r1"
    assert json.loads((tmp_path / "deep" / "feed.csv.manifest.json").read_text()) == manifest


def test_a_json_feed_by_url(tmp_path):
    url = f"file://{tmp_path}/feed.json"
    write_feed(url, ROWS, run_id="r1", format="json")
    assert json.loads((tmp_path / "feed.json").read_text()) == ROWS.to_dict("records")


def test_a_feed_in_an_object_store():
    write_feed("memory://feeds/a.csv", ROWS, run_id="r1", format="csv")
    system = fsspec.filesystem("memory")
    assert system.cat("/feeds/a.csv").startswith(b"sku,publish_qty")
    assert json.loads(system.cat("/feeds/a.csv.manifest.json"))["rows"] == 3


def test_an_empty_feed_has_its_header(tmp_path):
    assert write_feed(str(tmp_path / "f.csv"), ROWS.iloc[:0], run_id="r", format="csv")["rows"] == 0
    assert (tmp_path / "f.csv").read_text() == "sku,publish_qty\n"


def test_a_reader_never_sees_half_a_feed(tmp_path):
    path = tmp_path / "feed.csv"
    frames = [pd.DataFrame({"sku": [f"{letter}{row:05}" for row in range(20_000)], "publish_qty": 1}) for letter in "AB"]
    whole = {frame.to_csv(index=False) for frame in frames}
    write_feed(str(path), frames[0], run_id="r", format="csv")
    done, seen = threading.Event(), []

    def read() -> None:
        while not done.is_set():
            seen.append(path.read_text() in whole)

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(20):
        write_feed(str(path), frames[turn % 2], run_id="r", format="csv")
    done.set()
    reader.join()
    assert seen
    assert all(seen)
    assert sorted(found.name for found in tmp_path.iterdir()) == ["feed.csv", "feed.csv.manifest.json"]


def test_a_place_that_cannot_be_written_keeps_the_old_feed(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RetriableError, match="check the channel's url"):
        write_feed(str(tmp_path / "file" / "feed.csv"), ROWS, run_id="r", format="csv")
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


def test_a_url_of_an_unknown_kind_stops():
    with pytest.raises(FatalError, match="no way to write there"):
        write_feed("nosuch://x/feed.csv", ROWS, run_id="r", format="csv")
