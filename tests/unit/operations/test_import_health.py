"""Silent since: what the server says of imports that another process watches."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

import pytest
from pydantic import BaseModel
from typing_extensions import override

from transferapp.errors import Unavailable
from transferapp.host.clock import Clock, SystemClock
from transferapp.operations.import_health import import_health
from transferapp.repositories.heartbeat import SILENT_AFTER, Heartbeat
from transferapp.repositories.port import (
    HealthState,
    Repository,
    RepositoryHealth,
)
from transferapp.taskqueue.port import NewTask, Task, TaskState, WorkerLife
from transferapp.testing.memory_queue import MemoryTaskQueue

NOW = SystemClock().now()
PROGRESSING = RepositoryHealth(HealthState.PROGRESSING, "OMERO answers.")


class Standing(Clock):
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.time = NOW

    @override
    def now(self) -> datetime:
        return self.time


class Answering:
    """A repository that answers what a test says."""

    name = "OMERO"

    def __init__(self) -> None:
        self.answer = PROGRESSING

    async def health(self) -> RepositoryHealth:
        return self.answer


class Queue(MemoryTaskQueue):
    """A queue with workers in other processes."""

    def __init__(self) -> None:
        super().__init__()
        self.living = [WorkerLife("w1", 1, 1.0)]
        self.broken = False

    @override
    async def workers(self) -> list[WorkerLife]:
        if self.broken:
            raise Unavailable
        return self.living


class Payload(BaseModel):
    """Nothing."""


async def watched(queue: Queue, task_id: str, quiet: timedelta, step: str = "register") -> Task:
    """Add an import that runs in another process, without a sign of life for so long."""
    await queue.enqueue(NewTask(task_id, "import-fileset", Payload(), "repository", "ada"))
    entry = queue.entry(task_id)
    entry.task = replace(
        entry.task,
        state=TaskState.RUNNING,
        step=step,
        worker="w1",
        note="waiting in its own queue",
        updated_at=NOW - quiet,
    )
    return entry.task


async def stated(queue: Queue, repository: Answering | None = None) -> RepositoryHealth:
    asked = cast("Repository", repository or Answering())
    return await import_health(asked, queue, "repository", Standing())


async def test_silent_when_no_watched_import_moves() -> None:
    queue = Queue()
    task = await watched(queue, "1", SILENT_AFTER)
    await watched(queue, "2", 2 * SILENT_AFTER)
    health = await stated(queue)
    assert health.state is HealthState.SILENT
    assert health.detail == (
        f"OMERO answers, but its imports (2) give no sign of life since"
        f" {task.updated_at:%Y-%m-%d %H:%M} UTC: waiting in its own queue."
    )


async def test_one_that_moves_is_enough() -> None:
    queue = Queue()
    await watched(queue, "1", 2 * SILENT_AFTER)
    await watched(queue, "2", SILENT_AFTER - timedelta(seconds=1))
    assert await stated(queue) == PROGRESSING


@pytest.mark.parametrize("step", ["store", "verify", ""])
async def test_other_steps_show_nothing_of_its_queue(step: str) -> None:
    queue = Queue()
    await watched(queue, "1", 2 * SILENT_AFTER, step)
    assert await stated(queue) == PROGRESSING


async def test_a_dead_worker_states_nothing_of_the_repository() -> None:
    queue = Queue()
    await watched(queue, "1", 2 * SILENT_AFTER)
    queue.living = [WorkerLife("w1", 1, SILENT_AFTER.total_seconds())]
    assert await stated(queue) == PROGRESSING
    queue.living = []
    assert await stated(queue) == PROGRESSING


async def test_unreachable_stays_so_and_a_queue_that_is_away_hides_nothing() -> None:
    queue, repository = Queue(), Answering()
    await watched(queue, "1", 2 * SILENT_AFTER)
    repository.answer = RepositoryHealth(HealthState.UNREACHABLE, "gone")
    assert await stated(queue, repository) == repository.answer
    queue.broken = True
    assert await stated(queue) == PROGRESSING


def test_each_beat_is_news_at_most_once_a_minute() -> None:
    reported: list[tuple[int, int, str]] = []
    clock = Standing()
    clock.time = NOW.replace(hour=14, minute=5, second=0)
    heartbeat = Heartbeat(reported.append, clock)
    heartbeat(1, 6, "reading")
    heartbeat(1, 6, "reading")
    clock.time += timedelta(minutes=1)
    heartbeat(1, 6, "reading")
    heartbeat(2, 6, "writing")
    assert reported == [
        (1, 6, "reading"),
        (1, 6, "reading (at work at 14:05 UTC)"),
        (1, 6, "reading (at work at 14:06 UTC)"),
        (2, 6, "writing"),
    ]
