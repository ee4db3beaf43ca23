"""The levels of an image: the file's own, a stored pyramid, or computed when asked for."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import numpy.typing as npt

from transferapp.model.images import Level
from transferapp.repositories.local.readers.port import ImageHeader

Plane = npt.NDArray[np.generic]

#: OMERO's limit: larger planes need a pyramid.
LARGEST_PLANE_PX = 3192 * 3192
#: The last level's longer edge is at most this.
SMALLEST_EDGE_PX = 256
#: Integers up to this many bytes average exactly in float32.
_SMALL_ITEM = 2


class LevelSource(StrEnum):
    """Where the levels below full size come from."""

    FILE = "file"
    STORED = "stored"
    COMPUTED = "computed"


def plan_levels(header: ImageHeader) -> tuple[LevelSource, tuple[Level, ...]]:
    """Decide where levels come from, and their sizes from full size down."""
    last = header.levels[-1]
    if len(header.levels) > 1 and last.size_y * last.size_x <= LARGEST_PLANE_PX:
        return LevelSource.FILE, header.levels
    full = header.levels[0]
    levels = [full]
    while max(levels[-1].size_y, levels[-1].size_x) > SMALLEST_EDGE_PX:
        levels.append(halved(levels[-1]))
    small = full.size_y * full.size_x <= LARGEST_PLANE_PX
    return LevelSource.COMPUTED if small else LevelSource.STORED, tuple(levels)


def halved(level: Level) -> Level:
    """Return the next smaller level."""
    return Level(max(1, level.size_y // 2), max(1, level.size_x // 2))


def halve(plane: Plane) -> Plane:
    """Average 2 x 2 pixels; an edge of one pixel stays, an odd last row is left out.

    ``plane`` has the shape (height, width); the result has half of each, and the same type.
    """
    height, width = plane.shape
    rows, columns = min(2, height), min(2, width)
    small = halved(Level(height, width))
    cut = plane[: small.size_y * rows, : small.size_x * columns]
    blocks = cut.reshape(small.size_y, rows, small.size_x, columns)
    exact = np.float32 if plane.dtype.itemsize <= _SMALL_ITEM else np.float64
    mean = blocks.mean(axis=(1, 3), dtype=exact)
    whole = mean if plane.dtype.kind == "f" else np.rint(mean)
    smaller: Plane = whole.astype(plane.dtype)
    return smaller


def little_endian(plane: Plane) -> Plane:
    """Return the pixels in little-endian order, of the same shape."""
    return np.ascontiguousarray(plane, plane.dtype.newbyteorder("<"))
