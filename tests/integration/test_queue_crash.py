"""Workers that die, freeze or stop in the middle of a task, on both databases."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.postgres import (
    PostgresServer,
    postgres_server,
    url,
)
from tests.support.queue_process import RESOURCE, SETTINGS, Steps, WorkerProcess
from transferapp.errors import Unavailable
from transferapp.host.database import open_engine
from transferapp.taskqueue.dbos.queue import DbosTaskQueue
from transferapp.taskqueue.port import NewTask, Task, TaskState

__all__ = ["postgres_server", "url"]


#: A worker is never taken for dead because it is silent: only because its process is gone.
NEVER_S = 3600.0


class Plant:
    """A queue on one database, and worker processes on it."""

    def __init__(self, url: str, folder: Path) -> None:
        """Open the queue."""
        self.url = url
        self.journal = folder / "journal"
        self.engine = open_engine(url)
        self.queue = DbosTaskQueue(self.engine, SETTINGS)
        self.workers: list[WorkerProcess] = []

    async def worker(self, dead_after_s: float = SETTINGS.dead_after_s) -> WorkerProcess:
        """Start a worker process."""
        started = await asyncio.to_thread(WorkerProcess, self.url, self.journal, dead_after_s)
        self.workers.append(started)
        return started

    async def enqueue(self, task_id: str, steps: Steps, kind: str = "steps") -> None:
        """Queue a task."""
        assert await self.queue.enqueue(NewTask(task_id, kind, steps, RESOURCE, "ada"))

    def lines(self) -> list[list[str]]:
        """Return the journal: process id, begin or end, task, step."""
        text = self.journal.read_text() if self.journal.exists() else ""
        return [line.split() for line in text.splitlines()]

    def counts(self, text: str) -> Counter[str]:
        """Return how often each step of each task began or ended."""
        return Counter(f"{line[2]}/{line[3]}" for line in self.lines() if line[1] == text)

    async def begun(self, step: str) -> None:
        """Wait until a step has begun."""
        async with asyncio.timeout(60):
            while step not in self.counts("begin"):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def who_runs(self, step: str) -> tuple[WorkerProcess, WorkerProcess]:
        """Wait until a step has begun; return the worker that runs it, and the other."""
        await self.begun(step)
        pid = next(line[0] for line in self.lines() if f"{line[2]}/{line[3]}" == step)
        first, second = self.workers
        return (first, second) if str(first.pid) == pid else (second, first)

    async def reach(self, task_id: str, state: TaskState, within_s: float = 60.0) -> Task:
        """Wait until a task is in a state."""
        async with asyncio.timeout(within_s):
            while (task := await self.queue.get(task_id)).state is not state:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        return task


@asynccontextmanager
async def running_plant(url: str, folder: Path) -> AsyncIterator[Plant]:
    """Yield a plant and take it down."""
    plant = Plant(url, folder)
    try:
        yield plant
    finally:
        for worker in plant.workers:
            await asyncio.to_thread(worker.end, signal.SIGKILL)
        await plant.queue.close()
        plant.engine.dispose()


@pytest.fixture
async def plant(url: str, tmp_path: Path) -> AsyncIterator[Plant]:
    """Return a plant without workers."""
    async with running_plant(url, tmp_path) as plant:
        yield plant


async def test_kill_nine_and_restart(plant: Plant) -> None:
    """Finished steps are not repeated, the one in flight is, and nobody's death is awaited."""
    first = await plant.worker(NEVER_S)
    await plant.enqueue("one", Steps(count=6, seconds=0.3))
    await plant.begun("one/2")
    await asyncio.to_thread(first.end, signal.SIGKILL)
    second = await plant.worker(NEVER_S)
    task = await plant.reach("one", TaskState.DONE)
    assert task.crashes == 1
    ended = plant.counts("end")
    assert ended == {f"one/{number}": 1 for number in range(6)}
    assert plant.counts("begin")["one/2"] == 2
    resumed = [line for line in plant.lines() if line[0] == str(second.pid)]
    assert resumed[0][1:] == ["begin", "one", "2"]


async def test_another_worker_takes_over_while_it_runs(plant: Plant) -> None:
    """A living worker finds a dead one of its own host at the next beat."""
    await plant.worker(NEVER_S)
    await plant.worker(NEVER_S)
    await plant.enqueue("one", Steps(count=5, seconds=0.3))
    busy, idle = await plant.who_runs("one/1")
    await asyncio.to_thread(busy.end, signal.SIGKILL)
    await plant.reach("one", TaskState.DONE)
    assert {line[0] for line in plant.lines()} == {str(busy.pid), str(idle.pid)}
    assert max(plant.counts("end").values()) == 1


async def test_clean_stop_hands_back(plant: Plant) -> None:
    """SIGTERM is no crash: the next worker goes on at once."""
    first = await plant.worker()
    await plant.enqueue("one", Steps(count=5, seconds=0.4))
    await plant.begun("one/2")
    assert await asyncio.to_thread(first.end, signal.SIGTERM) == 0
    assert (await plant.queue.get("one")).state is TaskState.QUEUED
    await plant.worker()
    task = await plant.reach("one", TaskState.DONE)
    assert task.crashes == 0
    assert plant.counts("end") == {f"one/{number}": 1 for number in range(5)}


async def test_poison_pill_is_buried(plant: Plant) -> None:
    """A task that kills its worker ends dead, and the others go on."""
    await plant.enqueue("bad", Steps(), kind="poison")
    for _ in range(6):
        worker = await plant.worker()
        async with asyncio.timeout(60):
            while worker.is_running:
                if (await plant.queue.get("bad")).state is TaskState.DEAD:
                    break
                await asyncio.sleep(0.05)
        if worker.is_running:
            break
    task = await plant.queue.get("bad")
    assert (task.state, task.crashes) == (TaskState.DEAD, SETTINGS.max_crashes)
    assert "died 3 times" in task.error
    assert plant.counts("begin")["bad/0"] == SETTINGS.max_crashes
    await plant.enqueue("good", Steps(count=1))
    await plant.reach("good", TaskState.DONE)


async def test_retry_survives_a_restart(plant: Plant, tmp_path: Path) -> None:
    """A waiting task is tried again by a worker that was not there when it failed."""
    needs = tmp_path / "repository-is-back"
    first = await plant.worker()
    await plant.enqueue("one", Steps(count=4, seconds=0.05, needs=str(needs)))
    await plant.reach("one", TaskState.WAITING)
    await asyncio.to_thread(first.end, signal.SIGKILL)
    needs.touch()
    await plant.worker()
    task = await plant.reach("one", TaskState.DONE)
    assert task.crashes == 0
    assert plant.counts("end") == {f"one/{number}": 1 for number in range(4)}


async def test_frozen_worker_is_fenced(plant: Plant) -> None:
    """A worker that sleeps and wakes again writes nothing over its successor's work."""
    await plant.worker()
    await plant.worker()
    await plant.enqueue("one", Steps(count=8, seconds=0.3))
    frozen, other = await plant.who_runs("one/2")
    frozen.send(signal.SIGSTOP)
    async with asyncio.timeout(60):
        while str(other.pid) not in {line[0] for line in plant.lines()}:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    frozen.send(signal.SIGCONT)
    task = await plant.reach("one", TaskState.DONE)
    await asyncio.sleep(1.0)
    assert (await plant.queue.get("one")).state is TaskState.DONE
    assert task.crashes == 1
    lines = plant.lines()
    woke = next(i for i, line in enumerate(lines) if line[0] == str(other.pid))
    assert [str(frozen.pid), "begin"] not in [line[:2] for line in lines[woke:]]


@pytest.mark.slow
async def test_database_crash_in_the_middle(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """PostgreSQL goes away and comes back: the task goes on, no step twice."""
    async with running_plant(postgres_server.new_database(), tmp_path) as plant:
        await plant.worker()
        await plant.enqueue("one", Steps(count=10, seconds=0.3))
        await plant.begun("one/3")
        await asyncio.to_thread(postgres_server.stop)
        started = time.monotonic()
        with pytest.raises(Unavailable):
            await plant.queue.get("one")
        assert time.monotonic() - started < 5.0
        await asyncio.sleep(2.0)
        await asyncio.to_thread(postgres_server.start)
        task = await plant.reach("one", TaskState.DONE, within_s=90.0)
        assert task.crashes == 0
        assert plant.counts("end") == {f"one/{number}": 1 for number in range(10)}
