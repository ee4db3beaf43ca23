"""A weekend without OMERO, and sessions that end meanwhile: all imports finish untouched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_worker_env import (
    HUMAN,
    AheadClock,
    OmeroWorkerEnv,
    all_tasks,
    assert_arrived,
    assert_clean,
    hand_in,
    in_states,
    noise,
    omero_env,
    states_seen,
    until,
)
from tests.support.rest_server import RestServer
from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.model.transfers import ItemState, TransferDetails
from transferapp.repositories.port import HealthState
from transferapp.taskqueue.port import Resource, TaskState
from transferapp.worker.settings import WorkerSettings
from transferapp.worker.wiring import open_parts

PEOPLE = ("alice", "bob")
IMPORTS = 40
#: The worker's limit of imports at once.
AT_ONCE = 4


@pytest.fixture
def env(tmp_path: Path) -> Iterator[OmeroWorkerEnv]:
    with omero_env(tmp_path) as running:
        yield running


@asynccontextmanager
async def working(clock: AheadClock) -> AsyncIterator[None]:
    """Work in this process, by a clock that can be moved."""
    parts = open_parts(WorkerSettings(limits={"repository": AT_ONCE}), clock)
    await parts.worker.start()
    try:
        yield
    finally:
        await parts.worker.stop()
        await parts.close()


class Imports:
    """Imports of two people, each into a dataset of their own."""

    def __init__(self, env: OmeroWorkerEnv, server: RestServer) -> None:
        self.env, self.server = env, server
        self.resources: dict[str, ContainerRef] = {}
        self.contents: dict[str, list[bytes]] = {}
        self.transfers: list[TransferDetails] = []

    async def hand_in(self, count: int) -> None:
        """Hand in ``count`` images in transfers of five."""
        for number, username in enumerate(PEOPLE):
            client = await self.server.signed_in(username)
            dataset = await client.create_container(ContainerKind.DATASET, "Weekend")
            self.resources[username] = dataset.ref
            mine = [noise(1000 * number + n) for n in range(count // len(PEOPLE))]
            self.contents[username] = mine
            for n in range(0, len(mine), 5):
                handed = await hand_in(client, dataset.ref, mine[n : n + 5])
                self.transfers.append(handed)

    async def in_the_middle(self) -> bool:
        """Say whether as many imports as may run wait for OMERO to make images."""
        tasks = await all_tasks(self.server)
        running = [task for task in tasks if task.state is TaskState.RUNNING]
        return [task.step for task in running] == ["register"] * AT_ONCE

    async def assert_all_right(self, count: int) -> None:
        """All are there once, and nobody was asked for anything."""
        assert await states_seen(self.server) & HUMAN == set()
        assert await in_states(self.server, self.transfers, ItemState.IMPORTED)
        assert len(await all_tasks(self.server)) == count
        for username in PEOPLE:
            contents, resource = self.contents[username], self.resources[username]
            await assert_arrived(self.env, username, resource, contents)
        assert_clean(self.env, count)

    async def all_done(self) -> bool:
        tasks = await all_tasks(self.server)
        return {task.state for task in tasks} == {TaskState.DONE}

    async def attempts(self) -> dict[str, int]:
        return {task.id: task.attempts for task in await all_tasks(self.server)}


async def omero_target(server: RestServer) -> Resource:
    (found,) = [t for t in await server.parts.queue.resources() if t.name == "repository"]
    return found


@pytest.mark.slow
async def test_sixty_hours_without_omero_with_forty_imports_queued(env: OmeroWorkerEnv) -> None:
    clock = AheadClock()
    async with env.server() as server:
        imports = Imports(env, server)
        await imports.hand_in(IMPORTS)
        # Some are caught in the middle: their files are in OMERO, their images are not.
        env.sandbox.control("busy_queue", on=True)
        async with working(clock):
            await until(imports.in_the_middle, "imports in OMERO's own queue")
            env.sandbox.kill()
            await _weekend(imports, clock)
            env.sandbox.start()
            # The next probe is at most five minutes away.
            clock.advance(minutes=6)
            await until(imports.all_done, "all are imported", within_s=90)
        await imports.assert_all_right(IMPORTS)


async def _weekend(imports: Imports, clock: AheadClock) -> None:
    """Let sixty hours pass, and look on every ten."""
    server = imports.server

    async def is_out() -> bool:
        return (await omero_target(server)).out

    await until(is_out, "the outage is noticed")
    # What had been started by then fails still.
    await asyncio.sleep(2)
    assert (await server.parts.repository.health()).state is HealthState.UNREACHABLE
    for _ in range(6):
        before = await imports.attempts()

        async def probed() -> bool:
            next_at = (await omero_target(server)).probe_at
            return next_at is not None and next_at > clock.now()

        with capture_logs() as logged:
            clock.advance(hours=10)
            await until(probed, "a probe")
        failed = [entry for entry in logged if entry["event"] == "task failed"]
        assert 1 <= len(failed) <= 2, "more than a probe at a time"
        assert await imports.attempts() == before, "a probe cost a task an attempt"
    tasks = await all_tasks(server)
    untried = [task for task in tasks if task.attempts == 0]
    assert len(untried) >= IMPORTS // 2, "the outage cost tasks an attempt that are not probes"
    assert {task.state for task in tasks} <= {TaskState.QUEUED, TaskState.WAITING}
    waiting = [task for task in tasks if task.state is TaskState.WAITING]
    assert all(task.retry_at and task.retry_at - clock.now() < timedelta(hours=1)
               for task in waiting)  # fmt: skip


@pytest.mark.slow
async def test_all_sessions_expire_in_the_middle(env: OmeroWorkerEnv) -> None:
    clock, count = AheadClock(), 20
    async with env.server() as server:
        imports = Imports(env, server)
        await imports.hand_in(count)
        env.sandbox.control("busy_queue", on=True)
        async with working(clock):
            await until(imports.in_the_middle, "imports in OMERO's own queue")
            users = set(env.sandbox.control("sessions")["users"])
            assert {"importer", *PEOPLE} <= users
            # Sixty hours at once: OMERO ends every session, also the importer's.
            env.sandbox.control("advance", hours=60)
            clock.advance(hours=60)
            env.sandbox.control("busy_queue", on=False)

            async def some_failed() -> bool:
                return any((await imports.attempts()).values())

            await until(some_failed, "the running imports notice")
            clock.advance(minutes=1)
            # And once more, in the middle of whatever runs then.
            env.sandbox.control("hold", place="ImportProcess.verifyUpload")
            held = await asyncio.to_thread(env.sandbox.control, "held", seconds=25)
            assert held["held"]
            env.sandbox.control("advance", hours=60)
            env.sandbox.control("let_go")

            async def all_done_later() -> bool:
                # Imports of sessions that ended are waited for until they have long been quiet.
                clock.advance(minutes=1)
                return await imports.all_done()

            await until(all_done_later, "all are imported", within_s=60)
        await imports.assert_all_right(count)
