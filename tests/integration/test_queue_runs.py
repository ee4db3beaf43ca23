"""Runs of a worker: woken at once, lanes with places of their own, and a log with names."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy as sa
import structlog

from tests.support.postgres import (
    PostgresServer,
    postgres_server,
    url,
)
from transferapp.host.clock import SystemClock
from transferapp.host.database import open_engine
from transferapp.taskqueue.dbos.queue import DbosTaskQueue
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.dbos.worker import DbosTaskWorker
from transferapp.taskqueue.port import Context, NewTask, TaskKind, TaskState, WorkClass
from transferapp.testing.queue_journal import Note, QueueJournal, new, reach, until

__all__ = ["postgres_server", "url"]

#: A worker that only looks when it is woken.
SLEEPY = QueueSettings(poll_s=100.0, pools={WorkClass.TRANSFERS: 1, WorkClass.HOUSEKEEPING: 1})


@asynccontextmanager
async def working(url: str, *kinds: TaskKind) -> AsyncIterator[DbosTaskQueue]:
    """A queue, and a worker with its own connections."""
    engines = open_engine(url), open_engine(url)
    queue = DbosTaskQueue(engines[0], SLEEPY)
    worker = DbosTaskWorker(engines[1], kinds, SystemClock(), SLEEPY)
    await worker.start()
    try:
        yield queue
    finally:
        await worker.stop()
        await queue.close()
        for engine in engines:
            engine.dispose()


async def test_a_task_is_noticed_at_once(url: str) -> None:
    journal = QueueJournal()
    async with working(url, journal.kind()) as queue:
        await asyncio.sleep(1.0)
        for number in range(3):
            began = time.monotonic()
            await queue.enqueue(new(f"t{number}"))
            await reach(queue, f"t{number}", TaskState.DONE)
            # Far below the polling interval; the machine may be slow.
            assert time.monotonic() - began < 10.0


async def test_wake_ups_survive_a_lost_connection(postgres_server: PostgresServer) -> None:
    url, journal = postgres_server.new_database(), QueueJournal()
    async with working(url, journal.kind()) as queue:
        await asyncio.sleep(1.0)
        engine = open_engine(url)
        with engine.begin() as connection:
            connection.execute(
                sa.text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE query LIKE 'LISTEN%' AND datname = current_database()"
                )
            )
        engine.dispose()
        await asyncio.sleep(4.0)  # it listens again two seconds after the loss
        await queue.enqueue(new("one"))
        await reach(queue, "one", TaskState.DONE)


async def test_lanes_do_not_take_each_others_places(url: str) -> None:
    """Transfers that hang keep no notification from going out, and the reverse."""
    journal = QueueJournal()
    journal.gate.clear()
    async with working(url, journal.kind()) as queue:
        for number in range(3):
            name = f"transfer-{number}"
            await queue.enqueue(NewTask(name, "note", Note(), "omero", "ada"))
        await until(lambda: journal.running == 1)
        await queue.enqueue(
            NewTask("mail", "note", Note(), "mail", "ada", lane=WorkClass.HOUSEKEEPING)
        )
        await until(lambda: "begin mail" in journal.lines)
        assert journal.running == 2
        assert (await queue.get("mail")).lane is WorkClass.HOUSEKEEPING
        journal.gate.set()
        for number in range(3):
            await reach(queue, f"transfer-{number}", TaskState.DONE)


async def test_what_a_handler_logs_names_its_task(url: str) -> None:
    seen: list[object] = []

    async def note_context(context: Context, _note: Note) -> None:
        async def scan() -> None:
            names = await asyncio.to_thread(structlog.contextvars.get_contextvars)
            seen.append(names.get("task"))

        await context.step("look", scan)

    async with working(url, TaskKind("note", Note, note_context)) as queue:
        await queue.enqueue(new("one"))
        await reach(queue, "one", TaskState.DONE)
    assert seen == ["one"]
