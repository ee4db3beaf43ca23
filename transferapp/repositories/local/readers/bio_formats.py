"""Read through Bio-Formats what no reader of ours reads; it runs in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from transferapp.bioformats.port import BioFormats, Description, Series
from transferapp.errors import DamagedFile, UnreadableFile, UnsupportedFile
from transferapp.model.images import Level, TileRegion
from transferapp.repositories.local.readers.colour import MASK_WINDOW, rgb_channels
from transferapp.repositories.local.readers.lengths import pixel_size
from transferapp.repositories.local.readers.port import (
    ChannelHint,
    ImageHeader,
    OpenFileset,
    ReadImage,
    WellPosition,
)

#: What images that it read say of their reader, so that it reads them again.
NAME = "bio-formats"
#: Bio-Formats' names of pixel types that numpy calls otherwise. Of one bit it gives 0 and 1
#: in a byte each.
_TYPES = {"float": "float32", "double": "float64", "bit": "uint8"}
_RGB, _RGBA = 3, 4
#: Of one request; both processes hold it at once.
_MOST_BYTES = 32 * 1024 * 1024
#: A plane is read by regions when what is best read at once is a small part of it.
_PARTS = 4


def open_with_bio_formats(first: Path, root: Path, bio_formats: BioFormats) -> OpenFileset:
    """Open a fileset whose files are below ``root``.

    Raises DamagedFile when it holds no image, and what ``bio_formats`` raises.
    """
    # Java knows no folder of ours to be relative to.
    first, root = first.absolute(), root.absolute()
    found = bio_formats.describe(first)
    _check_inside(first, root, found)
    if not found.series:
        raise DamagedFile(
            f"'{first.name}' holds no image. Export it again from the microscope software,"
            " then retry."
        )
    return BioFormatsFileset(first, found, bio_formats)


def _check_inside(first: Path, root: Path, found: Description) -> None:
    """Raise UnsupportedFile when it would show what is no part of the fileset.

    An index can name any file of the server, also other people's.
    """
    inside = root.resolve()
    for file in found.files:
        if not file.resolve().is_relative_to(inside):
            raise UnsupportedFile(
                f"'{first.name}' names files outside of its own folder. Put all its files into"
                " one folder, then drop that folder."
            )


class BioFormatsFileset(OpenFileset):
    """The series of a file."""

    reader = NAME

    def __init__(self, first: Path, found: Description, bio_formats: BioFormats) -> None:
        self._first, self._bio_formats = first, bio_formats
        self.images = [
            BioFormatsImage(first, number, series, bio_formats)
            for number, series in enumerate(found.series)
        ]
        self.plates = [name or first.stem for name in found.plates]

    @override
    def close(self) -> None:
        """Let Bio-Formats close its files."""
        self._bio_formats.forget(self._first)


class BioFormatsImage(ReadImage):
    """One series; Bio-Formats is asked for each region."""

    def __init__(
        self, first: Path, number: int, series: Series, bio_formats: BioFormats
    ) -> None:
        self._first, self._number, self._bio_formats = first, number, bio_formats
        name = _TYPES.get(series.type, series.type)
        try:
            self._stored = np.dtype(name).newbyteorder("<" if series.is_little_endian else ">")
        except TypeError as error:
            # "complex": no repository shows it.
            raise UnsupportedFile(
                f"'{first.name}' has pixels of the type '{name}', which cannot be shown. Save"
                " them as 32-bit floating point, then import that."
            ) from error
        self.header = _header(series, name)

    @override
    def read(self, region: TileRegion) -> npt.NDArray[np.generic]:
        """Ask for a region, in bands of rows when it is large; returns it, (height, width)."""
        bands = [self._band(band) for band in _bands(region, self._stored.itemsize)]
        return bands[0] if len(bands) == 1 else np.concatenate(bands)

    @override
    def check(self) -> None:
        """Read the first and the last plane: Bio-Formats tells no other way what is missing."""
        header = self.header
        size = header.levels[0]
        last = header.size_t - 1, header.size_c - 1, header.size_z - 1
        for t, c, z in dict.fromkeys([(0, 0, 0), last]):
            whole = TileRegion(0, t, c, z, 0, 0, size.size_y, size.size_x)
            for band in _bands(whole, self._stored.itemsize):
                self._band(band)

    def _band(self, region: TileRegion) -> npt.NDArray[np.generic]:
        content = self._bio_formats.pixels(self._first, self._number, region)
        if len(content) != region.height * region.width * self._stored.itemsize:
            raise UnreadableFile(
                f"Bio-Formats gave another number of pixels than '{self._first.name}' has."
                " Export the file as OME-TIFF and import that."
            )
        pixels = np.frombuffer(content, self._stored).reshape(region.height, region.width)
        return pixels.astype(self.header.dtype)


def _bands(region: TileRegion, itemsize: int) -> Iterator[TileRegion]:
    rows = max(1, _MOST_BYTES // (itemsize * max(1, region.width)))
    for y in range(0, region.height, rows):
        yield replace(region, y=region.y + y, height=min(rows, region.height - y))


def _header(series: Series, dtype: str) -> ImageHeader:
    full_y, full_x = series.levels[0]
    tile_y, tile_x = series.tile
    z, y, x = (pixel_size(size_um) for size_um in series.size_um)
    return ImageHeader(
        name=series.name or "",
        size_t=series.size_t,
        size_c=series.size_c,
        size_z=series.size_z,
        dtype=dtype,
        levels=tuple(Level(*size) for size in series.levels),
        channels=_channels(series, dtype),
        pixel_size_um=(z, y, x),
        acquired_at=_moment(series.date),
        well=_well(series),
        random_access=tile_y * tile_x * _PARTS <= full_y * full_x,
    )


def _channels(series: Series, dtype: str) -> tuple[ChannelHint, ...]:
    window = MASK_WINDOW if series.type == "bit" else None
    if series.samples in {_RGB, _RGBA} and series.size_c % series.samples == 0:
        lights = rgb_channels(dtype, alpha=series.samples == _RGBA)
        return lights * (series.size_c // series.samples)
    return tuple(ChannelHint(name, color, window) for name, color in series.channels)


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    # Most files name no zone.
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _well(series: Series) -> WellPosition | None:
    if series.well is None:
        return None
    plate, row, column, field = series.well
    return WellPosition(row, column, field, plate)
