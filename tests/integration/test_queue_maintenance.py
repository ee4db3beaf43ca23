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
from transferapp.taskqueue.dbos.schema import tasks
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.dbos.target_store import TargetStore
from transferapp.taskqueue.dbos.worker_registry import WorkerRegistry
from transferapp.taskqueue.port import Lane, TaskState
from transferapp.testing.queue_journal import TARGET, new


@dataclass
class MovedClock:
    """A clock that tests move."""

    time: datetime = field(default_factory=lambda: datetime(2026, 3, 1, tzinfo=UTC))

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self.time


class Room:
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
        self.store = TargetStore(self.engine, settings)
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
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    """Return a room whose tables are there."""
    room = Room(tmp_path)
    await room.queue.tasks()
    yield room
    room.client.close()
    await room.queue.close()
    room.engine.dispose()


async def test_old_ended_tasks_are_forgotten(room: Room) -> None:
    for name, state in (("done", "done"), ("cancelled", "cancelled"), ("dead", "dead")):
        await room.queue.enqueue(new(name))
        room.set(name, state=state)
    room.clock.time += timedelta(days=29)
    await room.queue.enqueue(new("young"))
    room.set("young", state="done")
    room.clock.time += timedelta(days=2)
    room.maintenance.round()
    left = {task.id for task in await room.queue.tasks()}
    assert left == {"dead", "young"}
    with pytest.raises(TransferNotFound):
        await room.queue.get("done")
    # Its id is free again, in the engine's tables too.
    assert await room.queue.enqueue(new("done"))


async def test_the_place_of_a_dead_worker_is_free_again(room: Room) -> None:
    """A task that it ran counts a crash; one that it only held, or had stopped, does not."""
    for name in ("ran", "held", "stopped"):
        await room.queue.enqueue(new(name))
    rows = room.claims.take("dead", {Lane.TRANSFERS: 3})
    assert {row["id"] for row in rows} == {"ran", "held", "stopped"}
    room.set("held", run="")
    await room.queue.cancel("stopped")
    room.registry.beat()
    room.maintenance.round()
    found = {task.id: task for task in await room.queue.tasks()}
    assert {name: task.worker for name, task in found.items()} == dict.fromkeys(found, "")
    assert (found["ran"].state, found["ran"].crashes) == (TaskState.QUEUED, 1)
    assert (found["held"].state, found["held"].crashes) == (TaskState.QUEUED, 0)
    assert (found["stopped"].state, found["stopped"].crashes) == (TaskState.CANCELLED, 0)


async def test_silence_is_shown_and_is_no_failure(room: Room) -> None:
    await room.queue.enqueue(new("one"))
    room.registry.beat()
    room.claims.take(room.registry.id, {Lane.TRANSFERS: 1})
    room.clock.time += timedelta(minutes=9)
    assert (await room.queue.get("one")).stalled_since is None
    began = room.clock.time - timedelta(minutes=9)
    room.clock.time += timedelta(minutes=2)
    with capture_logs() as logs:
        room.maintenance.round()
        room.maintenance.round()
    task = await room.queue.get("one")
    assert (task.state, task.stalled_since) == (TaskState.RUNNING, began)
    assert [entry["event"] for entry in logs] == ["task stalled"]


async def test_retries_are_rationed_by_target(room: Room) -> None:
    """After an outage not everything that is due comes at once."""
    for number in range(40):
        await room.queue.enqueue(new(f"t{number:02}"))
        room.set(f"t{number:02}", state="waiting", retry_at=1.0)
    room.registry.beat()
    room.maintenance.round()
    assert len(await room.queue.tasks(states=[TaskState.QUEUED])) == 8  # twice the limit
    with room.store.changing(TARGET) as (_, change):
        change(outages=1, probe_at=room.clock.time.timestamp() + 60.0)
    room.maintenance.round()
    assert len(await room.queue.tasks(states=[TaskState.QUEUED])) == 8


async def test_settings_do_not_undo_an_administrators_limit(room: Room) -> None:
    await room.queue.enqueue(new("one"))
    room.store.declare(TARGET, 4)
    await room.queue.set_limit(TARGET, 2)
    room.store.declare(TARGET, 4)
    (target,) = await room.queue.targets()
    assert target.ceiling == 2
    other = TargetStore(room.engine, QueueSettings(limits={TARGET: 7}))
    other.declare(TARGET, 7)
    (target,) = await room.queue.targets()
    assert (target.ceiling, target.limit) == (7, 7)


async def test_untold_states_are_told_later(room: Room) -> None:
    await room.queue.enqueue(new("one"))
    await room.queue.cancel("one")
    assert room.maintenance.round() == []
    room.clock.time += timedelta(seconds=10)
    assert [task.id for task in room.maintenance.round()] == ["one"]


async def test_depths_count_everything(room: Room) -> None:
    for name, values in (
        ("a", {}),
        ("b", {"attempts": 2, "state": "waiting", "retry_at": 9e9}),
        ("c", {"attempts": 1, "state": "waiting", "retry_at": 9e9}),
    ):
        await room.queue.enqueue(new(name))
        room.set(name, priority=50, **values)
    depths = {one.state: one for one in await room.queue.depths()}
    assert (depths[TaskState.QUEUED].count, depths[TaskState.QUEUED].retries) == (1, 0)
    assert (depths[TaskState.WAITING].count, depths[TaskState.WAITING].retries) == (2, 3)
    assert depths[TaskState.WAITING].oldest_at == room.clock.time
    room.registry.beat()
    (worker,) = await room.queue.workers()
    assert worker.id == room.registry.id
    assert worker.silent_s < 5.0
