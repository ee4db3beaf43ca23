"""Read TIFF without OME-XML: plain, ImageJ, LSM, SVS and what else tifffile knows."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tifffile import TiffFile, TiffPage, TiffPageSeries
from typing_extensions import override

from transferapp.errors import DamagedFile, UnsupportedFile
from transferapp.model.images import Level, TileRegion
from transferapp.ome.reading import parse
from transferapp.repositories.local.readers import tiff_metadata, tiff_pages
from transferapp.repositories.local.readers.ome_tiff import OmeSource, open_ome
from transferapp.repositories.local.readers.port import ImageHeader, OpenFileset, ReadImage
from transferapp.repositories.local.readers.tiff_axes import PageAxes
from transferapp.repositories.local.readers.tiff_files import open_tiff, tiff_failures


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
    """All series of one TIFF file."""

    def __init__(self, path: Path, tif: TiffFile) -> None:
        self._tif = tif
        with tiff_failures(path):
            kept = [s for s in tif.series if s.name != "Thumbnail"]
            self.images = [TiffImage(path, series, _name(series, len(kept))) for series in kept]
        if not self.images:
            raise DamagedFile(f"'{path.name}' holds no image.")

    @override
    def close(self) -> None:
        """Close the file."""
        self._tif.close()


class TiffImage(ReadImage):
    """One series: planes in pages, or one run of bytes that only its first page describes."""

    def __init__(self, path: Path, series: TiffPageSeries, name: str) -> None:
        self._path, self._series = path, series
        self._axes = PageAxes.of(series.axes, series.shape)
        page = series.keyframe
        tiff_pages.level_of(page)
        self._samples = tiff_pages.samples_of(page)
        levels = [_level(level) for level in series.levels]
        tif = page.parent
        self.header = ImageHeader(
            name=name,
            size_t=self._axes.size("T"),
            size_c=self._axes.size("C") * self._samples,
            size_z=self._axes.size("Z"),
            dtype=tiff_pages.dtype_name(page),
            levels=tuple(levels),
            channels=tiff_metadata.channels(tif) if self._samples == 1 else (),
            pixel_size_um=tiff_metadata.pixel_size_um(tif),
        )

    @override
    def read(self, region: TileRegion) -> npt.NDArray[np.generic]:
        """Read from the page, or straight from the run of bytes."""
        page_c, sample = divmod(region.c, self._samples)
        index = self._axes.page(region.t, page_c, region.z)
        with tiff_failures(self._path):
            series = self._series.levels[region.level]
            if self._has_all_pages():
                return tiff_pages.read_region(_page(series, index), sample, region)
            return self._read_run(index, sample, region)

    @override
    def check(self) -> None:
        """Look at every page's strips and tiles, and that no later page was cut off."""
        with tiff_failures(self._path):
            if not self._has_all_pages():
                self._run()
                return
            for series in self._series.levels:
                for index in range(len(series.pages)):
                    tiff_pages.check_page(_page(series, index))
            last = self._series.keyframe.parent.pages[-1]
            tiff_pages.check_page_chain(last if isinstance(last, TiffPage) else last.aspage())

    def _has_all_pages(self) -> bool:
        return len(self._series.pages) == prod(self._axes.sizes)

    def _run(self) -> npt.NDArray[np.generic]:
        """Map the series' bytes: (pages, separate, y, x, contig); raises DamagedFile."""
        series, page = self._series, self._series.keyframe
        offset = series.dataoffset
        if offset is None:
            raise DamagedFile(f"'{self._path.name}' has fewer pages than it says.")
        if offset + series.nbytes > self._path.stat().st_size:
            raise DamagedFile(f"'{self._path.name}' ends before its pixel data does.")
        separate, _, length, width, contig = page.shaped
        shape = (prod(self._axes.sizes), separate, length, width, contig)
        dtype = np.dtype(page.dtype).newbyteorder(page.parent.byteorder)
        return np.memmap(self._path, dtype, "r", offset, shape)

    def _read_run(self, index: int, sample: int, region: TileRegion) -> npt.NDArray[np.generic]:
        plane = self._run()[index]
        plane = plane[sample, :, :, 0] if plane.shape[0] > 1 else plane[0, :, :, sample]
        rows = slice(region.y, region.y + region.height)
        return np.array(plane[rows, region.x : region.x + region.width], self.header.dtype)


def _page(series: TiffPageSeries, index: int) -> TiffPage:
    page: Any = series.pages[index]
    if page is None:
        raise DamagedFile("One of its pages is missing.")
    # Virtual frames (ImageJ beyond 4 GB) behave like pages for all that is read here.
    found: TiffPage = page
    return found


def _level(series: TiffPageSeries) -> Level:
    shape = dict(zip(series.axes, series.shape, strict=True))
    if "Y" not in shape or "X" not in shape:
        raise UnsupportedFile("It holds no planes of pixels. Export it as OME-TIFF.")
    return Level(int(shape["Y"]), int(shape["X"]))


def _name(series: TiffPageSeries, count: int) -> str:
    return "" if count == 1 else series.name
