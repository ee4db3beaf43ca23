"""A run that lost its task to others, who thought its worker dead, leaves it alone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.support.postgres import (
    postgres_server,
    url,
)
from transferapp.errors import Unavailable
from transferapp.host.clock import SystemClock
from transferapp.host.database import open_engine, sqlite_url
from transferapp.taskqueue.dbos.queue import DbosTaskQueue
from transferapp.taskqueue.dbos.records import TaskRecords
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.dbos.worker import DbosTaskWorker
from transferapp.taskqueue.port import Context, TaskKind, TaskState
from transferapp.testing.queue_journal import RESOURCE, Note, QueueJournal, new, reach

__all__ = ["postgres_server", "url"]

SETTINGS = QueueSettings(poll_s=0.1, beat_s=0.2)
#: So often the database does not answer.
TIMES_AWAY = 3


class Pausing:
    """A task of two steps; its first run waits between them, and notes that it left."""

    def __init__(self) -> None:
        self.journal = QueueJournal()
        self.between = asyncio.Event()
        self.go_on = asyncio.Event()
        self.left = asyncio.Event()

    async def handle(self, context: Context, _note: Note) -> None:
        try:
            await context.step("first", self.journal.write, "first")
            self.between.set()
            await self.go_on.wait()
            await context.step("second", self.journal.write, "second")
        finally:
            self.left.set()


async def test_a_run_that_lost_its_task_begins_no_step(url: str) -> None:
    pausing, engine = Pausing(), open_engine(url)
    queue = DbosTaskQueue(engine, SETTINGS)
    kind = TaskKind("note", Note, pausing.handle)
    worker = DbosTaskWorker(engine, [kind], SystemClock(), SETTINGS)
    await worker.start()
    try:
        await queue.enqueue(new("one"))
        await asyncio.wait_for(pausing.between.wait(), 15.0)
        await queue.pause_resource(RESOURCE, paused=True)
        # What the maintenance does when a worker was silent for too long.
        records = TaskRecords(engine, SystemClock())
        await asyncio.to_thread(lambda: records.let_go("one", records.row("one")["run"]))
        pausing.go_on.set()
        await asyncio.wait_for(pausing.left.wait(), 15.0)
        assert pausing.journal.lines == ["first"]
        assert (await queue.get("one")).state is TaskState.QUEUED
        await queue.pause_resource(RESOURCE, paused=False)
        await reach(queue, "one", TaskState.DONE)
        assert pausing.journal.lines == ["first", "second"]
    finally:
        await worker.stop()
        await queue.close()
        engine.dispose()


async def test_no_step_begins_while_the_database_cannot_log_whose_the_task_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that is cut off must not begin what others are doing by now."""
    pausing, engine = Pausing(), open_engine(sqlite_url(tmp_path / "queue.db"))
    queue = DbosTaskQueue(engine, SETTINGS)
    kind = TaskKind("note", Note, pausing.handle)
    worker = DbosTaskWorker(engine, [kind], SystemClock(), SETTINGS)
    asked, change = 0, TaskRecords._change

    def cut_off(*arguments: Any, **values: Any) -> bool:
        nonlocal asked
        asked += 1
        if asked <= TIMES_AWAY:
            raise Unavailable
        back.append(list(pausing.journal.lines))
        return change(*arguments, **values)

    back: list[list[str]] = []
    await worker.start()
    try:
        await queue.enqueue(new("one"))
        await asyncio.wait_for(pausing.between.wait(), 15.0)
        monkeypatch.setattr(TaskRecords, "_change", cut_off)
        pausing.go_on.set()
        await reach(queue, "one", TaskState.DONE)
        assert back[0] == ["first"], "the second step waited for an answer"
        assert pausing.journal.lines == ["first", "second"]
    finally:
        await worker.stop()
        await queue.close()
        engine.dispose()
