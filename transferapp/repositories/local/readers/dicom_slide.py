"""Slides in DICOM (VL Whole Slide Microscopy): frames are tiles of one large plane.

Source: DICOM PS3.3 C.8.12.14 and C.7.6.17.3: tiles follow each other row by row
(``TILED_FULL``), or each says where it lies, counted from 1.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt

from transferapp.errors import UnsupportedFile
from transferapp.model.images import Level, TileRegion
from transferapp.repositories.local.readers.dicom_file import DicomFile
from transferapp.repositories.local.readers.dicom_frames import DicomFrames

_FULL = "TILED_FULL"


class Slide:
    """One level of a slide; where it has no tile it is black."""

    size_z = 1

    def __init__(self, file: DicomFile) -> None:
        """Place the tiles; raises UnsupportedFile."""
        self.file, self._frames = file, DicomFrames(file)
        self.size = Level(
            file.number("TotalPixelMatrixRows"), file.number("TotalPixelMatrixColumns")
        )
        layers = file.number("TotalPixelMatrixFocalPlanes", 1)
        if layers > 1 or file.number("NumberOfOpticalPaths", 1) > 1:
            raise _unsupported(file, "several focal planes or optical paths")
        #: Frames by the row and column of the tile's first pixel.
        self._tiles = self._in_rows() if self._is_full() else self._stated()

    def read(self, region: TileRegion) -> npt.NDArray[np.generic]:
        """Put a region, (height, width), together of tiles; a tile that is missing is black."""
        file, made = self.file, np.zeros((region.height, region.width), self.file.dtype)
        height, width = file.rows, file.columns
        rows = range(region.y // height * height, region.y + region.height, height)
        columns = range(region.x // width * width, region.x + region.width, width)
        for top, left in product(rows, columns):
            if (frame := self._tiles.get((top, left))) is None:
                continue
            y, x = max(top, region.y), max(left, region.x)
            y_end = min(top + height, region.y + region.height)
            x_end = min(left + width, region.x + region.width)
            part = TileRegion(0, 0, 0, 0, y - top, x - left, y_end - y, x_end - x)
            there = made[y - region.y : y_end - region.y, x - region.x : x_end - region.x]
            there[:] = self._frames.read(frame, part, region.c)
        return made

    def check(self) -> None:
        """Read the last pixel of the last tile."""
        last = TileRegion(0, 0, 0, 0, self.file.rows - 1, self.file.columns - 1, 1, 1)
        self._frames.read(self.file.frames - 1, last, 0)

    def _is_full(self) -> bool:
        is_stated = "PerFrameFunctionalGroupsSequence" in self.file.stated
        return self.file.text("DimensionOrganizationType") == _FULL or not is_stated

    def _in_rows(self) -> dict[tuple[int, int], int]:
        rows = range(0, self.size.size_y, self.file.rows)
        columns = range(0, self.size.size_x, self.file.columns)
        places = list(product(rows, columns))
        if len(places) != self.file.frames:
            raise _unsupported(self.file, "another number of tiles than its size has")
        return {place: number for number, place in enumerate(places)}

    def _stated(self) -> dict[tuple[int, int], int]:
        """Read each tile's place; they must lie in the raster of their own size."""
        found = dict[tuple[int, int], int]()
        for number, group in enumerate(self.file.stated.PerFrameFunctionalGroupsSequence):
            [at] = group.PlanePositionSlideSequence
            top = int(at.RowPositionInTotalImagePixelMatrix) - 1
            left = int(at.ColumnPositionInTotalImagePixelMatrix) - 1
            if top % self.file.rows or left % self.file.columns or (top, left) in found:
                raise _unsupported(self.file, "tiles that lie on each other")
            found[top, left] = number
        return found


def _unsupported(file: DicomFile, what: str) -> UnsupportedFile:
    return UnsupportedFile(
        f"'{file.path.name}' is a slide with {what}, which is not read here. Export it as"
        " OME-TIFF, then import that."
    )
