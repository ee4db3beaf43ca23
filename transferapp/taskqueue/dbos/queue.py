"""The queue as servers and admins see it: enqueue, list, stop, wake."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar

import sqlalchemy as sa
from typing_extensions import override

from transferapp.errors import StateConflict, TransferNotFound
from transferapp.host.clock import Clock, SystemClock
from transferapp.taskqueue.dbos.engine import EngineClient
from transferapp.taskqueue.dbos.failures import engine_failures
from transferapp.taskqueue.dbos.portions import PortionRecords
from transferapp.taskqueue.dbos.records import TaskRecords
from transferapp.taskqueue.dbos.resource_store import ResourceStore
from transferapp.taskqueue.dbos.rows import to_resource
from transferapp.taskqueue.dbos.schema import tasks
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.dbos.worker_registry import worker_lives
from transferapp.taskqueue.moves import CANCEL, PAUSE, REDRIVE, RESUME, TaskMove
from transferapp.taskqueue.port import (
    Depth,
    NewTask,
    Resource,
    Task,
    TaskQueue,
    TaskState,
    WorkerLife,
)

R = TypeVar("R")


#: Tasks of one transaction: others write between two.
_BATCH = 500


class DbosTaskQueue(TaskQueue):
    """A TaskQueue on the engine's tables; runs nothing by itself."""

    def __init__(
        self,
        engine: sa.Engine,
        settings: QueueSettings | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Keep tasks in the database of ``engine``; connects at the first call."""
        self._records = TaskRecords(engine, clock or SystemClock())
        settings = settings or QueueSettings()
        self._records.stalled_after_s = settings.stalled_after_s
        self._portions = PortionRecords(self._records)
        self._engine = EngineClient(engine)
        self._store = ResourceStore(engine, settings)

    @override
    async def enqueue(self, task: NewTask) -> bool:
        return await self._call(lambda: self._enqueue(task))

    @override
    async def enqueue_all(self, tasks: Sequence[NewTask]) -> int:
        stored = 0
        for batch in (tasks[at : at + _BATCH] for at in range(0, len(tasks), _BATCH)):
            stored += await self._call(partial(self._enqueue_batch, batch))
        return stored

    @override
    async def get(self, task_id: str) -> Task:
        return await self._call(lambda: self._records.get(task_id))

    @override
    async def tasks(
        self,
        *,
        states: Sequence[TaskState] = (),
        resource: str = "",
        owner: str = "",
        after: str = "",
        limit: int = 50,
    ) -> list[Task]:
        wanted: list[sa.ColumnElement[bool]] = []
        if states:
            wanted.append(tasks.c.state.in_(states))
        if resource:
            wanted.append(tasks.c.target == resource)
        if owner:
            wanted.append(tasks.c.owner == owner)
        return await self._call(lambda: self._records.page(wanted, after, limit))

    @override
    async def cancel(self, task_id: str) -> None:
        await self._call(lambda: self._stop(task_id, CANCEL, notified=False))

    @override
    async def pause(self, task_id: str) -> None:
        await self._call(lambda: self._stop(task_id, PAUSE, notified=True))

    @override
    async def resume(self, task_id: str) -> None:
        await self._call(lambda: self._resume(task_id))

    @override
    async def redrive(self, task_id: str) -> None:
        await self._call(lambda: self._redrive(task_id))

    @override
    async def pause_resource(self, resource: str, *, paused: bool) -> None:
        await self._call(lambda: self._store.pause(resource, paused=paused))

    @override
    async def set_limit(self, resource: str, ceiling: int) -> None:
        await self._call(lambda: self._store.set_ceiling(resource, ceiling))

    @override
    async def configure_limit(self, resource: str, ceiling: int) -> None:
        await self._call(lambda: self._store.declare(resource, ceiling))

    @override
    async def resources(self) -> list[Resource]:
        return await self._call(lambda: [to_resource(row) for row in self._store.rows()])

    @override
    async def depths(self) -> list[Depth]:
        return await self._call(self._records.depths)

    @override
    async def workers(self) -> list[WorkerLife]:
        return await self._call(lambda: worker_lives(self._records.engine))

    @override
    async def redrive_all(
        self, *, task_ids: Sequence[str] = (), error_code: str = "", resource: str = ""
    ) -> int:
        wanted = [tasks.c.state == TaskState.DEAD]
        if task_ids:
            wanted.append(tasks.c.id.in_(task_ids))
        if error_code:
            wanted.append(tasks.c.error_code == error_code)
        if resource:
            wanted.append(tasks.c.target == resource)
        return await self._call(lambda: self._redrive_all(wanted))

    async def close(self) -> None:
        """Let go of the engine's client; the database engine is the caller's."""
        await asyncio.to_thread(self._engine.close)

    async def _call(self, function: Callable[[], R]) -> R:
        return await asyncio.to_thread(self._blocking, function)

    def _blocking(self, function: Callable[[], R]) -> R:
        with engine_failures():
            _ = self._engine.client
            return function()

    def _enqueue(self, task: NewTask) -> bool:
        self._store.ensure(task.target)
        try:
            with self._records.engine.begin() as connection:
                self._records.insert(connection, task)
        except sa.exc.IntegrityError:
            return False
        return True

    def _enqueue_batch(self, batch: Sequence[NewTask]) -> int:
        for target in {task.target for task in batch}:
            self._store.ensure(target)
        try:
            with self._records.engine.begin() as connection:
                return self._records.insert_unknown(connection, batch)
        except sa.exc.IntegrityError:
            # Another request stores some of them just now: one by one.
            return sum(self._enqueue(task) for task in batch)

    def _stop(self, task_id: str, move: TaskMove, *, notified: bool) -> None:
        self._records.require_move(task_id, move, {"retry_at": None, "told": notified})
        self._engine.stop(task_id)
        self._with_portions(task_id, move, partial(self._stop, move=move, notified=notified))

    def _resume(self, task_id: str) -> None:
        self._records.require_move(task_id, RESUME, {"told": True})
        self._with_portions(task_id, RESUME, self._resume)

    def _with_portions(self, task_id: str, move: TaskMove, act: Callable[[str], None]) -> None:
        """Do the same to the portions of a task that the move can be made with."""
        for portion in self._portions.ids(task_id, move.start):
            # Somebody else may have taken care of it, or it has ended.
            with suppress(StateConflict, TransferNotFound):
                act(portion)

    def _redrive_all(self, wanted: Sequence[sa.ColumnElement[bool]]) -> int:
        count, after = 0, ""
        while rows := self._records.select(*wanted, tasks.c.id > after):
            after = rows[-1]["id"]
            for row in rows:
                try:
                    self._redrive(row["id"])
                except (StateConflict, TransferNotFound):
                    continue  # somebody else has taken care of it meanwhile
                count += 1
        return count

    def _redrive(self, task_id: str) -> None:
        """Redrive a task; its portions first, or it would find them as they were."""
        if self._records.row(task_id)["state"] in REDRIVE.start:
            self._with_portions(task_id, REDRIVE, self._redrive)
            self._with_portions(task_id, RESUME, self._resume)
        fresh = {"attempts": 0, "defects": 0, "crashes": 0, "error_code": "", "error": ""}
        self._records.require_move(task_id, REDRIVE, {"told": True, **fresh})
