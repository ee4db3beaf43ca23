"""Reads an OME-Zarr back with zarr-python, as others will, and compares it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import zarr

from transferapp.conversion.cut_image import CutImage
from transferapp.conversion.disk_errors import disk_errors
from transferapp.conversion.ome_zarr_documents import stored
from transferapp.conversion.port import ShareListener
from transferapp.conversion.pyramid import Pyramid, Shard
from transferapp.conversion.shard_digests import ShardDigests
from transferapp.errors import ChecksumMismatch

T = TypeVar("T")

#: What zarr-python and its codecs raise for files that are gone or damaged.
_DAMAGED = (FileNotFoundError, KeyError, RuntimeError, TypeError, ValueError)


class OmeZarrCheck:
    """Compares all levels of an OME-Zarr with what they should be."""

    def __init__(
        self, place: Path, image: CutImage, pyramid: Pyramid, wanted: Mapping[str, Any]
    ) -> None:
        """Read the folder ``place``, which should hold ``image`` with the attributes
        ``wanted``.
        """
        self._place = place
        self._image = image
        self._pyramid = pyramid
        self._wanted = wanted

    async def run(self, digests: ShardDigests, listener: ShareListener) -> None:
        """Read every pixel of all levels; raises ChecksumMismatch, Unavailable."""
        await asyncio.to_thread(self._check_documents)
        levels = range(len(self._pyramid.shapes))
        every = [shard for level in levels for shard in self._pyramid.shards(level)]
        await self._compare_all(every, digests, listener)

    async def run_rest(self, digests: ShardDigests, listener: ShareListener) -> None:
        """Read only what digests are there of, and the documents; raises the same."""
        await asyncio.to_thread(self._check_documents)
        await self.run_portion(digests, listener)

    async def run_portion(self, digests: ShardDigests, listener: ShareListener) -> None:
        """Read only what digests are there of, while there is no document of the whole yet;
        raises the same.
        """
        await self._compare_all(digests.shards, digests, listener)

    async def _compare_all(
        self, shards: Sequence[Shard], digests: ShardDigests, listener: ShareListener
    ) -> None:
        arrays = await asyncio.to_thread(self._open)
        for done, shard in enumerate(shards, 1):
            await asyncio.to_thread(self._compare, arrays[shard.level], shard, digests)
            listener(done / len(shards))

    def _check_documents(self) -> None:
        with self._reading():
            group = zarr.open_group(self._place, mode="r")
            wanted = self._wanted
            found = group.attrs.asdict()
            # Another version of ours may have written it before it was replaced.
            if any(found.get(key) != wanted[key] for key in wanted if key != "_creator"):
                raise self._mismatch()

    def _open(self) -> list[Any]:
        with self._reading():
            arrays: list[Any] = [
                zarr.open_array(self._place / str(level), mode="r")
                for level in range(len(self._pyramid.shapes))
            ]
            for array, shape in zip(arrays, self._pyramid.shapes, strict=True):
                wanted = self._stored(shape), self._image.dtype
                if (array.shape, array.dtype) != wanted:
                    raise self._mismatch()
            return arrays

    def _compare(self, array: Any, shard: Shard, digests: ShardDigests) -> None:
        with self._reading():
            pixels = np.asarray(array[self._stored(shard.region)]).reshape(shard.shape)
        if not digests.matches(shard, pixels):
            raise self._mismatch()

    def _stored(self, five: Sequence[T]) -> tuple[T, ...]:
        return stored(five, has_channels=self._image.has_channels)

    def _mismatch(self) -> ChecksumMismatch:
        return ChecksumMismatch(
            f"'{self._place.name}' does not read back as the image that it was made of. It is"
            " made again."
        )

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with disk_errors():
            try:
                yield
            except _DAMAGED as error:
                raise self._mismatch() from error
