"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from typing_extensions import override

from transferapp.host.clock import Clock


class MovedClock(Clock):
    """Tells the time that it was moved to."""

    def __init__(self, start: datetime | None = None) -> None:
        """Start at ``start``, or on a plain day."""
        self._now = start or datetime(2026, 3, 1, 9, 0, tzinfo=UTC)

    @override
    def now(self) -> datetime:
        """Return the aware time in UTC."""
        return self._now

    def advance(self, **by: float) -> None:
        """Move on, as in ``advance(minutes=5)``."""
        self._now += timedelta(**by)
