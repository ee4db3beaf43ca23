"""Tasks that do portions of another one, in our table: handed out, awaited, and followed.

The task that awaits them is a row that waits. Whoever ends the last portion queues it again,
in the same transaction. Both take the row of that task first, so that neither misses the other;
after a crash it falls due by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from transferapp.host.database import reading
from transferapp.taskqueue.dbos.records import TaskRecords
from transferapp.taskqueue.dbos.rows import to_task
from transferapp.taskqueue.dbos.schema import PORTIONS, tasks
from transferapp.taskqueue.moves import AWAIT_PORTIONS, ENDED_TASK_STATES, FALL_DUE
from transferapp.taskqueue.port import NewTask, TaskState
from transferapp.taskqueue.portions import LOOK_AGAIN_S, Portion

#: Rows of one statement.
_BATCH = 500
#: So far nothing is wrong with the task that waits.
_AWAITS = sa.and_(tasks.c.state == TaskState.WAITING, tasks.c.error_code == "")


class PortionRecords:
    """The portions among the rows of ``task``. Blocking: call it from a thread."""

    def __init__(self, records: TaskRecords) -> None:
        """Work on the rows of ``records``."""
        self._records = records

    def hand_out(self, whole: str, run: str, portions: Sequence[NewTask]) -> list[Portion]:
        """Store those that are not there yet, and return where all of them are.

        Raises CancelledError when ``run`` does not own the task any more.
        """
        batches = [portions[at : at + _BATCH] for at in range(0, len(portions), _BATCH)]
        return [one for batch in batches for one in self._hand_out(whole, run, batch)]

    def _hand_out(self, whole: str, run: str, batch: Sequence[NewTask]) -> list[Portion]:
        ids = [portion.id for portion in batch]
        with self._records.engine.begin() as connection:
            mine = sa.and_(_lock(connection, whole), tasks.c.run == run)
            running = mine & (tasks.c.state == TaskState.RUNNING)
            if connection.execute(sa.select(tasks.c.id).where(running)).first() is None:
                raise asyncio.CancelledError
            self._records.insert_unknown(connection, batch, whole)
            rows = connection.execute(sa.select(tasks).where(tasks.c.id.in_(ids)))
            found = [to_task(row) for row in rows.mappings()]
        return [Portion(one.state, one.error_code, one.error) for one in found]

    def wait(self, whole: str, run: str) -> bool:
        """Let a task wait for its portions; it is queued at once when these are over. False
        when another run owns it.
        """
        free: dict[str, Any] = {
            "holder": "",
            "error_code": "",
            "error": "",
            "told": True,
            "step": "",
        }
        with self._records.engine.begin() as connection:
            _lock(connection, whole)
            if self._open(connection, whole):
                end = TaskState.WAITING
                free["retry_at"] = self._records.now() + LOOK_AGAIN_S
            else:
                end = TaskState.QUEUED
                free |= {"retry_at": None, "run": ""}
            return self._records.move_in(connection, whole, AWAIT_PORTIONS, free, end, run)

    def note_over(self, whole: str) -> None:
        """Queue a task whose portions are over, all of them or one for good."""
        queued = {"retry_at": None, "told": True}
        with self._records.engine.begin() as connection:
            waits = _lock(connection, whole) & _AWAITS
            if connection.execute(sa.select(tasks.c.id).where(waits)).first() is None:
                return
            if not self._open(connection, whole):
                end = TaskState.QUEUED
                self._records.move_in(connection, whole, FALL_DUE, queued, end)

    def ids(self, whole: str, states: Collection[TaskState]) -> list[str]:
        """Return the portions of a task that are in these states."""
        mine = sa.select(tasks.c.id).where(tasks.c.portion_of == whole, PORTIONS)
        with reading(self._records.engine) as connection:
            return list(connection.scalars(mine.where(tasks.c.state.in_(states))))

    def _open(self, connection: sa.Connection, whole: str) -> bool:
        """Whether any portion still goes on, and none has failed."""
        query = sa.select(tasks.c.state).where(tasks.c.portion_of == whole, PORTIONS)
        states = set(connection.execute(query.distinct()).scalars())
        bad = {TaskState.DEAD, TaskState.CANCELLED}
        return not states & bad and bool(states - ENDED_TASK_STATES)


def _lock(connection: sa.Connection, task_id: str) -> sa.ColumnElement[bool]:
    """Take a task's row until the transaction ends; on SQLite that has all of them."""
    mine = tasks.c.id == task_id
    connection.execute(sa.select(tasks.c.id).where(mine).with_for_update())
    return mine
