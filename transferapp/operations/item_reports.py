"""Tell the ledger, in a person's words, how the task of an item ended or why it waits."""

from __future__ import annotations

from dataclasses import replace

from transferapp.error_codes import from_code
from transferapp.errors import PermissionDenied, TargetNotFound, TransferAppError
from transferapp.ledger.port import ItemChange, ItemMoves
from transferapp.model.moves import Move
from transferapp.model.transfers import ItemProblem, ItemState
from transferapp.taskqueue.port import RetryPolicy, Task

#: Seconds, then minutes, then every half hour for about five days.
OUTAGE_POLICY = RetryPolicy(max_attempts=250, first_delay_s=5.0, max_delay_s=1800.0)

#: Beside the reason why an item waits.
WAITING_NOTE = "It is tried again by itself."

#: What is said alike when something is asked for and when a task that has begun finds it
#: changed; of the latter a person has to know how it goes on.
_BEFORE_RETRY = (PermissionDenied, TargetNotFound)
_RETRY = "Then press Retry. Nothing is lost."


def error_of(task: Task) -> TransferAppError:
    """Return the error that a task ended with or waits for."""
    return from_code(task.error_code, task.error)


def problem_of_task(task: Task) -> ItemProblem:
    """Return a task's error as the problem of its item."""
    error = error_of(task)
    return ItemProblem(error.code, error.title, error.message, error.retryable, task.retry_at)


async def report_waiting(ledger: ItemMoves, task: Task, move: Move) -> None:
    """Show that the item waits, why, and until when; idempotent."""
    problem = problem_of_task(task)
    change = ItemChange(ItemState.WAITING, WAITING_NOTE, problem)
    await ledger.move(task.id, move, change)


async def report_dead(ledger: ItemMoves, task: Task, state: ItemState, move: Move) -> None:
    """Show that the item does not go on by itself, and what to do; idempotent."""
    problem = problem_of_task(task)
    if isinstance(error_of(task), _BEFORE_RETRY) and "Retry" not in problem.message:
        problem = replace(problem, message=f"{problem.message} {_RETRY}")
    change = ItemChange(state, trouble=problem)
    await ledger.move(task.id, move, change)
