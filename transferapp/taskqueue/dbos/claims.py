"""Take tasks for a worker: within every limit, and in a fair order (fairness.py).

All claims of all workers come one after the other, so limits hold exactly: PostgreSQL has
a lock for it that ends with the transaction, and on SQLite every transaction that writes
begins IMMEDIATE.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

import sqlalchemy as sa
import structlog

from transferapp.host.backoff import grown
from transferapp.host.database import reading
from transferapp.host.sparing import sparing
from transferapp.taskqueue.dbos.records import TaskRecords
from transferapp.taskqueue.dbos.rows import (
    Row,
    buried,
    pressure_of,
    priority_of,
    problem_of,
    sound_resource,
)
from transferapp.taskqueue.dbos.schema import HELD, READY, fairness_key, resources, tasks
from transferapp.taskqueue.dbos.values import MOST_BYTES, whole, work_class_of
from transferapp.taskqueue.fairness import FairnessKey, RunningTasks, Shares, next_key
from transferapp.taskqueue.moves import CLAIM, checked_end
from transferapp.taskqueue.port import WorkClass
from transferapp.taskqueue.pressure import probe_due

_log = structlog.get_logger(__name__)

_CLAIM_LOCK = 7_261_944_131

#: Every line of a target with its front task's priority and its last turn. A recursive
#: query jumps from line to line along the index, however many tasks wait in each.
KEYS = sa.text(
    """
    WITH RECURSIVE lines(line) AS (
        SELECT min(line) FROM task
        WHERE task.state = 'queued' AND task.holder = '' AND target = :target
        AND task.line >= ''
        UNION ALL
        SELECT (SELECT min(task.line) FROM task
                WHERE task.state = 'queued' AND task.holder = '' AND target = :target
                AND task.line > lines.line)
        FROM lines WHERE lines.line IS NOT NULL
    )
    SELECT lines.line,
        (SELECT min(priority) FROM task WHERE task.state = 'queued' AND task.holder = ''
         AND target = :target AND task.line = lines.line) AS priority,
        (SELECT max(turn) FROM task WHERE target = :target AND task.line = lines.line) AS turn
    FROM lines WHERE lines.line IS NOT NULL
    """
)


class Claims:
    """Gives free places of targets to workers. Blocking: call it from a thread."""

    def __init__(self, records: TaskRecords, per_owner: int | None = None) -> None:
        """Claim rows of ``records``; an owner gets ``per_owner`` places of a target."""
        self._records = records
        self._per_owner = per_owner

    def take(self, worker: str, free_slots: Mapping[WorkClass, int]) -> list[sa.RowMapping]:
        """Give this worker as many tasks as it has room for in each lane, and as limits
        allow; returns their rows. A row without ``run`` was begun before: its run has to
        be queued in the engine again.
        """
        if not any(free_slots.values()) or not self._promising():
            return []
        left = dict(free_slots)
        taken: list[sa.RowMapping] = []
        with self._records.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_CLAIM_LOCK)))
            rows = list(connection.execute(_open_resources()).mappings())
            # Nobody is always first when a worker's places do not suffice for all.
            random.shuffle(rows)
            for row in rows:
                # What fails for one target is taken back, and the others get their turn.
                with sparing("target of the queue", row["name"]), connection.begin_nested():
                    one = _Resource(connection, row, self._records.now(), self._per_owner)
                    free_slots = dict(left)
                    given = one.give(worker, free_slots)
                    taken, left = [*taken, *given], free_slots
        return taken

    def _promising(self) -> bool:
        """Tell, without a lock, whether any target has both a task and a place."""
        with reading(self._records.engine) as connection:
            return connection.execute(_open_resources().limit(1)).first() is not None


def _open_resources() -> sa.Select[tuple[object, ...]]:
    mine = tasks.c.target == resources.c.name
    waiting = sa.exists().where(mine, READY)
    running = sa.select(sa.func.count()).where(mine, HELD).scalar_subquery()
    # A probe may run beside the limit, never beside the ceiling.
    free = sa.or_(running < resources.c.limit, resources.c.probe != "")
    return sa.select(resources).where(
        ~resources.c.paused, waiting, free, running < resources.c.ceiling
    )


class _Resource:
    """One target in the transaction of a claim."""

    def __init__(
        self, connection: sa.Connection, row: Row, now: float, per_owner: int | None
    ) -> None:
        self._connection = connection
        self._row = sound_resource(row)
        self._now = now
        self._per_owner = per_owner
        self._turn: int = self._row["turn"]

    def give(self, worker: str, free_slots: dict[WorkClass, int]) -> Sequence[sa.RowMapping]:
        """Give free places to the lines in turn; ``room`` shrinks."""
        running = self._running_tasks()
        free = self._free(running)
        shares = Shares(self._row["ceiling"], free_slots, self._per_owner)
        keys = {fairness_key(key.lane, key.owner): key for key in self._keys()}
        taken: list[sa.RowMapping] = []
        while len(taken) < free:
            key = next_key(keys.values(), running, shares)
            if key is None:
                break
            name = fairness_key(key.lane, key.owner)
            first, second = self._front(name)
            started = self._start(first, worker)
            if started is not None:
                taken.append(started)
                running.add(key.lane, key.owner)
                free_slots[key.lane] -= 1
            if second is None:
                del keys[name]
            else:
                priority = priority_of(second["priority"])
                keys[name] = replace(key, priority=priority, turn=self._turn)
        if taken:
            self._note(taken)
        return taken

    def _running_tasks(self) -> RunningTasks:
        columns = (tasks.c.lane, tasks.c.owner)
        query = (
            sa.select(*columns, sa.func.count().label("number"))
            .where(tasks.c.target == self._row["name"], HELD)
            .group_by(*columns)
        )
        running = RunningTasks()
        for row in self._connection.execute(query):
            # What runs takes a place, whatever its row says.
            running.add(work_class_of(row.lane) or WorkClass.TRANSFERS, row.owner, row.number)
        return running

    def _free(self, running: RunningTasks) -> int:
        pressure = pressure_of(self._row)
        under_ceiling = pressure.ceiling - running.total
        if pressure.is_open:
            due = not self._row["probe"] and probe_due(pressure, self._now)
            return min(1, under_ceiling) if due else 0
        # A probe that proved itself by running long still runs: it is one more.
        beside = 1 if self._row["probe"] else 0
        return min(pressure.limit + beside - running.total, under_ceiling)

    def _keys(self) -> list[FairnessKey]:
        found = self._connection.execute(KEYS, {"target": self._row["name"]}).all()
        keys = []
        for row in found:
            name, _, owner = row.line.partition(":")
            work_class = work_class_of(name)
            if work_class is None:
                self._mend_key(row.line)
                continue
            # A line cannot have been served after the target's last turn.
            turn = row.turn if 0 <= whole(row.turn, -1, most=MOST_BYTES) <= self._turn else 0
            keys.append(FairnessKey(work_class, owner, priority_of(row.priority), turn))
        return keys

    def _mend_key(self, name: str) -> None:
        """Put tasks into their owners' lines whose line is none: the next round has them.
        Those whose lane is none either are no tasks that could be run.
        """
        mine = sa.and_(tasks.c.target == self._row["name"], tasks.c.line == name, READY)
        right = sa.type_coerce(tasks.c.lane, sa.String) + ":" + tasks.c.owner
        known = tasks.c.lane.in_([str(work_class) for work_class in WorkClass])
        self._connection.execute(sa.update(tasks).where(mine, known).values(line=right))
        for row in self._connection.execute(sa.select(tasks).where(mine)).mappings().all():
            self._bury(row)

    def _bury(self, row: Row) -> None:
        dead = buried(row) | {"updated_at": self._now}
        self._connection.execute(sa.update(tasks).where(tasks.c.id == row["id"]).values(dead))
        _log.error(
            "task set aside: its row cannot be read", task=row["id"], error=dead["error"]
        )

    def _front(self, name: str) -> tuple[sa.RowMapping, sa.RowMapping | None]:
        query = (
            sa.select(tasks.c.id, tasks.c.priority, tasks.c.runs)
            .where(tasks.c.target == self._row["name"], tasks.c.line == name, READY)
            .order_by(tasks.c.priority, tasks.c.created_at, tasks.c.id)
            .limit(2)
        )
        rows = self._connection.execute(query).mappings().all()
        return rows[0], rows[1] if len(rows) > 1 else None

    def _start(self, front: Row, worker: str) -> sa.RowMapping | None:
        """Give the task to the worker; None when its row says nothing that could be run."""
        self._turn += 1
        values = {
            "state": checked_end(CLAIM),
            "holder": worker,
            # One that the engine does not know yet is run here and now.
            "run": "" if front["runs"] else uuid.uuid4().hex,
            "runs": grown(whole(front["runs"])),
            "turn": self._turn,
            "retry_at": None,
            "told": True,
            "updated_at": self._now,
        }
        mine = sa.update(tasks).where(tasks.c.id == front["id"]).values(values)
        row = self._connection.execute(mine.returning(tasks)).mappings().one()
        if not problem_of(row):
            return row
        self._bury(row)
        return None

    def _note(self, taken: Sequence[sa.RowMapping]) -> None:
        values: dict[str, object] = {"turn": self._turn}
        if self._row["outages"]:
            values |= {"probe": taken[0]["id"], "probe_since": self._now}
        mine = sa.update(resources).where(resources.c.name == self._row["name"])
        self._connection.execute(mine.values(values))
