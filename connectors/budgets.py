"""Budgets that every process of an installation shares, by lock files in the state folder.

A killed process gives its share back: the kernel releases its locks. Linux and macOS (`fcntl`).
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_POLL_SECONDS = 0.01
_LOST_SECONDS = 120.0
"""After so long nobody waits for an answer any more: whoever reserved was killed, and its points count as spent."""
_UNKNOWN: Mapping[str, Any] = {"available": 0.0, "maximum": 0.0, "restore": 0.0, "taken": 0.0, "number": 0}


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


@dataclass(frozen=True)
class Reservation:
    """Points reserved for one request, and which reservation of the bucket it was."""

    number: int
    points: float


class CostBudget:
    """A leaky bucket of points, as the vendor last told it, spent by several processes.

    The vendor reserves a request's whole estimated cost when it arrives and gives the difference back when it is done;
    so do we: `take` waits for the points and reserves them, `settle` puts in what the vendor says. Nothing is assumed
    about the size or the rate: until the vendor has told them, one request is sent at a time.

    Args:
        folder: where the bucket's file is.
        name: the shop.
        clock: seconds, of one clock for all processes of a machine; one that starts anew makes the bucket unknown.
        sleep: waits.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{name}.cost.json"
        self._clock = clock
        self._sleep = sleep

    def take(self, cost: float) -> Reservation:
        """Wait until the bucket holds the cost, and reserve it.

        Args:
            cost: the points that the vendor will reserve for the request; more than the bucket can hold waits until it
                is full.

        Returns:
            What to hand to `settle` when the request is over.
        """
        while True:
            with self._opened() as bucket:
                wait = _wait_for(bucket, cost)
                if wait <= 0:
                    bucket["number"] += 1
                    bucket["taken"] += cost
                    bucket["available"] -= cost
                    bucket["open"][str(bucket["number"])] = [cost, bucket["taken"], bucket["at"]]
                    return Reservation(bucket["number"], cost)
            self._sleep(min(max(wait, 0.002), 5.0))

    def settle(self, reserved: Reservation, actual: float | None, status: Mapping[str, Any] | None) -> None:
        """Put in what the vendor says after a request.

        Two figures are safe to spend: our own, carried forward; and the vendor's less everything that others may have
        spent since we asked. The larger of the two holds, and never more than the vendor's figure.

        Args:
            reserved: what `take` returned for it.
            actual: the points it cost; None where nothing ran (throttled, or never sent).
            status: the reply's throttleStatus (maximumAvailable, currentlyAvailable, restoreRate); None where no reply
                came: the points are then taken as spent unless `actual` says otherwise.
        """
        with self._opened() as bucket:
            _, mark, _ = bucket["open"].pop(str(reserved.number), (0, bucket["taken"], 0))
            spent = actual if actual is not None else (reserved.points if status is None else 0.0)
            own = bucket["available"] + reserved.points - spent
            if status is None:
                bucket["available"] = own
                return
            told = float(status["currentlyAvailable"])
            pending = sum(row[0] for row in bucket["open"].values() if row[1] < mark)
            safe = told - pending - (bucket["taken"] - mark)
            is_known = bucket["restore"] > 0
            bucket["maximum"] = float(status["maximumAvailable"])
            bucket["restore"] = float(status["restoreRate"])
            bucket["available"] = min(told, max(own, safe)) if is_known else safe

    @contextmanager
    def _opened(self) -> Iterator[dict[str, Any]]:
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

    def _read(self, handle: int) -> dict[str, Any]:
        """Return the bucket as it is now; a new, damaged or older file is a bucket that we know nothing of."""
        now = self._clock()
        try:
            bucket: dict[str, Any] = json.loads(os.pread(handle, 1 << 20, 0))
            elapsed = now - bucket["at"]
            grown = min(bucket["maximum"], bucket["available"] + elapsed * bucket["restore"])
            still_open = {name: row for name, row in bucket["open"].items() if now - row[2] < _LOST_SECONDS}
            known = bucket | {"available": grown, "open": still_open, "at": now, "taken": bucket["taken"] + 0.0}
        except (ValueError, KeyError, TypeError, AttributeError):
            elapsed, known = -1.0, {}
        return known if elapsed >= 0 else dict(_UNKNOWN, open={}, at=now)


def _wait_for(bucket: Mapping[str, Any], cost: float) -> float:
    """Return the seconds until the cost may be taken; 0 for now."""
    if bucket["restore"] <= 0:
        return _POLL_SECONDS if bucket["open"] else 0.0
    missing = min(cost, bucket["maximum"]) - bucket["available"]
    return float(missing / bucket["restore"])
