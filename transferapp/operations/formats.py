"""What can be imported here: formats of the repository, and the facility's word on others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from transferapp.errors import NameNotAllowed, UnsupportedFile
from transferapp.formats.read_formats import RepositoryFormats
from transferapp.ledger.port import PlannedItem
from transferapp.model.ome_zarr import METADATA_NAMES
from transferapp.repositories.port import Repository


class Formats:
    """What the repository reads. ``unknown_allowed`` is the facility's setting."""

    def __init__(self, repository: Repository, *, unknown_allowed: bool = True) -> None:
        self._repository = repository
        self._unknown_allowed = unknown_allowed

    async def reported(self) -> RepositoryFormats:
        """Return what clients are told."""
        formats = await self._repository.formats()
        return replace(formats, unknown_allowed=self._unknown_allowed)

    async def admit(self, items: Sequence[PlannedItem]) -> None:
        """Refuse what the repository could never store, and formats that nobody knows, where
        the facility wishes that.

        Only names are here yet: a name without an ending may be of a file that is known by
        its content. Raises NameNotAllowed, UnsupportedFile.
        """
        formats = await self._repository.formats()
        await asyncio.to_thread(_check_places, items, formats)
        if self._unknown_allowed:
            return
        for item in items:
            name = PurePosixPath(item.files[0].client_path).name
            if name not in METADATA_NAMES and not formats.may_know(name):
                raise UnsupportedFile(formats.only_known_names(name))


def _check_places(items: Sequence[PlannedItem], formats: RepositoryFormats) -> None:
    for item in items:
        if problem := formats.no_place([file.client_path for file in item.files]):
            raise NameNotAllowed(problem)
