"""A target that is out: one task probes it, the others keep their attempts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from transferapp.errors import RepositoryUnavailable
from transferapp.host.clock import SystemClock
from transferapp.host.database import open_engine, sqlite_url
from transferapp.taskqueue.dbos.queue import DbosTaskQueue
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.dbos.worker import DbosTaskWorker
from transferapp.taskqueue.port import RetryPolicy, TaskState
from transferapp.testing.queue_journal import RESOURCE, QueueJournal, new, reach, until

COUNT = 60
SETTINGS = QueueSettings(limits={RESOURCE: 2}, poll_s=0.05, beat_s=0.1)


@pytest.fixture
async def queue(tmp_path: Path) -> AsyncIterator[DbosTaskQueue]:
    engine = open_engine(sqlite_url(tmp_path / "queue.db"))
    queue = DbosTaskQueue(engine, SETTINGS)
    yield queue
    await queue.close()
    engine.dispose()


async def test_an_outage_costs_a_probe_and_not_every_task(
    queue: DbosTaskQueue, tmp_path: Path
) -> None:
    journal = QueueJournal()
    journal.failures = [RepositoryUnavailable("down") for _ in range(10 * COUNT)]
    for number in range(COUNT):
        await queue.enqueue(new(f"t{number}"))
    engine = open_engine(sqlite_url(tmp_path / "queue.db"))
    retry = RetryPolicy(first_delay_s=0.05, factor=1.0)
    worker = DbosTaskWorker(engine, [journal.kind(retry)], SystemClock(), SETTINGS)
    await worker.start()
    try:
        # Two places: three failures open the circuit, with a few more on their way.
        async with asyncio.timeout(60):
            while not [one for one in await queue.resources() if one.out]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await asyncio.sleep(1.0)
        tried = journal.lines.count("try")
        assert tried <= 8, f"{tried} tries of {COUNT} tasks"
        (resource,) = await queue.resources()
        assert resource.out
        assert resource.probe_at is not None
        journal.failures = []
        await until(lambda: journal.lines.count(f"end t{COUNT - 1}") == 1, within_s=60.0)
        for number in range(COUNT):
            await reach(queue, f"t{number}", TaskState.DONE)
        assert journal.most_running <= 2
        (resource,) = await queue.resources()
        assert not resource.out
    finally:
        await worker.stop()
        engine.dispose()


async def _probe_fails(worker: DbosTaskWorker, journal: QueueJournal) -> None:
    """Let time pass until the next probe is due, and wait for it."""
    left = len(journal.failures)
    await asyncio.sleep(0.3)
    with worker._store.changing(RESOURCE) as (row, change):
        change(probe_at=0.0 if row["outages"] else row["probe_at"])
    await until(lambda: len(journal.failures) < left)


async def test_a_long_outage_costs_no_attempts(queue: DbosTaskQueue, tmp_path: Path) -> None:
    """Probes fail for weeks, and still nothing ends dead when the last attempt is near."""
    journal = QueueJournal()
    journal.failures = [RepositoryUnavailable("down") for _ in range(200)]
    for number in range(3):
        await queue.enqueue(new(f"t{number}"))
    engine = open_engine(sqlite_url(tmp_path / "queue.db"))
    retry = RetryPolicy(max_attempts=4, first_delay_s=0.05, factor=1.0)
    worker = DbosTaskWorker(engine, [journal.kind(retry)], SystemClock(), SETTINGS)
    await worker.start()
    try:
        await until(lambda: len(journal.failures) <= 197)
        for _ in range(6):
            await _probe_fails(worker, journal)
        tasks = await queue.tasks()
        assert TaskState.DEAD not in {task.state for task in tasks}
        assert max(task.attempts for task in tasks) <= 3
    finally:
        await worker.stop()
        engine.dispose()


async def test_a_bulk_redrive_leaves_what_is_not_dead(queue: DbosTaskQueue) -> None:
    for name in ("a", "b"):
        await queue.enqueue(new(name))
    await queue.cancel("a")
    assert await queue.redrive_all(error_code="internal") == 0
    assert {task.id: task.state for task in await queue.tasks()} == {
        "a": TaskState.CANCELLED,
        "b": TaskState.QUEUED,
    }
