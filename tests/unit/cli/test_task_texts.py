"""What the command line says of tasks that run, wait, or are silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from transferapp.cli.commands import queue
from transferapp.cli.task_texts import local_time, progress_of, state_of
from transferapp.errors import Invalid
from transferapp.taskqueue.port import Task, TaskState
from transferapp.testing.moved_clock import MovedClock

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TASK = Task("t1", "import", 1, "repository", "ada", 100, TaskState.RUNNING, 0, 0, NOON, NOON)


@pytest.fixture
def clock() -> MovedClock:
    clock = MovedClock()
    clock.advance(seconds=(NOON - clock.now()).total_seconds())
    return clock


def test_a_silent_task_is_running_and_not_failed(clock: MovedClock) -> None:
    at = NOON - timedelta(minutes=20)
    silent = replace(TASK, stalled_since=at)
    assert state_of(silent, clock) == f"running, silent since {at.astimezone():%H:%M}"
    assert state_of(TASK, clock) == "running"


def test_a_waiting_task_states_until_when(clock: MovedClock) -> None:
    later = NOON + timedelta(days=3)
    waits = replace(TASK, state=TaskState.WAITING, retry_at=later)
    assert state_of(waits, clock) == f"waiting until {later.astimezone():%Y-%m-%d %H:%M}"


def test_progress_and_note() -> None:
    assert progress_of(TASK) == ""
    moved = replace(TASK, progress=0.4, note="step 2 of 6", bytes_done=4_000_000)
    assert progress_of(moved) == "40%, 4.0 MB, step 2 of 6"
    assert progress_of(replace(TASK, note="begun")) == "begun"


def test_no_time_is_no_text(clock: MovedClock) -> None:
    assert local_time(None, clock) == ""


def test_a_limit_is_a_target_and_a_number() -> None:
    assert queue._limit("repository=8") == ("repository", 8)
    assert queue._limit("https://x/?a=b=2") == ("https://x/?a=b", 2)
    for wrong in ("repository", "=3", "repository=", "repository=0", "repository=-1"):
        with pytest.raises(Invalid):
            queue._limit(wrong)
