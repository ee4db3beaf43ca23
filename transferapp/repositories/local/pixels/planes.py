"""Keep the planes that were computed last: neighbouring tiles come from the same one."""

from __future__ import annotations

import threading

from cachetools import LRUCache

from transferapp.repositories.local.pixels.levels import Plane

_MOST_BYTES = 128 * 1024 * 1024

PlaneKey = tuple[int, int, int, int, int, int]


class RecentPlanes:
    """Planes by (fileset, series, level, t, c, z), the oldest forgotten first."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        """Keep at most ``most_bytes`` of pixels."""
        self._planes: LRUCache[PlaneKey, Plane] = LRUCache(
            most_bytes, getsizeof=lambda plane: plane.nbytes
        )
        self._lock = threading.Lock()

    def get(self, key: PlaneKey) -> Plane | None:
        """Return a plane that is kept."""
        with self._lock:
            return self._planes.get(key)

    def keep(self, key: PlaneKey, plane: Plane) -> None:
        """Keep a plane, unless it alone is too large."""
        if plane.nbytes > self._planes.maxsize:
            return
        with self._lock:
            self._planes[key] = plane
