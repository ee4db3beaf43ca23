"""Newer servers import in six steps; everything holds that was said of five."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

import omero as omero_py

from tests.support.omero_fixtures import omero, sandbox
from tests.support.omero_sandbox_env import gateway, reserve, upload, wait_for
from tests.support.omero_worker_env import noise
from transferapp.errors import TransferAppError
from transferapp.host.backoff import Backoff
from transferapp.model.images import TileRegion
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


@pytest.fixture(autouse=True)
def newer(sandbox: RunningSandbox) -> Iterator[None]:
    sandbox.control("import_steps", count=6)
    yield
    sandbox.control("import_steps", count=5)


def test_the_sandbox_makes_files_read_only_first(sandbox: RunningSandbox) -> None:
    with gateway(sandbox, ALICE, password=PASSWORD) as conn:
        process = reserve(conn, ["/a/first.fake"])
        sandbox.control("fail_step", step=2)
        try:
            response = wait_for(process.verifyUpload(upload(process, [b""])))
        finally:
            sandbox.control("fail_step", step=0)
        assert isinstance(response, omero_py.cmd.ERR)
        [file] = sandbox.repository_folder.rglob("first.fake")
        assert file.stat().st_mode & 0o222 == 0
        process = reserve(conn, ["/a/second.fake"])
        handle = process.verifyUpload(upload(process, [b""]))
        assert isinstance(wait_for(handle), omero_py.grid.ImportResponse)
        assert (handle.getStatus().currentStep, handle.getStatus().steps) == (5, 6)


async def test_all_six_are_told_by_their_names(
    sandbox: RunningSandbox,
    omero: OmeroRepository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "transferapp.repositories.omero.imports.watching._POLLS", Backoff(0.02, 0.02)
    )
    (tmp_path / "cells.tif").write_bytes(noise(1))
    heard: list[tuple[int, int, str]] = []
    async with omero.session(ALICE) as session:
        dataset = await new_dataset(session)
        plan = plan_for(Sample(tmp_path, ("cells.tif",), 1), dataset.ref, dataset.group_id)
        fileset = await session.imports.reserve(plan)
        await session.imports.store(fileset, plan, [tmp_path / "cells.tif"])
        sandbox.control("slow_step", seconds=0.3)
        try:
            made = await session.imports.register(
                fileset, plan, lambda *news: heard.append(news)
            )
        finally:
            sandbox.control("slow_step", seconds=0)
        assert len(made.image_ids) == 1
    steps = [news for news in heard if news[1] == 7]
    assert steps == [
        (0, 7, "protecting the files"),
        (1, 7, "reading the metadata"),
        (2, 7, "reading the pixels"),
        (3, 7, "making thumbnails"),
        (4, 7, "processing"),
        (5, 7, "finishing"),
        (7, 7, "the images are in their place"),
    ]


@pytest.mark.parametrize("step", [1, 2, 3, 6])
async def test_whatever_step_fails_nothing_stays_and_a_retry_begins_anew(
    sandbox: RunningSandbox, omero: OmeroRepository, tmp_path: Path, step: int
) -> None:
    (tmp_path / "cells.tif").write_bytes(noise(step))
    before = sandbox.control("status")["counts"]
    async with omero.session(ALICE) as session:
        dataset = await new_dataset(session)
        plan = plan_for(Sample(tmp_path, ("cells.tif",), 1), dataset.ref, dataset.group_id)
        sandbox.control("fail_step", step=step)
        try:
            with pytest.raises(TransferAppError):
                await import_all(session, plan, [tmp_path / "cells.tif"])
        finally:
            sandbox.control("fail_step", step=0)
        left = sandbox.control("status")["counts"]
        assert (left["Fileset"], left["Image"]) == (before["Fileset"], before["Image"])
        made = await import_all(session, plan, [tmp_path / "cells.tif"])
        plane = TileRegion(0, 0, 0, 0, 0, 0, 4, 4)
        assert (await session.images.tile(made.image_ids[0], plane)).any()
