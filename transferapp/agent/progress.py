"""Bytes on their way right now: what moves between two writes of the outbox."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque

#: The rate is that of the last so many seconds.
WINDOW_S = 5.0


class Progress:
    """Offsets and rates of files in flight; told by many threads."""

    def __init__(self) -> None:
        """Nothing moves yet."""
        self._lock = threading.Lock()
        #: transfer -> file -> (offset in the outbox, offset now)
        self._flight: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
        self._moved: dict[str, deque[tuple[float, int]]] = defaultdict(deque)

    def begin(self, transfer_id: str, file_id: str, stored_offset: int) -> None:
        """A file starts; ``stored_offset`` is what the outbox has of it."""
        with self._lock:
            self._flight[transfer_id][file_id] = (stored_offset, stored_offset)

    def at(self, transfer_id: str, file_id: str, offset: int, *, moved: bool = True) -> None:
        """A file has got to ``offset``; not ``moved`` when it only was found to be there."""
        with self._lock:
            files = self._flight[transfer_id]
            if file_id not in files:
                return
            stored, before = files[file_id]
            files[file_id] = (stored, offset)
            if moved and offset > before:
                self._moved[transfer_id].append((time.monotonic(), offset - before))

    def stored(self, transfer_id: str, offsets: dict[str, int]) -> None:
        """The outbox has got these offsets now."""
        with self._lock:
            files = self._flight[transfer_id]
            for file_id, offset in offsets.items():
                if file_id in files:
                    files[file_id] = (offset, files[file_id][1])

    def end(self, transfer_id: str, file_id: str) -> None:
        """A file is no longer in flight; its offset is in the outbox now."""
        with self._lock:
            self._flight[transfer_id].pop(file_id, None)

    def drop(self, transfer_id: str) -> None:
        """Forget all of a transfer."""
        with self._lock:
            self._flight.pop(transfer_id, None)
            self._moved.pop(transfer_id, None)

    def offsets(self, transfer_id: str) -> dict[str, int]:
        """Where the files in flight are."""
        with self._lock:
            return {name: now for name, (_, now) in self._flight[transfer_id].items()}

    def beyond_outbox(self, transfer_id: str) -> int:
        """Bytes that are on top of what the outbox has."""
        with self._lock:
            return sum(now - stored for stored, now in self._flight[transfer_id].values())

    def bytes_per_s(self, transfer_id: str) -> float:
        """Rate over the last seconds."""
        now = time.monotonic()
        with self._lock:
            moved = self._moved[transfer_id]
            while moved and moved[0][0] < now - WINDOW_S:
                moved.popleft()
            if not moved:
                return 0.0
            span = max(1.0, now - moved[0][0])
            return sum(count for _, count in moved) / span
