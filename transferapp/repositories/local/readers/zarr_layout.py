"""The groups of a Zarr on disk, as the search for its images asks for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import zarr
from typing_extensions import override

from transferapp.model.ome_zarr import METADATA_NAMES
from transferapp.model.ome_zarr_search import Groups


class ZarrGroups(Groups):
    """The groups below ``root``, which is ``folder`` on disk."""

    def __init__(self, root: zarr.Group, folder: Path) -> None:
        self._root, self._folder = root, folder
        self.name = folder.name

    @override
    def attributes(self, path: str) -> dict[str, Any] | None:
        """Return a group's attributes, None when there is no group."""
        found = self._find(path)
        return None if found is None else found.attrs.asdict()

    @override
    def names(self, path: str) -> list[str]:
        """Return the names of the groups in a group."""
        found = self._find(path)
        return [] if found is None else list(found.group_keys())

    @override
    def holds_more(self, path: str) -> bool:
        """Say whether there is anything at a path but the metadata of a group."""
        folder = self._folder / path
        return folder.is_dir() and any(
            entry.name not in METADATA_NAMES for entry in folder.iterdir()
        )

    def _find(self, path: str) -> zarr.Group | None:
        if not path:
            return self._root
        try:
            found = self._root[path]
        except KeyError:
            return None
        return found if isinstance(found, zarr.Group) else None
