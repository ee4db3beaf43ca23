"""The shelf passes what every repository must pass (all of it: RepositorySuite)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import tifffile

from transferapp.host.clock import SystemClock
from transferapp.model.identity import GroupPermissions
from transferapp.repositories.local.accounts.administration import Administration
from transferapp.repositories.wiring import open_repository
from transferapp.testing.repository_containers import ContainerSuite, IdentitySuite
from transferapp.testing.repository_env import (
    ALICE,
    BOB,
    LAB,
    PASSWORD,
    PRIVATE,
    RepositoryEnv,
    Sample,
)


class TestShelf(IdentitySuite, ContainerSuite):
    """People and containers."""

    @pytest.fixture
    async def env(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> AsyncIterator[RepositoryEnv]:
        people = Administration(tmp_path / "shelf")
        for username in (ALICE, BOB):
            await people.add_experimenter(username, username.title(), PASSWORD)
        await people.add_group(LAB, GroupPermissions.READ_ANNOTATE)
        await people.add_group(PRIVATE, GroupPermissions.PRIVATE)
        for username, group in ((ALICE, LAB), (ALICE, PRIVATE), (BOB, LAB)):
            await people.add_member(username, group)
        known = np.arange(48, dtype=np.uint8).reshape(6, 8)
        tifffile.imwrite(tmp_path / "one.tif", known)
        one = Sample(tmp_path, ("one.tif",), 1)
        monkeypatch.setenv("SHELF_FOLDER", str(tmp_path / "shelf"))
        # By its name, as server and worker open it.
        repository = open_repository("shelf", tmp_path / "unused", SystemClock())
        yield RepositoryEnv(repository, single=one, known=known, several=one)
        await repository.close()
