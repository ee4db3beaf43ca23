"""Fixtures: a sandbox with people in it, and the adapter on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.omero_env import adapter, populate, settings_for, start_sandbox
from transferapp.repositories.omero.repository import OmeroRepository
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox")) as started:
        populate(started)
        yield started


@pytest.fixture
async def omero(sandbox: RunningSandbox, tmp_path: Path) -> AsyncIterator[OmeroRepository]:
    repository = adapter(settings_for(sandbox, tmp_path))
    yield repository
    await repository.close()
