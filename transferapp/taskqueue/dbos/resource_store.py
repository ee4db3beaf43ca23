"""The rows of targets: limits, pauses, outages, and how runs ended lately."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
import structlog

from transferapp.errors import Invalid
from transferapp.host.backoff import grown
from transferapp.host.database import reading
from transferapp.host.sparing import sparing
from transferapp.taskqueue.dbos.rows import (
    Row,
    faults_of,
    pressure_of,
    sound_resource,
)
from transferapp.taskqueue.dbos.schema import resources
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.dbos.wakeups import announce
from transferapp.taskqueue.pressure import Pressure, RunStats, after_failure, after_success

_log = structlog.get_logger(__name__)

#: Targets of tasks that wait, jumped through along the index, that have no row.
_MISSING = sa.text(
    """
    WITH RECURSIVE names(name) AS (
        SELECT min(target) FROM task WHERE task.state = 'queued' AND task.holder = ''
        UNION ALL
        SELECT (SELECT min(task.target) FROM task
                WHERE task.state = 'queued' AND task.holder = ''
                AND task.target > names.name)
        FROM names WHERE names.name IS NOT NULL
    )
    SELECT names.name FROM names WHERE names.name IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM task_target WHERE task_target.name = names.name)
    """
)


class ResourceStore:
    """What is known of targets. Blocking: call it from a thread."""

    def __init__(self, engine: sa.Engine, settings: QueueSettings) -> None:
        """Keep the rows in ``engine``."""
        self._engine = engine
        self._settings = settings
        self._lock = threading.Lock()
        self._done: dict[str, RunStats] = {}
        #: Good ends that took as long as usual.
        self._untimed: Counter[str] = Counter()
        self._known: set[str] = set()

    def declare(self, name: str, ceiling: int) -> None:
        """Give a target the ceiling of the settings, unless it had this one before: then
        an administrator's change since stays.
        """
        self.ensure(name)
        if self.row(name)["configured"] != ceiling:
            self._update(name, resources.c.configured != ceiling, _ceiling(ceiling, ceiling))

    def ensure(self, name: str) -> None:
        """Make the target unless it is there, before a task comes."""
        if name in self._known:
            return
        with reading(self._engine) as connection:
            there = sa.select(resources.c.name).where(resources.c.name == name)
            known = connection.execute(there).first() is not None
        if not known:
            self._add(name)
        self._known.add(name)

    def pause(self, name: str, *, paused: bool) -> None:
        """Let the target start nothing, or go on."""
        self.ensure(name)
        self._update(name, sa.true(), {"paused": paused})

    def set_ceiling(self, name: str, ceiling: int) -> None:
        """Let so many tasks run at once at most; raises Invalid below one."""
        if ceiling < 1:
            raise Invalid("At least one task must be allowed; pause the target instead.")
        self.ensure(name)
        self._update(name, sa.true(), _ceiling(ceiling))

    def rows(self) -> Sequence[Row]:
        """Return all targets by name, as they are stored."""
        with reading(self._engine) as connection:
            found = connection.execute(sa.select(resources).order_by(resources.c.name))
            return found.mappings().all()

    def row(self, name: str) -> Row:
        """Return one target, made sound; it is made anew when its row is gone."""
        with reading(self._engine) as connection:
            found = connection.execute(_select_row(name)).mappings().first()
        if found is not None:
            return sound_resource(found)
        self._add(name)
        with reading(self._engine) as connection:
            return sound_resource(connection.execute(_select_row(name)).mappings().one())

    def add_missing(self) -> None:
        """Make the targets that tasks wait for and that have no row: nobody would start
        them.
        """
        with reading(self._engine) as connection:
            missing = list(connection.execute(_MISSING).scalars())
        for name in missing:
            with sparing("target of the queue", name):
                self._add(name)

    def mend(self, name: str) -> None:
        """Write sound values where a target's row makes no sense, and say so."""
        with self.changing(name):
            pass

    def is_out(self, name: str) -> bool:
        """Tell whether only probes may start."""
        return pressure_of(self.row(name)).is_open

    def note_done(self, name: str, seconds: float | None) -> None:
        """Count a good end; ``flush`` writes it down. ``None``: it took as long as usual."""
        with self._lock:
            before = self._done.get(name, RunStats())
            if seconds is None:
                self._untimed[name] += 1
                self._done[name] = before
            else:
                self._done[name] = before + RunStats(done=1, seconds=seconds)

    def flush(self) -> None:
        """Write down the good ends; one of them ends an outage."""
        with self._lock:
            noted, self._done = self._done, {}
            untimed, self._untimed = self._untimed, Counter()
        for name, run_stats in noted.items():
            with sparing("target of the queue", name):
                self._add_done(name, run_stats, untimed[name])

    def _add_done(self, name: str, timed: RunStats, untimed: int) -> None:
        mean_s = timed.seconds / timed.done if timed.done else 0.0
        with self.changing(name) as (row, change):
            usual_s = row["usual_s"] or mean_s
            change(
                done=grown(row["done"], timed.done + untimed),
                seconds=row["seconds"] + timed.seconds + untimed * usual_s,
                **values_of(after_success(pressure_of(row))),
            )
        if row["outages"]:
            notify_back(name)

    def note_failed(self, name: str, now: float) -> None:
        """Count a failure at once: an outage must not cost every task an attempt."""
        self.flush()
        with self.changing(name) as (row, change):
            before = pressure_of(row)
            after = after_failure(before, now)
            change(failed=grown(row["failed"]), **values_of(after))
        if after.is_open and not before.is_open:
            _log.warning("target is out; one task at a time probes it", target=name)

    @contextmanager
    def changing(self, name: str) -> Iterator[tuple[Row, Callable[..., None]]]:
        """Lock a row; yields it, made sound, and a function that changes its columns."""
        with self._engine.begin() as connection:
            row = self._locked(connection, name)

            def change(**values: object) -> None:
                connection.execute(_update_row(name).values(**values))

            faults = faults_of(row)
            if faults:
                was = {column: repr(row[column]) for column in faults}
                _log.error("target's row put right", target=name, was=was, now=faults)
                change(**faults)
            yield sound_resource(row), change

    def _locked(self, connection: sa.Connection, name: str) -> Row:
        one = _select_row(name).with_for_update()
        row = connection.execute(one).mappings().first()
        if row is None:
            connection.execute(sa.insert(resources).values(self._new(name)))
            row = connection.execute(one).mappings().one()
        return row

    def _new(self, name: str) -> dict[str, Any]:
        ceiling = self._settings.limit(name)
        return {"name": name, **_ceiling(ceiling, ceiling)}

    def _add(self, name: str) -> None:
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(resources).values(self._new(name)))
        except sa.exc.IntegrityError:
            return  # somebody else was quicker

    def _update(
        self, name: str, wanted: sa.ColumnElement[bool], values: dict[str, Any]
    ) -> None:
        with self._engine.begin() as connection:
            connection.execute(_update_row(name).where(wanted).values(values))
            announce(connection)


def _select_row(name: str) -> sa.Select[Any]:
    return sa.select(resources).where(resources.c.name == name)


def _update_row(name: str) -> sa.Update:
    return sa.update(resources).where(resources.c.name == name)


def _ceiling(ceiling: int, configured: int | None = None) -> dict[str, int]:
    values = {"ceiling": ceiling, "limit": ceiling}
    return values if configured is None else {**values, "configured": configured}


def notify_back(name: str) -> None:
    """Log the end of an outage, whoever saw it."""
    _log.info("target is back", target=name)


def values_of(pressure: Pressure) -> dict[str, float]:
    """Return the columns of a judgement."""
    return {name: value for name, value in asdict(pressure).items() if name != "ceiling"}
