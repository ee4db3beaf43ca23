"""Decide what follows when a task fails: wait and try again, or end dead."""

from __future__ import annotations

from dataclasses import dataclass

from transferapp.errors import Internal, TransferAppError
from transferapp.host.backoff import bounded_s, grown
from transferapp.taskqueue.port import RetryPolicy, TaskState

#: How often a task that failed with a defect of ours is tried, in all.
MAX_DEFECTS = 3


@dataclass(frozen=True, slots=True)
class FailureCount:
    """Failures so far: of any sort, and with exceptions that nobody translated."""

    attempts: int = 0
    defects: int = 0


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """The state that follows, the pause before the next attempt, and the new counts."""

    state: TaskState
    count: FailureCount
    error_code: str
    error: str
    delay_s: float = 0.0


def judge(
    error: Exception, policy: RetryPolicy, count: FailureCount, jitter: float
) -> RetryDecision:
    """Return what follows ``error``; ``jitter`` is 0..1.

    Retryable errors wait (at least as long as the other side wished), other errors of
    ours end the task, and unknown exceptions are tried a few times: they may be a race.
    """
    known = isinstance(error, TransferAppError)
    defects = count.defects if known else grown(count.defects)
    after = FailureCount(grown(count.attempts), defects)
    shown = error if isinstance(error, TransferAppError) else Internal(_defect_text(error))
    again = shown.retryable if known else after.defects < MAX_DEFECTS
    if not again or after.attempts >= policy.max_attempts:
        return RetryDecision(TaskState.DEAD, after, shown.code, shown.message)
    delay = max(policy.delay_s(count.attempts, jitter), bounded_s(shown.retry_after_s))
    return RetryDecision(TaskState.WAITING, after, shown.code, shown.message, delay)


def _defect_text(error: Exception) -> str:
    return f"{Internal.default_message} ({type(error).__name__}: {error})"[:2000]
