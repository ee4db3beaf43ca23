"""Read an OME-TIFF back, tile by tile, as tifffile decodes it."""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile

from transferapp.conversion.cut_image import Block, CutImage
from transferapp.conversion.tiff_layout import PyramidLayout
from transferapp.errors import ChecksumMismatch

Place = tuple[int, int, int, int]


class TiffReading:
    """A file that was written by the same layout; used from several threads."""

    def __init__(self, path: Path, image: CutImage, layout: PyramidLayout) -> None:
        """Open the file; raises ChecksumMismatch when it does not describe the image."""
        self._layout, self._image = layout, image
        self._numbers = {plane: number for number, plane in enumerate(layout.planes)}
        self._turn = threading.Lock()
        try:
            self._file = tifffile.TiffFile(path)
        except (OSError, tifffile.TiffFileError) as error:
            raise ChecksumMismatch(_damaged(image, "it cannot be opened")) from error
        if why := self._why_other():
            self._file.close()
            raise ChecksumMismatch(_damaged(image, why))

    def __enter__(self) -> TiffReading:
        """Close the file at the end."""
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Close the file, once nobody reads it."""
        with self._turn:
            self._file.close()

    def block(self, block: Block) -> npt.NDArray[Any]:
        """Return a full-size block (height, width); raises ChecksumMismatch."""
        number = self._numbers[block.t, block.c, block.z]
        return self.pixels(number, 0, (block.y, block.x, block.height, block.width))

    def pixels(self, number: int, level: int, place: Place) -> npt.NDArray[Any]:
        """Return a rectangle (height, width) of a plane's level that begins where a tile does;
        raises ChecksumMismatch for a tile that cannot be decoded.
        """
        y, x, height, width = place
        (high, wide), page = self._layout.tile, self._page(number, level)
        across = -(-self._layout.levels[level].size_x // wide)
        found = np.empty((height, width), self._image.dtype)
        for rows, columns in self._layout.tiles_in(height, width):
            index = (y + rows.start) // high * across + (x + columns.start) // wide
            into = found[rows, columns]
            into[:] = self._tile(page, index)[: into.shape[0], : into.shape[1]]
        return found

    def _page(self, number: int, level: int) -> tifffile.TiffPage:
        with self._turn:
            page = self._file.pages[number].aspage()
            smaller = page.pages
            return smaller[level - 1].aspage() if level and smaller else page

    def _tile(self, page: tifffile.TiffPage, index: int) -> npt.NDArray[Any]:
        offset, count = page.dataoffsets[index], page.databytecounts[index]
        with self._turn:
            self._file.filehandle.seek(offset)
            content = self._file.filehandle.read(count)
        try:
            decoded = page.decode(content, index)[0]
        except Exception as error:  # Each codec has errors of its own.
            raise ChecksumMismatch(_damaged(self._image, "a tile cannot be decoded")) from error
        if decoded is None or not content:
            raise ChecksumMismatch(_damaged(self._image, "a tile is missing"))
        return decoded.reshape(decoded.shape[1:3])

    def _why_other(self) -> str:
        """Say why the file is not of this image, as others see it; or ""."""
        image = self._image
        wanted = image.size_t, image.size_c, image.size_z, image.size_y, image.size_x
        if not self._file.is_ome or len(self._file.series) != 1:
            return "it is no OME-TIFF of one image"
        series = self._file.series[0]
        sizes = dict(zip(series.axes, series.shape, strict=True))
        if tuple(sizes.get(axis, 1) for axis in "TCZYX") != wanted:
            return f"it has the size {series.shape}"
        if series.dtype != image.dtype or len(series.levels) != len(self._layout.levels):
            return f"it has pixels of the type {series.dtype} at {len(series.levels)} sizes"
        return ""


def _damaged(image: CutImage, why: str) -> str:
    return f"The OME-TIFF of '{image.name}' is not as it was written: {why}. It is made again."
