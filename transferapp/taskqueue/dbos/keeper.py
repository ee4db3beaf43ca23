"""Look after targets: judge them, probe those that are out, let idle ones sleep."""

from __future__ import annotations

import sqlalchemy as sa
import structlog
from dbos import error as dbos_error

from transferapp.errors import TransferNotFound
from transferapp.taskqueue.dbos.engine import EngineClient, queue_name
from transferapp.taskqueue.dbos.records import ACTIVE, TaskRecords
from transferapp.taskqueue.dbos.schema import tasks
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.dbos.targets import (
    TargetBook,
    outcomes_of,
    pressure_of,
    shape_of,
    values_of,
)
from transferapp.taskqueue.port import TaskState
from transferapp.taskqueue.pressure import (
    PROBE_PATIENCE_S,
    after_look,
    after_probe_failed,
    after_success,
    can_judge,
    retries_allowed,
)

_log = structlog.get_logger(__name__)

#: Probes have a queue of their own: that of their target starts nothing meanwhile.
PROBES = "probes"
_PROBES_AT_ONCE = 16
#: A probe that no worker takes for so long is given up (seconds).
_PROBE_TAKEN_WITHIN_S = 30.0


class TargetKeeper:
    """The leading worker's care for targets. Blocking: call it from a thread."""

    def __init__(
        self,
        records: TaskRecords,
        engine: EngineClient,
        book: TargetBook,
        settings: QueueSettings,
    ) -> None:
        """Work on the rows of ``book``."""
        self._records = records
        self._engine = engine
        self._book = book
        self._settings = settings
        #: What the queues were last given by us.
        self._shapes: dict[str, tuple[int, bool]] = {}

    def round(self) -> dict[str, int]:
        """Do what is due; returns how many retries each target may get now."""
        queues = self._engine.queue_names()
        busy = self._busy_targets()
        budget: dict[str, int] = {}
        rows = self._book.rows()
        self._keep_probe_queue(
            queues, needed=any(row["outages"] or row["probe"] for row in rows)
        )
        for row in rows:
            kept = self._book.row(row["name"]) if self._judge(row) else row
            budget[row["name"]] = retries_allowed(pressure_of(kept), outcomes_of(kept))
            self._shape(kept, queues, busy)
        return budget

    def _busy_targets(self) -> set[str]:
        query = sa.select(tasks.c.target).where(tasks.c.state.in_(ACTIVE)).distinct()
        with self._records.engine.connect() as connection:
            return set(connection.execute(query).scalars())

    def _keep_probe_queue(self, queues: set[str], *, needed: bool) -> None:
        if needed and PROBES not in queues:
            self._engine.shape_queue(PROBES, _PROBES_AT_ONCE)
        elif not needed and PROBES in queues:
            self._engine.drop_queue(PROBES)

    def _shape(self, row: sa.RowMapping, queues: set[str], busy: set[str]) -> None:
        name = row["name"]
        idle = self._records.now() - row["worked_at"] > self._settings.idle_after_s
        there = queue_name(name) in queues
        if idle and name not in busy:
            self._shapes.pop(name, None)
            if there:
                self._engine.drop_queue(queue_name(name))
        elif not there or self._shapes.get(name) != shape_of(row):
            self._book.shape(row)
            self._shapes[name] = shape_of(row)

    def _judge(self, row: sa.RowMapping) -> bool:
        """Do what is due for a target; True when its row has changed."""
        if row["probe"]:
            self._watch_probe(row)
        elif row["outages"]:
            if self._records.now() < row["probe_at"]:
                return False
            self._start_probe(row)
        elif can_judge(pressure_of(row), outcomes_of(row)):
            self._look(row["name"])
        else:
            return False
        return True

    def _look(self, name: str) -> None:
        with self._book.changing(name) as (row, change):
            before = pressure_of(row)
            after = after_look(before, outcomes_of(row))
            change(done=0, failed=0, seconds=0.0, **values_of(after))
        if after.limit < before.limit:
            _log.warning("target errs or slows; fewer at once", target=name, limit=after.limit)

    def _start_probe(self, row: sa.RowMapping) -> None:
        """Send one task past the stopped queue: a retry that is due, or a queued one."""
        target = tasks.c.target == row["name"]
        running = self._records.select(target, tasks.c.state == TaskState.RUNNING)
        if len(running) >= row["ceiling"]:
            return
        now = self._records.now()
        due = sa.and_(tasks.c.state == TaskState.WAITING, tasks.c.retry_at <= now)
        for wanted in (due, tasks.c.state == TaskState.QUEUED):
            for task in self._records.select(target, wanted, limit=1):
                if self._send(task):
                    with self._book.changing(row["name"]) as (_, change):
                        change(probe=task["id"], probe_since=now)
                    _log.info("target is probed", target=row["name"], task=task["id"])
                return

    def _send(self, task: sa.RowMapping) -> bool:
        if task["state"] == TaskState.QUEUED:
            self._engine.hand_on(task, PROBES)
            return True
        try:
            self._engine.wake(task, PROBES)
        except dbos_error.DBOSException as error:
            _log.debug("probe not awake yet", task=task["id"], reason=error.message)
            return False
        queued = {"state": TaskState.QUEUED, "retry_at": None, "told": True}
        self._records.change(task["id"], (TaskState.WAITING,), queued)
        return True

    def _watch_probe(self, row: sa.RowMapping) -> None:
        name, out = row["name"], row["outages"] > 0
        state = self._state(row["probe"])
        for_s = self._records.now() - row["probe_since"]
        if state is TaskState.RUNNING:
            # With a single place it has to end first: the limit is a promise.
            if out and for_s > PROBE_PATIENCE_S and row["ceiling"] > 1:
                self._close(name, row["probe"])
        elif state is TaskState.WAITING and out:
            with self._book.changing(name) as (fresh, change):
                after = after_probe_failed(pressure_of(fresh), self._records.now())
                change(probe="", **values_of(after))
            _log.info("target is still out", target=name, probes=after.outages)
        elif state is TaskState.DONE and out:
            self._close(name, "")
        elif state is not TaskState.QUEUED or for_s > _PROBE_TAKEN_WITHIN_S:
            # It ended in a way that says nothing of the target; another one may try.
            with self._book.changing(name) as (_, change):
                change(probe="")

    def _state(self, task_id: str) -> TaskState | None:
        try:
            return TaskState(self._records.row(task_id)["state"])
        except TransferNotFound:
            return None

    def _close(self, name: str, probe: str) -> None:
        with self._book.changing(name) as (row, change):
            change(probe=probe, **values_of(after_success(pressure_of(row))))
        _log.info("target is back", target=name)
