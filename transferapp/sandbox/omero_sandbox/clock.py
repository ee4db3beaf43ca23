"""The sandbox's clock: the computer's own, moved on when a test says so."""

from __future__ import annotations

from datetime import datetime, timedelta

from typing_extensions import override

from transferapp.host.clock import Clock, SystemClock


class SandboxClock(Clock):
    """Runs like the system clock, some hours ahead."""

    def __init__(self) -> None:
        """Start at the present time."""
        self._system, self._ahead = SystemClock(), timedelta()

    @override
    def now(self) -> datetime:
        """Return the aware time in UTC."""
        return self._system.now() + self._ahead

    def now_ms(self) -> int:
        """Return the time as OMERO counts it: milliseconds since 1970."""
        return int(self.now().timestamp() * 1000)

    def advance(self, hours: float) -> None:
        """Move on."""
        self._ahead += timedelta(hours=hours)
