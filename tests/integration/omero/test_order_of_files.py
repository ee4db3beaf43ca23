"""Sets arrive in OMERO with Bio-Formats' used files in its order, the one to open first."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from omero.sys import ParametersI

from tests.support.arriving_sets import SETS
from tests.support.omero_fixtures import omero, sandbox
from tests.support.omero_sandbox_env import gateway
from transferapp.errors import TransferAppError
from transferapp.formats.omero import omero_formats
from transferapp.intake.grouping import group
from transferapp.intake.preflight import PreflightSettings, preflight
from transferapp.intake.scanning import scan
from transferapp.model.filesets import Fileset
from transferapp.repositories.omero.repository import OmeroRepository
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox
from transferapp.testing.repository_env import (
    ALICE,
    PASSWORD,
    Sample,
    import_all,
    new_dataset,
    plan_for,
)

__all__ = ["omero", "sandbox"]


async def imported(dropped: Path, omero: OmeroRepository, files: tuple[str, ...]) -> Fileset:
    """Import one set as a worker does."""
    sample = Sample(dropped.parent, files, 1)
    async with omero.session(ALICE) as session:
        dataset = await new_dataset(session)
        plan = plan_for(sample, None, dataset.group_id)
        return await import_all(session, plan, sample.paths)


def seen(sandbox: RunningSandbox, fileset: Fileset) -> tuple[list[str], list[str], list[str]]:
    """Return what OMERO tells of a fileset: the client paths of its entries, the paths of
    its files below the folder, and the names of its images.
    """
    with gateway(sandbox, ALICE, password=PASSWORD) as conn:
        query = (
            "select f from Fileset f join fetch f.usedFiles e join fetch e.originalFile"
            " where f.id = :id"
        )
        asked = ParametersI().addId(fileset.id)
        found = conn.getQueryService().findByQuery(query, asked, conn.SERVICE_OPTS)
        entries = [found.getFilesetEntry(n) for n in range(found.sizeOfUsedFiles())]
        stored = [e.originalFile.path.val + e.originalFile.name.val for e in entries]
        return (
            [entry.clientPath.val for entry in entries],
            [path.removeprefix(found.templatePrefix.val) for path in stored],
            [image.getName() for image in conn.getObjects("Image", fileset.image_ids)],
        )


@pytest.mark.parametrize("name", SETS)
async def test_files_arrive_in_order(
    name: str, omero: OmeroRepository, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    make, wanted = SETS[name]
    dropped = tmp_path / "run"
    dropped.mkdir()
    make(dropped)
    made = next(one for one in group(scan([dropped])) if len(one.files) == len(wanted))
    result = preflight(made, PreflightSettings(still_writing_s=0, target=omero_formats()))
    assert not result.blocked
    client_paths = tuple(file.client_path for file in made.files)
    entries, stored, images = seen(sandbox, await imported(dropped, omero, client_paths))
    assert entries == [f"run/{path}" for path in wanted]
    assert stored == entries, "with the folders above them"
    assert images == ["A fileset"], "what the plan says, whatever the file says"


@pytest.mark.parametrize("name", ["notes.txt", "report.pdf", "a.xml", "empty.lif"])
async def test_what_bio_formats_refuses_by_name_is_refused(
    name: str, omero: OmeroRepository, tmp_path: Path
) -> None:
    dropped = tmp_path / "run"
    dropped.mkdir()
    (dropped / name).write_bytes(b"" if name.startswith("empty") else b"<hello/>")
    with pytest.raises(TransferAppError):
        await imported(dropped, omero, (f"run/{name}",))
