"""Read OME-Zarr 0.1 to 0.5: single images, plates, and bioformats2raw collections.

Consolidated metadata is not used: zarr's own writers do not renew it (zarr 3.1), so that it
would hide what was written later.
"""

from __future__ import annotations

import gzip
import json
import lzma
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import structlog
import zarr
from typing_extensions import override
from zarr.errors import BaseZarrError, ContainsArrayError
from zarr.storage import LocalStore

from transferapp.errors import DamagedFile, EmptyFile, UnsupportedFile
from transferapp.model import ome_zarr
from transferapp.model.images import Level, TileRegion
from transferapp.model.ome_zarr_search import FoundImage, ImageSearch, no_ome_zarr
from transferapp.model.pixel_types import shown_as
from transferapp.repositories.local.readers.port import (
    ImageHeader,
    OpenFileset,
    ReadImage,
    WellPosition,
)
from transferapp.repositories.local.readers.zarr_axes import axes_of, pixel_size_um
from transferapp.repositories.local.readers.zarr_display import channel_hints
from transferapp.repositories.local.readers.zarr_layout import ZarrGroups

_log = structlog.get_logger(__name__)

#: Of wells and fields that are not there, so many are logged by name.
_LOGGED = 10
#: A chunk of more bytes is not decoded only to see whether it can be.
_MOST_CHECKED_BYTES = 256 << 20


@contextmanager
def zarr_failures(name: str) -> Iterator[None]:
    """Turn what zarr and its codecs raise on broken files into DamagedFile."""
    try:
        yield
    except (
        BaseZarrError,
        FileNotFoundError,
        RuntimeError,
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
        EOFError,
        gzip.BadGzipFile,
        lzma.LZMAError,
        zlib.error,
    ) as error:
        raise DamagedFile(
            f"'{name}' is damaged or incomplete ({error}). Copy the whole folder again, then"
            " retry."
        ) from error


def open_zarr(folder: Path) -> OpenFileset:
    """Open an OME-Zarr folder; raises DamagedFile, UnsupportedFile, EmptyFile."""
    with zarr_failures(folder.name):
        store = LocalStore(folder, read_only=True)
        if (folder / ".zarray").is_file():
            raise no_ome_zarr(folder.name)
        try:
            root = zarr.open_group(store, mode="r", use_consolidated=False)
        except ContainsArrayError as error:
            raise no_ome_zarr(folder.name) from error
        search = ImageSearch(ZarrGroups(root, folder))
        images = [ZarrImage(folder, root, found) for found in search.images()]
        plate = ome_zarr.ome_attributes(root.attrs.asdict()).get("plate")
    if search.absent:
        first, count = search.absent[:_LOGGED], len(search.absent)
        _log.info("listed, but not there", folder=folder.name, count=count, first=first)
    name = str(plate.get("name") or _stem(folder)) if isinstance(plate, dict) else None
    return ZarrFileset(images, name)


class ZarrFileset(OpenFileset):
    """All images below one folder."""

    def __init__(self, images: Sequence[ReadImage], plate_name: str | None) -> None:
        self.images, self.plate_name = images, plate_name

    @override
    def close(self) -> None:
        """Nothing is held open."""


class ZarrImage(ReadImage):
    """One multiscale image."""

    def __init__(self, folder: Path, root: zarr.Group, found: FoundImage) -> None:
        self._folder = folder
        scales = ome_zarr.first_multiscales(found.ome)
        paths = [f"{found.path}/{path}".lstrip("/") for path in ome_zarr.levels(scales)]
        self._arrays = [_array(folder, root, path) for path in paths]
        first = self._arrays[0]
        axes = axes_of(scales, first.ndim)
        self._axes = "".join(letter for letter, _ in axes)
        if any(array.ndim != len(axes) for array in self._arrays):
            raise DamagedFile(f"'{folder.name}': its arrays do not have the axes it names.")
        if any(0 in array.shape for array in self._arrays):
            raise EmptyFile(f"'{folder.name}' has an image without pixels. Leave it out.")
        omero = found.ome.get("omero")
        size = dict(zip(self._axes, first.shape, strict=True))
        self.header = ImageHeader(
            name=_name(scales, omero),
            size_t=size.get("t", 1),
            size_c=size.get("c", 1),
            size_z=size.get("z", 1),
            dtype=shown_as(first.dtype.name),
            levels=tuple(self._level(array) for array in self._arrays),
            channels=channel_hints(omero),
            pixel_size_um=pixel_size_um(scales, scales["datasets"][0], axes),
            well=_position(found),
        )

    @override
    def read(self, region: TileRegion) -> npt.NDArray[np.generic]:
        """Read the chunks that the region touches; a missing chunk is the fill value."""
        array = self._arrays[region.level]
        # A smaller level may have fewer planes too.
        at: dict[str, int | slice] = {
            "t": region.t,
            "c": region.c,
            "z": region.z,
            "y": slice(region.y, region.y + region.height),
            "x": slice(region.x, region.x + region.width),
        }
        axes = self._axes
        sizes = dict(zip(axes, array.shape, strict=True))
        if "z" in sizes:
            at["z"] = region.z * sizes["z"] // self.header.size_z
        with zarr_failures(self._folder.name):
            pixels = np.asarray(array[tuple(at[axis] for axis in axes)])
        pixels = pixels.T if axes.index("x") < axes.index("y") else pixels
        if pixels.dtype == np.bool_:
            return np.where(pixels, np.uint8(255), np.uint8(0))
        return pixels.astype(np.dtype(self.header.dtype), copy=False)

    @override
    def check(self) -> None:
        """Decode the last chunk of each level; raises DamagedFile.

        That chunks are missing says nothing: those full of the fill value are not stored
        (Zarr 2 and 3). That all arrays are there was seen when it was opened.
        """
        header = self.header
        for number, (size, array) in enumerate(zip(header.levels, self._arrays, strict=True)):
            if prod(array.chunks) * array.dtype.itemsize > _MOST_CHECKED_BYTES:
                continue
            t, c, z = header.size_t - 1, header.size_c - 1, header.size_z - 1
            self.read(TileRegion(number, t, c, z, size.size_y - 1, size.size_x - 1, 1, 1))

    def _level(self, array: zarr.Array[Any]) -> Level:
        shape = dict(zip(self._axes, array.shape, strict=True))
        return Level(int(shape["y"]), int(shape["x"]))


def _array(folder: Path, root: zarr.Group, path: str) -> zarr.Array[Any]:
    try:
        found = root[path]
    except KeyError:
        found = None
    except (TypeError, ValueError) as error:
        if not _is_whole(folder / path):
            raise
        raise UnsupportedFile(
            f"'{folder.name}' has an array that cannot be read here ({error}). Write it with"
            " integers or floating point, packed by blosc, gzip, zlib or zstd."
        ) from error
    if not isinstance(found, zarr.Array):
        raise DamagedFile(
            f"'{folder.name}' is not complete: its level '{path}' is missing. Copy the whole"
            " folder again, with its hidden files."
        )
    return found


def _is_whole(array: Path) -> bool:
    """Say whether an array's metadata is all there; then it asks for what zarr cannot do."""
    for name in ("zarr.json", ".zarray"):
        with suppress(FileNotFoundError, ValueError):
            return "shape" in json.loads((array / name).read_bytes())
    return False


def _position(found: FoundImage) -> WellPosition | None:
    well = found.well
    return None if well is None else WellPosition(well.row, well.column, found.field)


def _name(scales: dict[str, Any], omero: object) -> str:
    other = omero.get("name") if isinstance(omero, dict) else None
    return str(scales.get("name") or other or "")


def _stem(folder: Path) -> str:
    return folder.name.removesuffix(".zarr").removesuffix(".ome") or folder.name
