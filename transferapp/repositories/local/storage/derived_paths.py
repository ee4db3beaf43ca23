"""What is made from originals and can be made again: pyramids and thumbnails on disk."""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import uuid4


class DerivedPaths:
    """The folders of derived data, by fileset and by the image's number in it."""

    def __init__(self, folder: Path) -> None:
        """Keep everything below ``folder``."""
        self.folder = folder

    def pyramid(self, fileset_id: int, series: int) -> Path:
        """Return the OME-Zarr folder of an image's stored pyramid."""
        return self.folder / "pyramids" / str(fileset_id) / f"{series}.zarr"

    def thumbnail(self, fileset_id: int, series: int, edge_px: int) -> Path:
        """Return the file of an image's stored thumbnail."""
        return self.folder / "thumbnails" / str(fileset_id) / f"{series}-{edge_px}.jpg"

    def remove(self, fileset_id: int) -> None:
        """Remove all of a fileset."""
        for kind in ("pyramids", "thumbnails"):
            shutil.rmtree(self.folder / kind / str(fileset_id), ignore_errors=True)


def part_beside(path: Path) -> Path:
    """Return a fresh name beside ``path`` to write to before renaming; makes the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f"{path.name}.{uuid4().hex}.part")
