"""Both queues refuse exactly what the table of a task's moves does not allow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from transferapp.errors import StateConflict
from transferapp.host.database import open_engine, sqlite_url
from transferapp.taskqueue.dbos.queue import DbosTaskQueue
from transferapp.taskqueue.dbos.schema import tasks
from transferapp.taskqueue.moves import (
    ACTIVE_TASK_STATES,
    CANCEL,
    ENDED_TASK_STATES,
    FAIL,
    FORGOTTEN_TASK_STATES,
    IN_LINE_TASK_STATES,
    PAUSE,
    REDRIVE,
    RESUME,
    STOPPED_TASK_STATES,
    TASK_MOVES,
    TaskMove,
    TaskMover,
    checked_end,
)
from transferapp.taskqueue.port import TaskControl, TaskState
from transferapp.testing.memory_queue import MemoryTaskQueue
from transferapp.testing.queue_journal import new

DEEDS: dict[TaskMove, Callable[[TaskControl], Callable[[str], Awaitable[None]]]] = {
    CANCEL: lambda queue: queue.cancel,
    PAUSE: lambda queue: queue.pause,
    RESUME: lambda queue: queue.resume,
    REDRIVE: lambda queue: queue.redrive,
}


async def check(queue: TaskControl, put: Callable[[str, TaskState], None]) -> None:
    """Ask for each deed in each state."""
    for move, deed in DEEDS.items():
        for state in TaskState:
            task_id = f"{move.name} {state}"
            await queue.enqueue(new(task_id))
            put(task_id, state)
            if state in move.start:
                await deed(queue)(task_id)
            else:
                with pytest.raises(StateConflict, match=f"The task is {state}"):
                    await deed(queue)(task_id)
            expected = checked_end(move) if state in move.start else state
            assert (await queue.get(task_id)).state is expected, task_id


async def test_the_queue_in_memory_holds_to_the_table() -> None:
    queue = MemoryTaskQueue()

    def put(task_id: str, state: TaskState) -> None:
        queue.change(task_id, state=state)

    await check(queue, put)


async def test_the_queue_in_a_database_holds_to_the_table(tmp_path: Path) -> None:
    engine = open_engine(sqlite_url(tmp_path / "queue.db"))
    queue = DbosTaskQueue(engine)

    def put(task_id: str, state: TaskState) -> None:
        with engine.begin() as connection:
            row = sa.update(tasks).where(tasks.c.id == task_id)
            connection.execute(row.values(state=state))

    try:
        await check(queue, put)
    finally:
        await queue.close()
        engine.dispose()


def test_all_that_a_person_does_to_a_task_is_a_deed_of_the_port() -> None:
    assert {move for move in TASK_MOVES if move.mover is TaskMover.PERSON} == DEEDS.keys()
    assert len({move.name for move in TASK_MOVES}) == len(TASK_MOVES)


def test_ended_is_what_only_a_person_can_move() -> None:
    movers = {state: {m.mover for m in TASK_MOVES if state in m.start} for state in TaskState}
    by_itself = {state for state, found in movers.items() if found - {TaskMover.PERSON}}
    assert by_itself == ACTIVE_TASK_STATES
    assert set(TaskState) - by_itself - PAUSE.end == ENDED_TASK_STATES
    assert {state for state, found in movers.items() if not found} == {TaskState.DONE}


def test_what_others_read_in_the_table() -> None:
    assert {TaskState.QUEUED, TaskState.WAITING} == IN_LINE_TASK_STATES
    assert {TaskState.DONE, TaskState.CANCELLED} == FORGOTTEN_TASK_STATES
    assert {TaskState.PAUSED, TaskState.CANCELLED, TaskState.QUEUED} == STOPPED_TASK_STATES


def test_a_move_ends_nowhere_else() -> None:
    assert checked_end(FAIL, TaskState.DEAD) is TaskState.DEAD
    for wrong in (None, TaskState.DONE):
        with pytest.raises(ValueError, match="'fail' does not end in"):
            checked_end(FAIL, wrong)
