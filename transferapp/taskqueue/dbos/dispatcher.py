"""Give this worker's free places to tasks, as soon as there are any."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import sqlalchemy as sa
import structlog

from transferapp.errors import Internal, TransferAppError, Unavailable
from transferapp.host.backoff import Backoff
from transferapp.host.sparing import sparing
from transferapp.host.waking import woken
from transferapp.taskqueue.dbos.claims import Claims
from transferapp.taskqueue.dbos.engine import EngineClient
from transferapp.taskqueue.dbos.failures import engine_failures
from transferapp.taskqueue.dbos.records import TaskRecords
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.dbos.values import number, work_class_of
from transferapp.taskqueue.port import TaskState, WorkClass

_log = structlog.get_logger(__name__)

#: After an error of the database (seconds).
_AGAIN_AFTER_S = 1.0
#: How often this worker compares what it holds with what it runs (seconds).
_AUDIT_EVERY_S = 15.0
#: What it holds and does not run for so long, it will not run any more (seconds).
_BEGINS_WITHIN_S = 60.0
#: A task that the engine does not begin is tried so often at once, then with pauses.
_TRIES_AT_ONCE = 3
_BEGIN_AGAIN = Backoff(0.5, 300.0)

Start = Callable[[sa.RowMapping], Awaitable[None]]


class Dispatcher:
    """Claims tasks and begins their runs, on the worker's loop."""

    def __init__(
        self,
        worker: str,
        records: TaskRecords,
        engine: EngineClient,
        settings: QueueSettings,
        start: Start,
    ) -> None:
        """Claim for the worker of this id; ``start`` begins a first run here and now."""
        self._worker = worker
        self._records = records
        self._engine = engine
        self._settings = settings
        self._start = start
        self._claims = Claims(records, settings.per_owner)
        self._woken = asyncio.Event()
        #: What takes a place here, and what of it has really begun to run.
        self._running: dict[str, WorkClass] = {}
        self._begun: set[str] = set()
        self._audited_at = time.monotonic()
        #: How often in a row the engine did not begin a task.
        self._not_begun: dict[str, int] = {}

    def wake(self) -> None:
        """Look for tasks soon; on the loop only."""
        self._woken.set()

    def began(self, task_id: str, work_class: WorkClass) -> None:
        """Count a run that has begun; it takes one of this worker's places."""
        self._running[task_id] = work_class
        self._begun.add(task_id)

    def ended(self, task_id: str) -> None:
        """Free its place."""
        self._running.pop(task_id, None)
        self._begun.discard(task_id)
        self._woken.set()

    async def serve(self) -> None:
        """Claim and begin until cancelled."""
        while True:
            pause_s = self._settings.poll_s
            try:
                await self._round()
            except TransferAppError as error:
                _log.warning("no tasks can be claimed", error=error.message)
                pause_s = _AGAIN_AFTER_S
            await woken(self._woken, pause_s)
            self._woken.clear()

    async def _round(self) -> None:
        rows = await asyncio.to_thread(self._claim, self._free_slots())
        for row in rows:
            if row["run"]:
                self._running[row["id"]] = work_class_of(row["lane"]) or WorkClass.TRANSFERS
        await asyncio.gather(*(self._begin(row) for row in rows))
        if time.monotonic() - self._audited_at > _AUDIT_EVERY_S:
            self._audited_at = time.monotonic()
            for task_id in await asyncio.to_thread(self._audit, set(self._begun)):
                self._running.pop(task_id, None)

    def _free_slots(self) -> dict[WorkClass, int]:
        busy = Counter(self._running.values())
        return {
            work_class: max(0, slots - busy[work_class])
            for work_class, slots in self._settings.pools.items()
        }

    def _claim(self, room: dict[WorkClass, int]) -> list[sa.RowMapping]:
        with engine_failures():
            return self._claims.take(self._worker, room)

    async def _begin(self, row: sa.RowMapping) -> None:
        """Begin a run; one that cannot begin gives its place back."""
        try:
            if row["run"]:
                await self._start(row)
                self._not_begun.pop(row["id"], None)
            else:
                await asyncio.to_thread(self._requeue, row["id"])
        except Exception as error:  # noqa: BLE001  # the engine's, or the database's
            _log.warning("task not begun", task=row["id"], error=str(error))
            self._running.pop(row["id"], None)
            await asyncio.to_thread(self._give_back, row, error)

    def _requeue(self, task_id: str) -> None:
        with engine_failures():
            if not self._engine.again(task_id):
                # Claimed once and never begun: the next claim begins it.
                self._records.note(task_id, {"runs": 0}, run="")
                self._records.let_go(task_id, "")

    def _give_back(self, row: sa.RowMapping, reason: Exception) -> None:
        """Queue it again; one that fails to begin again and again waits, or it would keep
        its owner's other tasks from ever being first in line.
        """
        times = self._not_begun.get(row["id"], 0)
        self._not_begun[row["id"]] = times + 1
        waiting: dict[str, Any] = {
            "to": TaskState.WAITING,
            "retry_at": self._records.now() + _BEGIN_AGAIN.pause_s(times),
            "error_code": Internal.code,
            "error": f"The task could not be begun: {type(reason).__name__}: {reason}"[:2000],
        }
        again = times < _TRIES_AT_ONCE or isinstance(reason, Unavailable)
        try:
            with sparing("place of a task", row["id"]), engine_failures():
                self._records.let_go(row["id"], row["run"], **({} if again else waiting))
        except TransferAppError as error:
            _log.debug("place not given back yet", task=row["id"], error=error.message)

    def _audit(self, begun: set[str]) -> list[str]:
        """Give back places of runs that are gone without a word, such as one whose
        beginning or end the database did not take; returns their tasks.
        """
        gone = []
        with engine_failures():
            for row in self._records.held():
                old = self._records.now() - number(row["updated_at"]) > _BEGINS_WITHIN_S
                if row["holder"] == self._worker and old and row["id"] not in begun:
                    _log.warning("place given back", task=row["id"], state=row["state"])
                    self._records.let_go(row["id"], row["run"])
                    gone.append(row["id"])
        return gone
