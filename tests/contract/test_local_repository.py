"""The embedded repository passes the suite that every image repository must pass."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
import tifffile

from transferapp.host.clock import SystemClock
from transferapp.host.database import reading
from transferapp.host.resources import resource
from transferapp.model.identity import GroupPermissions
from transferapp.repositories.local.accounts.administration import Administration
from transferapp.repositories.local.repository import LocalRepository
from transferapp.repositories.local.storage.schema import (
    image_links,
    open_repository_database,
)
from transferapp.repositories.port import RepositorySession
from transferapp.testing.repository_env import (
    ALICE,
    BOB,
    LAB,
    PASSWORD,
    PRIVATE,
    RepositoryEnv,
    Sample,
)
from transferapp.testing.repository_suite import RepositorySuite


def sample(folder: str, first: str, image_count: int = 1) -> Sample:
    """A folder of the sample data, with the file to open first."""
    root = resource("sample-data", folder)
    others = sorted(p.name for p in root.iterdir() if p.is_file() and p.name != first)
    return Sample(root, (first, *others), image_count)


async def _wells_of(folder: Path, _session: RepositorySession, image_id: int) -> list[int]:
    engine = open_repository_database(folder)
    with reading(engine) as connection:
        query = sa.select(image_links.c.well_id).where(image_links.c.image_id == image_id)
        found = list(connection.scalars(query))
    engine.dispose()
    return found


class TestLocalRepository(RepositorySuite):
    """The embedded repository against the suite."""

    @pytest.fixture
    async def env(self, tmp_path: Path) -> AsyncIterator[RepositoryEnv]:
        administration = Administration(tmp_path / "repository")
        for username, full_name in ((ALICE, "Alice Adams"), (BOB, "Bob Brown")):
            await administration.add_experimenter(username, full_name, PASSWORD)
        await administration.add_group(LAB, GroupPermissions.READ_ANNOTATE)
        await administration.add_group(PRIVATE, GroupPermissions.PRIVATE)
        for username, group in ((ALICE, LAB), (ALICE, PRIVATE), (BOB, LAB)):
            await administration.add_member(username, group)
        repository = LocalRepository(tmp_path / "repository", SystemClock())
        name = "cells_D03f00d1.tif"
        folder = resource("sample-data", "tiff-channels-cells")
        yield RepositoryEnv(
            repository,
            single=Sample(folder, (name,), 1),
            known=np.asarray(tifffile.imread(folder / name)),
            several=sample("ome-tiff-multifile-organoid", "organoid_C0.ome.tif"),
            plate=sample("ome-tiff-plate-cells", "plate.companion.ome", 4),
            wells_of=partial(_wells_of, tmp_path / "repository"),
        )
        await repository.close()
