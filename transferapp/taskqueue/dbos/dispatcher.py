"""Give this worker's free places to tasks, as soon as there are any."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable

import sqlalchemy as sa
import structlog

from transferapp.errors import TransferAppError
from transferapp.taskqueue.dbos.claims import Claims
from transferapp.taskqueue.dbos.engine import EngineClient
from transferapp.taskqueue.dbos.failures import engine_failures
from transferapp.taskqueue.dbos.records import TaskRecords
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.port import Lane, TaskState

_log = structlog.get_logger(__name__)

#: After an error of the database (seconds).
_AGAIN_AFTER_S = 1.0
#: How often this worker compares what it holds with what it runs (seconds).
_AUDIT_EVERY_S = 15.0
#: What it holds and does not run for so long, it will not run any more (seconds).
_BEGINS_WITHIN_S = 60.0

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
        self._bell = asyncio.Event()
        self._running: dict[str, Lane] = {}
        self._audited_at = time.monotonic()

    def ring(self) -> None:
        """Look for tasks soon; on the loop only."""
        self._bell.set()

    def began(self, task_id: str, lane: Lane) -> None:
        """Count a run that takes one of this worker's places."""
        self._running[task_id] = lane

    def ended(self, task_id: str) -> None:
        """Free its place."""
        self._running.pop(task_id, None)
        self._bell.set()

    async def serve(self) -> None:
        """Claim and begin until cancelled."""
        while True:
            pause_s = self._settings.poll_s
            try:
                await self._round()
            except TransferAppError as error:
                _log.warning("no tasks can be claimed", error=error.message)
                pause_s = _AGAIN_AFTER_S
            except Exception:  # noqa: BLE001
                # A defect here must not end the only thing that starts work.
                _log.exception("claiming failed")
                pause_s = _AGAIN_AFTER_S
            await self._sleep(pause_s)

    async def _sleep(self, for_s: float) -> None:
        try:
            async with asyncio.timeout(for_s):
                await self._bell.wait()
        except TimeoutError:
            return
        finally:
            self._bell.clear()

    async def _round(self) -> None:
        rows = await asyncio.to_thread(self._claim, self._room())
        for row in rows:
            if row["run"]:
                self.began(row["id"], Lane(row["lane"]))
        await asyncio.gather(*(self._begin(row) for row in rows))
        if time.monotonic() - self._audited_at > _AUDIT_EVERY_S:
            self._audited_at = time.monotonic()
            await asyncio.to_thread(self._audit, set(self._running))

    def _room(self) -> dict[Lane, int]:
        busy = Counter(self._running.values())
        return {
            lane: max(0, places - busy[lane]) for lane, places in self._settings.lanes.items()
        }

    def _claim(self, room: dict[Lane, int]) -> list[sa.RowMapping]:
        with engine_failures():
            return self._claims.take(self._worker, room)

    async def _begin(self, row: sa.RowMapping) -> None:
        """Begin a run; one that cannot begin gives its place back."""
        try:
            if row["run"]:
                await self._start(row)
            else:
                await asyncio.to_thread(self._again, row["id"])
        except Exception as error:  # noqa: BLE001  # the engine's, or the database's
            _log.warning("task not begun", task=row["id"], error=str(error))
            self._running.pop(row["id"], None)
            await asyncio.to_thread(self._give_back, row)

    def _again(self, task_id: str) -> None:
        with engine_failures():
            if not self._engine.again(task_id):
                # Claimed once and never begun: the next claim begins it.
                self._records.change(task_id, (TaskState.RUNNING,), {"runs": 0}, run="")
                self._records.let_go(task_id, "")

    def _give_back(self, row: sa.RowMapping) -> None:
        try:
            with engine_failures():
                self._records.let_go(row["id"], row["run"])
        except TransferAppError as error:
            _log.debug("place not given back yet", task=row["id"], error=error.message)

    def _audit(self, running: set[str]) -> None:
        """Give back places of runs that are gone without a word, such as one whose
        beginning or end the database did not take.
        """
        with engine_failures():
            for row in self._records.held():
                old = self._records.now() - row["updated_at"] > _BEGINS_WITHIN_S
                if row["holder"] == self._worker and old and row["id"] not in running:
                    _log.warning("place given back", task=row["id"], state=row["state"])
                    self._records.let_go(row["id"], row["run"])
