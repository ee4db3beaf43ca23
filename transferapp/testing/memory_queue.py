"""A task queue in memory: the same rules as the real one, for unit tests without files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from typing_extensions import override

from transferapp.errors import Invalid, StateConflict, TransferNotFound
from transferapp.host.clock import Clock, SystemClock
from transferapp.host.waking import woken
from transferapp.taskqueue.moves import (
    AWAIT_PORTIONS,
    CANCEL,
    CLAIM,
    FAIL,
    FALL_DUE,
    FINISH,
    LET_GO,
    PAUSE,
    REDRIVE,
    RESUME,
    TaskMove,
    checked_end,
)
from transferapp.taskqueue.port import (
    Depth,
    NewTask,
    Resource,
    RetryPolicy,
    Task,
    TaskKind,
    TaskQueue,
    TaskState,
    TaskWorker,
    WorkerLife,
)
from transferapp.taskqueue.portions import (
    Portion,
    PortionFailed,
    PortionsAwaited,
    check_portions,
)
from transferapp.taskqueue.retry_decision import FailureCount, judge
from transferapp.testing.memory_context import Entry, MemoryContext


class MemoryTaskQueue(TaskQueue):
    """Keeps tasks in a dictionary; everything is lost with the process."""

    def __init__(self, limit: int = 4, clock: Clock | None = None) -> None:
        """Let ``limit`` tasks per target run at once."""
        self.clock = clock or SystemClock()
        self.entries: dict[str, Entry] = {}
        self.paused_resources: set[str] = set()
        self._limit = limit
        self._ceilings: dict[str, int] = {}
        self._configured: dict[str, int] = {}
        #: What runs hold, by name.
        self.locks: dict[str, asyncio.Lock] = {}
        #: The worker listens here; set whenever something may have become due.
        self.woken = asyncio.Event()

    @override
    async def enqueue(self, task: NewTask) -> bool:
        return self._store(task)

    def _store(self, task: NewTask) -> bool:
        if task.id in self.entries:
            return False
        now = self.clock.now()
        stored = Task(
            id=task.id,
            kind=task.kind,
            version=task.version,
            target=task.target,
            owner=task.owner,
            priority=task.priority,
            state=TaskState.QUEUED,
            attempts=0,
            crashes=0,
            created_at=now,
            updated_at=now,
            lane=task.lane,
            begun=False,
        )
        self.entries[task.id] = Entry(stored, task.payload.model_dump_json())
        self.woken.set()
        return True

    @override
    async def enqueue_all(self, tasks: Sequence[NewTask]) -> int:
        return sum([await self.enqueue(task) for task in tasks])

    @override
    async def get(self, task_id: str) -> Task:
        return self.entry(task_id).task

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
        newest_first = [entry.task for entry in reversed(self.entries.values())]
        if after:
            ids = [task.id for task in newest_first]
            newest_first = newest_first[ids.index(self.entry(after).task.id) + 1 :]
        return [
            task
            for task in newest_first
            if (not states or task.state in states)
            and resource in {"", task.target}
            and owner in {"", task.owner}
        ][:limit]

    @override
    async def cancel(self, task_id: str) -> None:
        await self._stop(task_id, CANCEL)

    @override
    async def pause(self, task_id: str) -> None:
        await self._stop(task_id, PAUSE)

    @override
    async def resume(self, task_id: str) -> None:
        self.move(task_id, RESUME)
        for portion in self._portions(task_id, RESUME):
            await self.resume(portion)

    @override
    async def redrive(self, task_id: str) -> None:
        fresh: dict[str, Any] = {"attempts": 0, "crashes": 0, "error_code": "", "error": ""}
        self.move(task_id, REDRIVE, **fresh)
        self.entry(task_id).count = FailureCount()
        for portion in self._portions(task_id, REDRIVE):
            await self.redrive(portion)
        for portion in self._portions(task_id, RESUME):
            await self.resume(portion)

    @override
    async def pause_resource(self, resource: str, *, paused: bool) -> None:
        (self.paused_resources.add if paused else self.paused_resources.discard)(resource)
        self.woken.set()

    @override
    async def resources(self) -> list[Resource]:
        names = {entry.task.target for entry in self.entries.values()} | self.paused_resources
        return [
            Resource(
                name, name in self.paused_resources, self._ceiling(name), self._ceiling(name)
            )
            for name in sorted(names)
        ]

    @override
    async def set_limit(self, resource: str, ceiling: int) -> None:
        if ceiling < 1:
            raise Invalid("At least one task must be allowed; pause the target instead.")
        self._ceilings[resource] = ceiling
        self.woken.set()

    @override
    async def configure_limit(self, resource: str, ceiling: int) -> None:
        if self._configured.get(resource) != ceiling:
            self._configured[resource] = ceiling
            await self.set_limit(resource, ceiling)

    def _ceiling(self, resource: str) -> int:
        return self._ceilings.get(resource, self._limit)

    @override
    async def depths(self) -> list[Depth]:
        groups: dict[tuple[str, TaskState], list[Task]] = {}
        for entry in self.entries.values():
            groups.setdefault((entry.task.target, entry.task.state), []).append(entry.task)
        return [
            Depth(
                resource,
                state,
                len(found),
                sum(task.attempts for task in found),
                min(task.created_at for task in found),
            )
            for (resource, state), found in groups.items()
        ]

    @override
    async def workers(self) -> list[WorkerLife]:
        return []

    @override
    async def redrive_all(
        self, *, task_ids: Sequence[str] = (), error_code: str = "", resource: str = ""
    ) -> int:
        dead = [
            task.id
            for task in await self.tasks(
                states=[TaskState.DEAD], resource=resource, limit=len(self.entries)
            )
            if (not task_ids or task.id in task_ids) and error_code in {"", task.error_code}
        ]
        for task_id in dead:
            await self.redrive(task_id)
        return len(dead)

    def entry(self, task_id: str) -> Entry:
        """Return the stored task; raises TransferNotFound."""
        if task_id not in self.entries:
            raise TransferNotFound(f"There is no task '{task_id}'.")
        return self.entries[task_id]

    def move(
        self, task_id: str, move: TaskMove, *, to: TaskState | None = None, **values: Any
    ) -> Task:
        """Move a task, with more ``values``; raises StateConflict. ``to``: where the move has
        several ends.
        """
        end, now = checked_end(move, to), self.entry(task_id).task.state
        if now not in move.start:
            raise StateConflict(f"The task is {now}; this is not possible now.")
        return self.change(task_id, state=end, **values)

    def change(self, task_id: str, **values: Any) -> Task:
        """Change a task and ring the bell."""
        entry = self.entry(task_id)
        entry.task = replace(entry.task, updated_at=self.clock.now(), **values)
        self.woken.set()
        return entry.task

    def take(self) -> list[Entry]:
        """Start what is due and fits the limits: owners in turn, then by priority."""
        taken: list[Entry] = []
        while (entry := self._next()) is not None:
            if entry.task.state in FALL_DUE.start:
                self.move(entry.task.id, FALL_DUE)
            self.move(entry.task.id, CLAIM, retry_at=None, begun=True)
            taken.append(entry)
        return taken

    def _next(self) -> Entry | None:
        running = [e.task for e in self.entries.values() if e.task.state is TaskState.RUNNING]
        due = [
            entry
            for entry in self.entries.values()
            if self._is_due(entry)
            and entry.task.target not in self.paused_resources
            and sum(t.target == entry.task.target for t in running)
            < self._ceiling(entry.task.target)
        ]
        return min(
            due,
            key=lambda e: (sum(t.owner == e.task.owner for t in running), e.task.priority),
            default=None,
        )

    def _is_due(self, entry: Entry) -> bool:
        task = entry.task
        if task.state is TaskState.WAITING and task.retry_at is not None:
            return task.retry_at <= self.clock.now()
        if task.state is TaskState.WAITING:
            return self._portions_are_over(task.id)
        # A run that was stopped may still be cleaning up.
        return task.state is TaskState.QUEUED and (entry.run is None or entry.run.done())

    async def _stop(self, task_id: str, move: TaskMove) -> None:
        self.move(task_id, move, retry_at=None)
        run = self.entry(task_id).run
        if run is not None:
            run.cancel()
        for portion in self._portions(task_id, move):
            await self._stop(portion, move)

    def hand_out(self, whole: str, portions: Sequence[NewTask]) -> list[Portion]:
        """Store what is not there of a task's portions; returns where all of them are."""
        for one in portions:
            if self._store(one):
                self.entries[one.id].portion_of = whole
        found = [self.entries[one.id].task for one in portions]
        return [Portion(one.state, one.error_code, one.error) for one in found]

    def _portions(self, whole: str, move: TaskMove) -> list[str]:
        """Return the portions of a task with which a move can be made."""
        mine = [entry.task for entry in self.entries.values() if entry.portion_of == whole]
        return [task.id for task in mine if task.state in move.start]

    def _portions_are_over(self, whole: str) -> bool:
        mine = [entry.task for entry in self.entries.values() if entry.portion_of == whole]
        try:
            check_portions(Portion(task.state) for task in mine)
        except PortionsAwaited:
            return False
        except PortionFailed:
            return True
        return True


class MemoryTaskWorker(TaskWorker):
    """Runs the tasks of a MemoryTaskQueue as asyncio tasks."""

    def __init__(self, queue: MemoryTaskQueue, kinds: Sequence[TaskKind]) -> None:
        """Serve ``kinds``."""
        self._queue = queue
        self._kinds = {(kind.name, kind.version): kind for kind in kinds}
        self._loop: asyncio.Task[None] | None = None
        self._runs: set[asyncio.Task[None]] = set()
        self._cleaned: set[str] = set()

    @override
    async def start(self) -> None:
        self._queue.woken.set()
        self._loop = asyncio.create_task(self._serve())

    @override
    async def stop(self) -> None:
        stopped = [*self._runs]
        if self._loop is not None:
            stopped.append(self._loop)
        for one in stopped:
            one.cancel()
        await asyncio.gather(*stopped, return_exceptions=True)
        for entry in self._queue.entries.values():
            if entry.task.state is TaskState.RUNNING:
                self._queue.move(entry.task.id, LET_GO, to=TaskState.QUEUED)

    async def _serve(self) -> None:
        while True:
            self._queue.woken.clear()
            for entry in self._queue.take():
                entry.run = asyncio.create_task(self._run(entry))
                self._runs.add(entry.run)
                entry.run.add_done_callback(self._runs.discard)
            await self._clean_up()
            # Waiting tasks ring no bell when their time comes.
            await woken(self._queue.woken, 0.02)

    async def _run(self, entry: Entry) -> None:
        task = entry.task
        kind = self._kinds.get((task.kind, task.version))
        try:
            await self._handle(entry, kind)
        except PortionsAwaited:
            if entry.task.state is TaskState.RUNNING:
                self._queue.move(task.id, AWAIT_PORTIONS, to=TaskState.WAITING)
            return
        except Exception as error:  # noqa: BLE001  # whatever a handler raises is judged
            if entry.task.state is TaskState.RUNNING:
                await self._failed(entry, kind, error)
            return
        if entry.task.state is TaskState.RUNNING:
            done: dict[str, Any] = {"error_code": "", "error": "", "progress": 1.0}
            self._queue.move(task.id, FINISH, **done)

    async def _handle(self, entry: Entry, kind: TaskKind | None) -> None:
        if kind is None:
            task = entry.task
            raise Invalid(f"No worker knows '{task.kind}' version {task.version}.")
        payload = kind.payload.model_validate_json(entry.payload)
        queue = self._queue
        context = MemoryContext(entry, queue.change, queue.hand_out, queue.locks)
        await kind.handler(context, payload)

    async def _failed(self, entry: Entry, kind: TaskKind | None, error: Exception) -> None:
        policy = RetryPolicy() if kind is None else kind.retry
        result = (
            error.decision(entry.count)
            if isinstance(error, PortionFailed)
            else judge(error, policy, entry.count, jitter=0.5)
        )
        entry.count = result.count
        waiting = result.state is TaskState.WAITING
        due = self._queue.clock.now() + timedelta(seconds=result.delay_s)
        task = self._queue.move(
            entry.task.id,
            FAIL,
            to=result.state,
            attempts=result.count.attempts,
            error_code=result.error_code,
            error=result.error,
            retry_at=due if waiting else None,
        )
        if kind is not None:
            listener = kind.on_waiting if waiting else kind.on_dead
            if listener is not None:
                await listener(task)

    async def _clean_up(self) -> None:
        for entry in list(self._queue.entries.values()):
            task = entry.task
            cancelled = task.state is TaskState.CANCELLED
            running = entry.run is not None and not entry.run.done()
            if not cancelled:
                self._cleaned.discard(task.id)
            if not cancelled or running or task.id in self._cleaned:
                continue
            self._cleaned.add(task.id)
            kind = self._kinds.get((task.kind, task.version))
            if kind is not None and kind.on_cancelled is not None:
                await kind.on_cancelled(task)
