"""A repository that slows down gets fewer imports at once, and all again when it recovers."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.support.import_env import OWNER, ImportEnv
from tests.support.postgres import (
    postgres_server,
    url,
)
from transferapp.host.clock import SystemClock
from transferapp.host.database import open_engine
from transferapp.host.resources import resource
from transferapp.operations.import_fileset import import_fileset_kind
from transferapp.operations.imports import import_task
from transferapp.taskqueue.dbos.queue import DbosTaskQueue
from transferapp.taskqueue.dbos.resource_store import ResourceStore
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.dbos.worker import DbosTaskWorker
from transferapp.taskqueue.port import TaskState

__all__ = ["postgres_server", "url"]

RESOURCE = "repository"
CEILING = 4
SETTINGS = QueueSettings(limits={RESOURCE: CEILING}, poll_s=0.05, beat_s=0.1)


class RepositoryEnv:
    """Imports into a repository whose slowness a test sets, and what is seen of them."""

    def __init__(self, folder: Path, url: str) -> None:
        self.env = ImportEnv(folder)
        self.engine, self.worker_engine = open_engine(url), open_engine(url)
        self.queue = DbosTaskQueue(self.engine, SETTINGS)
        #: The switch "slow step": how much longer the repository takes (seconds).
        self.slow_s = 0.0
        self.number = 0
        #: (limit, running) as they were seen, one after the other.
        self.seen: list[tuple[int, int]] = []
        #: Ids of the tasks that ran when it was seen last.
        self.running: set[str] = set()
        self.env.after["store"] = self._slow_step

    async def submit(self, count: int) -> None:
        """Queue so many imports more."""
        source = resource("sample-data", "png-cells") / "cell.png"
        for _ in range(count):
            self.number += 1
            path = self.env.folder / f"cell-{self.number}.png"
            shutil.copyfile(source, path)
            details = await self.env.add_import([path])
            task = import_task(details.transfer.id, details.items[0].id, OWNER)
            await self.queue.enqueue(task)

    async def until(self, holds: Callable[[int, int], bool]) -> None:
        """Wait until something holds of what was seen last."""
        while not (self.seen and holds(*self.seen[-1])):  # noqa: ASYNC110  # it is polled
            await asyncio.sleep(0.02)

    async def until_another_runs_alone(self) -> None:
        """Wait until what began before the least is over: one runs that began after it."""
        await self.until(lambda limit, running: limit == running == 1)
        before = self.running
        await self.until(
            lambda limit, running: limit == running == 1 and self.running.isdisjoint(before)
        )

    async def usual_s(self) -> float:
        """Return what the queue takes for the usual time of an import, once it knows."""
        store = ResourceStore(self.engine, SETTINGS)
        while not (usual_s := store.row(RESOURCE)["usual_s"]):  # noqa: ASYNC110  # it is polled
            await asyncio.sleep(0.02)
        return float(usual_s)

    async def watch(self) -> None:
        """Note what changes until cancelled."""
        while True:
            running = await self.queue.tasks(states=[TaskState.RUNNING])
            for resource_name in await self.queue.resources():
                self.running = {task.id for task in running}
                now = (resource_name.limit, len(running))
                if not self.seen or self.seen[-1] != now:
                    self.seen.append(now)
            await asyncio.sleep(0.03)

    async def _slow_step(self) -> None:
        began = time.monotonic()
        while time.monotonic() - began < self.slow_s:  # noqa: ASYNC110  # it may recover
            await asyncio.sleep(0.02)


@asynccontextmanager
async def working(folder: Path, url: str) -> AsyncIterator[RepositoryEnv]:
    """Open a world with a worker, and watch it."""
    outer_env = RepositoryEnv(folder, url)
    inner_env = outer_env.env
    await inner_env.open()
    kind = import_fileset_kind(
        inner_env.ledger, inner_env.staging, inner_env.repository, SystemClock()
    )
    worker = DbosTaskWorker(outer_env.worker_engine, [kind], SystemClock(), SETTINGS)
    await worker.start()
    watching = asyncio.create_task(outer_env.watch())
    try:
        yield outer_env
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        await worker.stop()
        await outer_env.queue.close()
        await inner_env.close()
        outer_env.engine.dispose()
        outer_env.worker_engine.dispose()


@pytest.mark.slow
async def test_a_slow_repository_gets_less_until_it_recovers(tmp_path: Path, url: str) -> None:
    async with working(tmp_path, url) as outer_env, asyncio.timeout(100):
        await outer_env.submit(CEILING)
        await outer_env.until(lambda limit, running: (limit, running) == (CEILING, 0))
        # Whatever this machine's pace: clearly slower than it was.
        outer_env.slow_s = 4 * await outer_env.usual_s()
        await outer_env.submit(4 * CEILING)
        # It steps down to the least; what began before goes on.
        await outer_env.until_another_runs_alone()
        calm = len(outer_env.seen) - 1
        await asyncio.sleep(outer_env.slow_s)
        assert {limit for limit, _ in outer_env.seen[:calm]} >= {CEILING, CEILING // 2}
        assert set(outer_env.seen[calm:]) <= {(1, 1), (1, 0)}
        outer_env.slow_s = 0.0
        await outer_env.submit(3 * CEILING)
        await outer_env.until(lambda limit, running: limit == running == CEILING)
        await outer_env.until(lambda _, running: not running)
        tasks = await outer_env.queue.tasks(limit=500)
        assert {task.state for task in tasks} == {TaskState.DONE}
        assert {task.attempts for task in tasks} == {0}, "slow is not failed"
