"""Keeps encoded chunks in memory and lets concurrent requests of one chunk read it once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass

from cachetools import LRUCache


@dataclass(frozen=True, slots=True)
class Encoded:
    """The bytes of one key and their entity tag (quoted, as HTTP writes it)."""

    body: bytes
    etag: str


class ChunkCache:
    """Least recently used chunks, bounded by their bytes; for one event loop."""

    def __init__(self, max_bytes: int) -> None:
        """Make an empty cache of at most ``max_bytes``."""
        self._kept: LRUCache[Hashable, Encoded] = LRUCache(
            max_bytes, getsizeof=lambda encoded: len(encoded.body)
        )
        self._reading: dict[Hashable, asyncio.Task[Encoded]] = {}

    @property
    def size_bytes(self) -> int:
        """Bytes held now."""
        return int(self._kept.currsize)

    async def get(self, key: Hashable, read: Callable[[], Awaitable[Encoded]]) -> Encoded:
        """Return what is kept under ``key``, or what ``read`` gives; errors are not kept."""
        kept = self._kept.get(key)
        if kept is not None:
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
        if len(encoded.body) <= self._kept.maxsize:
            self._kept[key] = encoded
        return encoded


def _retrieve(task: asyncio.Task[Encoded]) -> None:
    # When every client has gone, nobody is left to hear of the error.
    if not task.cancelled():
        task.exception()
