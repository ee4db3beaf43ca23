"""Imports that end in OMERO without any answer: only their status tells that they are over."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

import omero as omero_py

from tests.support.omero_fixtures import omero, sandbox
from tests.support.omero_sandbox_env import gateway, reserve, upload
from transferapp.errors import RepositoryUnavailable
from transferapp.host.resources import resource
from transferapp.model.filesets import Fileset, FilesetPlan
from transferapp.repositories.omero.repository import OmeroRepository
from transferapp.repositories.port import RepositorySession
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
WATCHING = "transferapp.repositories.omero.imports.watching"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{WATCHING}._LAST_WORD", timedelta(seconds=0.3))


def flags(handle: Any) -> set[Any]:
    return set(handle.getStatus().flags)


def test_cancelled_in_the_queue_it_never_answers(sandbox: RunningSandbox) -> None:
    """``HandleI.run`` does nothing for it, so nobody ever sets its response."""
    state = omero_py.cmd.State
    sandbox.control("busy_queue", on=True)
    with gateway(sandbox, ALICE, password=PASSWORD) as conn:
        process = reserve(conn, ["/a/b.fake"])
        handle = process.verifyUpload(upload(process, [b""]))
        assert flags(handle) == set()
        assert handle.cancel()
        sandbox.control("busy_queue", on=False)
        time.sleep(0.3)
        assert handle.getResponse() is None
        assert flags(handle) == {state.FAILURE, state.CANCELLED}
        assert handle.getStatus().steps == 0


def test_of_the_flags_there_is_none_for_success(sandbox: RunningSandbox) -> None:
    """``Helper.cancel`` alone sets flags; every failure of an import goes through it."""
    state = omero_py.cmd.State
    with gateway(sandbox, ALICE, password=PASSWORD) as conn:
        for step, expected in ((0, set[Any]()), (2, {state.FAILURE, state.CANCELLED})):
            sandbox.control("fail_step", step=step)
            process = reserve(conn, ["/a/b.fake"])
            handle = process.verifyUpload(upload(process, [b""]))
            while handle.getResponse() is None:
                time.sleep(0.02)
            sandbox.control("fail_step", step=0)
            status = handle.getStatus()
            assert set(status.flags) == expected
            # Numbered from 0: the last one is never counted as done.
            assert status.currentStep < status.steps


async def stored(session: RepositorySession) -> tuple[FilesetPlan, Fileset]:
    dataset = await new_dataset(session)
    plan = plan_for(CELLS, dataset.ref, dataset.group_id)
    fileset = await session.imports.reserve(plan)
    await session.imports.store(fileset, plan, CELLS.paths)
    return plan, fileset


def filesets(sandbox: RunningSandbox) -> int:
    return int(sandbox.control("status")["counts"]["Fileset"])


async def test_one_that_was_cancelled_in_the_queue_is_not_waited_for(
    sandbox: RunningSandbox, omero: OmeroRepository
) -> None:
    before = filesets(sandbox)
    async with omero.session(ALICE) as session:
        plan, fileset = await stored(session)
        sandbox.control("busy_queue", on=True)
        heard = asyncio.Event()
        running = asyncio.create_task(
            session.imports.register(fileset, plan, lambda *_: heard.set())
        )
        await asyncio.wait_for(heard.wait(), 20)
        [process] = [
            one.gateway.processes[fileset.id]
            for one in omero._pool._held.values()
            if fileset.id in one.gateway.processes
        ]
        # Another program of hers, in the same session.
        await asyncio.to_thread(lambda: process.handle().cancel())
        with pytest.raises(RepositoryUnavailable, match="cancel-called") as caught:
            await asyncio.wait_for(running, 20)
        assert caught.value.retryable
        sandbox.control("busy_queue", on=False)
        assert filesets(sandbox) == before
        await import_all(session, plan, CELLS.paths)
    assert filesets(sandbox) == before + 1


async def test_one_that_failed_and_cannot_say_why_is_not_waited_for(
    sandbox: RunningSandbox, omero: OmeroRepository
) -> None:
    """``ManagedImportRequestI.cleanup`` comes before the answer, and fails when the import has
    lost its session.
    """
    before = filesets(sandbox)
    async with omero.session(ALICE) as session:
        plan, fileset = await stored(session)
        sandbox.control("mute_failures", on=True)
        sandbox.control("fail_step", step=2)
        try:
            with pytest.raises(RepositoryUnavailable, match="not why"):
                await asyncio.wait_for(
                    session.imports.register(fileset, plan, lambda *_: None), 20
                )
        finally:
            sandbox.control("fail_step", step=0)
            sandbox.control("mute_failures", on=False)
        assert filesets(sandbox) == before
        await import_all(session, plan, CELLS.paths)
    assert filesets(sandbox) == before + 1


async def test_one_that_failed_and_cannot_say_why_can_be_discarded(
    sandbox: RunningSandbox, omero: OmeroRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody cancels the item while an answer is still waited for."""
    monkeypatch.setattr(f"{WATCHING}._LAST_WORD", timedelta(hours=1))
    monkeypatch.setattr(f"{WATCHING}._STOP_POLLS", 3)
    before = sandbox.control("status")["counts"]
    async with omero.session(ALICE) as session:
        plan, fileset = await stored(session)
        sandbox.control("mute_failures", on=True)
        sandbox.control("fail_step", step=2)
        try:
            running = asyncio.create_task(
                session.imports.register(fileset, plan, lambda *_: None)
            )
            await asyncio.to_thread(until_half_made, sandbox, before["Image"])
            running.cancel()
            await asyncio.wait({running})
            await session.imports.discard(fileset)
        finally:
            sandbox.control("fail_step", step=0)
            sandbox.control("mute_failures", on=False)
    after = sandbox.control("status")["counts"]
    assert (after["Fileset"], after["Image"]) == (before["Fileset"], before["Image"])


def until_half_made(sandbox: RunningSandbox, images_before: int) -> None:
    """Wait until an import has made its images and is over."""
    end = time.monotonic() + 20
    while True:
        status = sandbox.control("status")
        if not status["imports"] and status["counts"]["Image"] > images_before:
            return
        assert time.monotonic() < end
        time.sleep(0.05)
