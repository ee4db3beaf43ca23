"""Tasks that do portions of another one: what adapters of the queue have in common."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from transferapp.taskqueue.moves import ENDED_TASK_STATES
from transferapp.taskqueue.port import TaskState
from transferapp.taskqueue.retry_decision import FailureCount, RetryDecision

#: When a task that awaits its portions looks by itself, in case nobody woke it (seconds).
LOOK_AGAIN_S = 30.0
_CANCELLED = "A portion of this was cancelled. Press Retry to do it after all."


@dataclass(frozen=True, slots=True)
class Portion:
    """Where a portion is, and why it does not go on."""

    state: TaskState
    error_code: str = ""
    error: str = ""


class PortionsAwaited(Exception):  # nothing went wrong
    """Ends the handler of a task whose portions are not over; it is not at fault."""


class PortionFailed(Exception):
    """Ends the handler of a task that lacks a portion for good."""

    def __init__(self, portion: Portion) -> None:
        """Fail as ``portion`` did."""
        self._portion = portion
        super().__init__(portion.error)

    def decision(self, count: FailureCount) -> RetryDecision:
        """Return what follows, whatever the policy: the portion was tried often enough."""
        failed = self._portion
        return RetryDecision(TaskState.DEAD, count, failed.error_code, failed.error)


def check_portions(portions: Iterable[Portion]) -> None:
    """Return when all are done; raises PortionFailed, PortionsAwaited."""
    awaited = False
    for portion in portions:
        if portion.state is TaskState.CANCELLED:
            raise PortionFailed(Portion(portion.state, "cancelled", _CANCELLED))
        if portion.state is TaskState.DEAD:
            raise PortionFailed(portion)
        awaited = awaited or portion.state not in ENDED_TASK_STATES
    if awaited:
        raise PortionsAwaited
