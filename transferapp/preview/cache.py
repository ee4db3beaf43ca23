"""Keeps encoded chunks in memory and lets concurrent requests of one chunk read it once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Encoded:
    """The bytes of one key and their entity tag (quoted, as HTTP writes it)."""

    body: bytes
    etag: str


class ChunkCache:
    """Least recently used chunks, bounded by their bytes; for one event loop."""

    def __init__(self, max_bytes: int) -> None:
        """Make an empty cache of at most ``max_bytes``."""
        self._max_bytes = max_bytes
        self._size_bytes = 0
        self._kept: OrderedDict[Hashable, Encoded] = OrderedDict()
        self._reading: dict[Hashable, asyncio.Task[Encoded]] = {}

    @property
    def size_bytes(self) -> int:
        """Bytes held now."""
        return self._size_bytes

    async def get(self, key: Hashable, read: Callable[[], Awaitable[Encoded]]) -> Encoded:
        """Return what is kept under ``key``, or what ``read`` gives; errors are not kept."""
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return kept
        task = self._reading.get(key)
        if task is None:
            task = asyncio.ensure_future(self._read(key, read))
            self._reading[key] = task
            task.add_done_callback(_retrieve)
        # One impatient client must not take the chunk away from the others.
        return await asyncio.shield(task)

    async def _read(self, key: Hashable, read: Callable[[], Awaitable[Encoded]]) -> Encoded:
        try:
            encoded = await read()
        finally:
            del self._reading[key]
        self._keep(key, encoded)
        return encoded

    def _keep(self, key: Hashable, encoded: Encoded) -> None:
        if len(encoded.body) > self._max_bytes:
            return
        self._kept[key] = encoded
        self._size_bytes += len(encoded.body)
        while self._size_bytes > self._max_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._size_bytes -= len(oldest.body)


def _retrieve(task: asyncio.Task[Encoded]) -> None:
    # When every client has gone, nobody is left to hear of the error.
    if not task.cancelled():
        task.exception()
