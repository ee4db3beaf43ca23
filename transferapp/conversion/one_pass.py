"""Makes a whole pyramid while each pixel of the image is read once."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from transferapp.conversion.cut_image import Block, CutImage
from transferapp.conversion.halving import halve
from transferapp.conversion.port import ShareListener
from transferapp.conversion.pyramid import Pyramid, Shard
from transferapp.errors import DamagedFile

#: Of one shard: t, c, z, y, x.
ShardPixels = npt.NDArray[Any]
#: Takes a shard and its pixels; called in threads, in any order.
ShardStore = Callable[[Shard, ShardPixels], None]

_MOST_THREADS = 4
#: Parts that are read, or wait for a thread, while the threads work on others.
_AHEAD = 2


@dataclass(slots=True)
class _Begun:
    """A shard of a higher level, and how many shards below it are not in it yet."""

    pixels: ShardPixels
    missing: int


class OnePass:
    """Reads an image shard by shard, and gives the shards of all levels to a store.

    A shard is halved into the one above it as soon as it is there, and that one, when it is
    whole, into the next: of each level only those that are begun are in memory, whatever the
    size of the image.
    """

    def __init__(
        self, image: CutImage, pyramid: Pyramid, store: ShardStore, listener: ShareListener
    ) -> None:
        """Give the shards of ``image`` to ``store``, and say how far it is."""
        self._image = image
        self._pyramid = pyramid
        self._store = store
        self._listener = listener
        self._begun: dict[Shard, _Begun] = {}
        self._threads = min(_MOST_THREADS, os.cpu_count() or 1)
        self._reads = asyncio.Semaphore(self._threads + _AHEAD)
        #: Each pixel counts when it was read, and once more when it is kept.
        self._done, self._total = 0, 2 * prod(pyramid.shapes[0])

    async def run(self) -> None:
        """Do it, once; raises what the image, the store or the listener raises."""
        places = asyncio.Semaphore(self._threads + _AHEAD)

        async def work(shard: Shard) -> None:
            try:
                await self._work(pool, shard)
            finally:
                places.release()

        async with (
            _threads(self._threads) as pool,
            _first_error(),
            asyncio.TaskGroup() as tasks,
        ):
            for shard in self._pyramid.in_order():
                await places.acquire()
                tasks.create_task(work(shard))

    async def _work(self, pool: ThreadPoolExecutor, shard: Shard) -> None:
        """Read a shard, and store it with all those that it is the last one of."""
        loop, size = asyncio.get_running_loop(), prod(shard.shape)
        pixels = await self._read(shard)
        while True:
            above = self._pyramid.above(shard)
            into = self._quarter(shard, above) if above else None
            await loop.run_in_executor(pool, self._keep, shard, pixels, into)
            if above is None or not self._is_whole(above):
                break
            shard, pixels = above, self._begun.pop(above).pixels
        self._count(size)

    def _count(self, pixels: int) -> None:
        self._done += pixels
        self._listener(self._done / self._total)

    async def _read(self, shard: Shard) -> ShardPixels:
        t, c, z, y, x = shard.start
        *planes, height, width = shard.shape

        async def read(at: tuple[int, ...]) -> ShardPixels:
            block = Block(t + at[0], c + at[1], z + at[2], y, x, height, width)
            async with self._reads:
                tile = await self._image.read(block)
            if tile.shape != (height, width):
                raise DamagedFile(
                    "The repository holds fewer pixels of this image than it should. Look at"
                    " its original files."
                )
            self._count(tile.size)
            return tile

        if planes == [1, 1, 1]:
            return np.ascontiguousarray(await read((0, 0, 0)))[None, None, None]
        pixels = np.empty(shard.shape, self._image.dtype)

        async def fill(at: tuple[int, ...]) -> None:
            pixels[at] = await read(at)

        async with _first_error(), asyncio.TaskGroup() as tasks:
            for at in np.ndindex(*planes):
                tasks.create_task(fill(at))
        return pixels

    def _quarter(self, shard: Shard, above: Shard) -> ShardPixels:
        """Return where the halves of a shard belong."""
        begun = self._begun.get(above)
        if begun is None:
            pixels = np.empty(above.shape, self._image.dtype)
            begun = _Begun(pixels, sum(1 for _ in self._pyramid.below(above)))
            self._begun[above] = begun
        y, x = (shard.start[axis] // 2 - above.start[axis] for axis in (3, 4))
        height, width = ((shard.shape[axis] + 1) // 2 for axis in (3, 4))
        return begun.pixels[..., y : y + height, x : x + width]

    def _is_whole(self, above: Shard) -> bool:
        """Count one more of the shards that a shard is made of; whether that was the last."""
        self._begun[above].missing -= 1
        return not self._begun[above].missing

    def _keep(self, shard: Shard, pixels: ShardPixels, into: ShardPixels | None) -> None:
        self._store(shard, pixels)
        if into is not None:
            halve(pixels, into)


@asynccontextmanager
async def _threads(count: int) -> AsyncIterator[ThreadPoolExecutor]:
    """Give threads; when it ends, however, none of them is running any more."""
    pool = ThreadPoolExecutor(count, thread_name_prefix="convert")
    try:
        yield pool
    finally:
        # What has begun takes a fraction of a second, but the loop need not stand still.
        await asyncio.to_thread(pool.shutdown, cancel_futures=True)


@asynccontextmanager
async def _first_error() -> AsyncIterator[None]:
    """Raise the first error of a group of tasks as it is: callers know nothing of tasks."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
