"""Snapshots: the frames of a run as a folder of CSVs that reads back the same, so that any run can be replayed offline.

<state folder>/snapshots/<run id>/<frame>.csv.gz   deterministic: the same frame, the same bytes
<extra>          for example the contract
manifest.json    rows, columns with their types, and sha256 of every file
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd
from sqlalchemy import Engine, delete, func, select

from contract.errors import FatalError
from store.engine import reading, writing
from store.frame_files import frame_from_bytes, frame_to_bytes
from store.schema import runs, snapshots
from store.upsert import upsert
from store.values import utc_now

MANIFEST = "manifest.json"
FORMAT = 1
STATE_PREFIX = "state_"
"""Names, in a snapshot, of the ledger frames as they were before the run: a core frame has the same name after it."""
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*")
_ABANDONED_SECONDS = 86_400

Extras = dict[str, str | bytes]


def save_snapshot(
    engine: Engine,
    state_folder: Path,
    run_id: str,
    frames: Mapping[str, pd.DataFrame],
    extras: Mapping[str, str | bytes],
) -> Path:
    """Write a run's frames: the whole folder appears at once, or not at all; saved again, it is replaced.

    Args:
        engine: from `open_engine`.
        state_folder: the folder of the state we own.
        run_id: the run.
        frames: frame names to frames. Raw frames hold text only, and an empty string counts as missing.
        extras: further files by name (the contract, the parameters), without secrets.

    Returns:
        The snapshot's folder.

    Raises:
        FatalError: a name is not fit for a file, or a raw frame holds something else than text.
    """
    files = {f"{name}.csv.gz": frame_to_bytes(name, frame) for name, frame in frames.items()}
    files |= {name: value.encode() if isinstance(value, str) else value for name, value in extras.items()}
    manifest = _manifest(run_id, frames, extras, files)
    _check_names([run_id, *files], count=len(frames) + len(extras) + 1)
    files[MANIFEST] = (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode()
    folder = snapshot_folder(state_folder, run_id)
    _write_at_once(folder, files)
    rows = [
        {"run_id": run_id, "frame_name": name, "path": f"snapshots/{run_id}/{entry['file']}"}
        | {"row_count": entry["rows"], "sha256": entry["sha256"]}
        for name, entry in manifest["frames"].items()
    ]
    with writing(engine) as connection:
        connection.execute(delete(snapshots).where(snapshots.c.run_id == run_id))
        upsert(connection, snapshots, rows)
    return folder


def snapshot_folder(state_folder: Path, run_id: str) -> Path:
    """Return where a run's snapshot is kept, whether or not it is there."""
    return Path(state_folder) / "snapshots" / run_id


def load_snapshot(folder: Path, names: Collection[str] | None = None) -> tuple[dict[str, pd.DataFrame], dict[str, Any], Extras]:
    """Read a snapshot back; needs no database, so a folder sent by someone else will do.

    Args:
        folder: the snapshot's folder.
        names: only these frames, and no extras; everything where left out.

    Returns:
        The frames by name (raw frames all text, missing as NaN; others with the types they had), the manifest, the
        extras.

    Raises:
        FatalError: a file is missing or damaged; every such file is named.
    """
    manifest = _read_manifest(Path(folder))
    if names is not None:
        chosen = {name: entry for name, entry in manifest["frames"].items() if name in names}
        manifest = {**manifest, "frames": chosen, "extras": {}}
    entries = {**manifest["frames"], **manifest["extras"]}
    files, damaged = {}, []
    for entry in entries.values():
        path = Path(folder) / Path(entry["file"]).name
        content = path.read_bytes() if path.is_file() else None
        if content is None or hashlib.sha256(content).hexdigest() != entry["sha256"]:
            damaged.append(f"{path.name} ({'missing' if content is None else 'sha256 differs'})")
        else:
            files[entry["file"]] = content
    if damaged:
        raise FatalError(f"snapshot {folder}: damaged: {', '.join(damaged)}; take another copy of the folder")
    frames = {name: frame_from_bytes(name, files[entry["file"]], entry["columns"]) for name, entry in manifest["frames"].items()}
    extras: Extras = {name: files[name].decode() if entry["is_text"] else files[name] for name, entry in manifest["extras"].items()}
    return frames, manifest, extras


def row_counts(engine: Engine, run_id: str) -> dict[str, int]:
    """Return how many rows each frame of a run's snapshot has; empty where it has none."""
    query = select(snapshots.c.frame_name, snapshots.c.row_count).where(snapshots.c.run_id == run_id)
    with reading(engine) as connection:
        return {name: int(count) for name, count in connection.execute(query)}


def most_rows(engine: Engine, run_ids: Collection[str]) -> dict[str, int]:
    """Return the most rows that each frame has in the snapshots of some runs; nothing where none has one."""
    most = func.max(snapshots.c.row_count)
    query = select(snapshots.c.frame_name, most).where(snapshots.c.run_id.in_(list(run_ids))).group_by(snapshots.c.frame_name)
    with reading(engine) as connection:
        return {name: int(count) for name, count in connection.execute(query)}


def prune_snapshots(engine: Engine, state_folder: Path, *, keep_days: int, now_utc: datetime | None = None) -> list[str]:
    """Remove the snapshots of runs that started long ago, and what killed processes left half written.

    Args:
        engine: from `open_engine`.
        state_folder: the folder of the state we own.
        keep_days: runs that started within so many days keep theirs; so do runs the store does not know.
        now_utc: the instant; now where left out.

    Returns:
        The run ids whose snapshots were removed.
    """
    now = now_utc or utc_now()
    root = Path(state_folder) / "snapshots"
    with reading(engine) as connection:
        old = select(runs.c.run_id).where(runs.c.started_at_utc < now - timedelta(days=keep_days))
        old_runs = sorted(connection.execute(old).scalars())
    removed = [run_id for run_id in old_runs if (root / run_id).is_dir()]
    for run_id in removed:
        with writing(engine) as connection:
            connection.execute(delete(snapshots).where(snapshots.c.run_id == run_id))
        shutil.rmtree(root / run_id)
    for left_over in root.glob(".*"):
        if left_over.stat().st_mtime < now.timestamp() - _ABANDONED_SECONDS:
            shutil.rmtree(left_over)
    return removed


def _manifest(
    run_id: str,
    frames: Mapping[str, pd.DataFrame],
    extras: Mapping[str, str | bytes],
    files: Mapping[str, bytes],
) -> dict[str, Any]:
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return {
        "format": FORMAT,
        "run_id": run_id,
        "frames": {
            name: {
                "file": f"{name}.csv.gz",
                "rows": len(frame),
                "sha256": digests[f"{name}.csv.gz"],
                "columns": {column: str(frame[column].dtype) for column in frame.columns},
            }
            for name, frame in frames.items()
        },
        "extras": {
            name: {"file": name, "sha256": digests[name], "is_text": isinstance(value, str)} for name, value in extras.items()
        },
    }


def _check_names(names: list[str], *, count: int) -> None:
    bad = [name for name in names if not _NAME.fullmatch(name) or name == MANIFEST]
    if bad or len(names) != count:
        raise FatalError(f"snapshot: names that are not fit for files, or twice the same: {', '.join(bad or names)}")


def _write_at_once(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    half_written = folder.parent / f".{folder.name}-{uuid4().hex}"
    half_written.mkdir()
    for name, content in files.items():
        with (half_written / name).open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    replaced = folder.parent / f".{folder.name}-{uuid4().hex}"
    if folder.exists():
        folder.rename(replaced)
    half_written.rename(folder)
    if replaced.exists():
        shutil.rmtree(replaced)


def _read_manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FatalError(f"snapshot {folder}: no {MANIFEST}; give a run id or a snapshot's folder") from None
    except ValueError:
        raise FatalError(f"snapshot {folder}: damaged: {MANIFEST} is not JSON; take another copy of the folder") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise FatalError(f"snapshot {folder}: {MANIFEST} is not of format {FORMAT}; read it with the Truecount that wrote it")
    return manifest
