"""500 images, 2 GB in mixed formats, exported in each form while everything is killed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.installation import PASSWORD
from tests.support.random_exports import Imported, Kills, Size, export_killed, imported
from transferapp.model.export_specs import ExportForm
from transferapp.sandbox.installation_repositories import (
    InstallationRepository,
    running_sandbox,
)

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(3600)]

#: 4.2 MB an image.
SIZE = Size(count=500, edge=1448)
KILLS = Kills(most=15, every_s=(1.0, 4.0), within_s=1500)


@pytest.fixture(scope="module", params=["embedded", "omero"])
def images(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Imported]:
    folder = tmp_path_factory.mktemp("exports")
    with _repository(request.param, folder) as opened, imported(folder, opened, SIZE) as images:
        yield images


@contextmanager
def _repository(name: str, folder: Path) -> Iterator[InstallationRepository | None]:
    if name == "embedded":
        yield None
        return
    if find_spec("omero") is None:
        pytest.skip("needs omero-py")
    with running_sandbox(folder / "omero", PASSWORD) as repository:
        # By default OMERO keeps the originals of plates back.
        policy = "+read,+write,+image,+plate"
        repository.sandbox.control("set", key="omero.policy.binary_access", value=policy)
        yield repository


@pytest.mark.parametrize("form", ExportForm)
def test_nothing_is_lost_mixed_or_there_twice(
    images: Imported, tmp_path: Path, form: ExportForm
) -> None:
    killed = export_killed(images, form, tmp_path / "out", KILLS)
    print(f"\n{form}: {images.count} images, killed {killed}")  # noqa: T201  # what it is run for
    assert sum(killed.values()) >= 2, "it was over before anything was killed"
