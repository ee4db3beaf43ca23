"""The metadata of a Zarr on disk."""

from __future__ import annotations

from pathlib import Path

from typing_extensions import override

from transferapp.model.ome_zarr import METADATA_NAMES
from transferapp.model.ome_zarr_search import MetadataTree


class FolderTree(MetadataTree):
    """Reads below a folder; raises OSError."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder.name)
        self._folder = folder

    @override
    def read(self, path: str) -> bytes | None:
        """Return a file of metadata, None when there is none."""
        try:
            return (self._folder / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    @override
    def names(self, path: str) -> list[str]:
        """Return the names of the folders in a group."""
        return [entry.name for entry in (self._folder / path).iterdir() if entry.is_dir()]

    @override
    def holds_more(self, path: str) -> bool:
        """Say whether there is anything at a path but the metadata of a group."""
        folder = self._folder / path
        return folder.is_dir() and any(
            entry.name not in METADATA_NAMES for entry in folder.iterdir()
        )
