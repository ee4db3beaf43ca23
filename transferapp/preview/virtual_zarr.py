"""Answers the keys of an image's virtual OME-Zarr from its pixels."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable

import blake3
from cachetools import TTLCache

from transferapp import errors
from transferapp.model.images import Pixels
from transferapp.preview import chunks, zarr_metadata
from transferapp.preview.cache import ChunkCache, Encoded
from transferapp.preview.source import PixelSource

CACHE_BYTES = 256 << 20
#: Reads of the repository at the same time; more only queue inside it.
PARALLEL_READS = 8
#: How long an answer about an image is believed before the repository is asked again. It is
#: also how long a person who lost the right to see an image can still see its chunks.
PIXELS_TTL_S = 30.0
_PIXELS_KEPT = 1000
_DOCUMENT_KEY = re.compile(r"((0|[1-9][0-9]{0,2})/)?zarr\.json", re.ASCII)


class VirtualZarr:
    """Makes the documents and chunks of images on demand, once per person and image."""

    def __init__(
        self, cache: ChunkCache | None = None, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        """Make it; ``now`` is a monotonic clock in seconds."""
        self._cache = cache or ChunkCache(CACHE_BYTES)
        self._pixels: TTLCache[tuple[str, int], Pixels] = TTLCache(
            _PIXELS_KEPT, PIXELS_TTL_S, timer=now
        )
        self._reads = asyncio.Semaphore(PARALLEL_READS)

    async def read(self, source: PixelSource, owner: str, image_id: int, key: str) -> Encoded:
        """Return the bytes under ``key``; ``owner`` is the person that ``source`` reads as.

        Raises NoSuchFile for a key outside the image, and what the source raises.
        """
        chunk = chunks.parse_key(key)
        if chunk is None and not _DOCUMENT_KEY.fullmatch(key):
            raise _no_such_key(key)
        pixels = await self._pixels_of(source, owner, image_id)
        if chunk is None:
            return _document(pixels, key)
        region = chunks.region_of(pixels, chunk)
        if region is None:
            raise _no_such_key(key)

        async def read() -> Encoded:
            async with self._reads:
                tile = await source.tile(image_id, region)
            return await asyncio.to_thread(
                lambda: _tagged(chunks.encode(pixels, region.level, tile))
            )

        # The description is part of the key: a changed image is not served from old chunks.
        return await self._cache.get((owner, pixels, chunk), read)

    async def _pixels_of(self, source: PixelSource, owner: str, image_id: int) -> Pixels:
        pixels = self._pixels.get((owner, image_id))
        if pixels is None:
            pixels = self._pixels[owner, image_id] = await source.pixels(image_id)
        return pixels


def _document(pixels: Pixels, key: str) -> Encoded:
    if key == zarr_metadata.DOCUMENT:
        return _tagged(zarr_metadata.group_document(pixels))
    level = int(key.partition("/")[0])
    if level >= len(pixels.levels):
        raise _no_such_key(key)
    return _tagged(zarr_metadata.array_document(pixels, level))


def _tagged(body: bytes) -> Encoded:
    return Encoded(body, f'"{blake3.blake3(body).hexdigest(16)}"')


def _no_such_key(key: str) -> errors.NoSuchFile:
    return errors.NoSuchFile(f"The preview of this image has no '{key[:100]}'.")
