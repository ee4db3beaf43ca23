"""Keep OMERO's pixel stores open between the tiles of an image.

To open a store and to choose the pixels costs OMERO more than a tile does. A store serves one
thread at a time; one that failed is never used again; idle ones are closed soon, because each
holds a file open in OMERO.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from transferapp.errors import TransferAppError
from transferapp.model.images import Level
from transferapp.repositories.omero.errors import translated
from transferapp.repositories.omero.ice_imports import Ice

R = TypeVar("R")
#: An idle store is closed after so long (seconds).
IDLE_S = 30.0
#: More idle stores than this are closed at once, the oldest first.
MOST_IDLE = 8


@contextmanager
def closing(store: Any) -> Iterator[Any]:
    """Close a stateful service afterwards, whatever happens."""
    try:
        yield store
    finally:
        # The read is over; a store that cannot be closed ends with the session.
        with suppress(TransferAppError), translated():
            store.close()


@dataclass(eq=False)
class PixelStore:
    """An open store with its pixels chosen; used by one thread at a time."""

    proxy: Any
    pixels_id: int
    group_id: int
    idle_since: float = 0.0
    #: The chosen level as OMERO numbers them; None is full size, as at the beginning.
    _chosen: int | None = None
    _levels: tuple[Level, ...] = field(default=())

    def levels(self) -> tuple[Level, ...]:
        """Return the sizes, full size first."""
        if not self._levels:
            sizes = self.proxy.getResolutionDescriptions()
            self._levels = tuple(Level(one.sizeY, one.sizeX) for one in sizes)
        return self._levels

    def choose(self, number: int) -> None:
        """Read from level ``number``, 0 being full size."""
        # OMERO numbers them from the smallest on.
        wanted = len(self.levels()) - 1 - number
        if number == 0 and self._chosen is None:
            return
        if wanted != self._chosen:
            self.proxy.setResolutionLevel(wanted)
            self._chosen = wanted


class PixelStores:
    """The open stores of one session. Thread-safe; calls raise what Ice and OMERO raise."""

    def __init__(self, open_store: Callable[[int], Any], idle_s: float = IDLE_S) -> None:
        """Open stores by ``open_store(group_id)``."""
        self._open_store, self._idle_s = open_store, idle_s
        self._lock = threading.Lock()
        #: The oldest first.
        self._idle: list[PixelStore] = []
        self._timer: threading.Timer | None = None
        self._closed = False

    def read(self, group_id: int, pixels_id: int, function: Callable[[PixelStore], R]) -> R:
        """Call ``function`` with a store of these pixels, an open one if there is one."""
        store = self._take(group_id, pixels_id)
        if store is not None:
            try:
                return self._used(store, function)
            except Ice.ObjectNotExistException:
                # OMERO has closed it meanwhile; if it was the session, a new one fails, too.
                pass
        return self._used(self._opened(group_id, pixels_id), function)

    def close(self) -> None:
        """Close the idle stores; those in use are closed when they come back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        # At the first that does not answer the others, too, are left to the session's end.
        with suppress(TransferAppError), translated():
            for store in idle:
                store.proxy.close()

    def _opened(self, group_id: int, pixels_id: int) -> PixelStore:
        proxy = self._open_store(group_id)
        try:
            proxy.setPixelsId(pixels_id, False)  # noqa: FBT003 - a foreign signature
        except BaseException:
            _close_all([PixelStore(proxy, pixels_id, group_id)])
            raise
        return PixelStore(proxy, pixels_id, group_id)

    def _used(self, store: PixelStore, function: Callable[[PixelStore], R]) -> R:
        try:
            result = function(store)
        except BaseException:
            _close_all([store])
            raise
        self._give_back(store)
        return result

    def _take(self, group_id: int, pixels_id: int) -> PixelStore | None:
        with self._lock:
            for store in reversed(self._idle):
                if (store.group_id, store.pixels_id) == (group_id, pixels_id):
                    self._idle.remove(store)
                    return store
        return None

    def _give_back(self, store: PixelStore) -> None:
        store.idle_since = time.monotonic()
        with self._lock:
            if self._closed:
                superfluous = [store]
            else:
                self._idle.append(store)
                superfluous = self._idle[:-MOST_IDLE]
                del self._idle[:-MOST_IDLE]
                self._wake_later()
        _close_all(superfluous)

    def _wake_later(self) -> None:
        """Start the timer for the oldest store, unless it runs; the lock is held."""
        if self._timer is None and self._idle:
            wait_s = self._idle[0].idle_since + self._idle_s - time.monotonic()
            self._timer = threading.Timer(max(0.0, wait_s), self._close_idle)
            self._timer.daemon = True
            self._timer.start()

    def _close_idle(self) -> None:
        with self._lock:
            self._timer = None
            limit = time.monotonic() - self._idle_s
            over = [one for one in self._idle if one.idle_since <= limit]
            self._idle = [one for one in self._idle if one.idle_since > limit]
            self._wake_later()
        _close_all(over)


def _close_all(stores: list[PixelStore]) -> None:
    for store in stores:
        with closing(store.proxy):
            pass
