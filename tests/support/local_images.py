"""Open filesets with the local repository's readers, and close them when a test ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from transferapp.model.images import TileRegion
from transferapp.repositories.local.pixels.levels import Plane
from transferapp.repositories.local.readers.choose import open_fileset
from transferapp.repositories.local.readers.port import OpenFileset, ReadImage


class Opener:
    """Opens filesets for one test."""

    def __init__(self) -> None:
        self._open: list[OpenFileset] = []

    def __call__(self, first: Path, root: Path | None = None) -> OpenFileset:
        """Open the fileset of ``first``, whose files are below ``root``."""
        found = open_fileset(first, root or first.parent)
        self._open.append(found)
        return found

    def only_image(self, first: Path) -> ReadImage:
        """Open, expect one image, check its pixel data."""
        [image] = self(first).images
        image.check()
        return image

    def close(self) -> None:
        """Close all."""
        for fileset in self._open:
            fileset.close()


def whole_plane(image: ReadImage, c: int = 0, t: int = 0, z: int = 0, level: int = 0) -> Plane:
    """Read a plane of a level."""
    size = image.header.levels[level]
    return image.read(TileRegion(level, t, c, z, 0, 0, size.size_y, size.size_x))


def first_pixels(image: ReadImage) -> list[float]:
    """Return the first pixel of every plane, z fastest, then c, then t."""
    header = image.header
    return [
        float(whole_plane(image, c, t, z)[0, 0])
        for t in range(header.size_t)
        for c in range(header.size_c)
        for z in range(header.size_z)
    ]


@pytest.fixture
def opener() -> Iterator[Opener]:
    """Give a test its opener."""
    made = Opener()
    yield made
    made.close()
