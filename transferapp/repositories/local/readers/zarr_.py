"""Read OME-Zarr 0.4 and 0.5: single images, plates, and bioformats2raw collections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr
from typing_extensions import override
from zarr.errors import BaseZarrError
from zarr.storage import LocalStore

from transferapp.errors import DamagedFile, UnsupportedFile
from transferapp.model.images import Level, TileRegion
from transferapp.repositories.local.readers.port import ImageHeader, OpenFileset, ReadImage
from transferapp.repositories.local.readers.zarr_layout import (
    ImageGroup,
    image_groups,
    ome_attributes,
)

#: Files that tell of an array or a group; every other file holds pixels.
METADATA_NAMES = frozenset({"zarr.json", ".zgroup", ".zattrs", ".zarray", ".zmetadata"})

#: Pixel types that are widened.
_SHOWN_AS = {"bool": "uint8", "float16": "float32"}


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
    ) as error:
        raise DamagedFile(
            f"'{name}' is damaged or incomplete ({error}). Copy the whole folder again, then"
            " retry."
        ) from error


def open_zarr(folder: Path) -> OpenFileset:
    """Open an OME-Zarr folder; raises DamagedFile, UnsupportedFile."""
    with zarr_failures(folder.name):
        root = zarr.open_group(LocalStore(folder, read_only=True), mode="r")
        groups = image_groups(root)
        if not groups:
            raise DamagedFile(f"'{folder.name}' holds no image.")
        plate = ome_attributes(root).get("plate")
        images = [ZarrImage(folder, found) for found in groups]
    plates = (str(plate.get("name") or _stem(folder)),) if isinstance(plate, dict) else ()
    return ZarrFileset(images, plates)


class ZarrFileset(OpenFileset):
    """All images below one folder."""

    def __init__(self, images: Sequence[ReadImage], plates: Sequence[str]) -> None:
        self.images, self.plates = images, plates

    @override
    def close(self) -> None:
        """Nothing is held open."""


class ZarrImage(ReadImage):
    """One multiscale image."""

    def __init__(self, folder: Path, found: ImageGroup) -> None:
        self._folder, self._found = folder, found
        scales = found.multiscales
        self._arrays = [_array(found.group, path) for path in scales.paths]
        if any(array.ndim != len(scales.axes) for array in self._arrays):
            raise DamagedFile(f"'{folder.name}': its arrays do not have the axes it names.")
        first = self._arrays[0]
        if first.dtype.kind not in "uifb":
            raise UnsupportedFile("Its pixels are of a type that cannot be shown.")
        size = dict(zip(scales.axes, first.shape, strict=True))
        self.header = ImageHeader(
            name=scales.name,
            size_t=size.get("t", 1),
            size_c=size.get("c", 1),
            size_z=size.get("z", 1),
            dtype=_SHOWN_AS.get(first.dtype.name, first.dtype.name),
            levels=tuple(self._level(array) for array in self._arrays),
            channels=scales.channels,
            pixel_size_um=scales.pixel_size_um,
            well=found.well,
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
        axes = self._found.multiscales.axes
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
        """Look that every level has pixels at all; raises DamagedFile."""
        for path in self._found.multiscales.paths:
            folder = self._folder / self._found.group.path / path
            files = (f for f in folder.rglob("*") if f.is_file())
            if not any(f.name not in METADATA_NAMES for f in files):
                raise DamagedFile(
                    f"'{self._folder.name}' has no pixels at '{path}'. Copy the whole folder"
                    " again, then retry."
                )

    def _level(self, array: zarr.Array[Any]) -> Level:
        axes = self._found.multiscales.axes
        return Level(int(array.shape[axes.index("y")]), int(array.shape[axes.index("x")]))


def _array(group: zarr.Group, path: str) -> zarr.Array[Any]:
    found = group[path]
    if not isinstance(found, zarr.Array):
        raise DamagedFile(f"The level '{path}' is no array.")
    return found


def _stem(folder: Path) -> str:
    return folder.name.removesuffix(".zarr").removesuffix(".ome") or folder.name
