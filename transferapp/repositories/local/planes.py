"""Keep the planes that were computed last: neighbouring tiles come from the same one."""

from __future__ import annotations

import threading
from collections import OrderedDict

from transferapp.repositories.local.levels import Plane

_MOST_BYTES = 128 * 1024 * 1024

PlaneKey = tuple[int, int, int, int, int, int]


class RecentPlanes:
    """Planes by (fileset, series, level, t, c, z), the oldest forgotten first."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        """Keep at most ``most_bytes`` of pixels."""
        self._most_bytes = most_bytes
        self._bytes = 0
        self._planes: OrderedDict[PlaneKey, Plane] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: PlaneKey) -> Plane | None:
        """Return a plane that is kept."""
        with self._lock:
            found = self._planes.pop(key, None)
            if found is not None:
                self._planes[key] = found
            return found

    def keep(self, key: PlaneKey, plane: Plane) -> None:
        """Keep a plane, unless it alone is too large."""
        if plane.nbytes > self._most_bytes:
            return
        with self._lock:
            old = self._planes.pop(key, None)
            self._bytes += plane.nbytes - (0 if old is None else old.nbytes)
            self._planes[key] = plane
            while self._bytes > self._most_bytes:
                self._bytes -= self._planes.popitem(last=False)[1].nbytes
