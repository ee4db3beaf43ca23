"""Time, passed in so that tests and outages can move it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the aware time in UTC."""


class SystemClock:
    """The computer's own clock."""

    def now(self) -> datetime:
        """Return the aware time in UTC."""
        return datetime.now(UTC)
