"""What tables of the command line say of a task, in words and local times."""

from __future__ import annotations

from datetime import datetime

import humanize

from transferapp.host.clock import Clock, SystemClock
from transferapp.taskqueue.port import Task, TaskState

_system = SystemClock()


def state_of(task: Task, clock: Clock = _system) -> str:
    """Return the state; a running task that gives no sign of life is not failed."""
    if task.stalled_since is not None:
        return f"{task.state}, silent since {local_time(task.stalled_since, clock)}"
    if task.state is TaskState.WAITING and task.retry_at is not None:
        return f"{task.state} until {local_time(task.retry_at, clock)}"
    return str(task.state)


def progress_of(task: Task) -> str:
    """Return how far it is, how many bytes it moved, and what it said last."""
    share = f"{task.progress:.0%}" if task.progress else ""
    amount = humanize.naturalsize(task.bytes_done) if task.bytes_done else ""
    return ", ".join(part for part in (share, amount, task.note) if part)


def local_time(at: datetime | None, clock: Clock = _system) -> str:
    """Return the time on this computer's clock, with the day when it is another one."""
    if at is None:
        return ""
    local, today = at.astimezone(), clock.now().astimezone()
    return f"{local:%H:%M}" if local.date() == today.date() else f"{local:%Y-%m-%d %H:%M}"
