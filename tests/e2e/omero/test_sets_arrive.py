"""Sets of many formats, from the command line through agent, server and worker into OMERO."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.arriving_sets import SETS
from tests.support.installation import LONG_AGO, PASSWORD, Terminal
from tests.support.omero_sandbox_env import gateway
from transferapp.sandbox.installation_repositories import running_sandbox
from transferapp.sandbox.local_installation import LocalInstallation
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

PLATES = ("operetta",)


@pytest.fixture(scope="module")
def dropped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for images and one for plates; each set in a folder of its own."""
    root = tmp_path_factory.mktemp("dropped")
    for name, (make, _) in SETS.items():
        folder = root / ("plates" if name in PLATES else "images") / name
        folder.mkdir(parents=True)
        make(folder)
    for path in root.rglob("*"):
        os.utime(path, (LONG_AGO, LONG_AGO))
    return root


@pytest.fixture(scope="module")
def arrived(
    dropped: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningSandbox]:
    """OMERO after two imports."""
    home = tmp_path_factory.mktemp("installation")
    with (
        running_sandbox(home / "omero", PASSWORD) as repository,
        LocalInstallation(home / "i", {}, repository) as installation,
    ):
        asyncio.run(installation.add_people(PASSWORD))
        installation.start_all()
        terminal = Terminal(installation)
        assert terminal.log_in().code == 0
        for folder, target in (("images", "Dataset:Sets"), ("plates", "Screen:Plates")):
            where = ("--to", target, "--create", "--wait", "--json")
            done = terminal.run("import", str(dropped / folder), *where)
            assert done.code == 0, done.err
        yield repository.sandbox


def filesets(sandbox: RunningSandbox) -> dict[str, list[str]]:
    """Return the client paths of each fileset that has images, in order, by the first one:
    OMERO opened that.
    """
    with gateway(sandbox, "alice", "ssl", PASSWORD) as conn:
        query = "select distinct f from Fileset f join fetch f.usedFiles join fetch f.images"
        found = conn.getQueryService().findAllByQuery(query, None, conn.SERVICE_OPTS)
        paths = [
            [one.getFilesetEntry(n).clientPath.val for n in range(one.sizeOfUsedFiles())]
            for one in found
        ]
        return {some[0]: some for some in paths}


@pytest.mark.parametrize("name", SETS)
def test_bio_formats_files_in_its_order(arrived: RunningSandbox, name: str) -> None:
    _, files = SETS[name]
    above = f"{'plates' if name in PLATES else 'images'}/{name}"
    wanted = [f"{above}/{path}" for path in files]
    assert filesets(arrived)[wanted[0]] == wanted
