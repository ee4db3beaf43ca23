"""Signs of life of an import inside the repository: who writes them down, who reads them.

The worker that watches an import writes each sign into the queue's table; the server, which
is another process, tells from there whether the repository's imports move.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from transferapp.errors import Unavailable
from transferapp.host.clock import Clock
from transferapp.host.sparing import sparing
from transferapp.repositories.port import (
    SILENT_AFTER,
    HealthState,
    Repository,
    RepositoryHealth,
)
from transferapp.taskqueue.port import Task, TaskQueue, TaskState

#: The step in which the repository works by itself, and we can only watch.
WATCHED_STEP = "register"
#: More than may ever run at once.
_RUNNING_AT_MOST = 1000


class Signs:
    """Hears what the repository tells of an import, and says so that each sign is news."""

    def __init__(self, tell: Callable[[tuple[int, int, str]], None], clock: Clock) -> None:
        """Pass on to ``tell``, from any thread."""
        self._tell, self._clock = tell, clock
        self._words = ""

    def __call__(self, done: int, steps: int, words: str) -> None:
        """Take a sign of life: steps done, steps in all, words."""
        again, self._words = words == self._words, words
        # The same step for long, and not silent: people's lists see that it moves.
        at = f" (at work at {self._clock.now():%H:%M} UTC)" if again else ""
        self._tell((done, steps, f"{words}{at}"))


async def import_health(
    repository: Repository, queue: TaskQueue, target: str, clock: Clock
) -> RepositoryHealth:
    """Say whether the repository is alive, and whether the imports in it move, whichever
    process watches them; never raises.
    """
    health = await repository.health()
    if health.state is not HealthState.PROGRESSING:
        return health
    watched: list[Task] = []
    # What is wrong with the queue is told in its own place.
    with suppress(Unavailable), sparing("imports that are watched", target):
        watched = await _watched(queue, target)
    since = _silent_since(watched, clock)
    if since is None:
        return health
    notes = sorted({task.note for task in watched if task.note})
    return RepositoryHealth(
        HealthState.SILENT,
        f"{repository.name} answers, but its imports ({len(watched)}) give no sign of life"
        f" since {since:%Y-%m-%d %H:%M} UTC: {'; '.join(notes) or 'reading the images'}.",
    )


def _silent_since(watched: list[Task], clock: Clock) -> datetime | None:
    if not watched:
        return None
    latest = max(task.updated_at for task in watched)
    return latest if clock.now() - latest >= SILENT_AFTER else None


async def _watched(queue: TaskQueue, target: str) -> list[Task]:
    """List the imports in the repository that a living worker watches."""
    running = await queue.tasks(
        states=[TaskState.RUNNING], target=target, limit=_RUNNING_AT_MOST
    )
    watched = [task for task in running if task.step == WATCHED_STEP]
    if not watched:
        return []
    # A dead worker's silence says nothing of the repository.
    silent_s = SILENT_AFTER.total_seconds()
    living = {one.id for one in await queue.workers() if one.silent_s < silent_s}
    return [task for task in watched if task.worker in living]
