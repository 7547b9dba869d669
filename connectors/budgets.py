"""Budgets that every process of an installation shares, by lock files in the state folder.

A killed process gives its share back: the kernel releases its locks. Linux and macOS (`fcntl`).
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_POLL_SECONDS = 0.01


class ConcurrencyBudget:
    """At most so many calls at once, over all threads and processes that share the folder.

    Args:
        folder: where the lock files are.
        name: what is limited; one file per place.
        limit: how many at once.
    """

    def __init__(self, folder: Path, name: str, limit: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._paths = [folder / f"{name}.{place}.lock" for place in range(limit)]

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold one of the places; wait until one is free."""
        handle = self._take()
        try:
            yield
        finally:
            os.close(handle)

    def _take(self) -> int:
        while True:
            for path in self._paths:
                # A lock belongs to its open file, so that two threads of one process exclude one another too.
                handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    os.close(handle)
                else:
                    return handle
            time.sleep(_POLL_SECONDS)


class CostBudget:
    """A leaky bucket of points, as the vendor last told it, spent by several processes.

    The vendor reserves a request's whole estimated cost when it arrives and gives the difference back when it is done;
    so do we: `take` waits for the points and reserves them, `settle` puts in what the vendor says.

    Args:
        folder: where the bucket's file is.
        name: the shop.
        clock: seconds, of one clock for all processes of a machine.
        sleep: waits.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{name}.cost.json"
        self._clock = clock
        self._sleep = sleep

    def take(self, cost: float) -> None:
        """Wait until the bucket holds the cost, and reserve it.

        Args:
            cost: the points that the vendor will reserve for the request.
        """
        while True:
            with self._opened() as bucket:
                missing = cost - bucket["available"]
                if missing <= 0 or bucket["restore"] <= 0:
                    bucket["available"] -= cost
                    bucket["reserved"] += cost
                    return
                wait = missing / bucket["restore"]
            self._sleep(min(max(wait, 0.005), 5.0))

    def settle(self, reserved: float, status: dict[str, Any] | None) -> None:
        """Put in what the vendor says after a request.

        Args:
            reserved: what `take` reserved for it.
            status: the reply's throttleStatus (maximumAvailable, currentlyAvailable, restoreRate); None where no reply
                came: the points are taken as spent.
        """
        with self._opened() as bucket:
            bucket["reserved"] = max(0.0, bucket["reserved"] - reserved)
            if status is None:
                return
            bucket["maximum"] = float(status["maximumAvailable"])
            bucket["restore"] = float(status["restoreRate"])
            # What others have under way may not be in the vendor's figure yet: it stays reserved.
            bucket["available"] = float(status["currentlyAvailable"]) - bucket["reserved"]

    @contextmanager
    def _opened(self) -> Iterator[dict[str, float]]:
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            bucket = self._read(handle)
            yield bucket
            text = json.dumps(bucket).encode()
            os.pwrite(handle, text, 0)
            os.ftruncate(handle, len(text))
        finally:
            os.close(handle)

    def _read(self, handle: int) -> dict[str, float]:
        """Return the bucket as it is now; a new or damaged file is a bucket that we know nothing of."""
        now = self._clock()
        try:
            bucket = {name: float(value) for name, value in json.loads(os.pread(handle, 4096, 0)).items()}
            elapsed = max(0.0, now - bucket["at"])
        except (ValueError, KeyError, AttributeError):
            return {"available": 1000.0, "maximum": 1000.0, "restore": 50.0, "reserved": 0.0, "at": now}
        if elapsed > 60:
            # Nobody has settled for a minute: whoever reserved is gone.
            bucket["reserved"] = 0.0
        most = bucket["maximum"] - bucket["reserved"]
        return bucket | {"available": min(most, bucket["available"] + elapsed * bucket["restore"]), "at": now}
