"""Read Imaris 5.5 (IMS) through h5py (BSD-3), an optional extra.

Source: the Imaris 5.5 file format (imaris.oxinst.com/support/imaris-file-format). Attributes
are arrays of single letters; datasets are filled up to whole chunks.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from transferapp.errors import UnsupportedFile
from transferapp.model.images import Level, TileRegion
from transferapp.repositories.local.readers.lengths import micrometres_per, pixel_size
from transferapp.repositories.local.readers.moments import moment_of
from transferapp.repositories.local.readers.port import (
    ChannelHint,
    ImageHeader,
    OpenFileset,
    ReadImage,
)
from transferapp.repositories.local.readers.vendor import OneFile, damaged, vendor_failures

if TYPE_CHECKING:
    from h5py import File, Group

_TYPES = ("uint8", "uint16", "uint32", "float32")
#: A chunk is decoded whole: a region costs little as long as chunks are small.
_CHEAP_CHUNK_PX = 4096 * 4096
_BRIGHTEST = 255


def open_imaris(path: Path) -> OpenFileset:
    """Open an IMS; raises DamagedFile and UnsupportedFile."""
    import h5py  # noqa: PLC0415 - extra 'readers'

    with vendor_failures(path):
        file = h5py.File(path, "r")
        try:
            _check_form(path, file)
            return OneFile([ImarisImage(path, file)], file.close)
        except BaseException:
            file.close()
            raise


def _check_form(path: Path, file: File) -> None:
    if "DataSetInfo/Image" not in file or "DataSet" not in file:
        raise UnsupportedFile(
            f"'{path.name}' is an HDF5 file, but none of Imaris 5.5. Save it in Imaris as"
            " .ims, then import that."
        )


class ImarisImage(ReadImage):
    """The one image of a file: a dataset for each level, time and channel."""

    def __init__(self, path: Path, file: File) -> None:
        self._path, self._file = path, file
        stated = file["DataSetInfo/Image"]
        size_c, size_t = _count(file, 0, "TimePoint 0/Channel"), _count(file, 0, "TimePoint")
        if not size_c or not size_t:
            raise damaged(path, "it holds no image")
        size_z, *full = _size(self._channel(0, 0, 0))
        first = self._channel(0, 0, 0)["Data"]
        if first.dtype.newbyteorder("=").name not in _TYPES:
            raise damaged(path, f"pixels of the type {first.dtype} are none of Imaris")
        self._sizes = size_t, size_c, size_z
        self.header = ImageHeader(
            name=_text(stated, "Name"),
            size_t=size_t,
            size_c=size_c,
            size_z=size_z,
            dtype=first.dtype.newbyteorder("=").name,
            levels=self._levels(Level(*full)),
            channels=tuple(_channel(file, number) for number in range(size_c)),
            pixel_size_um=_pixel_size_um(stated, (size_z, *full)),
            acquired_at=moment_of(_text(stated, "RecordingDate")),
            random_access=int(np.prod((first.chunks or first.shape)[1:])) <= _CHEAP_CHUNK_PX,
        )

    @override
    def read(self, region: TileRegion) -> npt.NDArray[np.generic]:
        """Read the region's chunks; returns it, (height, width). Raises DamagedFile."""
        rows = slice(region.y, region.y + region.height)
        columns = slice(region.x, region.x + region.width)
        with vendor_failures(self._path):
            pixels = self._channel(region.level, region.t, region.c)["Data"]
            found = np.asarray(pixels[region.z, rows, columns], self.header.dtype)
        if found.shape != (region.height, region.width):
            raise damaged(self._path, "a plane has fewer pixels than it says")
        return found

    @override
    def check(self) -> None:
        """Look whether every dataset is there and as large, and read the last pixels; raises
        DamagedFile.
        """
        size_t, size_c, size_z = self._sizes
        full = self.header.levels[0]
        for t in range(size_t):
            for c in range(size_c):
                with vendor_failures(self._path):
                    shape = self._channel(0, t, c)["Data"].shape
                if any(
                    a < b
                    for a, b in zip(shape, (size_z, full.size_y, full.size_x), strict=True)
                ):
                    raise damaged(self._path, "a channel is smaller than the others")
        for t, c, z in {(0, 0, 0), (size_t - 1, size_c - 1, size_z - 1)}:
            self.read(TileRegion(0, t, c, z, full.size_y - 1, full.size_x - 1, 1, 1))

    def _channel(self, level: int, t: int, c: int) -> Group:
        place = f"DataSet/ResolutionLevel {level}/TimePoint {t}/Channel {c}"
        return self._file[place]

    def _levels(self, full: Level) -> tuple[Level, ...]:
        """Return the levels that have all planes; Imaris also joins slices of z in some."""
        levels = [full]
        for number in range(1, _count(self._file, None, "ResolutionLevel")):
            z, y, x = _size(self._channel(number, 0, 0))
            if z != self._sizes[2]:
                break
            levels.append(Level(y, x))
        smaller = all(
            b.size_y <= a.size_y and b.size_x <= a.size_x for a, b in pairwise(levels)
        )
        return tuple(levels) if smaller else (full,)


def _count(file: File, level: int | None, what: str) -> int:
    """Count what is numbered from 0 ("TimePoint 3") without a gap."""
    group = file["DataSet"] if level is None else file[f"DataSet/ResolutionLevel {level}"]
    number = 0
    while f"{what} {number}" in group:
        number += 1
    return number


def _size(channel: Group) -> tuple[int, int, int]:
    """Return (z, y, x) without what fills the last chunks."""
    stored = channel["Data"].shape
    stated = [_text(channel, f"ImageSize{axis}") for axis in "ZYX"]
    z, y, x = (
        min(int(text), most) if text else most
        for text, most in zip(stated, stored, strict=True)
    )
    if min(z, y, x) < 1:
        raise ValueError("a plane without pixels")
    return z, y, x


def _channel(file: File, number: int) -> ChannelHint:
    stated = file.get(f"DataSetInfo/Channel {number}")
    if stated is None:
        return ChannelHint()
    window = _numbers(stated, "ColorRange")
    return ChannelHint(
        name=_text(stated, "Name"),
        color=_color(_numbers(stated, "Color")),
        window=(window[0], window[1]) if len(window) == 2 and window[0] < window[1] else None,  # noqa: PLR2004
    )


def _color(parts: Sequence[float]) -> str | None:
    if len(parts) != 3 or not all(0 <= part <= 1 for part in parts):  # noqa: PLR2004
        return None
    # Cut, not rounded, as Bio-Formats does.
    return "".join(f"{int(part * _BRIGHTEST):02X}" for part in parts)


def _pixel_size_um(
    stated: Group, sizes: Sequence[int]
) -> tuple[float | None, float | None, float | None]:
    """Return (z, y, x): the extent of an axis lasts from edge to edge."""
    unit = micrometres_per(_text(stated, "Unit") or "um")
    found = list[float | None]()
    for axis, size in zip((2, 1, 0), sizes, strict=True):
        ends = [*_numbers(stated, f"ExtMin{axis}"), *_numbers(stated, f"ExtMax{axis}")]
        known = len(ends) == 2 and unit is not None  # noqa: PLR2004
        found.append(pixel_size((ends[1] - ends[0]) / size * (unit or 0)) if known else None)
    return found[0], found[1], found[2]


def _numbers(group: Group, name: str) -> list[float]:
    try:
        return [float(part) for part in _text(group, name).split()]
    except ValueError:
        return []


def _text(group: Group, name: str) -> str:
    """Return an attribute, which is an array of letters; "" where there is none."""
    value: Any = group.attrs.get(name, b"")
    letters = value.tobytes() if isinstance(value, np.ndarray) else value
    if isinstance(letters, bytes):
        letters = letters.decode("utf-8", "replace")
    return str(letters).strip("\0 ")
