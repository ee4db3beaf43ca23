"""Read OME-Zarr 0.1 to 0.5: single images, plates, and bioformats2raw collections.

Consolidated metadata is not used: zarr's own writers do not renew it (zarr 3.1), so that it
would hide what was written later.
Source: the OME-Zarr specifications 0.1 to 0.5 (ngff.openmicroscopy.org).
"""

from __future__ import annotations

import gzip
import lzma
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from math import prod
from pathlib import Path
from typing import Any, overload

import numpy as np
import numpy.typing as npt
import structlog
import zarr
from typing_extensions import override
from zarr.errors import BaseZarrError
from zarr.storage import LocalStore

from transferapp.errors import DamagedFile, EmptyFile, UnsupportedFile
from transferapp.model import ome_zarr
from transferapp.model.images import Level, TileRegion
from transferapp.model.ome_zarr_axes import axes_of, pixel_size_um, time_step_s
from transferapp.model.ome_zarr_search import FoundImage, ImageSearch, join
from transferapp.model.pixel_types import shown_as
from transferapp.repositories.local.readers.port import (
    ImageHeader,
    OpenFileset,
    ReadImage,
    WellPosition,
)
from transferapp.repositories.local.readers.zarr_display import channel_hints, of_masks
from transferapp.repositories.local.readers.zarr_folder import FolderTree

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
    """Open an OME-Zarr folder; raises DamagedFile, UnsupportedFile.

    Its arrays are opened with the images, when these are asked for.
    """
    tree = FolderTree(folder)
    search = ImageSearch(tree)
    images = list(search.images())
    if search.absent:
        first, count = search.absent[:_LOGGED], len(search.absent)
        _log.info("listed, but not there", folder=folder.name, count=count, first=first)
    plate = ome_zarr.ome_attributes(tree.attributes("")).get("plate")
    plates = (str(plate.get("name") or _stem(folder)),) if isinstance(plate, dict) else ()
    return ZarrFileset(_Images(folder, tree, images), plates)


class ZarrFileset(OpenFileset):
    """All images below one folder."""

    def __init__(self, images: Sequence[ReadImage], plates: Sequence[str]) -> None:
        self.images, self.plates = images, plates

    @override
    def close(self) -> None:
        """Nothing is held open."""


class _Images(Sequence[ReadImage]):
    """Images that are opened when they are asked for: of a plate one is looked at."""

    def __init__(self, folder: Path, tree: FolderTree, found: Sequence[FoundImage]) -> None:
        self._folder, self._tree, self._found = folder, tree, found
        self._opened: dict[int, ZarrImage] = {}

    @override
    def __len__(self) -> int:
        return len(self._found)

    @overload
    def __getitem__(self, index: int) -> ReadImage: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[ReadImage]: ...
    @override
    def __getitem__(self, index: int | slice) -> ReadImage | Sequence[ReadImage]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        if index not in self._opened:
            found = self._found[index]
            with zarr_failures(self._folder.name):
                self._opened[index] = ZarrImage(self._folder, self._tree, found)
        return self._opened[index]


class ZarrImage(ReadImage):
    """One multiscale image."""

    def __init__(self, folder: Path, tree: FolderTree, found: FoundImage) -> None:
        self._folder = folder
        scales = ome_zarr.first_multiscales(found.ome)
        paths = [join(found.path, path) for path in ome_zarr.levels(scales)]
        arrays = [_array(folder, tree, path) for path in paths]
        first = arrays[0]
        axes = axes_of(scales, first.ndim)
        self._axes = "".join(letter for letter, _ in axes)
        self._arrays = list(takewhile(lambda array: self._fits(array, first), arrays))
        if 0 in first.shape:
            raise EmptyFile(f"'{folder.name}' has an image without pixels. Leave it out.")
        omero = found.ome.get("omero")
        size = dict(zip(self._axes, first.shape, strict=True))
        channels, is_mask = channel_hints(omero), first.dtype == np.bool_
        self.header = ImageHeader(
            name=_name(scales, omero),
            size_t=size.get("t", 1),
            size_c=size.get("c", 1),
            size_z=size.get("z", 1),
            dtype=shown_as(first.dtype.name),
            levels=tuple(self._level(array) for array in self._arrays),
            channels=of_masks(channels, size.get("c", 1)) if is_mask else channels,
            pixel_size_um=pixel_size_um(scales, scales["datasets"][0], axes),
            well=_position(found),
            time_step_s=time_step_s(scales, scales["datasets"][0], axes),
        )

    @override
    def read(self, region: TileRegion) -> npt.NDArray[np.generic]:
        """Read the chunks that the region touches; returns it, (height, width). A missing chunk
        is the fill value. Raises DamagedFile.
        """
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

    def _fits(self, level: zarr.Array[Any], first: zarr.Array[Any]) -> bool:
        """Say whether a level has every time and channel of the first; z may be coarser."""
        if level.ndim != first.ndim:
            return False
        sizes = zip(self._axes, level.shape, first.shape, strict=True)
        return all(size == full or (size and axis not in "tc") for axis, size, full in sizes)

    def _level(self, array: zarr.Array[Any]) -> Level:
        shape = dict(zip(self._axes, array.shape, strict=True))
        return Level(int(shape["y"]), int(shape["x"]))


def _array(folder: Path, tree: FolderTree, path: str) -> zarr.Array[Any]:
    metadata = tree.array(path)
    if metadata is None:
        raise DamagedFile(
            f"'{folder.name}' is not complete: its level '{path}' is missing. Copy the whole"
            " folder again, with its hidden files."
        )
    store = LocalStore(folder / path, read_only=True)
    try:
        return zarr.open_array(store, mode="r", zarr_format=tree.zarr_format)
    except (TypeError, ValueError) as error:
        # The metadata is whole, so it asks for what zarr cannot do.
        raise UnsupportedFile(
            f"'{folder.name}' has an array that cannot be read here ({error}). Write it with"
            " integers or floating point, packed by blosc, gzip, zlib or zstd."
        ) from error


def _position(found: FoundImage) -> WellPosition | None:
    well = found.well
    return None if well is None else WellPosition(well.row, well.column, found.field)


def _name(scales: dict[str, Any], omero: object) -> str:
    other = omero.get("name") if isinstance(omero, dict) else None
    return str(scales.get("name") or other or "")


def _stem(folder: Path) -> str:
    return folder.name.removesuffix(".zarr").removesuffix(".ome") or folder.name
