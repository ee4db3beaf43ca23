"""Read and write our task rows; every method is one short transaction on a thread."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from transferapp.errors import StateConflict, TransferNotFound
from transferapp.host.clock import Clock
from transferapp.host.database import reading
from transferapp.taskqueue.dbos.rows import STATES, Row, buried, to_task
from transferapp.taskqueue.dbos.schema import HELD, fairness_key, tasks
from transferapp.taskqueue.dbos.values import MOST_BYTES, moment, whole
from transferapp.taskqueue.dbos.wakeups import announce
from transferapp.taskqueue.moves import (
    CLAIM,
    FAIL,
    FINISH,
    FORGOTTEN_TASK_STATES,
    LET_GO,
    TaskMove,
    checked_end,
)
from transferapp.taskqueue.port import Depth, NewTask, Task, TaskState
from transferapp.taskqueue.retry_decision import RetryDecision

#: A recursive query jumps from state to state, however many tasks are in each.
_STATES = sa.text(
    """
    WITH RECURSIVE states(state) AS (
        SELECT min(state) FROM task
        UNION ALL
        SELECT (SELECT min(task.state) FROM task WHERE task.state > states.state)
        FROM states WHERE states.state IS NOT NULL
    )
    SELECT state FROM states WHERE state IS NOT NULL
    """
)


class TaskRecords:
    """The rows of ``task``. Blocking: call it from a thread."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        """Use ``engine`` for every transaction and ``clock`` for every time."""
        self.engine = engine
        self._clock = clock
        #: See QueueSettings; only what is shown depends on it.
        self.stalled_after_s = float("inf")

    def now(self) -> float:
        """Return the present in seconds."""
        return self._clock.now().timestamp()

    def insert(self, connection: sa.Connection, task: NewTask) -> None:
        """Add a queued task in the caller's transaction; raises sa.exc.IntegrityError."""
        connection.execute(sa.insert(tasks).values(self._new_row(task)))
        announce(connection)

    def insert_unknown(
        self, connection: sa.Connection, new: Sequence[NewTask], portion_of: str = ""
    ) -> int:
        """Add queued tasks in the caller's transaction, but those that are there; returns how
        many were added. Raises sa.exc.IntegrityError when another adds the same just now.
        """
        ids = [task.id for task in new]
        known = set(connection.scalars(sa.select(tasks.c.id).where(tasks.c.id.in_(ids))))
        more = {"portion_of": portion_of}
        rows = [self._new_row(task) | more for task in new if task.id not in known]
        if rows:
            connection.execute(sa.insert(tasks), rows)
            announce(connection)
        return len(rows)

    def _new_row(self, task: NewTask) -> dict[str, Any]:
        now = self.now()
        return {
            "id": task.id,
            "kind": task.kind,
            "version": task.version,
            "target": task.target,
            "owner": task.owner,
            "priority": task.priority,
            "lane": task.lane,
            "line": fairness_key(task.lane, task.owner),
            "payload": task.payload.model_dump_json(),
            "state": TaskState.QUEUED,
            "created_at": now,
            "updated_at": now,
        }

    def row(self, task_id: str) -> sa.RowMapping:
        """Return one row; raises TransferNotFound."""
        with reading(self.engine) as connection:
            found = (
                connection.execute(sa.select(tasks).where(tasks.c.id == task_id))
                .mappings()
                .first()
            )
        if found is None:
            raise TransferNotFound(f"There is no task '{task_id}'.")
        return found

    def get(self, task_id: str) -> Task:
        """Return one task; raises TransferNotFound."""
        return self._shown(self.row(task_id))

    def page(
        self, wanted: Sequence[sa.ColumnElement[bool]], after: str, limit: int
    ) -> list[Task]:
        """List tasks that fulfil all of ``wanted``, newest first, after an id."""
        query = sa.select(tasks).where(*wanted)
        key = sa.tuple_(tasks.c.created_at, tasks.c.id)
        if after:
            last = self.row(after)
            query = query.where(key < sa.tuple_(last["created_at"], last["id"]))
        query = query.order_by(tasks.c.created_at.desc(), tasks.c.id.desc()).limit(limit)
        with reading(self.engine) as connection:
            return [self._shown(row) for row in connection.execute(query).mappings()]

    def _shown(self, row: sa.RowMapping) -> Task:
        task = to_task(row)
        silent_s = self.now() - task.updated_at.timestamp()
        if task.state is not TaskState.RUNNING or silent_s < self.stalled_after_s:
            return task
        return replace(task, stalled_since=task.updated_at)

    def stalled(self) -> list[Task]:
        """Return running tasks that gave no sign of life for too long."""
        silent = tasks.c.updated_at < self.now() - self.stalled_after_s
        rows = self.select(tasks.c.state == TaskState.RUNNING, silent)
        return [self._shown(row) for row in rows]

    def move(
        self,
        task_id: str,
        move: TaskMove,
        values: Mapping[str, Any],
        *,
        to: TaskState | None = None,
        run: str | None = None,
    ) -> bool:
        """Move a task, with more ``values``; False when its state (or the run that owns it)
        does not fit. ``to``: where the move has several ends.
        """
        end = checked_end(move, to)
        with self.engine.begin() as connection:
            return self.move_in(connection, task_id, move, values, end, run)

    def move_in(
        self,
        connection: sa.Connection,
        task_id: str,
        move: TaskMove,
        values: Mapping[str, Any],
        end: TaskState,
        run: str | None = None,
    ) -> bool:
        """Do the same in the caller's transaction."""
        moved = self._change(connection, task_id, move.start, {**values, "state": end}, run)
        if moved and end is TaskState.QUEUED:
            announce(connection)
        return moved

    def require_move(self, task_id: str, move: TaskMove, values: Mapping[str, Any]) -> None:
        """Move a task; raises TransferNotFound, StateConflict."""
        before = self.row(task_id)
        if not self.move(task_id, move, values):
            raise StateConflict(f"The task is {before['state']}; this is not possible now.")

    def note(self, task_id: str, values: Mapping[str, Any], *, run: str) -> bool:
        """Note something of a running task; False when it is not this run's any more."""
        with self.engine.begin() as connection:
            return self._change(connection, task_id, CLAIM.end, values, run)

    def _change(
        self,
        connection: sa.Connection,
        task_id: str,
        states: Collection[TaskState],
        values: Mapping[str, Any],
        run: str | None = None,
    ) -> bool:
        statement = (
            sa.update(tasks)
            .where(tasks.c.id == task_id, tasks.c.state.in_(states))
            .values({"updated_at": self.now(), **values})
        )
        if run is not None:
            statement = statement.where(tasks.c.run == run)
        return connection.execute(statement).rowcount > 0

    def begin(self, task_id: str, worker: str) -> sa.RowMapping | None:
        """Give a claimed row, whose run the engine starts here, to a new run; None when
        it is not to be run any more.
        """
        claimed = sa.and_(
            tasks.c.id == task_id, tasks.c.state == TaskState.RUNNING, tasks.c.run == ""
        )
        mine = {"run": uuid.uuid4().hex, "holder": worker, "updated_at": self.now()}
        statement = sa.update(tasks).where(claimed).values(mine).returning(tasks)
        with self.engine.begin() as connection:
            return connection.execute(statement).mappings().first()

    def let_go(
        self, task_id: str, run: str, to: TaskState = TaskState.QUEUED, **values: Any
    ) -> None:
        """Give back the place of a run that stopped; a task that was running is queued
        again (or waits), and gets ``values`` too. Nothing happens when another run has the
        row.
        """
        state = checked_end(LET_GO, to)
        mine = sa.and_(tasks.c.id == task_id, tasks.c.run == run)
        free = {"state": state, "run": "", "step": "", "told": True, **values}
        with self.engine.begin() as connection:
            connection.execute(sa.update(tasks).where(mine).values(holder=""))
            self._change(connection, task_id, LET_GO.start, free, run)
            announce(connection)

    def held(self, *wanted: sa.ColumnElement[bool]) -> Sequence[sa.RowMapping]:
        """Return rows that take a worker's place: few, as limits are."""
        with reading(self.engine) as connection:
            query = sa.select(tasks).where(HELD, *wanted).order_by(tasks.c.id)
            return connection.execute(query).mappings().all()

    def finish(self, task_id: str, run: str) -> bool:
        """Mark a run's task done; False when another run owns it, or it was stopped."""
        done = {"error_code": "", "error": "", "progress": 1.0, "holder": ""}
        return self.move(task_id, FINISH, done, run=run)

    def fail(self, task_id: str, run: str, result: RetryDecision) -> bool:
        """Write what follows a failed run; False when another run owns the task."""
        waiting = result.state is TaskState.WAITING
        values = {
            "attempts": result.count.attempts,
            "defects": result.count.defects,
            "error_code": result.error_code,
            "error": result.error,
            "retry_at": self.now() + result.delay_s if waiting else None,
            "told": False,
            "holder": "",
        }
        return self.move(task_id, FAIL, values, to=result.state, run=run)

    def notified(self, task: Task) -> None:
        """Remember that the owner's record knows of this state."""
        with self.engine.begin() as connection:
            self._change(connection, task.id, (task.state,), {"told": True})

    def select(
        self,
        *wanted: sa.ColumnElement[bool],
        limit: int = 200,
        first: sa.ColumnElement[int] | None = None,
    ) -> Sequence[sa.RowMapping]:
        """Return rows that fulfil all of ``wanted``, the smallest ``first`` first, else in the
        order of their ids.
        """
        order = [tasks.c.id] if first is None else [first, tasks.c.id]
        query = sa.select(tasks).where(*wanted).order_by(*order).limit(limit)
        with reading(self.engine) as connection:
            return connection.execute(query).mappings().all()

    def states(self) -> set[str]:
        """Return every state that any task is in, from the index alone."""
        with reading(self.engine) as connection:
            return set(connection.execute(_STATES).scalars())

    def bury(self, row: Row, **more: Any) -> bool:
        """Make a task whose row cannot be run a dead letter; False when it has changed."""
        as_read = (tasks.c.id == row["id"], tasks.c.state == row["state"])
        values = buried(row) | {"updated_at": self.now()} | more
        with self.engine.begin() as connection:
            statement = sa.update(tasks).where(*as_read).values(values)
            return connection.execute(statement).rowcount > 0

    def depths(self) -> list[Depth]:
        """Count tasks by target and state; what cannot be read counts as dead."""
        known = sa.case((tasks.c.state.in_(STATES), tasks.c.state), else_=TaskState.DEAD)
        places = (tasks.c.target, known.label("state"))
        query = sa.select(
            *places,
            sa.func.count().label("number"),
            # As floating point: SQLite gives up on whole numbers that grow too large.
            sa.func.sum(sa.cast(tasks.c.attempts, sa.Double)).label("retries"),
            sa.func.min(tasks.c.created_at).label("oldest"),
        ).group_by(*places)
        with reading(self.engine) as connection:
            rows = connection.execute(query).all()
        return [
            Depth(
                row.target,
                TaskState(row.state),
                row.number,
                whole(row.retries, most=MOST_BYTES),
                moment(row.oldest),
            )
            for row in rows
        ]

    def forget(self, task_ids: Sequence[str]) -> None:
        """Delete rows."""
        with self.engine.begin() as connection:
            connection.execute(sa.delete(tasks).where(tasks.c.id.in_(task_ids)))

    def ended_before(self, age: timedelta, after: str, limit: int = 500) -> list[str]:
        """Return ids, beyond ``after``, of tasks that were done or cancelled so long ago."""
        old = tasks.c.updated_at < self.now() - age.total_seconds()
        over = tasks.c.state.in_(FORGOTTEN_TASK_STATES)
        return [row["id"] for row in self.select(old, over, tasks.c.id > after, limit=limit)]
