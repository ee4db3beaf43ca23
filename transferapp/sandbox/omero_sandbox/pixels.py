"""The pixels of imported images, read by our own readers or made up, and of made ones."""

from __future__ import annotations

import threading
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import omero
from cachetools import LRUCache

from transferapp.model.images import Level, TileRegion
from transferapp.repositories.local.pixels.levels import LevelSource, plan_levels
from transferapp.repositories.local.pixels.planes import RecentPlanes
from transferapp.repositories.local.pixels.regions import ImagePlace, LevelledImage
from transferapp.repositories.local.readers.choose import open_fileset
from transferapp.repositories.local.readers.port import OpenFileset
from transferapp.repositories.local.storage.derived_paths import DerivedPaths
from transferapp.sandbox.omero_sandbox.fake_images import PIXEL_TYPES, FakeFileset
from transferapp.sandbox.omero_sandbox.files import Files
from transferapp.sandbox.omero_sandbox.records import PIXEL_SOURCE, Record
from transferapp.sandbox.omero_sandbox.stand_ins import StandIn, check_zarr, stands_in
from transferapp.sandbox.omero_sandbox.store import Store

Plane = npt.NDArray[np.generic]
_MOST_OPEN = 8
_COME_BACK_MS = 15_000
_AXES = ("T", "C", "Z", "Y", "X")


def open_images(first: Path, root: Path) -> OpenFileset:
    """Open a fileset; raises what the readers raise."""
    check_zarr(first)
    if first.is_symlink():
        # Imported in place. Our readers, other than OMERO's, take no companions from outside
        # of the folder; so they read where the links lead to.
        depth = len(first.relative_to(root).parts)
        first = first.resolve()
        root = first.parents[depth - 1]
    if first.suffix == ".fake":
        return FakeFileset(first)
    return StandIn(first, root) if stands_in(first) else open_fileset(first, root)


class ReadPixels:
    """Pixels of an imported file; levels as OMERO has them: only where a pyramid is needed."""

    def __init__(
        self, image: LevelledImage, levels: tuple[Level, ...], lock: threading.Lock
    ) -> None:
        """Read through an opened image."""
        self._image, self.levels, self._lock = image, levels, lock

    def read(self, region: TileRegion) -> Plane:
        """Return a region that lies within its level."""
        with self._lock:
            return self._image.read(region)


class MadePixels:
    """Pixels that a client writes plane by plane (``IPixels.createImage``)."""

    def __init__(self, path: Path, shape: tuple[int, ...], dtype: str) -> None:
        """Keep an array T, C, Z, Y, X in a file; new pixels are 0."""
        self._path, self._shape = path, shape
        self._kind = np.dtype(dtype).newbyteorder(">")
        self.levels = (Level(shape[3], shape[4]),)

    @cached_property
    def _array(self) -> Any:
        """The file, made by the first look at it, even by one that only reads."""
        self._path.parent.mkdir(exist_ok=True)
        mode: Literal["r+", "w+"] = "r+" if self._path.exists() else "w+"
        # Any: the stubs know no memmap of a type that is only known at run time.
        return np.memmap(self._path, self._kind, mode, shape=self._shape)

    def read(self, region: TileRegion) -> Plane:
        """Return a region."""
        rows = slice(region.y, region.y + region.height)
        plane: Plane = self._array[region.t, region.c, region.z]
        return plane[rows, region.x : region.x + region.width]

    def write(self, region: TileRegion, big_endian: bytes) -> None:
        """Write a region of full size."""
        target = self.read(region)
        target[...] = np.frombuffer(big_endian, self._array.dtype).reshape(target.shape)
        self._array.flush()


class PixelSources:
    """Opens the pixels of any image; keeps the last few files open."""

    def __init__(self, folder: Path, files: Files) -> None:
        """Keep pyramids and made pixels below ``folder``."""
        self._folder, self._files = folder, files
        self._derived, self._recent = DerivedPaths(folder / "derived"), RecentPlanes()
        self._open: LRUCache[int, tuple[OpenFileset, threading.Lock]] = LRUCache(_MOST_OPEN)
        self._lock = threading.Lock()

    def open(self, pixels: Record, *, writing: bool = False) -> ReadPixels | MadePixels:
        """Open the pixels of an image; raises what the readers raise.

        Pixels that an import has not tied to its file yet raise LockTimeout; but whoever opens
        them ``writing`` gets zeros, and from then on everybody does, for ever.
        """
        source = pixels.values.get(PIXEL_SOURCE)
        made = self._folder / "Pixels" / str(pixels.id)
        if source is None and not writing and not made.exists():
            _require_made(pixels)
        if source is None or made.exists():
            shape = tuple(int(pixels.text("size" + axis)) for axis in _AXES)
            return MadePixels(made, shape, pixel_dtype(pixels))
        first, root, series, fileset_id = source
        place_root, path = self._files.inside(root), self._files.inside(first)
        opened, lock = self._opened(fileset_id, path, place_root)
        image = opened.images[series]
        kind, levels = plan_levels(image.header)
        place = ImagePlace(fileset_id, series, path, place_root, kind, levels)
        shown = levels[:1] if kind is LevelSource.COMPUTED else levels
        return ReadPixels(LevelledImage(image, place, self._derived, self._recent), shown, lock)

    def _opened(
        self, fileset_id: int, first: Path, root: Path
    ) -> tuple[OpenFileset, threading.Lock]:
        with self._lock:
            entry = self._open.get(fileset_id)
            if entry is None:
                opened = open_images(first, root)
                if len(self._open) >= _MOST_OPEN:
                    old, lock = self._open.popitem()[1]
                    with lock:
                        old.close()
                entry = self._open[fileset_id] = opened, threading.Lock()
            return entry

    def forget(self, fileset_id: int) -> None:
        """Close a fileset that is gone."""
        with self._lock:
            entry = self._open.pop(fileset_id, None)
        if entry is not None:
            with entry[1]:
                entry[0].close()
        self._derived.remove(fileset_id)


def _require_made(pixels: Record) -> None:
    """Refuse images of a fileset: a failed import leaves them so for ever."""
    image = pixels.values.get("image")
    if image is not None and image.values.get("fileset") is not None:
        name, text = "ome.conditions.LockTimeout", "Import in progress."
        raise omero.LockTimeout(None, name, text, _COME_BACK_MS, 0)


def make_enumerations(store: Store) -> None:
    """Make the words that clients look up before they write pixels."""
    for name in (*PIXEL_TYPES, "bit", "complex", "double-complex"):
        store.enumeration("PixelsType", name)
    for order in ("XYZCT", "XYZTC", "XYCTZ", "XYCZT", "XYTCZ", "XYTZC"):
        store.enumeration("DimensionOrder", order)


def pixel_dtype(pixels: Record) -> str:
    """Return numpy's name of an image's pixel type."""
    return PIXEL_TYPES[str(pixels.values["pixelsType"].text("value"))]
