"""Look after targets: judge how hard they may be pressed, and watch their probes."""

from __future__ import annotations

import structlog

from transferapp.errors import TransferNotFound
from transferapp.host.sparing import sparing
from transferapp.taskqueue.dbos.records import TaskRecords
from transferapp.taskqueue.dbos.resource_store import ResourceStore, notify_back, values_of
from transferapp.taskqueue.dbos.rows import (
    STATES,
    Row,
    faults_of,
    pressure_of,
    run_stats_of,
    sound_resource,
)
from transferapp.taskqueue.port import TaskState
from transferapp.taskqueue.pressure import (
    PROBE_PATIENCE_S,
    after_evaluation,
    after_probe_failed,
    after_success,
    can_judge,
    probe_due,
    retries_allowed,
)

_log = structlog.get_logger(__name__)

#: A probe that no worker takes for so long is given up (seconds).
_PROBE_TAKEN_WITHIN_S = 30.0


class CircuitMonitor:
    """The leading worker's care for targets. Blocking: call it from a thread."""

    def __init__(self, records: TaskRecords, store: ResourceStore) -> None:
        """Work on the rows of ``book``."""
        self._records = records
        self._store = store

    def round(self) -> dict[str, int]:
        """Do what is due; returns how many retries each target may get now."""
        budget: dict[str, int] = {}
        for row in self._store.rows():
            with sparing("target of the queue", row["name"]):
                budget[row["name"]] = self._keep(row)
        return budget

    def add_missing(self) -> None:
        """Make the targets that tasks wait for and that have no row."""
        self._store.add_missing()

    def _keep(self, row: Row) -> int:
        if faults_of(row):
            self._store.mend(row["name"])
        sound = sound_resource(row)
        return self._budget(self._store.row(row["name"]) if self._judge(sound) else sound)

    def _budget(self, row: Row) -> int:
        pressure = pressure_of(row)
        if not pressure.is_open:
            return retries_allowed(pressure, run_stats_of(row))
        # One of those that wait may be the next probe.
        due = not row["probe"] and probe_due(pressure, self._records.now())
        return 1 if due else 0

    def _judge(self, row: Row) -> bool:
        """Do what is due for a target; True when its row has changed."""
        if row["probe"]:
            self._watch_probe(row)
        elif not row["outages"] and can_judge(pressure_of(row), run_stats_of(row)):
            self._evaluate(row["name"])
        else:
            return False
        return True

    def _evaluate(self, name: str) -> None:
        with self._store.changing(name) as (row, change):
            before = pressure_of(row)
            after = after_evaluation(before, run_stats_of(row))
            change(done=0, failed=0, seconds=0.0, **values_of(after))
        if after.limit < before.limit:
            _log.warning("target errs or slows; fewer at once", target=name, limit=after.limit)

    def _watch_probe(self, row: Row) -> None:
        name, out = row["name"], row["outages"] > 0
        state = self._state(row["probe"])
        for_s = self._records.now() - row["probe_since"]
        if state is TaskState.RUNNING:
            # With a single place it has to end first: the limit is a promise.
            if out and for_s > PROBE_PATIENCE_S and row["ceiling"] > 1:
                self._close(name, row["probe"])
        elif state is TaskState.WAITING and out:
            with self._store.changing(name) as (fresh, change):
                after = after_probe_failed(pressure_of(fresh), self._records.now())
                change(probe="", **values_of(after))
            _log.info("target is still out", target=name, probes=after.outages)
        elif state is TaskState.DONE and out:
            self._close(name, "")
        elif state is not TaskState.QUEUED or not 0 <= for_s <= _PROBE_TAKEN_WITHIN_S:
            # It ended in a way that says nothing of the target; another one may try.
            with self._store.changing(name) as (_, change):
                change(probe="")

    def _state(self, task_id: str) -> TaskState | None:
        try:
            state = self._records.row(task_id)["state"]
        except TransferNotFound:
            return None
        return TaskState(state) if state in STATES else None

    def _close(self, name: str, probe: str) -> None:
        with self._store.changing(name) as (row, change):
            change(probe=probe, **values_of(after_success(pressure_of(row))))
        notify_back(name)
