"""Reads the shards of an image's full-size level, plane by plane."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from transferapp.conversion.cut_image import Block, CutImage
from transferapp.conversion.pyramid import Shard
from transferapp.conversion.threads import first_error
from transferapp.errors import DamagedFile

#: Of one shard: t, c, z, y, x.
ShardPixels = npt.NDArray[Any]


class ImageShards:
    """An image as the lowest level of a pyramid."""

    def __init__(self, image: CutImage, at_once: int) -> None:
        """Read ``image``; ``at_once`` planes of shards at the same time."""
        self._image = image
        self._reads = asyncio.Semaphore(at_once)

    async def __call__(self, shard: Shard, count: Callable[[int], None]) -> ShardPixels:
        """Return a shard's pixels; ``count`` is told of the pixels as they come. Raises what
        the image raises, and DamagedFile where it has fewer pixels.
        """
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
            count(tile.size)
            return tile

        if planes == [1, 1, 1]:
            return np.ascontiguousarray(await read((0, 0, 0)))[None, None, None]
        pixels = np.empty(shard.shape, self._image.dtype)

        async def fill(at: tuple[int, ...]) -> None:
            pixels[at] = await read(at)

        async with first_error(), asyncio.TaskGroup() as tasks:
            for at in np.ndindex(*planes):
                tasks.create_task(fill(at))
        return pixels
