"""The rate limit: a bucket of points that fills at a steady rate, in real time whatever the world's clock says."""

from __future__ import annotations

import threading
import time


class Bucket:
    """Points to spend.

    Args:
        maximum: most points it holds.
        restore: points a second.
    """

    def __init__(self, maximum: float, restore: float) -> None:
        self.maximum, self.restore = float(maximum), float(restore)
        self._points, self._at = self.maximum, time.monotonic()
        self._lock = threading.Lock()
        self.spent = 0.0
        self.throttled = 0

    def reserve(self, cost: float) -> bool:
        """Take a request's whole estimated cost; False where the bucket does not hold it."""
        with self._lock:
            self._fill()
            if self._points < cost:
                self.throttled += 1
                return False
            self._points -= cost
            return True

    def give_back(self, reserved: float, actual: float) -> None:
        """Return what a request was estimated too dear."""
        with self._lock:
            self._fill()
            self._points = min(self.maximum, self._points + reserved - actual)
            self.spent += actual

    def status(self) -> dict[str, float]:
        """Return the throttleStatus of a reply."""
        with self._lock:
            self._fill()
            return {"maximumAvailable": self.maximum, "currentlyAvailable": float(int(self._points)), "restoreRate": self.restore}

    def _fill(self) -> None:
        now = time.monotonic()
        self._points = min(self.maximum, self._points + (now - self._at) * self.restore)
        self._at = now
