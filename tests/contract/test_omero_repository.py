"""OMERO passes the suite that every image repository must pass, over each transport."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import tifffile

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.in_place_env import in_place_settings, staged
from tests.support.omero_env import adapter, populate, start_sandbox, sweep
from tests.support.omero_rois import draw_rois
from transferapp.host.resources import resource
from transferapp.repositories.omero.reading.images import OmeroImages
from transferapp.repositories.port import RepositorySession
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox
from transferapp.testing.repository_containers import IdentitySuite
from transferapp.testing.repository_duplicates import DuplicateSuite
from transferapp.testing.repository_env import RepositoryEnv, Sample
from transferapp.testing.repository_suite import RepositorySuite


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    folder = tmp_path_factory.mktemp("sandbox")
    with start_sandbox(folder, ("tcp", "ssl", "ws", "wss")) as started:
        populate(started)
        yield started


def sample(folder: str, first: str, image_count: int = 1) -> Sample:
    """A folder of the sample data, with the file to open first."""
    root = resource("sample-data", folder)
    others = sorted(p.name for p in root.iterdir() if p.is_file() and p.name != first)
    return Sample(root, (first, *others), image_count)


async def _wells_of(session: RepositorySession, image_id: int) -> list[int]:
    assert isinstance(session.images, OmeroImages)
    context = session.images._omero_session
    hql = "select s.well.id from WellSample s where s.image.id = :id"
    return [well for (well,) in await context.run(context.rows, hql, id=image_id)]


class OmeroEnv:
    """The sandbox over one transport, or with a worker that links files in place."""

    transport = "tcp"
    in_place = ""

    @pytest.fixture
    async def env(
        self, sandbox: RunningSandbox, tmp_path: Path
    ) -> AsyncIterator[RepositoryEnv]:
        settings = in_place_settings(sandbox, tmp_path, self.in_place, self.transport)
        await sweep(settings)
        repository = adapter(settings)
        name = "cells_D03f00d1.tif"
        folder = resource("sample-data", "tiff-channels-cells")
        samples: tuple[Sample, ...] = (
            Sample(folder, (name,), 1),
            sample("ome-tiff-multifile-organoid", "organoid_C0.ome.tif"),
            sample("ome-tiff-plate-cells", "plate.companion.ome", 4),
        )
        if self.in_place:
            # What is linked is staged: nobody may write to it.
            samples = tuple(
                staged(one, tmp_path / "staging" / str(n)) for n, one in enumerate(samples)
            )
        single, several, plate = samples
        yield RepositoryEnv(
            repository,
            single=single,
            known=np.asarray(tifffile.imread(folder / name)),
            several=several,
            plate=plate,
            draw_rois=partial(draw_rois, settings),
            wells_of=_wells_of,
        )
        await repository.close()


class OmeroSuite(OmeroEnv, RepositorySuite):
    """The whole suite."""


class TestOverTcp(OmeroSuite):
    """Unencrypted, inside a machine room."""

    transport = "tcp"


class TestOverSsl(OmeroSuite):
    """TLS with a verified certificate."""

    transport = "ssl"


class TestOverWss(OmeroSuite):
    """TLS through a web port."""

    transport = "wss"


class TestOverWs(OmeroEnv, IdentitySuite, DuplicateSuite):
    """A web port without TLS, as behind a proxy that ends it: only people and imports."""

    transport = "ws"


class TestHardLinks(OmeroSuite):
    """A worker that shares a disk with OMERO."""

    in_place = "hardlink"


class TestSymbolicLinks(OmeroSuite):
    """A worker whose staging is on another disk than OMERO's repository."""

    in_place = "symlink"
