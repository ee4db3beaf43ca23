"""Whatever stands in the queue's tables: a worker starts, and what is sound goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, example, given, settings, strategies as st
from structlog.testing import capture_logs

from tests.support.any_rows import HEALTHY, Row, any_tables, store
from tests.support.postgres import PostgresServer, postgres_server, url
from transferapp.host.clock import SystemClock
from transferapp.host.database import open_engine
from transferapp.taskqueue.dbos.circuit_monitor import CircuitMonitor
from transferapp.taskqueue.dbos.claims import Claims
from transferapp.taskqueue.dbos.engine import EngineClient
from transferapp.taskqueue.dbos.maintenance import Maintenance
from transferapp.taskqueue.dbos.queue import DbosTaskQueue
from transferapp.taskqueue.dbos.records import TaskRecords
from transferapp.taskqueue.dbos.resource_store import ResourceStore
from transferapp.taskqueue.dbos.schema import leases, resources, tasks, workers
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.dbos.worker import DbosTaskWorker
from transferapp.taskqueue.dbos.worker_registry import WorkerRegistry
from transferapp.taskqueue.port import NewTask, Resource, Task, TaskState, WorkClass
from transferapp.testing.queue_journal import Note, QueueJournal, reach

__all__ = ["postgres_server", "url"]

SETTINGS = QueueSettings(limits={HEALTHY: 4}, poll_s=0.05, beat_s=0.1, dead_after_s=1.0)
NEW = NewTask(HEALTHY, "note", Note(), HEALTHY, "ada")
FREE_SLOTS = dict.fromkeys(WorkClass, 20)
Tables = Mapping[sa.Table, list[Row]]
#: One example after another on the same tables is what a fixture is for here.
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
NO_SHRINKING = [Phase.explicit, Phase.generate]
OUT_FOR_85_HOURS: Tables = {
    tasks: [],
    resources: [
        {
            "name": "webhook:gone.example",
            "paused": False,
            "ceiling": 4,
            "configured": 4,
            "limit": 4,
            "usual_s": 0.0,
            "failures": 1030,
            "outages": 1024,
            "probe_at": 0.0,
            "probe": "one",
            "probe_since": 0.0,
            "done": 0,
            "failed": 5,
            "seconds": 0.0,
            "turn": 9,
        }
    ],
    workers: [],
    leases: [],
}
OUT_FOR_85_HOURS[tasks].append(
    {
        "id": "one",
        "kind": "note",
        "version": 1,
        "target": "webhook:gone.example",
        "owner": "bob",
        "priority": 100,
        "lane": "transfers",
        "line": "transfers:bob",
        "payload": "{}",
        "state": "waiting",
        "attempts": 9,
        "defects": 0,
        "crashes": 0,
        "created_at": 1.0,
        "updated_at": 1.0,
        "retry_at": 4e9,
        "error_code": "",
        "error": "",
        "step": "",
        "progress": 0.0,
        "note": "",
        "bytes_done": 0,
        "holder": "",
        "runs": 1,
        "turn": 1,
        "run": "",
        "told": True,
    }
)


class Env:
    """What a leading worker does with the tables, step by step and without the engine."""

    def __init__(self, url: str) -> None:
        """Make the tables."""
        self.engine = open_engine(url)
        self.queue = DbosTaskQueue(self.engine, SETTINGS)
        self.client = EngineClient(self.engine)
        _ = self.client.client
        self.records = TaskRecords(self.engine, SystemClock())
        self.store = ResourceStore(self.engine, SETTINGS)
        self.registry = WorkerRegistry(self.engine, SETTINGS.dead_after_s)
        monitor = CircuitMonitor(self.records, self.store)
        self.maintenance = Maintenance(
            self.records, self.client, self.registry, monitor, SETTINGS
        )
        self.claims = Claims(self.records)

    def fill(self, tables: Tables) -> None:
        """Put rows into the tables, and one sound task that waits for its turn."""
        store(self.engine, tables)
        asyncio.run(self.queue.enqueue(NEW))

    def lead(self) -> list[str]:
        """Be the leading worker for a round; returns the ids of the tasks it took."""
        self.registry.beat()
        with capture_logs() as logs:
            self.maintenance.round()
            taken = [row["id"] for row in self.claims.take(self.registry.id, FREE_SLOTS)]
        # Rows are put right or buried one by one: no duty, and no target, is given up.
        given_up = [
            e
            for e in logs
            if e.get("what") in ("duty of the queue's janitor", "target of the queue")
        ]
        assert given_up == []
        for task_id in taken:
            self.store.note_failed(self.records.row(task_id)["target"], self.records.now())
            with self.engine.begin() as connection:
                over = sa.update(tasks).where(tasks.c.id == task_id)
                connection.execute(over.values(state="done", holder=""))
        return taken

    def shown(self) -> tuple[list[Task], list[Resource]]:
        """Read all that an administrator sees."""

        async def read() -> tuple[list[Task], list[Resource]]:
            await self.queue.depths()
            await self.queue.workers()
            return await self.queue.tasks(limit=500), await self.queue.resources()

        return asyncio.run(read())

    def close(self) -> None:
        """Let go."""
        self.client.close()
        asyncio.run(self.queue.close())
        self.engine.dispose()


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Any:
    """Return what gives a desk on a database of this sort."""
    made: dict[str, Env] = {}

    def env(kind: str) -> Env:
        if kind not in made:
            folder = tmp_path_factory.mktemp("any")
            where = f"sqlite:///{folder / 'queue.db'}"
            if kind == "postgres":
                server: PostgresServer = request.getfixturevalue("postgres_server")
                where = server.new_database()
            made[kind] = Env(where)
        return made[kind]

    yield env
    for one in made.values():
        one.close()


def _goes_on(env: Env, tables: Tables) -> None:
    env.fill(tables)
    env.shown()
    taken: list[str] = []
    for _ in range(12):
        taken += env.lead()
        env.shown()
        if HEALTHY in taken:
            break
    assert HEALTHY in taken
    env.lead()
    env.lead()
    shown, _ = env.shown()
    held = {task.id for task in shown if task.worker}
    assert held == set(), "no place is lost"


@given(any_tables(typed=False))
@example(OUT_FOR_85_HOURS)
@settings(max_examples=60, deadline=None, suppress_health_check=QUIET)
@pytest.mark.timeout(300)
def test_the_queue_goes_on_whatever_sqlite_holds(
    desks: Callable[[str], Env], tables: Tables
) -> None:
    _goes_on(desks("sqlite"), tables)


@given(any_tables(typed=True))
@example(OUT_FOR_85_HOURS)
@settings(max_examples=20, deadline=None, suppress_health_check=QUIET)
@pytest.mark.timeout(300)
def test_the_queue_goes_on_whatever_postgres_holds(
    desks: Callable[[str], Env], tables: Tables
) -> None:
    _goes_on(desks("postgres"), tables)


@given(st.data())
@settings(max_examples=5, deadline=None, suppress_health_check=QUIET, phases=NO_SHRINKING)
@pytest.mark.timeout(300)
def test_a_worker_starts_and_works(url: str, data: st.DataObject) -> None:
    """The real one, with its engine, its loops and its threads."""
    tables = data.draw(any_tables(typed=not url.startswith("sqlite")))
    asyncio.run(_works(url, tables))


def test_a_worker_starts_after_85_hours_of_one_targets_outage(url: str) -> None:
    asyncio.run(_works(url, OUT_FOR_85_HOURS))


async def _works(url: str, tables: Tables) -> None:
    engine = open_engine(url)
    queue = DbosTaskQueue(engine, SETTINGS)
    await queue.tasks()
    store(engine, tables)
    # A new one each time: the engine remembers those of the examples before.
    new = replace(NEW, id=uuid4().hex)
    await queue.enqueue(new)
    worker = DbosTaskWorker(engine, [QueueJournal().kind()], SystemClock(), SETTINGS)
    await worker.start()
    try:
        await reach(queue, new.id, TaskState.DONE)
    finally:
        await worker.stop()
        await queue.close()
        engine.dispose()
