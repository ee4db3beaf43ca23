"""Writes the pixels of an OME-Zarr: files of shards (0.5) or of single chunks (0.4).

zarr-python writes these too, and took 2.4 times the processor's time: it reads levels back
to halve them, and goes through Python's event loop for each chunk (docs/adr/0026).
"""

from __future__ import annotations

import hashlib
import struct
import uuid
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
from google_crc32c import value as crc32c

from transferapp.conversion.disk_errors import disk_errors
from transferapp.conversion.image_shards import ShardPixels
from transferapp.conversion.ome_zarr_documents import (
    LevelSizes,
    OmeZarrVersion,
    compressor,
    level_sizes,
    stored,
)
from transferapp.conversion.port import MadeFile
from transferapp.conversion.pyramid import Five, Pyramid, Shard

#: Offset and length of a chunk that is not there, in the index of a shard.
_EMPTY = (2**64 - 1, 2**64 - 1)


class OmeZarrFiles:
    """The pixel files below the folder of one OME-Zarr; used by several threads."""

    def __init__(
        self,
        folder: Path,
        pyramid: Pyramid,
        version: OmeZarrVersion,
        scratch: Path | None = None,
        *,
        has_channels: bool = True,
    ) -> None:
        """Write into ``folder``; nothing is read. Each file is whole from the first moment on
        where there is a folder ``scratch`` that it comes from.
        """
        self._folder = folder
        self._scratch = scratch
        self._has_channels = has_channels
        #: The files so far, by their '/'-separated place in the folder.
        self.made: dict[str, MadeFile] = {}
        self._sizes = [level_sizes(pyramid, level) for level in range(len(pyramid.shapes))]
        self._encode = compressor().encode
        self._sharded = version is OmeZarrVersion.V05

    def store(self, shard: Shard, pixels: ShardPixels) -> None:
        """Write a shard; what is nothing but zeros is not written. Raises StorageFull."""
        sizes = self._sizes[shard.level]
        with disk_errors():
            if self._sharded:
                self._store_shard(shard, sizes, pixels)
            else:
                self._store_chunks(shard, sizes, pixels)

    def _store_shard(self, shard: Shard, sizes: LevelSizes, pixels: ShardPixels) -> None:
        """Compressed chunks one after another, then where each begins and how long it is."""
        found = {at: self._encode(piece) for at, piece in _chunks(sizes.chunk, pixels)}
        if not found:
            return
        index: list[int] = []
        offset = 0
        for at in product(*_counts(sizes.shard, sizes.chunk)):
            size = len(found[at]) if at in found else 0
            index += (offset, size) if size else _EMPTY
            offset += size
        tail = struct.pack(f"<{len(index)}Q", *index)
        content = [*found.values(), tail, struct.pack("<I", crc32c(tail))]
        self._write(shard.level, _number(shard.start, sizes.shard), content)

    def _store_chunks(self, shard: Shard, sizes: LevelSizes, pixels: ShardPixels) -> None:
        first = _number(shard.start, sizes.chunk)
        for at, piece in _chunks(sizes.chunk, pixels):
            place = [begin + more for begin, more in zip(first, at, strict=True)]
            self._write(shard.level, place, [self._encode(piece)])

    def _write(self, level: int, place: list[int], content: list[bytes]) -> None:
        numbers = stored(place, has_channels=self._has_channels)
        keys = [*map(str, [level, "c", *numbers] if self._sharded else [level, *numbers])]
        path = self._folder.joinpath(*keys)
        path.parent.mkdir(parents=True, exist_ok=True)
        if self._scratch is None:
            with path.open("wb") as file:
                file.writelines(content)
            return
        sha1, size = hashlib.sha1(usedforsecurity=False), 0
        half = self._scratch / f"{uuid.uuid4().hex}.half"
        with half.open("wb") as file:
            for piece in content:
                file.write(piece)
                sha1.update(piece)
                size += len(piece)
        half.replace(path)
        self.made["/".join(keys)] = MadeFile(size, sha1.hexdigest())


def _chunks(chunk: Five, pixels: ShardPixels) -> Iterator[tuple[tuple[int, ...], ShardPixels]]:
    """Yield a shard's chunks that are not empty, by their place in it, in the index's order.

    At the edges of an image they are filled up with zeros: all chunks are of one size.
    """
    for at in product(*_counts(pixels.shape, chunk)):
        starts = zip(at, chunk, strict=True)
        piece = pixels[tuple(slice(n * size, (n + 1) * size) for n, size in starts)]
        if piece.shape == chunk:
            full = np.ascontiguousarray(piece)
        else:
            full = np.zeros(chunk, pixels.dtype)
            full[tuple(slice(size) for size in piece.shape)] = piece
        # As bytes: -0.0 is equal to zero, and is not what a reader gets for an empty chunk.
        as_bytes = full.reshape(-1).view(np.uint8)
        if as_bytes[0] or as_bytes.any():
            yield at, full


def _counts(shape: tuple[int, ...], chunk: Five) -> list[range]:
    return [range(-(-size // step)) for size, step in zip(shape, chunk, strict=True)]


def _number(start: Five, step: Five) -> list[int]:
    return [first // size for first, size in zip(start, step, strict=True)]
