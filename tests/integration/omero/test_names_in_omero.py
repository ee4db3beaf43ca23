"""Images are called, and files placed, in OMERO as people know it from OMERO.insight."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

import omero as omero_py

from tests.support.omero_env import adapter, settings_for
from tests.support.omero_fixtures import omero, sandbox
from tests.support.omero_sandbox_env import (
    fileset_of,
    gateway,
    managed_repository,
    reserve,
    settings,
    upload,
    wait_for,
)
from transferapp.errors import Invalid
from transferapp.formats.omero_path_rules import USUAL_RULES
from transferapp.host.resources import resource
from transferapp.intake.grouping import group
from transferapp.intake.scanning import scan
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

RULES = "omero.fs.repo.path_rules"


def tiff(path: Path, count: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tifffile.TiffWriter(path, ome=True) as writer:
        for number in range(count):
            plane = np.full((8, 9), number, np.uint8)
            writer.write(plane, metadata={"axes": "YX", "Name": f"Position {number + 1}"})
    return path


async def seen(
    omero: OmeroRepository, sandbox: RunningSandbox, dropped: Path
) -> tuple[list[str], list[str]]:
    """Import what is dropped; return the names of its images, and where its files are."""
    (candidate,) = group(scan([dropped]))
    paths = tuple(file.client_path for file in candidate.files)
    async with omero.session(ALICE) as session:
        dataset = await new_dataset(session)
        sample = Sample(dropped.parent, paths, 1)
        plan = plan_for(sample, dataset.ref, dataset.group_id)
        plan = replace(plan, name=candidate.name)
        made = await import_all(session, plan, sample.paths)
        images = await session.images.find(container=dataset.ref)
    names = sorted(image.name for image in images)
    with gateway(sandbox, ALICE, password=PASSWORD) as conn:
        query = "select o.path, o.name, f.templatePrefix from FilesetEntry e"
        query += f" join e.originalFile o join e.fileset f where f.id = {made.id}"
        rows = conn.getQueryService().projection(query, None, conn.SERVICE_OPTS)
    places = [(p.val + n.val).removeprefix(prefix.val) for p, n, prefix in rows]
    assert all((sandbox.repository_folder / p.val / n.val).is_file() for p, n, _ in rows)
    return names, sorted(places)


async def test_one_image_has_the_name_of_its_file(
    omero: OmeroRepository, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    names, places = await seen(omero, sandbox, tiff(tmp_path / "mouse 7.ome.tif"))
    assert (names, places) == (["mouse 7.ome.tif"], ["mouse 7.ome.tif"])


async def test_several_have_their_own_behind_it(
    omero: OmeroRepository, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    names, _ = await seen(omero, sandbox, tiff(tmp_path / "mouse.ome.tif", 2))
    assert names == ["mouse.ome.tif [Position 1]", "mouse.ome.tif [Position 2]"]


async def test_a_zarr_has_the_name_of_its_folder_and_keeps_it(
    omero: OmeroRepository, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    folder = tmp_path / "cells.ome.zarr"
    (sample,) = resource("sample-data", "ome-zarr-v04-confocal-5d").rglob("*.zarr")
    shutil.copytree(sample, folder)
    names, places = await seen(omero, sandbox, folder)
    assert names == ["cells.ome.zarr"]
    assert "cells.ome.zarr/.zattrs" in places
    assert all(place.startswith("cells.ome.zarr/") for place in places)


async def test_names_that_windows_forbids_are_changed_on_the_server_only(
    omero: OmeroRepository, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    names, places = await seen(
        omero, sandbox, tiff(tmp_path / "at 12:30" / "con.ome.tif").parent
    )
    assert names == ["con.ome.tif"]
    assert places == ["at 12;30/_con.ome.tif"]


async def test_two_files_of_one_place_are_refused_before_they_are_sent(
    omero: OmeroRepository, tmp_path: Path
) -> None:
    for name in ("a:1.tif", "a;1.tif"):
        tiff(tmp_path / name)
    async with omero.session(ALICE) as session:
        sample = Sample(tmp_path, ("a:1.tif", "a;1.tif"), 1)
        plan = plan_for(sample, None, session.identity.default_group_id)
        with pytest.raises(Invalid, match="under the same name"):
            await session.imports.reserve(plan)
        assert await session.imports.find(plan.key) is None


async def test_the_rules_of_this_server_are_asked_for(
    omero: OmeroRepository, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    for name in ("a:1.tif", "a;1.tif"):
        tiff(tmp_path / name)
    assert (await omero.formats()).path_rules == USUAL_RULES
    sandbox.control("set", key=RULES, value="UNIX required")
    another = adapter(settings_for(sandbox, tmp_path))
    try:
        assert (await another.formats()).path_rules == "UNIX required"
        async with another.session(ALICE) as session:
            sample = Sample(tmp_path, ("a:1.tif", "a;1.tif"), 1)
            plan = plan_for(sample, None, session.identity.default_group_id)
            fileset = await session.imports.reserve(plan)
            await session.imports.discard(fileset)
    finally:
        sandbox.control("set", key=RULES, value=USUAL_RULES)
    # Where OMERO does not tell the importer, its own default is likely.
    sandbox.control("hide", key=RULES)
    third = adapter(settings_for(sandbox, tmp_path))
    try:
        assert (await third.formats()).path_rules == USUAL_RULES
    finally:
        sandbox.control("hide", key=RULES, on=False)
        await another.close()
        await third.close()


def test_the_server_by_itself(sandbox: RunningSandbox, tmp_path: Path) -> None:
    """Without a client's name it takes the opened file's, and numbers series from 0."""
    deep = tiff(tmp_path / "a" / "b" / "c" / "d" / "two.ome.tif", 2)
    with gateway(sandbox, ALICE, password=PASSWORD) as conn:
        process = reserve(conn, [str(deep)])
        handle = process.verifyUpload(upload(process, [deep.read_bytes()]))
        images = wait_for(handle).objects
        assert [image.name.val for image in images] == [
            "two.ome.tif [Position 1]",
            "two.ome.tif [Position 2]",
        ]
        file = conn.getObject("Image", images[0].id.val).getFileset().listFiles()[0]
        assert file.path.split("/", 4)[-1] == "b/c/d/", "three folders above it are kept"
        handle.close()

        repository = managed_repository(conn)
        with pytest.raises(omero_py.ValidationException, match="illegal components"):
            repository.fileExists("alice/12:30.tif")
        apart = [f"r/{run}/a/b/c/x.tif" for run in ("p1", "p2")]
        with pytest.raises(omero_py.InternalException, match="toIndex"):
            repository.importFileset(fileset_of(apart), settings())


def test_the_server_finds_a_zarr_by_its_folder_only(sandbox: RunningSandbox) -> None:
    (sample,) = resource("sample-data", "ome-zarr-v04-confocal-5d").rglob("*.zarr")
    files = sorted(
        (path for path in sample.rglob("*") if path.is_file()),
        key=lambda path: (path.name != ".zattrs" or path.parent != sample, path),
    )
    inside = [path.relative_to(sample).as_posix() for path in files]
    with gateway(sandbox, ALICE, password=PASSWORD) as conn:
        process = reserve(conn, [f"cells/{path}" for path in inside])
        handle = process.verifyUpload(upload(process, [path.read_bytes() for path in files]))
        assert isinstance(wait_for(handle), omero_py.cmd.ERR)
        handle.close()
