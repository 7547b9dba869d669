"""A run's lock: held while its process lives, free however it ends."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime

from store import run_locks, runs

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOLD = """
import sys, time
from pathlib import Path
from store import run_locks
with run_locks.hold(Path(sys.argv[1]), "r1"):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_lock_is_held_until_its_run_ends(tmp_path):
    assert run_locks.is_alive(tmp_path, "r1") is None
    with run_locks.hold(tmp_path, "r1"):
        assert run_locks.is_alive(tmp_path, "r1") is True
        assert [path.name for path in tmp_path.iterdir()] == ["r1.lock"]
    assert run_locks.is_alive(tmp_path, "r1") is None
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_gives_its_lock_back(tmp_path):
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        assert run_locks.is_alive(tmp_path, "r1") is True
        os.kill(process.pid, signal.SIGKILL)
    assert run_locks.is_alive(tmp_path, "r1") is False
    run_locks.forget(tmp_path, "r1")
    assert run_locks.is_alive(tmp_path, "r1") is None


def test_only_a_run_that_has_not_ended_is_abandoned(engine):
    given = {"flow_name": "sync-orders", "parameters": {}, "contract_fingerprint": "f"}
    killed = runs.start_run(engine, at_utc=NOON, **given)
    ended = runs.start_run(engine, at_utc=NOON, run_id="r-ended", **given)
    assert ended == "r-ended"
    runs.finish_run(engine, ended, status="done")
    assert [run.run_id for run in runs.running_runs(engine)] == [killed]
    assert runs.abandon_run(engine, killed, "killed") is True
    assert runs.abandon_run(engine, killed, "again") is False
    assert runs.abandon_run(engine, ended, "never") is False
    told = runs.get_run(engine, killed)
    assert (told.status, told.finished_at_utc, told.summary) == ("abandoned", None, {"error": "killed"})
    assert runs.get_run(engine, ended).status == "done"
    assert runs.running_runs(engine) == []
