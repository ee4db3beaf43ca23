"""How an image lies in a TIFF: its planes, levels, tiles, and the blocks they are made from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import product
from typing import Any

import blake3
import imagecodecs
import numpy as np
import numpy.typing as npt
from isal import isal_zlib

from transferapp.conversion.cut_image import Block, CutImage
from transferapp.conversion.halving import halve
from transferapp.model.images import Level

TILE_EDGE_PX = 512
#: The edges of tiles are multiples of this.
_TILE_STEP = 16
_BLOCK_BYTES = 4 << 20
#: A TIFF counts its bytes in 32 bits; some are left for its tables. More make a BigTIFF.
MOST_CLASSIC_BYTES = 3_900_000_000
#: No level is made of one whose longer edge is at most this.
_SMALLEST_EDGE_PX = 512
_PREDICT_DIFFERENCES = 2


class Compression(StrEnum):
    """How tiles are compressed, by tifffile's names."""

    #: zlib's format, made by ISA-L: every reader of TIFF has it.
    DEFLATE = "adobe_deflate"
    #: Twice as fast, and not for older readers.
    ZSTD = "zstd"


#: ISA-L's level 2 makes files of libdeflate's level 1, in two thirds of its time (adr/0027).
_ENCODERS: dict[Compression, Callable[[npt.NDArray[Any]], bytes | bytearray]] = {
    Compression.DEFLATE: partial(isal_zlib.compress, level=2),
    Compression.ZSTD: partial(imagecodecs.zstd_encode, level=1),
}


@dataclass(frozen=True, slots=True)
class PyramidLayout:
    """Levels and tiles of one image; sizes are (height, width) in pixels."""

    levels: tuple[Level, ...]
    tile: tuple[int, int]
    block: tuple[int, int]
    planes: tuple[tuple[int, int, int], ...]
    big: bool
    compression: Compression

    @property
    def halved_block(self) -> tuple[int, int]:
        """What a block is halved to, (height, width)."""
        return self.block[0] // 2, self.block[1] // 2

    def blocks(self, level: int) -> Iterator[tuple[int, int, int, int]]:
        """Yield (y, x, height, width) of a level's blocks, in the order of their tiles."""
        size, (high, wide) = self.levels[level], self.block
        for y, x in product(range(0, size.size_y, high), range(0, size.size_x, wide)):
            yield y, x, min(high, size.size_y - y), min(wide, size.size_x - x)

    def full_size_blocks(self, first: int, end: int) -> Iterator[Block]:
        """Yield the blocks of some planes, by their numbers in the file."""
        for t, c, z in self.planes[first:end]:
            for y, x, height, width in self.blocks(0):
                yield Block(t, c, z, y, x, height, width)

    def count_blocks(self) -> int:
        """Count the full-size blocks of all planes."""
        return len(self.planes) * sum(1 for _ in self.blocks(0))

    def one_read(self, dtype: np.dtype[Any]) -> bool:
        """Whether the image is so small that it is read as a whole before it is written."""
        size = self.levels[0].size_y * self.levels[0].size_x * dtype.itemsize
        return len(self.levels) == 1 and len(self.planes) * size <= _BLOCK_BYTES

    def tiles_in(self, height: int, width: int) -> Iterator[tuple[slice, slice]]:
        """Yield where tiles lie in a block."""
        high, wide = self.tile
        for y, x in product(range(0, height, high), range(0, width, wide)):
            yield slice(y, y + high), slice(x, x + wide)


def tiff_layout(image: CutImage, compression: Compression) -> PyramidLayout:
    """Lay an image out: planes in z, then c, then t."""
    levels = level_sizes(image.size_y, image.size_x)
    tile = _tile_edge(image.size_y), _tile_edge(image.size_x)
    wide = max(1, _BLOCK_BYTES // (tile[0] * tile[1] * image.dtype.itemsize)) * tile[1]
    planes = tuple(product(range(image.size_t), range(image.size_c), range(image.size_z)))
    tiles = sum(-(-one.size_y // tile[0]) * -(-one.size_x // tile[1]) for one in levels)
    most = len(planes) * tiles * tile[0] * tile[1] * image.dtype.itemsize
    return PyramidLayout(
        levels, tile, (tile[0], wide), planes, most > MOST_CLASSIC_BYTES, compression
    )


def level_sizes(size_y: int, size_x: int) -> tuple[Level, ...]:
    """Return the levels of a plane, full size first; odd edges are rounded up."""
    levels = [Level(size_y, size_x)]
    while max(levels[-1].size_y, levels[-1].size_x) > _SMALLEST_EDGE_PX:
        last = levels[-1]
        levels.append(Level((last.size_y + 1) // 2, (last.size_x + 1) // 2))
    return tuple(levels)


def halved(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return what a block becomes on the next level, (height, width)."""
    height, width = pixels.shape
    small = np.empty(((height + 1) // 2, (width + 1) // 2), pixels.dtype)
    halve(pixels, small)
    return small


def predictor(dtype: np.dtype[Any]) -> int | None:
    """Return TIFF's number of what is done before compression.

    Neighbours' differences for integers. Bio-Formats 7.3.1 does not know the one for floating
    point.
    """
    return _PREDICT_DIFFERENCES if dtype.kind in "iu" else None


def encoded(pixels: npt.NDArray[Any], layout: PyramidLayout) -> bytes:
    """Return a tile's bytes in the file; what is beyond the image's edge is zero."""
    if pixels.shape != layout.tile:
        whole = np.zeros(layout.tile, pixels.dtype)
        whole[: pixels.shape[0], : pixels.shape[1]] = pixels
        pixels = whole
    if predictor(pixels.dtype):
        pixels = imagecodecs.delta_encode(pixels, axis=-1)
    return bytes(_ENCODERS[layout.compression](np.ascontiguousarray(pixels)))


def as_bytes(pixels: npt.NDArray[Any]) -> Any:
    """Return pixels as a buffer of bytes; a copy when they do not lie in a row."""
    return np.ascontiguousarray(pixels).reshape(-1).view(np.uint8)


def block_digest(pixels: npt.NDArray[Any]) -> bytes:
    """Return the BLAKE3 of a block's pixels."""
    return blake3.blake3(as_bytes(pixels)).digest()


def _tile_edge(size: int) -> int:
    return min(TILE_EDGE_PX, -(-size // _TILE_STEP) * _TILE_STEP)
