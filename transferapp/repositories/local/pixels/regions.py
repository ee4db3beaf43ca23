"""Regions of any level of any image: from the file, a stored pyramid, or computed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from transferapp.bioformats.port import BioFormats
from transferapp.model.images import Level, TileRegion
from transferapp.repositories.local.pixels.levels import (
    LevelSource,
    Plane,
    halve,
    little_endian,
)
from transferapp.repositories.local.pixels.opened import OpenedFilesets
from transferapp.repositories.local.pixels.planes import RecentPlanes
from transferapp.repositories.local.pixels.pyramids import StoredPyramid, write_pyramid
from transferapp.repositories.local.readers.choose import open_fileset
from transferapp.repositories.local.readers.port import ReadImage
from transferapp.repositories.local.storage.derived_paths import DerivedPaths


@dataclass(frozen=True, slots=True)
class ImagePlace:
    """Where an image's pixels are. ``first`` is the file to open, below ``root``."""

    fileset_id: int
    series: int
    first: Path
    root: Path
    source: LevelSource
    levels: tuple[Level, ...]
    #: The reader that opens it, where another might open it too.
    reader: str = ""


def clipped(region: TileRegion, level: Level) -> TileRegion:
    """Return what of the region lies within the level; may be empty."""
    y, x = min(region.y, level.size_y), min(region.x, level.size_x)
    return replace(
        region,
        y=y,
        x=x,
        height=min(region.height, level.size_y - y),
        width=min(region.width, level.size_x - x),
    )


class LevelledImage:
    """One opened image with all its levels; used by one thread at a time."""

    def __init__(
        self, image: ReadImage, place: ImagePlace, derived: DerivedPaths, recent: RecentPlanes
    ) -> None:
        """Read full size from ``image``, smaller levels as ``place.source`` says."""
        self._image, self._place, self._derived, self._recent = image, place, derived, recent
        self._pyramid: StoredPyramid | None = None

    def read(self, region: TileRegion) -> Plane:
        """Return the region's pixels, (height, width); it lies within the level and is not
        empty.
        """
        if self._place.source is LevelSource.FILE:
            return self._image.read(region)
        if self._place.source is LevelSource.STORED:
            return self._read_stored(region)
        return self._read_computed(region)

    def _read_stored(self, region: TileRegion) -> Plane:
        if self._pyramid is None:
            place = self._place
            path = self._derived.pyramid(place.fileset_id, place.series)
            # Derived data may be deleted at any time; it is made again.
            write_pyramid(self._image, place.levels, path, alive=lambda: None)
            self._pyramid = StoredPyramid(path)
        if self._pyramid.has(region.level):
            return self._pyramid.read(region)
        return self._image.read(region)

    def _read_computed(self, region: TileRegion) -> Plane:
        if region.level == 0 and self._image.header.random_access:
            return self._image.read(region)
        plane = self._plane(region.level, (region.t, region.c, region.z))
        rows = slice(region.y, region.y + region.height)
        return plane[rows, region.x : region.x + region.width]

    def _plane(self, level: int, at: tuple[int, int, int]) -> Plane:
        key = (self._place.fileset_id, self._place.series, level, *at)
        plane = self._recent.get(key)
        if plane is None:
            if level == 0:
                size = self._place.levels[0]
                plane = self._image.read(TileRegion(0, *at, 0, 0, size.size_y, size.size_x))
            else:
                plane = halve(self._plane(level - 1, at))
            self._recent.keep(key, plane)
        return plane


class PixelReader:
    """Reads tiles of registered images for a process; safe to use from many threads."""

    def __init__(self, derived: DerivedPaths, bio_formats: BioFormats | None = None) -> None:
        """Find stored pyramids through ``derived``, open files through ``bio_formats``."""
        self._derived, self._bio_formats = derived, bio_formats
        self._opened = OpenedFilesets()
        self._recent = RecentPlanes()

    def read(self, place: ImagePlace, region: TileRegion) -> Plane:
        """Return a region, (height, width), clipped to its level, little-endian."""
        return self.read_all(place, [region])[0]

    def read_all(self, place: ImagePlace, regions: Sequence[TileRegion]) -> list[Plane]:
        """Return several regions of one image."""
        found = []
        opening = partial(
            open_fileset, place.first, place.root, self._bio_formats, place.reader
        )
        with self._opened.image(place.fileset_id, opening, place.series) as image:
            levelled = LevelledImage(image, place, self._derived, self._recent)
            for region in regions:
                part = clipped(region, place.levels[region.level])
                found.append(little_endian(levelled.read(part)))
        return found

    def forget(self, fileset_id: int) -> None:
        """Close a fileset that is gone."""
        with suppress(OSError):
            self._opened.forget(fileset_id)

    def close(self) -> None:
        """Close all files."""
        self._opened.close()
