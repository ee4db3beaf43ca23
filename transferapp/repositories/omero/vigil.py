"""Watch the imports that OMERO works on, to tell slow from silent."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime

from transferapp.host.clock import Clock
from transferapp.repositories.port import SILENT_AFTER


@dataclass(frozen=True, slots=True)
class Sign:
    """The last sign of life of one import: its step, its log's size, and since when."""

    step: int
    log_bytes: int
    since: datetime


class Vigil:
    """The running imports of this process; may be used from several threads."""

    def __init__(self, clock: Clock) -> None:
        """Tell the time by ``clock``."""
        self._clock = clock
        self._lock = threading.Lock()
        self._signs: dict[int, Sign] = {}

    def saw(self, fileset_id: int, step: int, log_bytes: int = 0) -> Sign:
        """Note what an import looks like now; returns its last change."""
        with self._lock:
            known = self._signs.get(fileset_id)
            if known is None or (step, log_bytes) != (known.step, known.log_bytes):
                known = Sign(step, log_bytes, self._clock.now())
                self._signs[fileset_id] = known
            return known

    def last(self, fileset_id: int) -> Sign | None:
        """Return the last sign of life of an import."""
        with self._lock:
            return self._signs.get(fileset_id)

    def ended(self, fileset_id: int) -> None:
        """Forget an import that is over."""
        with self._lock:
            self._signs.pop(fileset_id, None)

    def silent_since(self) -> datetime | None:
        """Since when no import has moved, if that is long and there are any."""
        with self._lock:
            if not self._signs:
                return None
            latest = max(sign.since for sign in self._signs.values())
        return latest if self._clock.now() - latest >= SILENT_AFTER else None

    def queued(self) -> int:
        """How many imports wait in OMERO's own queue."""
        with self._lock:
            return sum(sign.step == 0 for sign in self._signs.values())
