"""The world's clock: real time with an offset, or frozen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Tells the world's time. Both vendors' `Date` headers, stamps and expiries follow it."""

    def __init__(self) -> None:
        self._offset = timedelta(0)
        self._frozen: datetime | None = None

    def now(self) -> datetime:
        """Return the world's instant, in UTC."""
        return self._frozen or datetime.now(UTC) + self._offset

    def set(self, instant: datetime | None, *, frozen: bool = False) -> None:
        """Set the clock; None sets it to real time. Frozen, it stands still."""
        real = datetime.now(UTC)
        self._offset = (instant or real) - real
        self._frozen = (instant or real) if frozen else None
