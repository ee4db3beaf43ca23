"""Read TIFF without OME-XML: plain, ImageJ, LSM, SVS and what else tifffile knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt
from tifffile import TiffFile, TiffPage, TiffPageSeries
from typing_extensions import override

from transferapp.errors import DamagedFile
from transferapp.model.images import TileRegion
from transferapp.ome.reading import parse
from transferapp.repositories.local.readers import (
    tiff_dates,
    tiff_metadata,
    tiff_pages,
    tiff_series,
)
from transferapp.repositories.local.readers.ome_tiff import OmeSource, open_ome
from transferapp.repositories.local.readers.port import ImageHeader, OpenFileset, ReadImage
from transferapp.repositories.local.readers.tiff_axes import PageAxes
from transferapp.repositories.local.readers.tiff_colour import colour_of
from transferapp.repositories.local.readers.tiff_files import open_tiff, tiff_failures
from transferapp.repositories.local.readers.tiff_series import Levels, PageStack, Series


def open_tiff_fileset(path: Path, root: Path) -> OpenFileset:
    """Open a TIFF; with OME-XML in it, everything that the XML names."""
    tif = open_tiff(path)
    try:
        with tiff_failures(path):
            first = tif.pages.first
            document = parse(first.description) if first.description else None
        if document is None:
            return TiffFileset(path, tif)
    except BaseException:
        tif.close()
        raise
    tif.close()
    return open_ome(OmeSource(path, root), document)


class TiffFileset(OpenFileset):
    """All images of one TIFF file."""

    is_one_file = True

    def __init__(self, path: Path, tif: TiffFile) -> None:
        self._tif = tif
        with tiff_failures(path):
            found = tiff_series.images_of(tif)
            self.images = [TiffImage(path, levels, len(found)) for levels in found]
        if not self.images:
            raise DamagedFile(f"'{path.name}' holds no image.")

    @override
    def close(self) -> None:
        """Close the file."""
        self._tif.close()


class TiffImage(ReadImage):
    """One image: planes in pages, or one run of bytes that only its first page describes."""

    def __init__(self, path: Path, levels: Levels, among: int) -> None:
        """Read the header of the image; it is one of ``among`` in its file."""
        self._path, self._levels = path, levels
        series = levels[0]
        page, tif = series.keyframe, series.keyframe.parent
        sizes = [tiff_pages.level_of(level.keyframe) for level in levels]
        hints = tiff_pages.channel_hints(page)
        colours = len(hints) if colour_of(page).is_colour else 0
        self._axes = PageAxes.of(series.axes, series.shape, page.shaped, colours)
        size_c = self._axes.size("C")
        named = () if colours else tiff_metadata.channels(tif, size_c)
        self.header = ImageHeader(
            name="" if among == 1 else series.name,
            size_t=self._axes.size("T"),
            size_c=size_c,
            size_z=self._axes.size("Z"),
            dtype=tiff_pages.dtype_name(page),
            levels=tuple(sizes),
            channels=named or hints * (size_c // len(hints)),
            pixel_size_um=tiff_metadata.pixel_size_um(tif, series),
            acquired_at=tiff_dates.acquired_at(tif),
        )

    @override
    def read(self, region: TileRegion) -> npt.NDArray[np.generic]:
        """Read the region, (height, width), from the page, or straight from the run of bytes;
        raises DamagedFile, UnsupportedFile.
        """
        index, channel = self._axes.plane(region.t, region.c, region.z)
        series = self._levels[region.level]
        with tiff_failures(self._path):
            if self._is_run(series):
                return _read_run(self._run(series)[index], series.keyframe, channel, region)
            return tiff_pages.read_region(_page(series, index), channel, region)

    @override
    def check(self) -> None:
        """Look at every page's strips and tiles, and that no later page was cut off."""
        with tiff_failures(self._path):
            for series in self._levels:
                if self._is_run(series):
                    self._run(series)
                    continue
                for index in range(len(series.pages)):
                    tiff_pages.check_page(_page(series, index))
            if not self._is_run(self._levels[0]):
                last = self._levels[0].keyframe.parent.pages[-1]
                tiff_pages.check_page_chain(
                    last if isinstance(last, TiffPage) else last.aspage()
                )

    def _is_run(self, series: Series) -> TypeGuard[TiffPageSeries]:
        """Tell whether only the first page describes the bytes of all."""
        if isinstance(series, PageStack):
            return False
        if len(series.pages) != self._axes.pages:
            return True
        # Of SubIFDs whose bytes follow each other, tifffile 2026.3 hands out the main pages.
        return len(series.pages) > 1 and series.keyframe.is_subifd and bool(series.dataoffset)

    def _run(self, series: TiffPageSeries) -> npt.NDArray[np.generic]:
        """Map the series' bytes: (pages, separate, y, x, contig); raises DamagedFile."""
        page = series.keyframe
        offset = series.dataoffset
        if offset is None:
            raise DamagedFile(f"'{self._path.name}' has fewer pages than it says.")
        if offset + series.nbytes > self._path.stat().st_size:
            raise DamagedFile(f"'{self._path.name}' ends before its pixel data does.")
        separate, _, length, width, contig = page.shaped
        shape = (self._axes.pages, separate, length, width, contig)
        dtype = np.dtype(page.dtype).newbyteorder(page.parent.byteorder)
        return np.memmap(self._path, dtype, "r", offset, shape)


def _read_run(
    stored: npt.NDArray[np.generic], key: TiffPage, channel: int, region: TileRegion
) -> npt.NDArray[np.generic]:
    """Return a region of one page's bytes, (separate, y, x, contig)."""
    rows = slice(region.y, region.y + region.height)
    part = stored[:, rows, region.x : region.x + region.width]
    samples = part[..., 0] if len(part) > 1 else np.moveaxis(part[0], -1, 0)
    colour, dtype = colour_of(key), tiff_pages.dtype_name(key)
    return colour.shown(
        channel, [np.array(samples[n], dtype) for n in colour.samples_for(channel)]
    )


def _page(series: Series, index: int) -> TiffPage:
    page: Any = series.pages[index]
    if page is None:
        raise DamagedFile("One of its pages is missing.")
    # Virtual frames (ImageJ beyond 4 GB) behave like pages for all that is read here.
    found: TiffPage = page
    return found
