"""Smooth the speed of a transfer, so that numbers and ETA do not jump."""

from __future__ import annotations

import math

#: Seconds after which an old speed counts for about a third.
_MEMORY_S = 5.0


class SpeedMeter:
    """Bytes per second from how many bytes were done when."""

    __slots__ = ("_at_s", "_bytes", "bytes_per_s")

    def __init__(self) -> None:
        self._at_s: float | None = None
        self._bytes = 0
        self.bytes_per_s = 0.0

    def feed(self, bytes_done: int, at_s: float) -> float:
        """Note the bytes done at a monotonic time in seconds; returns the smoothed speed."""
        if self._at_s is None or bytes_done < self._bytes:
            self._at_s, self._bytes = at_s, bytes_done
            return self.bytes_per_s
        passed_s = at_s - self._at_s
        if passed_s < 0.2:  # noqa: PLR2004 - two reports in a burst say nothing about speed
            return self.bytes_per_s
        sample = (bytes_done - self._bytes) / passed_s
        keep = math.exp(-passed_s / _MEMORY_S) if self.bytes_per_s else 0.0
        self.bytes_per_s = keep * self.bytes_per_s + (1 - keep) * sample
        self._at_s, self._bytes = at_s, bytes_done
        return self.bytes_per_s
