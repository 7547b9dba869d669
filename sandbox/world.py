"""One world: the state of both vendors, in one SQLite file, with its clock, faults and a log of requests."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.clock import Clock
from sandbox.faults import FaultBook


class World:
    """The state of a sandbox.

    Args:
        folder: where the world's SQLite file is made, anew.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "world.sqlite3"
        path.unlink(missing_ok=True)
        self.db = sqlite3.connect(path, check_same_thread=False)
        self.db.execute("PRAGMA synchronous = OFF")
        self.lock = threading.RLock()
        self.clock = Clock()
        self.faults = FaultBook()
        self.shops: dict[str, Any] = {}
        self.truth: list[dict[str, Any]] = []
        self._log: deque[dict[str, Any]] = deque(maxlen=100_000)

    def reset(self, seed: dict[str, Any]) -> None:
        """Forget everything, and begin anew from a seed (`sandbox/README.md`)."""
        from sandbox.netsuite.seed import load  # noqa: PLC0415 - the vendors import this module
        from sandbox.shopify.shop import Shop  # noqa: PLC0415

        with self.lock:
            self.faults.clear()
            self._log.clear()
            instant = seed.get("clock")
            self.clock.set(datetime.fromisoformat(instant) if instant else None)
            self.truth = seed.get("truth", [])
            self.shops = {code: Shop(code, given, self.clock) for code, given in seed.get("shopify", {}).items()}
            load(self, seed["netsuite"])

    def note(self, system: str, shop: str, operation: str, fault: str, status: int) -> None:
        """Write a request into the log."""
        at = self.clock.now().isoformat()
        self._log.append({"system": system, "shop": shop, "operation": operation[:400], "fault": fault, "status": status, "at": at})

    def log(self) -> list[dict[str, Any]]:
        """Return the requests seen, oldest first."""
        return list(self._log)
