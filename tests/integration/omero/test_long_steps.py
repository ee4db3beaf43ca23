"""Minimum and maximum of a large file take long, and OMERO logs nothing meanwhile."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_env import adapter, settings_for
from tests.support.omero_fixtures import sandbox
from tests.support.omero_worker_env import AheadClock
from transferapp.host.resources import resource
from transferapp.model.filesets import Fileset, FilesetPlan
from transferapp.repositories.heartbeat import SILENT_AFTER, Heartbeat
from transferapp.repositories.port import HealthState, RepositorySession
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox
from transferapp.testing.repository_env import ALICE, Sample, new_dataset, plan_for

__all__ = ["sandbox"]

CELLS = Sample(resource("sample-data", "tiff-channels-cells"), ("cells_D03f00d1.tif",), 1)


async def stored(session: RepositorySession) -> tuple[FilesetPlan, Fileset]:
    dataset = await new_dataset(session)
    plan = plan_for(CELLS, dataset.ref, dataset.group_id)
    fileset = await session.imports.reserve(plan)
    await session.imports.store(fileset, plan, CELLS.paths)
    return plan, fileset


async def test_a_long_step_is_alive_while_omero_says_so(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    clock = AheadClock()
    settings = settings_for(sandbox, tmp_path).model_copy(update={"step_quiet_s": 3600})
    omero = adapter(settings, clock)
    heard: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def put(news: tuple[int, int, str]) -> None:
        loop.call_soon_threadsafe(heard.put_nowait, news[2])

    async def reported(text: str) -> str:
        while text not in (heard_text := await asyncio.wait_for(heard.get(), 20)):
            pass
        return heard_text

    async def silent() -> bool:
        return (await omero.health()).state is HealthState.SILENT

    async with omero.session(ALICE) as session:
        plan, fileset = await stored(session)
        sandbox.control("hold", place="import step 2")
        running = asyncio.create_task(
            session.imports.register(fileset, plan, Heartbeat(put, clock))
        )
        assert (await asyncio.to_thread(sandbox.control, "held", seconds=20))["held"]
        await reported("reading the pixels")
        # It is looked at once, so that what step 1 wrote is known.
        clock.advance(seconds=31)
        await reported("reading the pixels")
        quiet = timedelta()
        while quiet < timedelta(minutes=20):
            clock.advance(minutes=3)
            quiet += timedelta(minutes=3)
            assert "nothing new in OMERO's log since" in await reported("reading the pixels, ")
            assert not await silent()
        assert quiet > 2 * SILENT_AFTER
        # Nobody knows whether it hangs: at last a person should look.
        clock.advance(hours=2)
        await asyncio.sleep(2.5)
        while not heard.empty():
            heard.get_nowait()
        clock.advance(minutes=6)
        assert await silent()
        assert heard.empty()
        assert not running.done(), "nobody gives up"
        sandbox.control("let_go")
        made = await running
    assert len(made.image_ids) == 1
    assert not await silent()
    await omero.close()
