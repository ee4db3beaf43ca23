"""Keep opened filesets for the next read: opening a file costs more than reading a tile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cachetools import LRUCache

from transferapp.repositories.local.readers.port import OpenFileset, ReadImage

_MOST_OPEN = 16


class _Entry:
    """One fileset and the lock that keeps its readers apart."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.fileset: OpenFileset | None = None
        self.stale = False

    def close_if_idle(self) -> None:
        """Close; whoever reads just now does it when ready."""
        if self.lock.acquire(blocking=False):
            try:
                if self.fileset is not None:
                    self.fileset.close()
                    self.fileset = None
            finally:
                self.lock.release()


class OpenedFilesets:
    """A few opened filesets, each read by one thread at a time."""

    def __init__(self, most: int = _MOST_OPEN) -> None:
        """Keep at most ``most`` filesets open."""
        self._entries: LRUCache[int, _Entry] = LRUCache(most)
        self._lock = threading.Lock()

    @contextmanager
    def image(
        self, fileset_id: int, opening: Callable[[], OpenFileset], series: int
    ) -> Iterator[ReadImage]:
        """Lend an image of a fileset, which ``opening`` opens; raises what that raises."""
        entry = self._entry(fileset_id)
        try:
            with entry.lock:
                if entry.fileset is None:
                    entry.fileset = opening()
                yield entry.fileset.images[series]
        finally:
            # Looked at after the lock is free: see ``close_if_idle``.
            if entry.stale:
                entry.close_if_idle()

    def forget(self, fileset_id: int) -> None:
        """Close a fileset."""
        with self._lock:
            entry = self._entries.pop(fileset_id, None)
        if entry is not None:
            _retire(entry)

    def close(self) -> None:
        """Close all."""
        with self._lock:
            entries = list(self._entries.values())
            self._entries.clear()
        for entry in entries:
            _retire(entry)

    def _entry(self, fileset_id: int) -> _Entry:
        retired: _Entry | None = None
        with self._lock:
            entry = self._entries.get(fileset_id)
            if entry is None:
                if len(self._entries) >= self._entries.maxsize:
                    retired = self._entries.popitem()[1]
                entry = self._entries[fileset_id] = _Entry()
        if retired is not None:
            _retire(retired)
        return entry


def _retire(entry: _Entry) -> None:
    entry.stale = True
    entry.close_if_idle()
