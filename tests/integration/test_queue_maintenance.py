"""The maintenance's rarer duties on a real database; no worker runs here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from transferapp.errors import TransferNotFound
from transferapp.host.database import open_engine, sqlite_url
from transferapp.taskqueue.dbos.circuit_monitor import CircuitMonitor
from transferapp.taskqueue.dbos.claims import Claims
from transferapp.taskqueue.dbos.engine import EngineClient
from transferapp.taskqueue.dbos.maintenance import Maintenance
from transferapp.taskqueue.dbos.queue import DbosTaskQueue
from transferapp.taskqueue.dbos.records import TaskRecords
from transferapp.taskqueue.dbos.resource_store import ResourceStore
from transferapp.taskqueue.dbos.schema import tasks
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.dbos.worker_registry import WorkerRegistry
from transferapp.taskqueue.port import TaskState, WorkClass
from transferapp.testing.queue_journal import RESOURCE, new


@dataclass
class MovedClock:
    """A clock that tests move."""

    time: datetime = field(default_factory=lambda: datetime(2026, 3, 1, tzinfo=UTC))

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self.time


class QueueEnv:
    """A queue and its maintenance on one SQLite file."""

    def __init__(self, folder: Path) -> None:
        """Open everything."""
        self.clock = MovedClock()
        self.engine = open_engine(sqlite_url(folder / "queue.db"))
        settings = QueueSettings(keep_ended_days=30)
        self.queue = DbosTaskQueue(self.engine, settings, self.clock)
        self.client = EngineClient(self.engine)
        self.registry = WorkerRegistry(self.engine, 10.0)
        self.records = TaskRecords(self.engine, self.clock)
        self.store = ResourceStore(self.engine, settings)
        monitor = CircuitMonitor(self.records, self.store)
        self.maintenance = Maintenance(
            self.records, self.client, self.registry, monitor, settings
        )
        self.claims = Claims(self.records)

    def set(self, task_id: str, **values: object) -> None:
        """Change a row behind everyone's back."""
        statement = sa.update(tasks).where(tasks.c.id == task_id).values(**values)
        with self.engine.begin() as connection:
            connection.execute(statement)


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[QueueEnv]:
    """Return a room whose tables are there."""
    env = QueueEnv(tmp_path)
    await env.queue.tasks()
    yield env
    env.client.close()
    await env.queue.close()
    env.engine.dispose()


async def test_old_ended_tasks_are_forgotten(env: QueueEnv) -> None:
    for name, state in (("done", "done"), ("cancelled", "cancelled"), ("dead", "dead")):
        await env.queue.enqueue(new(name))
        env.set(name, state=state)
    env.clock.time += timedelta(days=29)
    await env.queue.enqueue(new("young"))
    env.set("young", state="done")
    env.clock.time += timedelta(days=2)
    env.maintenance.round()
    left = {task.id for task in await env.queue.tasks()}
    assert left == {"dead", "young"}
    with pytest.raises(TransferNotFound):
        await env.queue.get("done")
    # Its id is free again, in the engine's tables too.
    assert await env.queue.enqueue(new("done"))


async def test_the_place_of_a_dead_worker_is_free_again(env: QueueEnv) -> None:
    """A task that it ran counts a crash; one that it only held, or had stopped, does not."""
    for name in ("ran", "held", "stopped"):
        await env.queue.enqueue(new(name))
    rows = env.claims.take("dead", {WorkClass.TRANSFERS: 3})
    assert {row["id"] for row in rows} == {"ran", "held", "stopped"}
    env.set("held", run="")
    await env.queue.cancel("stopped")
    env.registry.beat()
    env.maintenance.round()
    found = {task.id: task for task in await env.queue.tasks()}
    assert {name: task.worker for name, task in found.items()} == dict.fromkeys(found, "")
    assert (found["ran"].state, found["ran"].crashes) == (TaskState.QUEUED, 1)
    assert (found["held"].state, found["held"].crashes) == (TaskState.QUEUED, 0)
    assert (found["stopped"].state, found["stopped"].crashes) == (TaskState.CANCELLED, 0)


async def test_silence_is_shown_and_is_no_failure(env: QueueEnv) -> None:
    await env.queue.enqueue(new("one"))
    env.registry.beat()
    env.claims.take(env.registry.id, {WorkClass.TRANSFERS: 1})
    env.clock.time += timedelta(minutes=9)
    assert (await env.queue.get("one")).stalled_since is None
    began = env.clock.time - timedelta(minutes=9)
    env.clock.time += timedelta(minutes=2)
    with capture_logs() as logs:
        env.maintenance.round()
        env.maintenance.round()
    task = await env.queue.get("one")
    assert (task.state, task.stalled_since) == (TaskState.RUNNING, began)
    assert [entry["event"] for entry in logs] == ["task stalled"]


async def test_retries_are_rationed_by_target(env: QueueEnv) -> None:
    """After an outage not everything that is due comes at once."""
    for number in range(40):
        await env.queue.enqueue(new(f"t{number:02}"))
        env.set(f"t{number:02}", state="waiting", retry_at=1.0)
    env.registry.beat()
    env.maintenance.round()
    assert len(await env.queue.tasks(states=[TaskState.QUEUED])) == 8  # twice the limit
    with env.store.changing(RESOURCE) as (_, change):
        change(outages=1, probe_at=env.clock.time.timestamp() + 60.0)
    env.maintenance.round()
    assert len(await env.queue.tasks(states=[TaskState.QUEUED])) == 8


async def test_settings_do_not_undo_an_administrators_limit(env: QueueEnv) -> None:
    await env.queue.enqueue(new("one"))
    env.store.declare(RESOURCE, 4)
    await env.queue.set_limit(RESOURCE, 2)
    env.store.declare(RESOURCE, 4)
    (resource,) = await env.queue.resources()
    assert resource.ceiling == 2
    other = ResourceStore(env.engine, QueueSettings(limits={RESOURCE: 7}))
    other.declare(RESOURCE, 7)
    (resource,) = await env.queue.resources()
    assert (resource.ceiling, resource.limit) == (7, 7)


async def test_untold_states_are_notified_later(env: QueueEnv) -> None:
    await env.queue.enqueue(new("one"))
    await env.queue.cancel("one")
    assert env.maintenance.round() == []
    env.clock.time += timedelta(seconds=10)
    assert [task.id for task in env.maintenance.round()] == ["one"]


@pytest.mark.parametrize("had", [{"runs": 2}, {"runs": 0, "turn": 7}])
async def test_cancelled_tasks_that_a_worker_had_come_first(
    env: QueueEnv, had: dict[str, int]
) -> None:
    """Thousands that were in line must not keep the few waiting that left something behind."""
    for name in ("a", "b", "z"):
        await env.queue.enqueue(new(name))
        await env.queue.cancel(name)
    env.set("z", **had)
    env.clock.time += timedelta(seconds=10)
    notified = env.maintenance.round()
    assert [(task.id, task.begun) for task in notified] == [
        ("z", True),
        ("a", False),
        ("b", False),
    ]


async def test_depths_count_everything(env: QueueEnv) -> None:
    for name, values in (
        ("a", {}),
        ("b", {"attempts": 2, "state": "waiting", "retry_at": 9e9}),
        ("c", {"attempts": 1, "state": "waiting", "retry_at": 9e9}),
    ):
        await env.queue.enqueue(new(name))
        env.set(name, priority=50, **values)
    depths = {one.state: one for one in await env.queue.depths()}
    assert (depths[TaskState.QUEUED].count, depths[TaskState.QUEUED].retries) == (1, 0)
    assert (depths[TaskState.WAITING].count, depths[TaskState.WAITING].retries) == (2, 3)
    assert depths[TaskState.WAITING].oldest_at == env.clock.time
    env.registry.beat()
    (worker,) = await env.queue.workers()
    assert worker.id == env.registry.id
    assert worker.silent_s < 5.0
