"""Stop and slow down bulk bytes: a person's cancel, and a neighbour's share of the wire.

The limiters on the package index count requests; bytes by the megabyte need a bucket that
may go into debt, which is this small.
"""

from __future__ import annotations

import threading
import time

from transferapp.errors import Cancelled

#: Seconds of unused rate that may be caught up with.
_BURST_S = 0.25
#: Seconds between looks at a rate that may have been changed meanwhile.
_POLL_S = 0.5


class RateLimit:
    """Bytes per second, shared by every thread that passes through it; None is no limit."""

    def __init__(self, bytes_per_s: float | None = None) -> None:
        """Start with a full bucket."""
        self._lock = threading.Lock()
        self._filled_at = time.monotonic()
        self._tokens = 0.0
        self._bytes_per_s = bytes_per_s

    def change(self, bytes_per_s: float | None) -> None:
        """Set another limit; those who wait notice within half a second."""
        with self._lock:
            self._bytes_per_s = bytes_per_s
            self._tokens = 0.0
            self._filled_at = time.monotonic()

    def take(self, count: int) -> float:
        """Take ``count`` bytes and return 0, or the seconds to wait before asking again."""
        with self._lock:
            if self._bytes_per_s is None:
                return 0.0
            now = time.monotonic()
            self._tokens += (now - self._filled_at) * self._bytes_per_s
            self._tokens = min(self._tokens, self._bytes_per_s * _BURST_S)
            self._filled_at = now
            # A positive balance admits a piece of any size; its debt delays the next one.
            if self._tokens >= 0:
                self._tokens -= count
                return 0.0
            return -self._tokens / self._bytes_per_s


def keep_pace(count: int, cancelled: threading.Event, limit: RateLimit | None) -> None:
    """Wait until ``count`` bytes may move; raises Cancelled as soon as it is asked for."""
    while True:
        if cancelled.is_set():
            raise Cancelled
        wait_s = limit.take(count) if limit is not None else 0.0
        if wait_s == 0:
            return
        cancelled.wait(min(wait_s, _POLL_S))
