"""Write and read stored pyramids: OME-Zarr 0.5 beside the originals."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.storage import LocalStore

from transferapp.model.images import Level, TileRegion
from transferapp.repositories.local.pixels.levels import Plane, halve
from transferapp.repositories.local.readers.port import ReadImage
from transferapp.repositories.local.storage.derived_paths import part_beside
from transferapp.repositories.local.storage.durability import sync_file_system

TILE_PX = 512
#: Block of the larger level that is averaged at a time; bounds the memory.
_BLOCK_ROWS, _BLOCK_COLUMNS = 1024, 8192

Reader = Callable[[TileRegion], Plane]


def write_pyramid(
    image: ReadImage, levels: Sequence[Level], path: Path, alive: Callable[[], None]
) -> None:
    """Write an image's levels to ``path``, all or nothing; one that is there is kept.

    ``alive`` is called for every plane and level. Full size is written too when the file
    itself cannot be read by regions.
    """
    if path.is_dir():
        return
    part = part_beside(path)
    try:
        _write(image, levels, part, alive)
        # Before the rename, else a power cut could leave a whole name with holes behind it.
        sync_file_system(part)
        if not path.is_dir():
            part.replace(path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


class StoredPyramid:
    """A pyramid on disk."""

    def __init__(self, path: Path) -> None:
        """Open it; raises OSError or KeyError when it is not there."""
        self._group = zarr.open_group(LocalStore(path, read_only=True), mode="r")
        self._names = frozenset(self._group.array_keys())

    def has(self, level: int) -> bool:
        """Tell whether a level is stored here (full size often is in the file only)."""
        return str(level) in self._names

    def read(self, region: TileRegion) -> Plane:
        """Return the region's pixels, (height, width)."""
        return np.asarray(_read(self._group[str(region.level)], region))


def _write(
    image: ReadImage, levels: Sequence[Level], path: Path, alive: Callable[[], None]
) -> None:
    header = image.header
    group = zarr.create_group(LocalStore(path), zarr_format=3)
    first = 1 if header.random_access else 0
    numbers = list(range(first, len(levels)))
    for number in numbers:
        size = levels[number]
        group.create_array(
            str(number),
            shape=(header.size_t, header.size_c, header.size_z, size.size_y, size.size_x),
            chunks=(1, 1, 1, TILE_PX, TILE_PX),
            dtype=header.dtype,
        )
    group.attrs["ome"] = _metadata(image, levels, numbers)
    for t, c, z in product(range(header.size_t), range(header.size_c), range(header.size_z)):
        if first == 0:
            _copy_plane(image, group["0"], (t, c, z))
        read: Reader = image.read
        for number in numbers[1 - first :]:
            _halve_plane(read, levels[number - 1 : number + 1], group, (number - 1, t, c, z))
            alive()
            read = StoredPyramid(path).read


def _copy_plane(image: ReadImage, array: Any, plane: tuple[int, int, int]) -> None:
    for rows, columns in _blocks(image.header.levels[0]):
        array[(*plane, rows, columns)] = image.read(_region(0, plane, rows, columns))


def _halve_plane(
    read: Reader, sizes: Sequence[Level], group: zarr.Group, above: tuple[int, int, int, int]
) -> None:
    """Average one plane of the level ``above[0]`` into the next; ``sizes`` are of both."""
    number, *at = above
    array: Any = group[str(number + 1)]
    larger, smaller = sizes
    for rows, columns in _blocks(smaller):
        # An edge of one pixel is not doubled.
        big_rows = slice(rows.start * 2, min(rows.stop * 2, larger.size_y))
        big_columns = slice(columns.start * 2, min(columns.stop * 2, larger.size_x))
        region = _region(number, (at[0], at[1], at[2]), big_rows, big_columns)
        array[(*at, rows, columns)] = halve(read(region))


def _blocks(level: Level) -> Iterator[tuple[slice, slice]]:
    for y in range(0, level.size_y, _BLOCK_ROWS):
        for x in range(0, level.size_x, _BLOCK_COLUMNS):
            yield (
                slice(y, min(y + _BLOCK_ROWS, level.size_y)),
                slice(x, min(x + _BLOCK_COLUMNS, level.size_x)),
            )


def _region(level: int, plane: tuple[int, int, int], rows: slice, columns: slice) -> TileRegion:
    size = rows.stop - rows.start, columns.stop - columns.start
    return TileRegion(level, *plane, rows.start, columns.start, *size)


def _read(array: Any, region: TileRegion) -> Any:
    rows = slice(region.y, region.y + region.height)
    return array[region.t, region.c, region.z, rows, region.x : region.x + region.width]


def _metadata(
    image: ReadImage, levels: Sequence[Level], numbers: Sequence[int]
) -> dict[str, Any]:
    z, y, x = (size or 1.0 for size in image.header.pixel_size_um)
    datasets = []
    for number in numbers:
        size, full = levels[number], levels[0]
        scale = [1.0, 1.0, z, y * full.size_y / size.size_y, x * full.size_x / size.size_x]
        steps = [{"type": "scale", "scale": scale}]
        datasets.append({"path": str(number), "coordinateTransformations": steps})
    axes: list[dict[str, str]] = [
        {"name": "t", "type": "time"},
        {"name": "c", "type": "channel"},
        *({"name": axis, "type": "space", "unit": "micrometer"} for axis in "zyx"),
    ]
    scales = {"name": image.header.name, "axes": axes, "datasets": datasets, "type": "mean"}
    return {"version": "0.5", "multiscales": [scales]}
