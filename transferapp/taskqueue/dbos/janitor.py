"""Housekeeping by one worker at a time: recover, retry, tell, heal and forget."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
import structlog
from dbos import WorkflowStatus, error as dbos_error

from transferapp.taskqueue.dbos.engine import ENDED, PENDING, WORKFLOW, EngineClient
from transferapp.taskqueue.dbos.keeper import TargetKeeper
from transferapp.taskqueue.dbos.presence import Presence
from transferapp.taskqueue.dbos.records import ACTIVE, STARTABLE, TaskRecords
from transferapp.taskqueue.dbos.schema import tasks, to_task
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.port import Task, TaskState

_log = structlog.get_logger(__name__)

#: A state that its run did not tell by then is told by the janitor (seconds).
_TELL_AFTER_S = 3.0
#: Tables that disagree for so long disagree because a process died in between (seconds).
_HEAL_AFTER_S = 30.0
_FORGET_EVERY_S = 3600.0


class Janitor:
    """What the leading worker does at every beat. Blocking: call it from a thread."""

    def __init__(
        self,
        records: TaskRecords,
        engine: EngineClient,
        presence: Presence,
        keeper: TargetKeeper,
        settings: QueueSettings,
    ) -> None:
        """Work on the tables of ``records`` and ``engine``."""
        self._records = records
        self._engine = engine
        self._presence = presence
        self._keeper = keeper
        self._settings = settings
        self._records.stalled_after_s = settings.stalled_after_s
        self._stalled: set[str] = set()
        self._healed_up_to = ""
        self._forgot_at = 0.0

    def round(self, *, recover: bool = True) -> list[Task]:
        """Do what is due; returns the tasks whose owners are still to be told (none when
        it is another worker's turn). Without ``recover`` silent workers are left alone.
        """
        living = self._presence.living() if recover else set()
        if not self._presence.take_lease("janitor", 5 * self._settings.beat_s):
            return []
        if recover:
            self._recover_all(living)
        self._retry(self._keeper.round())
        self._watch()
        self._heal()
        self._forget()
        return self._untold()

    def hand_back(self, worker_id: str) -> None:
        """Queue again what a worker that stops has not finished; no crash is counted."""
        for run in self._pending(worker_id):
            row = self._records.row(run.workflow_id)
            queued = {"state": TaskState.QUEUED, "run": "", "step": ""}
            self._records.change(row["id"], (TaskState.RUNNING,), queued)
            self._engine.hand_on(row)

    def _pending(self, worker_id: str | None = None) -> Sequence[WorkflowStatus]:
        return self._engine.client.list_workflows(
            status=PENDING,
            name=WORKFLOW,
            executor_id=worker_id,
            load_input=False,
            load_output=False,
        )

    def _recover_all(self, living: set[str]) -> None:
        """Queue the tasks of dead workers again; those that keep killing end dead."""
        for run in self._pending():
            if run.executor_id not in living:
                self._recover(run.workflow_id)

    def _recover(self, task_id: str) -> None:
        row = self._records.row(task_id)
        crashes = row["crashes"] + 1
        if row["state"] in STARTABLE and crashes >= self._settings.max_crashes:
            self._bury(row, crashes)
            return
        queued = {"state": TaskState.QUEUED, "run": "", "crashes": crashes}
        self._records.change(task_id, ACTIVE, queued)
        self._engine.hand_on(row)
        _log.warning("task taken over from a dead worker", task=task_id, crashes=crashes)

    def _bury(self, row: sa.RowMapping, crashes: int) -> None:
        error = (
            f"The worker died {crashes} times while it ran this."
            " Send the report to your administrator."
        )
        dead = {
            "state": TaskState.DEAD,
            "run": "",
            "crashes": crashes,
            "error_code": "internal",
            "error": error,
            "told": False,
        }
        self._records.change(row["id"], STARTABLE, dead)
        self._engine.stop(row["id"])
        _log.error("task buried: it keeps killing its worker", task=row["id"])

    def _retry(self, budget: dict[str, int]) -> None:
        """Wake what is due, target by target and no more than each may get."""
        due = sa.and_(
            tasks.c.state == TaskState.WAITING, tasks.c.retry_at <= self._records.now()
        )
        for target, allowed in budget.items():
            if allowed > 0:
                mine = tasks.c.target == target
                for row in self._records.select(due, mine, limit=allowed):
                    self._wake(row)

    def _watch(self) -> None:
        """Tell of tasks that give no sign of life; they may still end well."""
        stalled = {task.id: task for task in self._records.stalled()}
        for task_id in stalled.keys() - self._stalled:
            task = stalled[task_id]
            since = str(task.stalled_since)
            _log.warning("task stalled", task=task_id, step=task.step, since=since)
        self._stalled = set(stalled)

    def _heal(self) -> None:
        """Wake tasks that we show as active and whose run has ended: a process died, or
        the database went away, between two writes.
        """
        old = tasks.c.updated_at < self._records.now() - _HEAL_AFTER_S
        after = tasks.c.id > self._healed_up_to
        rows = self._records.select(tasks.c.state.in_(ACTIVE), old, after)
        self._healed_up_to = rows[-1]["id"] if rows else ""
        if not rows:
            return
        ended = self._engine.client.list_workflows(
            workflow_ids=[row["id"] for row in rows],
            status=list(ENDED),
            load_input=False,
            load_output=False,
        )
        by_id = {row["id"]: row for row in rows}
        for run in ended:
            self._wake(by_id[run.workflow_id])

    def _wake(self, row: sa.RowMapping) -> None:
        try:
            self._engine.wake(row)
        except dbos_error.DBOSException as error:
            if self._engine.status(row["id"]) == PENDING:
                # Its failed run is about to end; the next round finds it.
                _log.debug("task not awake yet", task=row["id"], reason=error.message)
                return
        queued = {"state": TaskState.QUEUED, "retry_at": None, "told": True}
        self._records.change(row["id"], (TaskState.WAITING,), queued)

    def _untold(self) -> list[Task]:
        due = tasks.c.updated_at < self._records.now() - _TELL_AFTER_S
        return [to_task(row) for row in self._records.select(~tasks.c.told, due)]

    def _forget(self) -> None:
        now = self._records.now()
        if now - self._forgot_at < _FORGET_EVERY_S:
            return
        self._forgot_at = now
        age = timedelta(days=self._settings.keep_ended_days)
        forget_ended(self._records, self._engine, age)


def forget_ended(records: TaskRecords, engine: EngineClient, age: timedelta) -> int:
    """Delete done and cancelled tasks of that age everywhere; returns how many."""
    count = 0
    while ids := records.ended_before(age):
        engine.forget(ids)
        records.forget(ids)
        count += len(ids)
    return count
