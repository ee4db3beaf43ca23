"""Pixels that lie in a file as they are: each plane a start, a step to the next row and one to
the next pixel. Only what a region spans is read.
"""

from __future__ import annotations

from typing import IO, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from transferapp.model.images import TileRegion


class StridedPlane(NamedTuple):
    """Where a plane lies, in bytes; ``dtype`` has the file's byte order."""

    start: int
    row_step: int
    pixel_step: int
    dtype: np.dtype[Any]

    def end(self, height: int, width: int) -> int:
        """Return the first byte behind a plane of this size."""
        return self.start + self._span(height, width)

    def read(self, file: IO[bytes], region: TileRegion) -> npt.NDArray[Any]:
        """Read a region, (height, width); raises EOFError when the file ends before it does."""
        span = self._span(region.height, region.width)
        file.seek(self.start + region.y * self.row_step + region.x * self.pixel_step)
        content = file.read(span)
        if len(content) != span:
            raise EOFError("the pixels are cut off")
        shape, steps = (region.height, region.width), (self.row_step, self.pixel_step)
        return np.ndarray(shape, self.dtype, content, 0, steps)

    def _span(self, height: int, width: int) -> int:
        steps = (height - 1) * self.row_step + (width - 1) * self.pixel_step
        return steps + self.dtype.itemsize
