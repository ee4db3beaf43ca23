"""Writes the pixels of an OME-Zarr with zarr-python: files of shards (0.5) or chunks (0.4)."""

from __future__ import annotations

from pathlib import Path

import zarr

from transferapp.conversion.cut_image import CutImage
from transferapp.conversion.disk_errors import disk_errors
from transferapp.conversion.ome_zarr_documents import (
    OmeZarrVersion,
    array_options,
    group_documents,
    level_sizes,
)
from transferapp.conversion.one_pass import ShardPixels
from transferapp.conversion.pyramid import Pyramid, Shard


class OmeZarrFiles:
    """The files below the folder of one OME-Zarr; ``store`` is used by several threads."""

    def __init__(
        self, folder: Path, image: CutImage, pyramid: Pyramid, version: OmeZarrVersion
    ) -> None:
        """Make an array per level in ``folder``. Raises StorageFull, Unavailable."""
        self._folder = folder
        self._group = group_documents(image, pyramid, version)
        with disk_errors():
            self._levels = [
                zarr.create_array(
                    folder / str(level),
                    **array_options(level_sizes(pyramid, level), image.dtype, version),
                )
                for level in range(len(pyramid.shapes))
            ]

    def store(self, shard: Shard, pixels: ShardPixels) -> None:
        """Write a shard; chunks of nothing but zeros are not written. Raises StorageFull."""
        with disk_errors():
            self._levels[shard.level][shard.region] = pixels

    def finish(self) -> None:
        """Say what it is, after all pixels: before, nobody takes it for an image."""
        with disk_errors():
            for name, content in self._group.items():
                (self._folder / name).write_bytes(content)
