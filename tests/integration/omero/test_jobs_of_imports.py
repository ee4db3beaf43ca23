"""What an import leaves in OMERO about itself, and nothing that it leaves open there."""

from __future__ import annotations

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

import omero as omero_py

import transferapp
from tests.support.omero_fixtures import omero, sandbox
from tests.support.omero_sandbox_env import gateway
from transferapp.host.resources import resource
from transferapp.model.filesets import FilesetPlan, PlannedFile
from transferapp.repositories.omero.catalogue.version_info import version_info
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

CELLS = Sample(resource("sample-data", "tiff-channels-cells"), ("cells_D03f00d1.tif",), 1)


async def test_the_upload_says_who_made_it(
    sandbox: RunningSandbox, omero: OmeroRepository
) -> None:
    async with omero.session(ALICE) as session:
        dataset = await new_dataset(session)
        plan = plan_for(CELLS, dataset.ref, dataset.group_id)
        made = await import_all(session, plan, CELLS.paths)
    with gateway(sandbox, ALICE, password=PASSWORD) as conn:
        asked = omero_py.sys.ParametersI().addId(made.id)
        [job] = conn.getQueryService().findAllByQuery(
            "select j from FilesetJobLink l, UploadJob j join fetch j.status"
            " where j.id = l.child.id and l.parent.id = :id",
            asked,
            {"omero.group": "-1"},
        )
    stated = {one.name: one.value for one in job.versionInfo}
    assert stated["client"] == f"TransferApp {transferapp.__version__}"
    assert {"omero.version", "os.name", "os.version", "os.architecture"} <= set(stated)
    assert job.status.value.val == "Finished"


@pytest.mark.parametrize(
    ("name", "reader"),
    [
        ("run/cells.lif", "loci.formats.in.LIFReader"),
        # Of several the server finds the one; of Zarr it has no such class.
        ("run/cells.tif", None),
        ("run/cells.zarr", None),
        ("run/cells", None),
    ],
)
def test_a_reader_is_named_only_when_no_other_could_be_meant(
    name: str, reader: str | None
) -> None:
    plan = FilesetPlan("key", "cells", (PlannedFile(name, 1, "0" * 40),), None, 1, ())
    assert dict(version_info(plan)).get("bioformats.reader") == reader


async def test_no_file_is_opened_to_learn_which_fileset_it_is(
    sandbox: RunningSandbox, omero: OmeroRepository
) -> None:
    async with omero.session(ALICE) as session:
        dataset = await new_dataset(session)
        plan = plan_for(CELLS, dataset.ref, dataset.group_id)
        sandbox.control("calls")
        fileset = await session.imports.reserve(plan)
        assert "ImportProcess.getUploader" not in sandbox.control("calls")["calls"]
        await session.imports.discard(fileset)
