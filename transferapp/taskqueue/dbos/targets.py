"""The rows of targets: limits, pauses, outages, and how runs ended lately."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime

import sqlalchemy as sa
import structlog

from transferapp.host.database import reading
from transferapp.taskqueue.dbos.engine import EngineClient, queue_name
from transferapp.taskqueue.dbos.schema import targets
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.port import Target
from transferapp.taskqueue.pressure import Outcomes, Pressure, after_failure, after_success

_log = structlog.get_logger(__name__)


class TargetBook:
    """What is known of targets. Blocking: call it from a thread."""

    def __init__(
        self, engine: sa.Engine, client: EngineClient, settings: QueueSettings
    ) -> None:
        """Keep the rows in ``engine`` and the engine's queues in step with them."""
        self._engine = engine
        self._client = client
        self._settings = settings
        self._lock = threading.Lock()
        self._done: dict[str, Outcomes] = {}
        #: Until when (monotonic) a target's queue is surely there.
        self._awake_until: dict[str, float] = {}

    def declare(self, name: str, now: float) -> None:
        """Give a target the limit of the settings."""
        ceiling = self._settings.limit(name)
        self._add(name, now)
        changed = targets.c.ceiling != ceiling
        new = {"ceiling": ceiling, "limit": ceiling}
        with self._engine.begin() as connection:
            mine = targets.c.name == name
            connection.execute(sa.update(targets).where(mine, changed).values(new))
        self.shape(self.row(name))

    def ensure(self, name: str, now: float) -> None:
        """Make the target and its queue unless they are there, before a task comes."""
        present = time.monotonic()
        if self._awake_until.get(name, 0.0) > present:
            return
        self._add(name, now)
        with self._engine.begin() as connection:
            mine = sa.update(targets).where(targets.c.name == name)
            connection.execute(mine.values(worked_at=now))
        if queue_name(name) not in self._client.queue_names():
            self.shape(self.row(name))
        self._awake_until[name] = present + self._settings.idle_after_s / 3

    def pause(self, name: str, now: float, *, paused: bool) -> None:
        """Let the target start nothing, or go on."""
        self.ensure(name, now)
        with self._engine.begin() as connection:
            mine = sa.update(targets).where(targets.c.name == name)
            connection.execute(mine.values(paused=paused))
        self.shape(self.row(name))

    def rows(self) -> Sequence[sa.RowMapping]:
        """Return all targets by name."""
        with reading(self._engine) as connection:
            found = connection.execute(sa.select(targets).order_by(targets.c.name))
            return found.mappings().all()

    def row(self, name: str) -> sa.RowMapping:
        """Return one target that is there."""
        with reading(self._engine) as connection:
            one = sa.select(targets).where(targets.c.name == name)
            return connection.execute(one).mappings().one()

    def note_done(self, name: str, seconds: float) -> None:
        """Count a good end; ``flush`` writes it down."""
        with self._lock:
            before = self._done.get(name, Outcomes())
            self._done[name] = before + Outcomes(done=1, seconds=seconds)

    def flush(self, now: float) -> None:
        """Write down the good ends; one of them ends an outage."""
        with self._lock:
            noted, self._done = self._done, {}
        for name, outcomes in noted.items():
            with self.changing(name) as (row, change):
                change(
                    done=row["done"] + outcomes.done,
                    seconds=row["seconds"] + outcomes.seconds,
                    worked_at=now,
                    **values_of(after_success(pressure_of(row))),
                )
            if row["outages"]:
                _log.info("target is back", target=name)
                self.shape(self.row(name))

    def note_failed(self, name: str, now: float) -> None:
        """Count a failure at once: an outage must not cost every task an attempt."""
        self.flush(now)
        with self.changing(name) as (row, change):
            before = pressure_of(row)
            after = after_failure(before, now)
            change(failed=row["failed"] + 1, worked_at=now, **values_of(after))
        if after.is_open and not before.is_open:
            _log.warning("target is out; one task at a time probes it", target=name)
            self.shape(self.row(name))

    def shape(self, row: sa.RowMapping) -> None:
        """Give the engine's queue what the row says."""
        limit, stopped = shape_of(row)
        self._client.shape_queue(queue_name(row["name"]), limit, stopped=stopped)

    @contextmanager
    def changing(self, name: str) -> Iterator[tuple[sa.RowMapping, Callable[..., None]]]:
        """Lock a row; yields it and a function that changes its columns."""
        with self._engine.begin() as connection:
            mine = targets.c.name == name
            one = sa.select(targets).where(mine).with_for_update()
            row = connection.execute(one).mappings().one()

            def change(**values: object) -> None:
                connection.execute(sa.update(targets).where(mine).values(**values))

            yield row, change

    def _add(self, name: str, now: float) -> None:
        ceiling = self._settings.limit(name)
        row = {"name": name, "ceiling": ceiling, "limit": ceiling, "worked_at": now}
        with reading(self._engine) as connection:
            there = sa.select(targets.c.name).where(targets.c.name == name)
            if connection.execute(there).first() is not None:
                return
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(targets).values(row))
        except sa.exc.IntegrityError:
            return  # somebody else was quicker


def to_target(row: sa.RowMapping) -> Target:
    """Make a Target of a row."""
    out = row["outages"] > 0
    return Target(
        name=row["name"],
        paused=row["paused"],
        ceiling=row["ceiling"],
        limit=shape_of(row)[0],
        out=out,
        probe_at=datetime.fromtimestamp(row["probe_at"], UTC) if out else None,
    )


def pressure_of(row: sa.RowMapping) -> Pressure:
    """Return the part of a row that is judged."""
    return Pressure(
        ceiling=row["ceiling"],
        limit=min(row["limit"], row["ceiling"]),
        usual_s=row["usual_s"],
        failures=row["failures"],
        outages=row["outages"],
        probe_at=row["probe_at"],
    )


def outcomes_of(row: sa.RowMapping) -> Outcomes:
    """Return how runs ended since the last look."""
    return Outcomes(row["done"], row["failed"], row["seconds"])


def values_of(pressure: Pressure) -> dict[str, float]:
    """Return the columns of a judgement."""
    return {name: value for name, value in asdict(pressure).items() if name != "ceiling"}


def shape_of(row: sa.RowMapping) -> tuple[int, bool]:
    """Return how many tasks the target's queue may run, and whether it starts none.

    A probe runs outside of it and takes one of the places.
    """
    places = row["ceiling"] - 1 if row["probe"] else row["ceiling"]
    stopped = row["paused"] or row["outages"] > 0 or places < 1
    return max(1, min(row["limit"], places)), stopped
