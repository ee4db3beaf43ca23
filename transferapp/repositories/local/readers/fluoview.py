"""Read Olympus FluoView: OIB, and OIF with its folder. Each plane is a TIFF of its own.

An OIB is such a folder in one file of Microsoft's compound form, which olefile (BSD-2), an
optional extra, reads. Names tell which plane a TIFF is: ``s_C001Z002T003.tif``.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import tifffile
from typing_extensions import override

from transferapp.errors import MissingCompanion, UnsupportedFile
from transferapp.model.images import Level, TileRegion
from transferapp.repositories.local.readers.fluoview_settings import (
    Settings,
    acquired_at,
    channel_hints,
    parse_settings,
    pixel_size_um,
)
from transferapp.repositories.local.readers.port import ImageHeader, OpenFileset, ReadImage
from transferapp.repositories.local.readers.vendor import damaged, vendor_failures

_PLANE = re.compile(r"s_((?:[A-Z]\d{3,9})+)\.tif", re.IGNORECASE)
_AXIS = re.compile(r"([A-Z])(\d{3,9})")
_SHOWN = {"C", "Z", "T"}
_FOLDER_END = ".files"
#: Settings of a microscope are some tens of kB.
_MOST_SETTINGS_BYTES = 4 << 20
#: A plane is decoded whole for each region; cheap up to this size.
_CHEAP_PLANE_PX = 2048 * 2048
#: Where a plane is, as (t, c, z) from 0.
_Place = tuple[int, int, int]


class _Parts(Protocol):
    """The files of an OIF, wherever they lie."""

    def names(self) -> Mapping[str, object]:
        """Return them by the last part of their names, in small letters."""

    def content(self, name: str) -> bytes:
        """Return what is in one."""

    def close(self) -> None:
        """Let go of them."""


def open_oif(path: Path) -> OpenFileset:
    """Open an OIF; raises DamagedFile, MissingCompanion and UnsupportedFile."""
    with vendor_failures(path):
        if path.stat().st_size > _MOST_SETTINGS_BYTES:
            raise damaged(path, "it is no text")
        return _opened(path, parse_settings(path.read_bytes()), _Folder(path))


def open_oib(path: Path) -> OpenFileset:
    """Open an OIB; raises DamagedFile and UnsupportedFile."""
    with vendor_failures(path), ExitStack() as stack:
        parts = _Compound(path)
        stack.callback(parts.close)
        made = _opened(path, parse_settings(parts.settings()), parts)
        stack.pop_all()
        return made


class _Folder(_Parts):
    def __init__(self, index: Path) -> None:
        folder = index.parent / (index.name + _FOLDER_END)
        files = folder.iterdir() if folder.is_dir() else ()
        self._paths = {one.name.lower(): one for one in files if one.is_file()}

    @override
    def names(self) -> dict[str, Path]:
        return self._paths

    @override
    def content(self, name: str) -> bytes:
        return self._paths[name].read_bytes()

    @override
    def close(self) -> None:
        """Nothing is held open."""


class _Compound(_Parts):
    """``OibInfo.txt`` tells which file a stream is: ``Stream00012=Storage00001/s_C001.tif``."""

    def __init__(self, path: Path) -> None:
        import olefile  # noqa: PLC0415 - extra 'readers'

        # It reads no more of a chain of sectors than a stream has, also when that is a circle.
        self._file = olefile.OleFileIO(path, raise_defects=olefile.DEFECT_INCORRECT)
        try:
            streams = {place[-1]: place for place in self._file.listdir()}
            info = parse_settings(self._read(["OibInfo.txt"])).get("OibSaveInfo", {})
            self._places = {
                stated.rpartition("/")[2].lower(): streams[key]
                for key, stated in info.items()
                if key.startswith("Stream") and key in streams
            }
        except BaseException:
            self._file.close()
            raise

    def settings(self) -> bytes:
        """Return the text of the OIF."""
        [name] = [name for name in self._places if name.endswith(".oif")]
        return self.content(name)

    @override
    def names(self) -> dict[str, list[str]]:
        return self._places

    @override
    def content(self, name: str) -> bytes:
        return self._read(self._places[name])

    def _read(self, place: list[str]) -> bytes:
        with self._file.openstream(place) as stream:
            found: bytes = stream.read()
            return found

    @override
    def close(self) -> None:
        self._file.close()


def _opened(path: Path, settings: Settings, parts: _Parts) -> OpenFileset:
    """Find the planes among the files, and look at the first for their size."""
    names = {
        _place(path, match[1].upper()): name
        for name in parts.names()
        if (match := _PLANE.fullmatch(name))
    }
    size_t, size_c, size_z = (1 + max((at[n] for at in names), default=-1) for n in range(3))
    if size_t * size_c * size_z != len(names) or not names:
        raise MissingCompanion(
            f"Images that belong to '{path.name}' are missing. Copy it again with its whole"
            f" folder '{path.name}{_FOLDER_END}'."
        )
    return FluoViewFileset(FluoViewImage(path, settings, parts, names))


def _place(path: Path, axes: str) -> _Place:
    """Read a place out of a name: "C001Z002"."""
    found = {axis: int(number) - 1 for axis, number in _AXIS.findall(axes)}
    if others := found.keys() - _SHOWN:
        raise UnsupportedFile(
            f"'{path.name}' varies what is not read here ({', '.join(sorted(others))})."
            " Export it from FluoView as OME-TIFF, then import that."
        )
    return found.get("T", 0), found.get("C", 0), found.get("Z", 0)


class FluoViewFileset(OpenFileset):
    """The one image of an OIB or OIF."""

    def __init__(self, image: FluoViewImage) -> None:
        self.images = [image]
        self._parts = image.parts
        self.is_one_file = image.is_one_file

    @override
    def close(self) -> None:
        """Close the file."""
        self._parts.close()


class FluoViewImage(ReadImage):
    """Planes that are files of their own."""

    def __init__(
        self, path: Path, settings: Settings, parts: _Parts, names: Mapping[_Place, str]
    ) -> None:
        self._path, self._names = path, names
        self.parts = parts
        self.is_one_file = isinstance(parts, _Compound)
        size_t, size_c, size_z = (1 + max(at[n] for at in names) for n in range(3))
        first = self._plane((0, 0, 0))
        self.header = ImageHeader(
            name="Series 1",  # As Bio-Formats calls it.
            size_t=size_t,
            size_c=size_c,
            size_z=size_z,
            dtype=first.dtype.newbyteorder("=").name,
            levels=(Level(*first.shape),),
            channels=channel_hints(settings, size_c),
            pixel_size_um=pixel_size_um(settings, size_z),
            acquired_at=acquired_at(settings),
            random_access=first.size <= _CHEAP_PLANE_PX,
        )

    @override
    def read(self, region: TileRegion) -> npt.NDArray[np.generic]:
        """Cut the region, (height, width), out of its plane; raises DamagedFile when the planes
        are not of one size.
        """
        rows = slice(region.y, region.y + region.height)
        columns = slice(region.x, region.x + region.width)
        plane = self._plane((region.t, region.c, region.z))
        size = self.header.levels[0]
        if plane.shape != (size.size_y, size.size_x):
            raise damaged(self._path, "its planes are not of one size")
        return np.array(plane[rows, columns], self.header.dtype)

    @override
    def check(self) -> None:
        """Read every plane: a TIFF may be cut off anywhere."""
        size = self.header.levels[0]
        for t, c, z in self._names:
            self.read(TileRegion(0, t, c, z, 0, 0, size.size_y, size.size_x))

    def _plane(self, place: _Place) -> npt.NDArray[np.generic]:
        with vendor_failures(self._path):
            content = io.BytesIO(self.parts.content(self._names[place]))
            with tifffile.TiffFile(content, _multifile=False) as tiff:
                found = tiff.pages.first.asarray()
        if found.ndim != 2 or found.dtype.kind not in "ui":  # noqa: PLR2004 - rows, columns
            raise damaged(self._path, "its planes are not of one grey")
        return found
