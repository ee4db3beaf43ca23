"""A failed import leaves nothing half-made in OMERO, and can be tried again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_fixtures import omero, sandbox
from tests.support.omero_worker_env import noise
from transferapp.errors import (
    Busy,
    PermissionDenied,
    RepositoryUnavailable,
    TransferAppError,
    UploadLost,
)
from transferapp.host.backoff import Backoff
from transferapp.host.resources import resource
from transferapp.model.containers import ContainerKind
from transferapp.model.filesets import FilesetPlan
from transferapp.model.images import TileRegion
from transferapp.repositories.omero.imports import half_made
from transferapp.repositories.omero.repository import OmeroRepository
from transferapp.repositories.port import RepositorySession
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox
from transferapp.testing.repository_env import (
    ALICE,
    Sample,
    import_all,
    new_dataset,
    plan_for,
)

__all__ = ["omero", "sandbox"]

PLANE = TileRegion(0, 0, 0, 0, 0, 0, 4, 4)


@dataclass(frozen=True)
class Counted:
    filesets: int
    images: int
    plates: int


def counted(sandbox: RunningSandbox) -> Counted:
    found = sandbox.control("status")["counts"]
    return Counted(found["Fileset"], found["Image"], found["Plate"])


async def planned(
    session: RepositorySession, folder: Path, content: bytes = b""
) -> FilesetPlan:
    (folder / "cells.tif").write_bytes(content or noise(1))
    dataset = await new_dataset(session)
    return plan_for(Sample(folder, ("cells.tif",), 1), dataset.ref, dataset.group_id)


async def failed(
    session: RepositorySession, plan: FilesetPlan, folder: Path
) -> TransferAppError:
    """Import, and return what it failed with."""
    with pytest.raises(TransferAppError) as caught:
        await import_all(session, plan, [folder / "cells.tif"])
    return caught.value


async def assert_whole(session: RepositorySession, plan: FilesetPlan) -> None:
    assert plan.target is not None
    [image] = await session.images.find(plan.target)
    assert (await session.images.tile(image.id, PLANE)).any()


@pytest.mark.parametrize("step", [1, 2, 3, 4, 5])
async def test_whatever_step_fails_nothing_stays_and_a_retry_begins_anew(
    sandbox: RunningSandbox, omero: OmeroRepository, tmp_path: Path, step: int
) -> None:
    before = counted(sandbox)
    async with omero.session(ALICE) as session:
        plan = await planned(session, tmp_path)
        sandbox.control("fail_step", step=step)
        try:
            error = await failed(session, plan, tmp_path)
        finally:
            sandbox.control("fail_step", step=0)
        assert "may not delete" not in error.message
        assert counted(sandbox) == before
        assert await session.imports.find(plan.key) is None
        await import_all(session, plan, [tmp_path / "cells.tif"])
        await assert_whole(session, plan)
    after = counted(sandbox)
    assert (after.filesets, after.images) == (before.filesets + 1, before.images + 1)


async def test_a_file_without_its_pixels_leaves_nothing(
    sandbox: RunningSandbox, omero: OmeroRepository, tmp_path: Path
) -> None:
    before, whole = counted(sandbox), noise(2)
    async with omero.session(ALICE) as session:
        plan = await planned(session, tmp_path, whole[: len(whole) * 2 // 3])
        error = await failed(session, plan, tmp_path)
        assert not error.retryable
    assert counted(sandbox) == before


async def test_a_failed_plate_goes_with_its_wells(
    sandbox: RunningSandbox, omero: OmeroRepository
) -> None:
    folder = resource("sample-data", "ome-tiff-plate-cells")
    paths = sorted(p.relative_to(folder).as_posix() for p in folder.iterdir())
    paths.sort(key=lambda path: "companion" not in path)
    plate, before = Sample(folder, tuple(paths), 4), counted(sandbox)
    async with omero.session(ALICE) as session:
        screen = await session.containers.create(ContainerKind.SCREEN, "Plates")
        plan = plan_for(plate, screen.ref, screen.group_id)
        sandbox.control("fail_step", step=2)
        try:
            with pytest.raises(TransferAppError):
                await import_all(session, plan, plate.paths)
        finally:
            sandbox.control("fail_step", step=0)
    assert counted(sandbox) == before


async def test_what_may_not_be_deleted_is_named_and_a_retry_begins_beside_it(
    sandbox: RunningSandbox,
    omero: OmeroRepository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionDenied("Your OMERO account may not delete this.")

    before = counted(sandbox)
    async with omero.session(ALICE) as session:
        plan = await planned(session, tmp_path)
        monkeypatch.setattr(half_made, "delete", refuse)
        sandbox.control("fail_step", step=2)
        try:
            error = await failed(session, plan, tmp_path)
        finally:
            sandbox.control("fail_step", step=0)
        assert plan.target is not None
        [left] = await session.images.find(plan.target)
        assert f"with Image:{left.id} in " in error.message
        assert f"({plan.target})" in error.message
        assert "Fileset:" in error.message
        assert "Retry begins anew" in error.message

        made = await import_all(session, plan, [tmp_path / "cells.tif"])
        assert left.id not in made.image_ids
        assert await session.imports.find(plan.key) == made
        monkeypatch.undo()
        # Once it may be deleted it goes, and what was imported stays.
        await session.imports.discard(made)
        await assert_whole(session, plan)
    after = counted(sandbox)
    assert (after.filesets, after.images) == (before.filesets + 1, before.images + 1)


async def test_an_outage_while_it_is_taken_away_is_waited_for(
    sandbox: RunningSandbox,
    omero: OmeroRepository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """First OMERO is to be clean, then a person is told: she may press Retry at once."""

    def away(*_: Any, **__: Any) -> None:
        raise RepositoryUnavailable

    before = counted(sandbox)
    async with omero.session(ALICE) as session:
        plan = await planned(session, tmp_path)
        for name in ("mark_failed", "delete"):
            monkeypatch.setattr(half_made, name, away)
            sandbox.control("fail_step", step=2)
            try:
                assert isinstance(await failed(session, plan, tmp_path), RepositoryUnavailable)
            finally:
                sandbox.control("fail_step", step=0)
            monkeypatch.undo()
        await import_all(session, plan, [tmp_path / "cells.tif"])
        await assert_whole(session, plan)
    after = counted(sandbox)
    assert (after.filesets, after.images) == (before.filesets + 1, before.images + 1)


async def test_cancelled_between_images_and_pixels_leaves_nothing(
    sandbox: RunningSandbox, omero: OmeroRepository, tmp_path: Path
) -> None:
    before = counted(sandbox)
    async with omero.session(ALICE) as session:
        plan = await planned(session, tmp_path)
        fileset = await session.imports.reserve(plan)
        await session.imports.store(fileset, plan, [tmp_path / "cells.tif"])
        sandbox.control("slow_step", seconds=0.5)
        sandbox.control("hold", place="import step 2")
        running = asyncio.create_task(session.imports.register(fileset, plan, lambda *_: None))
        assert (await asyncio.to_thread(sandbox.control, "held", seconds=20))["held"]
        assert counted(sandbox).images == before.images + 1
        running.cancel()
        await asyncio.wait({running})
        sandbox.control("let_go")
        await session.imports.discard(fileset)
        sandbox.control("slow_step", seconds=0)
    assert counted(sandbox) == before


async def test_restarted_between_images_and_pixels_is_sent_again(
    sandbox: RunningSandbox, omero: OmeroRepository, tmp_path: Path
) -> None:
    """Nobody is left who would tie the pixels: rows alone are no import."""
    before = counted(sandbox)
    async with omero.session(ALICE) as session:
        plan = await planned(session, tmp_path)
        fileset = await session.imports.reserve(plan)
        await session.imports.store(fileset, plan, [tmp_path / "cells.tif"])
        sandbox.control("hold", place="import step 2")
        running = asyncio.create_task(session.imports.register(fileset, plan, lambda *_: None))
        assert (await asyncio.to_thread(sandbox.control, "held", seconds=20))["held"]
        await asyncio.to_thread(sandbox.restart)
        await asyncio.wait({running})
    assert counted(sandbox).images == before.images + 1
    async with omero.session(ALICE) as session:
        with pytest.raises(UploadLost):
            await session.imports.register(fileset, plan, lambda *_: None)
        assert counted(sandbox) == before
        await import_all(session, plan, [tmp_path / "cells.tif"])
        await assert_whole(session, plan)


async def test_nobody_who_looks_too_early_spoils_an_image(
    sandbox: RunningSandbox, omero: OmeroRepository, tmp_path: Path
) -> None:
    """OMERO would write a file of zeros for whoever opens pixels before they are tied."""
    async with omero.session(ALICE) as session:
        plan = await planned(session, tmp_path)
        assert plan.target is not None
        fileset = await session.imports.reserve(plan)
        await session.imports.store(fileset, plan, [tmp_path / "cells.tif"])
        sandbox.control("hold", place="import step 2")
        running = asyncio.create_task(session.imports.register(fileset, plan, lambda *_: None))
        assert (await asyncio.to_thread(sandbox.control, "held", seconds=20))["held"]
        [early] = await session.images.find(plan.target)
        with pytest.raises(Busy) as caught:
            await session.images.tile(early.id, PLANE)
        assert caught.value.retry_after_s == 15
        sandbox.control("let_go")
        await running
        await assert_whole(session, plan)


async def test_a_long_step_that_writes_its_log_is_not_silent(
    sandbox: RunningSandbox, omero: OmeroRepository, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The database hears of the log only when the step ends."""
    watching = "transferapp.repositories.omero.imports.watching"
    monkeypatch.setattr(f"{watching}._SCAN_AT_LOG_EVERY", timedelta(seconds=0.1))
    monkeypatch.setattr(f"{watching}._POLLS", Backoff(0.05, 0.05))
    beats: list[int] = []
    async with omero.session(ALICE) as session:
        plan = await planned(session, tmp_path)
        fileset = await session.imports.reserve(plan)
        await session.imports.store(fileset, plan, [tmp_path / "cells.tif"])
        sandbox.control("slow_step", seconds=2, log_every=0.2)
        try:
            await session.imports.register(fileset, plan, lambda done, *_: beats.append(done))
        finally:
            sandbox.control("slow_step", seconds=0)
    assert max(beats.count(step) for step in range(1, 5)) >= 4, beats
