"""The moves of a task between its states: which are allowed, and who makes them.

Nothing else says from which state a task may go where: adapters of the queue name the move
they make, and refuse what it does not allow. Drawn in ``docs/background/states.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from transferapp.taskqueue.port import TaskState


class TaskMover(StrEnum):
    """Who makes a move of a task."""

    #: By a request: of an administrator, or of who cancels or retries a transfer.
    PERSON = "person"
    #: It runs the task.
    WORKER = "worker"
    #: One of the workers, beside: it looks after what waits and what was left behind.
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class TaskMove:
    """A move: from any of the states in ``start`` to any in ``end``."""

    name: str
    mover: TaskMover
    start: frozenset[TaskState]
    end: frozenset[TaskState]


_S = TaskState
#: States of a task that goes on by itself.
ACTIVE_TASK_STATES = frozenset({_S.QUEUED, _S.RUNNING, _S.WAITING})
#: It has ended, well or not.
ENDED_TASK_STATES = frozenset({_S.DONE, _S.DEAD, _S.CANCELLED})

_QUEUED = frozenset({_S.QUEUED})
_RUNNING = frozenset({_S.RUNNING})

#: A worker has a free place for it.
CLAIM = TaskMove("claim", TaskMover.WORKER, _QUEUED, _RUNNING)
#: Its handler has returned.
FINISH = TaskMove("finish", TaskMover.WORKER, _RUNNING, frozenset({_S.DONE}))
#: Its handler has raised: it is tried again later, or is a dead letter.
FAIL = TaskMove("fail", TaskMover.WORKER, _RUNNING, frozenset({_S.WAITING, _S.DEAD}))
#: Other tasks do portions of it; one that they have done meanwhile is queued again.
AWAIT_PORTIONS = TaskMove(
    "await its portions", TaskMover.WORKER, _RUNNING, _QUEUED | {_S.WAITING}
)
#: Its worker stops or has died, and others take it over; one that cannot be begun waits.
LET_GO = TaskMove("let go", TaskMover.WORKER, _RUNNING, _QUEUED | {_S.WAITING})
#: Its pause is over.
FALL_DUE = TaskMove("fall due", TaskMover.MAINTENANCE, frozenset({_S.WAITING}), _QUEUED)
#: It keeps killing its worker.
BURY = TaskMove("bury", TaskMover.MAINTENANCE, _RUNNING, frozenset({_S.DEAD}))
#: Its row says nothing that could be run; also one whose state is no word of ours.
SET_ASIDE = TaskMove(
    "set aside", TaskMover.MAINTENANCE, _QUEUED | _RUNNING, frozenset({_S.DEAD})
)
#: Stop it for good.
CANCEL = TaskMove(
    "cancel", TaskMover.PERSON, ACTIVE_TASK_STATES | {_S.PAUSED}, frozenset({_S.CANCELLED})
)
#: Set it aside.
PAUSE = TaskMove("pause", TaskMover.PERSON, ACTIVE_TASK_STATES, frozenset({_S.PAUSED}))
#: Let it go on.
RESUME = TaskMove("resume", TaskMover.PERSON, frozenset({_S.PAUSED, _S.CANCELLED}), _QUEUED)
#: Run a dead letter again, with fresh attempts.
REDRIVE = TaskMove("redrive", TaskMover.PERSON, frozenset({_S.DEAD}), _QUEUED)

TASK_MOVES = (
    CLAIM, FINISH, FAIL, AWAIT_PORTIONS, LET_GO,
    FALL_DUE, BURY, SET_ASIDE,
    CANCEL, PAUSE, RESUME, REDRIVE,
)  # fmt: skip

#: It stands in line, or comes back there by itself.
IN_LINE_TASK_STATES = CLAIM.start | FALL_DUE.start
#: A run that finds its task in one of these was stopped by a person; who resumed it at once
#: has stopped that run too.
STOPPED_TASK_STATES = CANCEL.end | PAUSE.end | RESUME.end
#: Nobody asks for these any more. A dead letter stays until a person has seen to it.
FORGOTTEN_TASK_STATES = ENDED_TASK_STATES - REDRIVE.start


def checked_end(move: TaskMove, to: TaskState | None = None) -> TaskState:
    """Return the state in which a move ends; raises ValueError where it has several and
    ``to`` is none of them.
    """
    if to is None and len(move.end) == 1:
        return next(iter(move.end))
    if to is None or to not in move.end:
        raise ValueError(f"'{move.name}' does not end in {to}")
    return to
