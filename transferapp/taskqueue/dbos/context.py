"""What a handler may do while it runs on the engine: checkpointed steps and progress."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

import sqlalchemy as sa
import structlog
from dbos import DBOS, PortableWorkflowError, StepOptions
from typing_extensions import override

from transferapp.error_codes import all_errors, from_code
from transferapp.errors import TransferNotFound, Unavailable
from transferapp.taskqueue.dbos.failures import engine_failures, recorded
from transferapp.taskqueue.dbos.locks import Locks
from transferapp.taskqueue.dbos.portions import PortionRecords
from transferapp.taskqueue.dbos.records import TaskRecords
from transferapp.taskqueue.moves import STOPPED_TASK_STATES
from transferapp.taskqueue.port import Context, NewTask, Task
from transferapp.taskqueue.portions import check_portions

_log = structlog.get_logger(__name__)

R = TypeVar("R")

#: Progress is written at most so often (seconds).
PROGRESS_EVERY_S = 1.0


class DbosContext(Context):
    """The Context of one run."""

    def __init__(self, records: TaskRecords, task: Task, run: str) -> None:
        """Act for ``run``, the one run that owns the task's row now."""
        self._records = records
        self._task = task
        self._run = run
        self._locks = Locks(records.engine)
        self._portions = PortionRecords(records)
        self._written_at = float("-inf")

    @property
    @override
    def task(self) -> Task:
        return self._task

    @override
    async def step(
        self, name: str, function: Callable[..., Awaitable[R]], *arguments: Any
    ) -> R:
        async def call() -> R:
            # Inside the step: it is not called again for a step that is already done.
            await self._begin_step(name)
            # How it begins is shown at once, however short the step before was.
            self._written_at = float("-inf")
            return await function(*arguments)

        options = StepOptions(name=name, preemptible=True)
        try:
            return await DBOS.run_step_async(options, call)
        except PortableWorkflowError as error:
            raise replayed(error) from None

    @override
    async def progress(
        self, fraction: float, note: str = "", *, bytes_done: int | None = None
    ) -> None:
        now = time.monotonic()
        if now - self._written_at < PROGRESS_EVERY_S and fraction < 1.0:
            return
        self._written_at = now
        values = {"progress": min(1.0, max(0.0, fraction)), "note": note}
        if bytes_done is not None:
            values["bytes_done"] = bytes_done
        await self._write(values)

    @override
    async def stopped_by_person(self) -> bool:
        try:
            row = await asyncio.to_thread(self._row)
        except (Unavailable, TransferNotFound):
            return False
        # A stop of the worker leaves it running; who takes it over gives it another run.
        stopped = row["state"] in STOPPED_TASK_STATES
        return bool(row["run"] == self._run and stopped)

    @override
    async def portions(self, portions: Sequence[NewTask]) -> None:
        check_portions(
            await recorded(self._portions.hand_out, self._task.id, self._run, portions)
        )

    @override
    def lock(self, name: str) -> AbstractAsyncContextManager[None]:
        return self._locks.hold(name, self._run)

    def _row(self) -> sa.RowMapping:
        with engine_failures():
            return self._records.row(self._task.id)

    async def _begin_step(self, name: str) -> None:
        """Show the step, and stop a run that lost its task. The engine would notice that
        too, but at the step's end; who cannot ask, because the network is gone, waits.
        """
        mine = (self._task.id, {"step": name})
        if not await recorded(self._records.note, *mine, run=self._run):
            _log.info("step not begun: the task was stopped, or others run it", step=name)
            raise asyncio.CancelledError

    async def _write(self, values: dict[str, Any]) -> None:
        try:
            await asyncio.to_thread(self._write_blocking, values)
        except Unavailable as error:
            # For people's eyes only: work must not fail because it cannot be watched.
            _log.debug("progress not written", task=self._task.id, error=error.message)

    def _write_blocking(self, values: dict[str, Any]) -> None:
        with engine_failures():
            self._records.note(self._task.id, values, run=self._run)


def replayed(error: PortableWorkflowError) -> Exception:
    """Return the error of a step that failed in an earlier run, as our own class."""
    if isinstance(error.code, str) and error.code in all_errors():
        return from_code(error.code, error.message)
    return ReplayedError(f"{error.name}: {error.message}")


class ReplayedError(Exception):
    """An exception of an earlier run that was none of ours."""
