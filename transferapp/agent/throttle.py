"""Hold the transfers back, so that the acquisition beside them keeps its pace."""

from __future__ import annotations

import threading
import time

#: Bytes of so many seconds may be sent at once after a pause.
BURST_S = 0.25


class Throttle:
    """A token bucket for all transfers of this workstation together; 0 is no limit."""

    def __init__(self, bytes_per_s: int) -> None:
        """Set the limit in bytes per second."""
        self._rate = bytes_per_s
        self._lock = threading.Lock()
        self._free_at = time.monotonic()

    def take(self, count: int) -> None:
        """Account for ``count`` bytes and sleep until they are due. Blocks its thread."""
        if not self._rate:
            return
        with self._lock:
            now = time.monotonic()
            self._free_at = max(self._free_at, now - BURST_S) + count / self._rate
            wait = self._free_at - now
        if wait > 0:
            time.sleep(wait)
