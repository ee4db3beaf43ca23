"""The task queue's promises, kept in memory, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from typing_extensions import override

from tests.support.postgres import PostgresServer, postgres_server
from transferapp.host.clock import SystemClock
from transferapp.host.database import open_engine, sqlite_url
from transferapp.taskqueue.dbos.queue import DbosTaskQueue
from transferapp.taskqueue.dbos.schema import prepare
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.dbos.worker import DbosTaskWorker
from transferapp.taskqueue.port import TaskKind, TaskQueue, TaskWorker
from transferapp.testing.memory_queue import MemoryTaskQueue, MemoryTaskWorker
from transferapp.testing.queue_journal import LIMIT, RESOURCE
from transferapp.testing.queue_resources_suite import QueueEnv
from transferapp.testing.queue_suite import TaskQueueSuite

__all__ = ["postgres_server"]

SETTINGS = QueueSettings(limits={RESOURCE: LIMIT}, poll_s=0.05, beat_s=0.1)


class MemoryEnv:
    """A queue in memory."""

    def __init__(self) -> None:
        """Open an empty queue."""
        self._queue = MemoryTaskQueue(LIMIT)
        self.queue: TaskQueue = self._queue
        self.workers: list[TaskWorker] = []

    async def work(self, *kinds: TaskKind) -> TaskWorker:
        """Start a worker."""
        worker = MemoryTaskWorker(self._queue, kinds)
        self.workers.append(worker)
        await worker.start()
        return worker


class DbosEnv:
    """A queue in a database; the engine allows one worker at a time in this process."""

    def __init__(self, engine: sa.Engine) -> None:
        """Open an empty queue."""
        self._engine = engine
        self.queue: TaskQueue = DbosTaskQueue(engine, SETTINGS)
        self.workers: list[TaskWorker] = []

    async def work(self, *kinds: TaskKind) -> TaskWorker:
        """Start a worker."""
        worker = DbosTaskWorker(self._engine, kinds, SystemClock(), SETTINGS)
        self.workers.append(worker)
        await worker.start()
        return worker


@asynccontextmanager
async def dbos_env(engine: sa.Engine) -> AsyncIterator[QueueEnv]:
    """Yield a house and take it down."""
    env = DbosEnv(engine)
    try:
        yield env
    finally:
        if env.workers:
            await env.workers[-1].stop()
        engine.dispose()


class TestMemoryTaskQueue(TaskQueueSuite):
    """The queue of unit tests."""

    @pytest.fixture
    @override
    async def env(self) -> AsyncIterator[QueueEnv]:
        env = MemoryEnv()
        yield env
        for worker in env.workers:
            await worker.stop()


class TestDbosTaskQueueOnSqlite(TaskQueueSuite):
    """The embedded default."""

    @pytest.fixture
    @override
    async def env(self, tmp_path: Path) -> AsyncIterator[QueueEnv]:
        async with dbos_env(open_engine(sqlite_url(tmp_path / "queue.db"))) as env:
            yield env


@pytest.fixture(scope="module")
def template(postgres_server: PostgresServer) -> str:
    """Prepare a database once; the tests copy it."""
    url = postgres_server.new_database()
    engine = open_engine(url)
    prepare(engine)
    engine.dispose()
    database = sa.make_url(url).database
    assert database is not None
    return database


class TestDbosTaskQueueOnPostgres(TaskQueueSuite):
    """The same code for many hosts."""

    @pytest.fixture
    @override
    async def env(
        self, postgres_server: PostgresServer, template: str
    ) -> AsyncIterator[QueueEnv]:
        engine = open_engine(postgres_server.new_database(template))
        async with dbos_env(engine) as env:
            yield env
