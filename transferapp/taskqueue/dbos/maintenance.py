"""Housekeeping by one worker at a time: recover, retry, tell and forget."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import sqlalchemy as sa
import structlog

from transferapp.host.backoff import LONGEST_S, grown
from transferapp.host.database import reading
from transferapp.host.sparing import sparing
from transferapp.taskqueue.dbos.circuit_monitor import CircuitMonitor
from transferapp.taskqueue.dbos.engine import EngineClient
from transferapp.taskqueue.dbos.records import TaskRecords
from transferapp.taskqueue.dbos.rows import STATES, to_task
from transferapp.taskqueue.dbos.schema import tasks
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.dbos.values import whole
from transferapp.taskqueue.dbos.worker_registry import WorkerRegistry
from transferapp.taskqueue.moves import BURY, FALL_DUE
from transferapp.taskqueue.port import Task, TaskState

_log = structlog.get_logger(__name__)

#: A state that its run did not tell by then is told by the maintenance (seconds).
_NOTIFY_AFTER_S = 3.0
_FORGET_EVERY_S = 3600.0
_DUTY = "duty of the queue's janitor"
#: Retries of a target that had no row a moment ago.
_FIRST_OF_A_RESOURCE = 1


class Maintenance:
    """What the leading worker does at every beat. Blocking: call it from a thread."""

    def __init__(
        self,
        records: TaskRecords,
        engine: EngineClient,
        registry: WorkerRegistry,
        monitor: CircuitMonitor,
        settings: QueueSettings,
    ) -> None:
        """Work on the tables of ``records`` and ``engine``."""
        self._records = records
        self._engine = engine
        self._registry = registry
        self._monitor = monitor
        self._settings = settings
        self._records.stalled_after_s = settings.stalled_after_s
        self._stalled: set[str] = set()
        self._forgot_at = 0.0

    def round(self, *, recover: bool = True) -> list[Task]:
        """Do what is due; returns the tasks whose owners are still to be told (none when
        it is another worker's turn). Without ``recover`` silent workers are left alone.
        """
        living: set[str] = set()
        leads = False
        with sparing(_DUTY, "lead"):
            living = self._registry.living() if recover else living
            leads = self._registry.take_lease("janitor", 5 * self._settings.beat_s)
        if not leads:
            return []
        untold: list[Task] = []
        duties: dict[str, Callable[[], object]] = {
            "make missing targets": self._monitor.add_missing,
            "retry": lambda: self._retry(self._monitor.round()),
            "watch": self._watch,
            "forget": self._forget,
            "tell": lambda: untold.extend(self._untold()),
        }
        if recover:
            recovery = {"recover": partial(self._recover_all, living)}
            duties = recovery | {"bury": partial(self._bury_all, living)} | duties
        for name, duty in duties.items():
            # A defect in one of them must not end the others, nor keep a worker from starting.
            with sparing(_DUTY, name):
                duty()
        return untold

    def _recover_all(self, living: set[str]) -> None:
        """Queue the tasks of dead workers again; those that keep killing end dead."""
        for row in self._records.held():
            if row["holder"] not in living:
                with sparing("task of a dead worker", row["id"]):
                    self._recover(row)
        nobodys = (tasks.c.state == TaskState.RUNNING, tasks.c.holder == "")
        for row in self._records.select(*nobodys):
            with sparing("task that nobody runs", row["id"]):
                self._records.let_go(row["id"], row["run"])

    def _bury_all(self, living: set[str]) -> None:
        """Make dead letters of tasks whose state is no word of ours."""
        for state in self._records.states() - STATES:
            for row in self._records.select(tasks.c.state == state):
                if row["holder"] not in living:
                    with sparing("task that cannot be read", row["id"]):
                        self._records.bury(row)

    def _recover(self, row: sa.RowMapping) -> None:
        # What was claimed and never begun did not kill anybody.
        crashes = grown(whole(row["crashes"]), 1 if row["run"] else 0)
        if row["state"] == TaskState.RUNNING and crashes >= self._settings.max_crashes:
            self._bury(row, crashes)
            return
        self._records.let_go(row["id"], row["run"], crashes=crashes)
        _log.warning("task taken over from a dead worker", task=row["id"], crashes=crashes)

    def _bury(self, row: sa.RowMapping, crashes: int) -> None:
        error = (
            f"The worker died {crashes} times while it ran this. Tell your administrator, and"
            " when it was: the log of the worker may say why."
        )
        dead = {
            "holder": "",
            "run": "",
            "crashes": crashes,
            "error_code": "internal",
            "error": error,
            "told": False,
        }
        self._records.move(row["id"], BURY, dead, run=row["run"])
        self._engine.stop(row["id"])
        _log.error("task buried: it keeps killing its worker", task=row["id"])

    def _retry(self, budget: dict[str, int]) -> None:
        """Queue what is due again, target by target and no more than each may get."""
        due = sa.and_(tasks.c.state == TaskState.WAITING, self._is_due())
        with reading(self._records.engine) as connection:
            found = connection.execute(sa.select(tasks.c.target).where(due).distinct())
            names = found.scalars().all()
        queued = {"retry_at": None, "told": True}
        for name in names:
            mine = tasks.c.target == name
            allowed = budget.get(name, _FIRST_OF_A_RESOURCE)
            for row in self._records.select(due, mine, limit=allowed) if allowed else ():
                with sparing("task that waits", row["id"]):
                    self._records.move(row["id"], FALL_DUE, queued)

    def _is_due(self) -> sa.ColumnElement[bool]:
        """No pause is longer than LONGEST_S: a later time is of a clock that went wrong."""
        now, at = self._records.now(), tasks.c.retry_at
        return sa.or_(at <= now, at > now + 2 * LONGEST_S, at.is_(None))

    def _watch(self) -> None:
        """Tell of tasks that give no sign of life; they may still end well."""
        stalled = {task.id: task for task in self._records.stalled()}
        for task_id in stalled.keys() - self._stalled:
            task = stalled[task_id]
            since = str(task.stalled_since)
            _log.warning("task stalled", task=task_id, step=task.step, since=since)
        self._stalled = set(stalled)

    def _untold(self) -> list[Task]:
        now = self._records.now()
        young = tasks.c.updated_at.between(now - _NOTIFY_AFTER_S, now + _NOTIFY_AFTER_S)
        known = tasks.c.state.in_(STATES)
        # Those first that a worker had: only they have left something behind.
        begun_first = sa.case((sa.and_(tasks.c.runs == 0, tasks.c.turn == 0), 1), else_=0)
        rows = self._records.select(~tasks.c.told, ~young, known, first=begun_first)
        return [to_task(row) for row in rows]

    def _forget(self) -> None:
        now = self._records.now()
        if now - self._forgot_at < _FORGET_EVERY_S:
            return
        self._forgot_at = now
        age = timedelta(days=self._settings.keep_ended_days)
        forget_ended(self._records, self._engine, age)


def forget_ended(records: TaskRecords, engine: EngineClient, age: timedelta) -> int:
    """Delete done and cancelled tasks of that age everywhere; returns how many."""
    count, after = 0, ""
    while ids := records.ended_before(age, after):
        after = ids[-1]
        with sparing("ended tasks", f"from {ids[0]}"):
            engine.forget(ids)
            records.forget(ids)
            count += len(ids)
    return count
