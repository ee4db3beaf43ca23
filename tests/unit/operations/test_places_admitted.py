"""The server refuses, too, what its repository could never store: not every client asks."""

from __future__ import annotations

from unittest.mock import AsyncMock

import pytest

from transferapp.errors import NameNotAllowed
from transferapp.formats.embedded import embedded_formats
from transferapp.formats.omero import omero_formats
from transferapp.formats.read_formats import RepositoryFormats
from transferapp.ledger.port import PlannedItem, PlannedTransferFile
from transferapp.operations.formats import Formats
from transferapp.repositories.port import Repository


@pytest.fixture
def two_files() -> list[PlannedItem]:
    files = [PlannedTransferFile(path, 1) for path in ("run/a:1.tif", "run/a;1.tif")]
    return [PlannedItem("a", tuple(files))]


def admitting(formats: RepositoryFormats) -> Formats:
    repository = AsyncMock(spec=Repository)
    repository.formats.return_value = formats
    return Formats(repository)


async def test_names_that_become_the_same_are_refused(two_files: list[PlannedItem]) -> None:
    with pytest.raises(NameNotAllowed, match=r"'run/a:1\.tif' and 'run/a;1\.tif'"):
        await admitting(omero_formats()).admit(two_files)


async def test_others_go_by_their_own_rules(two_files: list[PlannedItem]) -> None:
    await admitting(omero_formats(path_rules="UNIX required")).admit(two_files)
    await admitting(embedded_formats()).admit(two_files)
