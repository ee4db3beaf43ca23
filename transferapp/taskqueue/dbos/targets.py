"""The rows of targets: limits, pauses, outages, and how runs ended lately."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
import structlog

from transferapp.errors import Invalid
from transferapp.host.database import reading
from transferapp.taskqueue.dbos.schema import targets
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.dbos.wakeups import announce
from transferapp.taskqueue.port import Target
from transferapp.taskqueue.pressure import Outcomes, Pressure, after_failure, after_success

_log = structlog.get_logger(__name__)


class TargetBook:
    """What is known of targets. Blocking: call it from a thread."""

    def __init__(self, engine: sa.Engine, settings: QueueSettings) -> None:
        """Keep the rows in ``engine``."""
        self._engine = engine
        self._settings = settings
        self._lock = threading.Lock()
        self._done: dict[str, Outcomes] = {}
        self._known: set[str] = set()

    def declare(self, name: str, ceiling: int) -> None:
        """Give a target the ceiling of the settings, unless it had this one before: then
        an administrator's change since stays.
        """
        self.ensure(name)
        if self.row(name)["configured"] != ceiling:
            self._update(name, targets.c.configured != ceiling, _ceiling(ceiling, ceiling))

    def ensure(self, name: str) -> None:
        """Make the target unless it is there, before a task comes."""
        if name in self._known:
            return
        with reading(self._engine) as connection:
            there = sa.select(targets.c.name).where(targets.c.name == name)
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

    def is_out(self, name: str) -> bool:
        """Tell whether only probes may start."""
        return pressure_of(self.row(name)).is_open

    def note_done(self, name: str, seconds: float) -> None:
        """Count a good end; ``flush`` writes it down."""
        with self._lock:
            before = self._done.get(name, Outcomes())
            self._done[name] = before + Outcomes(done=1, seconds=seconds)

    def flush(self) -> None:
        """Write down the good ends; one of them ends an outage."""
        with self._lock:
            noted, self._done = self._done, {}
        for name, outcomes in noted.items():
            with self.changing(name) as (row, change):
                change(
                    done=row["done"] + outcomes.done,
                    seconds=row["seconds"] + outcomes.seconds,
                    **values_of(after_success(pressure_of(row))),
                )
            if row["outages"]:
                _log.info("target is back", target=name)

    def note_failed(self, name: str, now: float) -> None:
        """Count a failure at once: an outage must not cost every task an attempt."""
        self.flush()
        with self.changing(name) as (row, change):
            before = pressure_of(row)
            after = after_failure(before, now)
            change(failed=row["failed"] + 1, **values_of(after))
        if after.is_open and not before.is_open:
            _log.warning("target is out; one task at a time probes it", target=name)

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

    def _add(self, name: str) -> None:
        ceiling = self._settings.limit(name)
        try:
            with self._engine.begin() as connection:
                row = {"name": name, **_ceiling(ceiling, ceiling)}
                connection.execute(sa.insert(targets).values(row))
        except sa.exc.IntegrityError:
            return  # somebody else was quicker

    def _update(
        self, name: str, wanted: sa.ColumnElement[bool], values: dict[str, Any]
    ) -> None:
        mine = sa.update(targets).where(targets.c.name == name, wanted)
        with self._engine.begin() as connection:
            connection.execute(mine.values(values))
            announce(connection)


def _ceiling(ceiling: int, configured: int | None = None) -> dict[str, int]:
    values = {"ceiling": ceiling, "limit": ceiling}
    return values if configured is None else {**values, "configured": configured}


def to_target(row: sa.RowMapping) -> Target:
    """Make a Target of a row."""
    out = row["outages"] > 0
    return Target(
        name=row["name"],
        paused=row["paused"],
        ceiling=row["ceiling"],
        limit=min(row["limit"], row["ceiling"]),
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
