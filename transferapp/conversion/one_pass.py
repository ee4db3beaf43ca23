"""Makes a pyramid, or portions of one, while each pixel below it is read once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import prod

import numpy as np

from transferapp.conversion.cut_image import CutImage
from transferapp.conversion.halving import halve
from transferapp.conversion.image_shards import ImageShards, ShardPixels
from transferapp.conversion.port import ShareListener
from transferapp.conversion.pyramid import Pyramid, Shard
from transferapp.conversion.threads import encoder_threads, first_error, lasting_threads

#: Takes a shard and its pixels; called in threads, in any order.
ShardStore = Callable[[Shard, ShardPixels], None]
#: Reads a shard of the lowest level, and tells of the pixels as they come.
ShardReader = Callable[[Shard, Callable[[int], None]], Awaitable[ShardPixels]]
#: Writes the halves of the planes of the first into the second.
Halves = Callable[[ShardPixels, ShardPixels], None]

#: Shards that are read, or wait for a thread, while the threads work on others.
_AHEAD = 2


@dataclass(slots=True)
class _Begun:
    """A shard of a higher level, and how many shards below it are not in it yet."""

    pixels: ShardPixels
    missing: int


@dataclass(frozen=True, slots=True)
class Span:
    """What of a pyramid is made: ``roots``, shards of one level (none: the last), and all
    that they are made of down to the level ``base``, which is read.
    """

    roots: Sequence[Shard] = ()
    base: int = 0


class OnePass:
    """Reads shards of a level, and gives those and the ones above them to a store.

    A shard is halved into the one above it as soon as it is there, and that one, when it is
    whole, into the next: of each level only those that are begun are in memory, whatever the
    size of the image.
    """

    def __init__(
        self,
        read: ShardReader,
        pyramid: Pyramid,
        store: ShardStore,
        listener: ShareListener,
        span: Span | None = None,
        *,
        halves: Halves = halve,
    ) -> None:
        """Give what is made (by default all) to ``store``, and say how far it is."""
        self._halve = halves
        self._read = read
        self._pyramid = pyramid
        self._store = store
        self._listener = listener
        self._span = span or Span()
        roots = self._span.roots
        self._top = roots[0].level if roots else len(pyramid.shapes) - 1
        self._begun: dict[Shard, _Begun] = {}
        self._at_once = encoder_threads() + _AHEAD
        #: Each pixel counts when it was read, and once more when it is kept.
        self._done, self._total = 0, 2 * sum(prod(one.shape) for one in self._shards())

    async def run(self) -> None:
        """Do it, once; raises what the reader, the store or the listener raises."""
        places = asyncio.Semaphore(self._at_once)

        async def work(shard: Shard) -> None:
            try:
                await self._work(pool, shard)
            finally:
                places.release()

        async with (
            lasting_threads("convert", encoder_threads()) as pool,
            first_error(),
            asyncio.TaskGroup() as tasks,
        ):
            for shard in self._shards():
                await places.acquire()
                tasks.create_task(work(shard))

    def _shards(self) -> Sequence[Shard]:
        return list(self._pyramid.in_order(self._span.roots, self._span.base))

    async def _work(self, pool: ThreadPoolExecutor, shard: Shard) -> None:
        """Read a shard, and store it with all those that it is the last one of."""
        loop, size = asyncio.get_running_loop(), prod(shard.shape)
        pixels = await self._read(shard, self._count)
        while True:
            above = self._pyramid.above(shard) if shard.level < self._top else None
            into = self._quarter(shard, above, pixels) if above else None
            await loop.run_in_executor(pool, self._keep, shard, pixels, into)
            if above is None or not self._is_whole(above):
                break
            shard, pixels = above, self._begun.pop(above).pixels
        self._count(size)

    def _count(self, pixels: int) -> None:
        self._done += pixels
        self._listener(self._done / self._total)

    def _quarter(self, shard: Shard, above: Shard, pixels: ShardPixels) -> ShardPixels:
        """Return where the halves of a shard belong."""
        begun = self._begun.get(above)
        if begun is None:
            empty = np.empty(above.shape, pixels.dtype)
            begun = _Begun(empty, sum(1 for _ in self._pyramid.below(above)))
            self._begun[above] = begun
        quarter: ShardPixels = begun.pixels[self._pyramid.quarter(shard, above)]
        return quarter

    def _is_whole(self, above: Shard) -> bool:
        """Count one more of the shards that a shard is made of; whether that was the last."""
        self._begun[above].missing -= 1
        return not self._begun[above].missing

    def _keep(self, shard: Shard, pixels: ShardPixels, into: ShardPixels | None) -> None:
        self._store(shard, pixels)
        if into is not None:
            self._halve(pixels, into)


def pass_over(
    image: CutImage,
    pyramid: Pyramid,
    store: ShardStore,
    listener: ShareListener,
    roots: Sequence[Shard] = (),
    *,
    halves: Halves = halve,
) -> OnePass:
    """Return the pass that makes levels from an image's own pixels."""
    reader = ImageShards(image, encoder_threads() + _AHEAD)
    return OnePass(reader, pyramid, store, listener, Span(roots), halves=halves)
