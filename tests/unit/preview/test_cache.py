"""The cache is bounded, reads a chunk once, and does not keep errors."""

from __future__ import annotations

import asyncio

import pytest

from transferapp import errors
from transferapp.preview.cache import ChunkCache, Encoded


class Reads:
    """A read that waits for a gate and counts."""

    def __init__(self, size_bytes: int = 10) -> None:
        self.count = 0
        self.gate = asyncio.Event()
        self.size_bytes = size_bytes
        self.error: errors.TransferAppError | None = None

    async def __call__(self) -> Encoded:
        self.count += 1
        await self.gate.wait()
        if self.error:
            raise self.error
        return Encoded(b"x" * self.size_bytes, '"tag"')


async def test_concurrent_requests_read_once() -> None:
    cache, reads = ChunkCache(100), Reads()
    waiting = [asyncio.create_task(cache.get("k", reads)) for _ in range(5)]
    await asyncio.sleep(0)
    reads.gate.set()
    results = await asyncio.gather(*waiting)
    assert reads.count == 1
    assert len({id(result) for result in results}) == 1
    await cache.get("k", reads)
    assert reads.count == 1


async def test_a_client_that_leaves_does_not_take_the_chunk_away() -> None:
    cache, reads = ChunkCache(100), Reads()
    leaves = asyncio.create_task(cache.get("k", reads))
    stays = asyncio.create_task(cache.get("k", reads))
    await asyncio.sleep(0)
    leaves.cancel()
    reads.gate.set()
    assert (await stays).etag == '"tag"'
    assert leaves.cancelled()


async def test_errors_are_not_kept() -> None:
    cache, reads = ChunkCache(100), Reads()
    reads.gate.set()
    reads.error = errors.RepositoryUnavailable()
    with pytest.raises(errors.RepositoryUnavailable):
        await cache.get("k", reads)
    reads.error = None
    assert (await cache.get("k", reads)).body == b"x" * 10


async def test_bounded_by_bytes_oldest_use_goes_first() -> None:
    cache, reads = ChunkCache(30), Reads()
    reads.gate.set()
    for key in ("a", "b", "c", "a", "d"):
        await cache.get(key, reads)
    assert (reads.count, cache.size_bytes) == (4, 30)
    await cache.get("a", reads)
    assert reads.count == 4
    await cache.get("b", reads)
    assert reads.count == 5


async def test_what_is_larger_than_the_cache_is_not_kept() -> None:
    cache, reads = ChunkCache(5), Reads()
    reads.gate.set()
    await cache.get("a", reads)
    assert cache.size_bytes == 0
