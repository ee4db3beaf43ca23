"""A real OMERO passes the suite: ``OMERO_HOST=... pytest -m real_omero``.

Everything about the server comes from OMERO_HOST, OMERO_PORT, OMERO_TRANSPORT, OMERO_USER,
OMERO_PASSWORD, OMERO_ROOT_PASSWORD and OMERO_CA_FILE; see docs/omero-sandbox.md.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import tifffile

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_env import adapter
from tests.support.omero_rois import draw_rois
from tests.support.real_omero import RealOmero, sweep_own
from transferapp.host.resources import resource
from transferapp.repositories.omero.sessions.gateway import Gateway
from transferapp.repositories.omero.sessions.password import importer_password
from transferapp.repositories.omero.sessions.server_facts import differences
from transferapp.repositories.omero.settings import OmeroSettings
from transferapp.testing.repository_env import (
    ALICE,
    RepositoryEnv,
    Sample,
    import_all,
    new_dataset,
    plan_for,
)
from transferapp.testing.repository_suite import RepositorySuite

pytestmark = [pytest.mark.real_omero, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> OmeroSettings:
    real = RealOmero.from_environment()
    if real is None:
        pytest.skip("OMERO_HOST is not set")
    folder = tmp_path_factory.mktemp("real")
    real.prepare(folder)
    return real.settings(folder)


def sample(folder: str, first: str, image_count: int = 1) -> Sample:
    """A folder of the sample data, with the file to open first."""
    root = resource("sample-data", folder)
    others = sorted(p.name for p in root.iterdir() if p.is_file() and p.name != first)
    return Sample(root, (first, *others), image_count)


def test_it_is_what_the_sandbox_takes_for_granted(settings: OmeroSettings) -> None:
    """What differs is the next thing to teach the sandbox."""
    gateway = Gateway.sign_in(
        settings, settings.importer, importer_password(settings).get_secret_value()
    )
    try:
        found = differences(gateway)
    finally:
        gateway.close()
    assert [one for one in found if one.fact != "settings"] == []


async def test_it_calls_images_as_the_sandbox_does(
    settings: OmeroSettings, tmp_path: Path
) -> None:
    await sweep_own(settings)
    with tifffile.TiffWriter(tmp_path / "at 12:30.ome.tif", ome=True) as writer:
        for name in ("left", "right"):
            plane = np.zeros((8, 9), np.uint8)
            writer.write(plane, metadata={"axes": "YX", "Name": name})
    repository = adapter(settings)
    async with repository.session(ALICE) as session:
        dataset = await new_dataset(session)
        sample = Sample(tmp_path, ("at 12:30.ome.tif",), 2)
        plan = plan_for(sample, dataset.ref, dataset.group_id)
        await import_all(session, plan, sample.paths)
        images = await session.images.find(container=dataset.ref)
    await repository.close()
    names = {image.name for image in images}
    assert names == {"A fileset [left]", "A fileset [right]"}


class TestRealOmero(RepositorySuite):
    """The suite that the embedded repository and the sandbox pass."""

    @pytest.fixture
    async def env(
        self, settings: OmeroSettings, tmp_path: Path
    ) -> AsyncIterator[RepositoryEnv]:
        del tmp_path
        await sweep_own(settings)
        repository = adapter(settings)
        name = "cells_D03f00d1.tif"
        folder = resource("sample-data", "tiff-channels-cells")
        yield RepositoryEnv(
            repository,
            single=Sample(folder, (name,), 1),
            known=np.asarray(tifffile.imread(folder / name)),
            several=sample("ome-tiff-multifile-organoid", "organoid_C0.ome.tif"),
            plate=sample("ome-tiff-plate-cells", "plate.companion.ome", 4),
            draw_rois=partial(draw_rois, settings),
        )
        await repository.close()
