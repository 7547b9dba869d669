"""Which runs are alive: each holds a lock on a file of its own, which the kernel releases however its process ends.

A process id would not do: ids come again, and every container has a process 1. Linux and macOS (`fcntl`).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def hold(folder: Path, run_id: str) -> Iterator[None]:
    """Hold a run's lock for as long as the run lives.

    Args:
        folder: where the locks are, one for all processes that share the store on this machine.
        run_id: the run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path, draft = _path(folder, run_id), folder / f"{uuid4().hex}.new"
    handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    try:
        # Locked before it has its name: whoever finds the file finds it locked.
        fcntl.flock(handle, fcntl.LOCK_EX)
        draft.rename(path)
        yield
    finally:
        path.unlink(missing_ok=True)
        draft.unlink(missing_ok=True)
        os.close(handle)


def is_alive(folder: Path, run_id: str) -> bool | None:
    """Return whether a run's process lives; None where it left no lock here (another machine, another folder).

    Args:
        folder: as for `hold`.
        run_id: the run.
    """
    try:
        handle = os.open(_path(folder, run_id), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def forget(folder: Path, run_id: str) -> None:
    """Remove the lock of a run that is dead."""
    _path(folder, run_id).unlink(missing_ok=True)


def _path(folder: Path, run_id: str) -> Path:
    return folder / f"{run_id}.lock"
