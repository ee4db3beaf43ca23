"""Turns chunk keys into regions, and pixels into chunk bytes and back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numcodecs.zstd import Zstd
from typing_extensions import override

from transferapp import errors
from transferapp.model.images import Pixels, TileRegion
from transferapp.preview.zarr_metadata import ZSTD_LEVEL, chunk_shape, dtype_of

if TYPE_CHECKING:
    import numpy.typing as npt

_NUMBER = r"(0|[1-9][0-9]{0,8})"
_KEY = re.compile(f"{_NUMBER}/c/" + "/".join([_NUMBER] * 5), re.ASCII)


@dataclass(frozen=True, slots=True)
class ChunkKey:
    """Where a chunk is: its level, plane, and row and column in the level's grid."""

    level: int
    t: int
    c: int
    z: int
    row: int
    column: int

    @override
    def __str__(self) -> str:
        """Write the key as zarr v3 does."""
        return f"{self.level}/c/{self.t}/{self.c}/{self.z}/{self.row}/{self.column}"


def parse_key(key: str) -> ChunkKey | None:
    """Read ``{level}/c/{t}/{c}/{z}/{row}/{column}``; None when it is something else."""
    match = _KEY.fullmatch(key)
    return ChunkKey(*map(int, match.groups())) if match else None


def region_of(pixels: Pixels, key: ChunkKey) -> TileRegion | None:
    """Return the chunk's region, clipped to the level; None outside the image."""
    if key.level >= len(pixels.levels):
        return None
    if key.t >= pixels.size_t or key.c >= pixels.size_c or key.z >= pixels.size_z:
        return None
    size = pixels.levels[key.level]
    height, width = chunk_shape(pixels, key.level)
    y, x = key.row * height, key.column * width
    if y >= size.size_y or x >= size.size_x:
        return None
    return TileRegion(
        level=key.level,
        t=key.t,
        c=key.c,
        z=key.z,
        y=y,
        x=x,
        height=min(height, size.size_y - y),
        width=min(width, size.size_x - x),
    )


def key_of(pixels: Pixels, region: TileRegion) -> ChunkKey:
    """Return the chunk that holds the region's first pixel."""
    height, width = chunk_shape(pixels, region.level)
    return ChunkKey(
        region.level, region.t, region.c, region.z, region.y // height, region.x // width
    )


def encode(pixels: Pixels, level: int, tile: npt.NDArray[np.generic]) -> bytes:
    """Return the bytes of one chunk; a tile at the edge is padded to the full shape."""
    height, width = chunk_shape(pixels, level)
    dtype = dtype_of(pixels)
    if tile.shape == (height, width):
        full = np.ascontiguousarray(tile, dtype=dtype)
    else:
        full = np.zeros((height, width), dtype=dtype)
        full[: tile.shape[0], : tile.shape[1]] = tile
    encoded: bytes = Zstd(level=ZSTD_LEVEL).encode(full)
    return encoded


def decode(pixels: Pixels, level: int, encoded: bytes) -> npt.NDArray[Any]:
    """Return a chunk's pixels, shape ``chunk_shape``; raises Corrupt."""
    shape = chunk_shape(pixels, level)
    dtype = dtype_of(pixels)
    try:
        raw = Zstd().decode(encoded)
        return np.frombuffer(raw, dtype=dtype).reshape(shape)
    except (ValueError, RuntimeError) as error:
        raise errors.Corrupt("A part of the preview arrived damaged. Try again.") from error
