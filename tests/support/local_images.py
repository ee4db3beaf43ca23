"""Open filesets with the local repository's readers, and close them when a test ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

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


@pytest.fixture
def opener() -> Iterator[Opener]:
    """Give a test its opener."""
    made = Opener()
    yield made
    made.close()
