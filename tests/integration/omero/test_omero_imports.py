"""Imports through outages: the worker dies, OMERO restarts, the disk is full; one copy."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_env import (
    adapter,
    settings_for,
)
from tests.support.omero_fixtures import omero, sandbox
from transferapp.errors import (
    ChecksumMismatch,
    Invalid,
    RepositoryUnavailable,
    StorageFull,
    UnsupportedFile,
    UploadLost,
)
from transferapp.host.backoff import Backoff
from transferapp.host.resources import resource
from transferapp.model.filesets import FilesetPlan
from transferapp.repositories.omero.repository import OmeroRepository
from transferapp.repositories.port import RepositorySession
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox
from transferapp.testing.repository_env import (
    ALICE,
    Sample,
    import_all,
    new_dataset,
    plan_for,
    sha1_of,
)

__all__ = ["omero", "sandbox"]

CELLS = Sample(resource("sample-data", "tiff-channels-cells"), ("cells_D03f00d1.tif",), 1)


async def planned(session: RepositorySession, sample: Sample = CELLS) -> FilesetPlan:
    dataset = await new_dataset(session)
    return plan_for(sample, dataset.ref, dataset.group_id)


async def leave_as_killed(repository: OmeroRepository) -> None:
    """Forget all sessions as a killed process does: nothing is told to OMERO."""
    repository._pool._held.clear()


def filesets(sandbox: RunningSandbox) -> int:
    count: int = sandbox.control("status")["counts"]["Fileset"]
    return count


async def test_killed_after_upload_is_adopted(
    sandbox: RunningSandbox, omero: OmeroRepository, tmp_path: Path
) -> None:
    before = filesets(sandbox)
    async with omero.session(ALICE) as session:
        plan = await planned(session)
        first = await session.imports.reserve(plan)
        await session.imports.store(first, plan, CELLS.paths)
    lost = list(omero._pool._held.values())
    await leave_as_killed(omero)
    another = adapter(settings_for(sandbox, tmp_path))
    async with another.session(ALICE) as session:
        made = await import_all(session, plan, CELLS.paths)
    await another.close()
    for one in lost:
        one.gateway.close()
    assert made.id == first.id
    assert len(made.image_ids) == 1
    assert filesets(sandbox) == before + 1


async def test_killed_while_importing_is_adopted(
    sandbox: RunningSandbox, omero: OmeroRepository, tmp_path: Path
) -> None:
    async with omero.session(ALICE) as session:
        plan = await planned(session)
        fileset = await session.imports.reserve(plan)
        await session.imports.store(fileset, plan, CELLS.paths)
        sandbox.control("slow_step", seconds=0.2)
        begun = asyncio.Event()
        running = asyncio.create_task(
            session.imports.register(fileset, plan, lambda *_: begun.set())
        )
        await asyncio.wait_for(begun.wait(), 10)
        running.cancel()
        await asyncio.wait({running})
    lost = list(omero._pool._held.values())
    await leave_as_killed(omero)
    another = adapter(settings_for(sandbox, tmp_path))
    async with another.session(ALICE) as session:
        made = await session.imports.register(fileset, plan, lambda *_: None)
        listed = await session.images.find(plan.target)
    sandbox.control("slow_step", seconds=0)
    await another.close()
    for one in lost:
        one.gateway.close()
    assert [image.id for image in listed] == list(made.image_ids)
    assert len(made.image_ids) == 1


async def test_only_signs_of_life_are_reported(
    sandbox: RunningSandbox, omero: OmeroRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told at every look, an import that hangs would never look silent in the queue."""
    watching = "transferapp.repositories.omero.imports.watching"
    monkeypatch.setattr(f"{watching}._SCAN_AT_LOG_EVERY", timedelta(seconds=0.1))
    monkeypatch.setattr(f"{watching}._POLLS", Backoff(0.05, 0.05))
    reported: list[str] = []
    async with omero.session(ALICE) as session:
        plan = await planned(session)
        fileset = await session.imports.reserve(plan)
        await session.imports.store(fileset, plan, CELLS.paths)
        sandbox.control("slow_step", seconds=0.8)
        await session.imports.register(fileset, plan, lambda *news: reported.append(news[2]))
    sandbox.control("slow_step", seconds=0)
    counts = Counter(reported)
    assert len(counts) >= 4
    # Each step when it begins, and once more when the log is looked at first; now and then
    # on a busy machine. It is looked at ten times in a step.
    assert max(counts.values()) <= 4, counts


@pytest.mark.parametrize("stored", [False, True])
async def test_restarted_omero_asks_for_the_files_again(
    sandbox: RunningSandbox, omero: OmeroRepository, *, stored: bool
) -> None:
    async with omero.session(ALICE) as session:
        plan = await planned(session)
        fileset = await session.imports.reserve(plan)
        if stored:
            await session.imports.store(fileset, plan, CELLS.paths)
            await session.imports.verify(fileset, plan)
    sandbox.restart()
    before = filesets(sandbox)
    async with omero.session(ALICE) as session:
        found = await session.imports.find(plan.key)
        assert found is not None
        if stored:
            with pytest.raises(UploadLost):
                await session.imports.verify(found, plan)
        with pytest.raises(UploadLost):
            await session.imports.register(found, plan, lambda *_: None)
        made = await import_all(session, plan, CELLS.paths)
        assert await session.imports.find(plan.key) == made
    assert filesets(sandbox) == before


async def test_full_disk_is_reported_and_goes_on_later(
    sandbox: RunningSandbox, omero: OmeroRepository
) -> None:
    async with omero.session(ALICE) as session:
        plan = await planned(session)
        fileset = await session.imports.reserve(plan)
        sandbox.control("disk_full", on=True)
        with pytest.raises(StorageFull):
            await session.imports.store(fileset, plan, CELLS.paths)
        sandbox.control("disk_full", on=False)
        assert len((await import_all(session, plan, CELLS.paths)).image_ids) == 1


async def test_wrong_checksum_is_sent_again(
    sandbox: RunningSandbox, omero: OmeroRepository
) -> None:
    async with omero.session(ALICE) as session:
        plan = await planned(session)
        fileset = await session.imports.reserve(plan)
        sandbox.control("wrong_checksum", count=1)
        await session.imports.store(fileset, plan, CELLS.paths)
        with pytest.raises(ChecksumMismatch):
            await session.imports.verify(fileset, plan)
        assert len((await import_all(session, plan, CELLS.paths)).image_ids) == 1


async def test_failed_step_leaves_no_fileset(
    sandbox: RunningSandbox, omero: OmeroRepository
) -> None:
    before = filesets(sandbox)
    async with omero.session(ALICE) as session:
        plan = await planned(session)
        sandbox.control("fail_step", step=1)
        with pytest.raises((Invalid, RepositoryUnavailable), match="OMERO says"):
            await import_all(session, plan, CELLS.paths)
        sandbox.control("fail_step", step=0)
        assert filesets(sandbox) == before
        assert len((await import_all(session, plan, CELLS.paths)).image_ids) == 1


async def test_unknown_format_is_reported(
    sandbox: RunningSandbox, omero: OmeroRepository, tmp_path: Path
) -> None:
    strange = tmp_path / "notes.xyz"
    strange.write_bytes(b"not an image at all")
    before = filesets(sandbox)
    async with omero.session(ALICE) as session:
        plan = await planned(session, Sample(tmp_path, ("notes.xyz",), 0))
        assert plan.files[0].sha1 == sha1_of(strange.read_bytes())
        with pytest.raises((UnsupportedFile, Invalid), match="OMERO says"):
            await import_all(session, plan, [strange])
    assert filesets(sandbox) == before


async def test_dropped_connections_are_survived(
    sandbox: RunningSandbox, omero: OmeroRepository
) -> None:
    async with omero.session(ALICE) as session:
        plan = await planned(session)
    sandbox.control("drop_connections")
    async with omero.session(ALICE) as session:
        assert len((await import_all(session, plan, CELLS.paths)).image_ids) == 1
