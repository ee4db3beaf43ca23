"""Fixtures: the adapter that links staged files, in each of the ways there are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.in_place_env import CELLS, KINDS, in_place_settings, staged
from tests.support.omero_env import adapter
from transferapp.repositories.omero.repository import OmeroRepository
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox
from transferapp.testing.repository_env import Sample


@pytest.fixture
def cells(tmp_path: Path) -> Sample:
    return staged(CELLS, tmp_path / "staging")


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def omero(
    sandbox: RunningSandbox, tmp_path: Path, kind: str
) -> AsyncIterator[OmeroRepository]:
    repository = adapter(in_place_settings(sandbox, tmp_path, kind))
    yield repository
    await repository.close()
