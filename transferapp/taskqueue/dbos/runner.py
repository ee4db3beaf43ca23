"""Run one task: find its handler, and turn the way it ends into a state."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import sqlalchemy as sa
import structlog
from pydantic import ValidationError

from transferapp.errors import Invalid, Unavailable
from transferapp.taskqueue.dbos.context import DbosContext
from transferapp.taskqueue.dbos.failures import recorded
from transferapp.taskqueue.dbos.portions import PortionRecords
from transferapp.taskqueue.dbos.records import TaskRecords
from transferapp.taskqueue.dbos.resource_store import ResourceStore
from transferapp.taskqueue.dbos.rows import failure_count, to_task
from transferapp.taskqueue.port import RetryPolicy, Task, TaskKind, TaskState, WorkClass
from transferapp.taskqueue.portions import PortionFailed, PortionsAwaited
from transferapp.taskqueue.pressure import blames_resource
from transferapp.taskqueue.retry_decision import judge

_log = structlog.get_logger(__name__)

Listener = Callable[[Task], Awaitable[None]]

#: A listener that failed is called again after so long (seconds).
_NOTIFY_AGAIN_S = 30.0


class TaskRunner:
    """Runs tasks of the given kinds and tells their owners how they end."""

    def __init__(
        self, records: TaskRecords, store: ResourceStore, kinds: Sequence[TaskKind]
    ) -> None:
        """Serve ``kinds``; a task of another kind or version ends dead."""
        self._records = records
        self._store = store
        self._portions = PortionRecords(records)
        self._kinds = {(kind.name, kind.version): kind for kind in kinds}
        self._report_again_at: dict[str, float] = {}

    async def run(self, row: sa.RowMapping) -> None:
        """Run a claimed task to its end, to a wait, or until this run is interrupted."""
        task, run = to_task(row), row["run"]
        began = time.monotonic()
        try:
            # Whatever the handler logs says which task it was for.
            with structlog.contextvars.bound_contextvars(task=task.id):
                await self._handle(task, row["payload"], run)
        except PortionsAwaited:
            await recorded(self._portions.wait, task.id, run)
        except Exception as error:  # noqa: BLE001  # whatever a handler raises is judged
            await self._failed(row, error)
        else:
            # How long we compute says nothing of the target.
            computes = task.lane is WorkClass.CONVERSIONS
            self._store.note_done(task.target, None if computes else time.monotonic() - began)
            if await recorded(self._records.finish, task.id, run):
                await self._tell_whole(row)
                _log.info("task done", task=task.id, kind=task.kind)

    async def begin(self, task_id: str, worker: str) -> sa.RowMapping | None:
        """Take over a claimed row whose run the engine starts here; None: not to be run."""
        return await recorded(self._records.begin, task_id, worker)

    async def let_go(self, row: sa.RowMapping) -> None:
        """Give back the place of an interrupted run."""
        await recorded(self._records.let_go, row["id"], row["run"])

    async def notify(self, task: Task) -> None:
        """Tell a task's owner that it is dead, waits, or was cancelled; idempotent.

        What the listener raises is logged; the maintenance tells again later.
        """
        if self._report_again_at.get(task.id, 0.0) > time.monotonic():
            return
        self._report_again_at.pop(task.id, None)
        listener = self._listener(task)
        try:
            if listener is not None:
                await listener(task)
        except Exception as error:  # noqa: BLE001  # the maintenance tells again
            # Who is away is no defect.
            defect = None if isinstance(error, Unavailable) else error
            _log.warning(
                "the task's owner could not be told",
                task=task.id,
                error=str(error),
                exc_info=defect,
            )
            self._report_again_at[task.id] = time.monotonic() + _NOTIFY_AGAIN_S
            return
        await recorded(self._records.notified, task)

    async def _tell_whole(self, row: sa.RowMapping) -> None:
        """Let the task that this one does a portion of go on, if it was the last."""
        if row["portion_of"]:
            await recorded(self._portions.note_over, row["portion_of"])

    async def _handle(self, task: Task, payload: str, run: str) -> None:
        kind = self._kinds.get((task.kind, task.version))
        if kind is None:
            raise Invalid(f"No worker knows '{task.kind}' version {task.version}.")
        try:
            wanted = kind.payload.model_validate_json(payload)
        except ValidationError as error:
            raise Invalid(f"The task's payload does not fit '{task.kind}'.") from error
        await kind.handler(DbosContext(self._records, task, run), wanted)

    async def _failed(self, row: sa.RowMapping, error: Exception) -> None:
        task_id = row["id"]
        kind = self._kinds.get((row["kind"], row["version"]))
        policy = RetryPolicy() if kind is None else kind.retry
        count = failure_count(row)
        known_out = blames_resource(error) and await recorded(self._store.is_out, row["target"])
        if known_out:
            # A probe of a target that is known to be out says nothing against the task:
            # however long the outage, it costs nobody an attempt.
            policy = replace(policy, max_attempts=sys.maxsize)
        # Spreads retries in time; not a secret.
        result = (
            error.decision(count)
            if isinstance(error, PortionFailed)
            else judge(error, policy, count, random.random())  # noqa: S311
        )
        if known_out:
            result = replace(result, count=count)
        _log.warning(
            "task failed",
            task=task_id,
            kind=row["kind"],
            state=result.state.value,
            code=result.error_code,
            error=result.error,
            attempts=result.count.attempts,
            exc_info=error if result.error_code == "internal" else None,
        )
        failed = await recorded(self._records.fail, task_id, row["run"], result)
        if blames_resource(error):
            await recorded(self._store.note_failed, row["target"], self._records.now())
        if failed:
            if result.state is TaskState.DEAD:
                await self._tell_whole(row)
            await self.notify(await recorded(self._records.get, task_id))

    def _listener(self, task: Task) -> Listener | None:
        kind = self._kinds.get((task.kind, task.version))
        if kind is None:
            return None
        listeners = {
            TaskState.DEAD: kind.on_dead,
            TaskState.WAITING: kind.on_waiting,
            TaskState.CANCELLED: kind.on_cancelled,
        }
        return listeners.get(task.state)
