"""The janitor's rarer duties on a real database; no worker runs here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from transferapp.errors import TransferNotFound, Unavailable
from transferapp.host.database import open_engine, sqlite_url
from transferapp.taskqueue.dbos.engine import EngineClient
from transferapp.taskqueue.dbos.janitor import Janitor
from transferapp.taskqueue.dbos.keeper import TargetKeeper
from transferapp.taskqueue.dbos.presence import Presence
from transferapp.taskqueue.dbos.queue import DbosTaskQueue
from transferapp.taskqueue.dbos.records import TaskRecords
from transferapp.taskqueue.dbos.schema import tasks
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.dbos.targets import TargetBook
from transferapp.taskqueue.port import TaskState
from transferapp.testing.queue_suite import new


@dataclass
class MovedClock:
    """A clock that tests move."""

    time: datetime = field(default_factory=lambda: datetime(2026, 3, 1, tzinfo=UTC))

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self.time


class Room:
    """A queue and its janitor on one SQLite file."""

    def __init__(self, folder: Path) -> None:
        """Open everything."""
        self.clock = MovedClock()
        self.engine = open_engine(sqlite_url(folder / "queue.db"))
        settings = QueueSettings(keep_ended_days=30)
        self.queue = DbosTaskQueue(self.engine, settings, self.clock)
        self.client = EngineClient(self.engine, settings)
        self.presence = Presence(self.engine, 10.0)
        records = TaskRecords(self.engine, self.clock)
        self.book = TargetBook(self.engine, self.client, settings)
        keeper = TargetKeeper(records, self.client, self.book, settings)
        self.janitor = Janitor(records, self.client, self.presence, keeper, settings)

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
    room.janitor.round()
    left = {task.id for task in await room.queue.tasks()}
    assert left == {"dead", "young"}
    with pytest.raises(TransferNotFound):
        await room.queue.get("done")
    # Its id is free again, in the engine's tables too.
    assert await room.queue.enqueue(new("done"))


async def test_tables_that_disagree_are_healed(room: Room) -> None:
    """The process died between its write to our table and its call of the engine."""
    await room.queue.enqueue(new("one"))
    await room.queue.cancel("one")
    room.set("one", state=TaskState.QUEUED)
    room.janitor.round()
    assert room.client.status("one") == "CANCELLED"
    room.clock.time += timedelta(minutes=1)
    room.janitor.round()
    assert room.client.status("one") == "ENQUEUED"


async def test_untold_states_are_told_later(room: Room) -> None:
    await room.queue.enqueue(new("one"))
    await room.queue.cancel("one")
    assert room.janitor.round() == []
    room.clock.time += timedelta(seconds=10)
    assert [task.id for task in room.janitor.round()] == ["one"]


async def test_enqueue_is_all_or_nothing(room: Room) -> None:
    """Our row and the engine's are written in one transaction."""
    await room.queue.enqueue(new("one"))
    with room.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE workflow_status RENAME TO hidden"))
    with pytest.raises(Unavailable):
        await room.queue.enqueue(new("two"))
    with room.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE hidden RENAME TO workflow_status"))
    assert [task.id for task in await room.queue.tasks()] == ["one"]
    assert await room.queue.enqueue(new("two"))
