"""The levels of a pyramid: each has the means of 2 x 2 pixels of the one before."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from transferapp.model.images import Level

#: No level is made of one whose longer edge is at most this.
SMALLEST_EDGE_PX = 512


def level_sizes(size_y: int, size_x: int) -> tuple[Level, ...]:
    """Return the levels of a plane, full size first; odd edges are rounded up."""
    levels = [Level(size_y, size_x)]
    while max(levels[-1].size_y, levels[-1].size_x) > SMALLEST_EDGE_PX:
        last = levels[-1]
        levels.append(Level((last.size_y + 1) // 2, (last.size_x + 1) // 2))
    return tuple(levels)


def halved(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the means of 2 x 2 pixels in the same type; an odd edge is its own neighbour.

    Integers are rounded to the nearest, halves up.
    """
    height, width = pixels.shape
    if height % 2 or width % 2:
        pixels = np.pad(pixels, ((0, height % 2), (0, width % 2)), "edge")
    if pixels.dtype.kind == "f":
        quarter = pixels.dtype.type(0.25)
        # Not a number means the same here; infinite ones of both signs make one.
        with np.errstate(invalid="ignore"):
            return _summed([part * quarter for part in _corners(pixels)])
    wide = np.dtype(np.int64 if pixels.dtype.itemsize > 2 else np.int32)  # noqa: PLR2004
    total = _summed([part.astype(wide) for part in _corners(pixels)[:1]] + _corners(pixels)[1:])
    total += 2
    total >>= 2
    return total.astype(pixels.dtype)


def _corners(pixels: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
    return [pixels[y::2, x::2] for y in (0, 1) for x in (0, 1)]


def _summed(parts: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Add to the first of them, which nobody else has."""
    total = parts[0]
    for part in parts[1:]:
        total += part
    return total
