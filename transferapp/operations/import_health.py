"""Whether the repository's imports move, from what the workers that watch them wrote down."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from transferapp.errors import Unavailable
from transferapp.host.clock import Clock
from transferapp.host.sparing import sparing
from transferapp.repositories.heartbeat import is_silent, silent_since
from transferapp.repositories.port import HealthState, Repository, RepositoryHealth
from transferapp.taskqueue.port import QueueOverview, Task, TaskState

#: The step in which the repository works by itself, and we can only watch.
REGISTER_STEP = "register"
#: More than may ever run at once.
_RUNNING_AT_MOST = 1000


async def import_health(
    repository: Repository, queue: QueueOverview, resource: str, clock: Clock
) -> RepositoryHealth:
    """Say whether the repository is alive, and whether the imports in it move, whichever
    process watches them; never raises.
    """
    health = await repository.health()
    if health.state is not HealthState.PROGRESSING:
        return health
    watched: list[Task] = []
    # What is wrong with the queue is told in its own place.
    with suppress(Unavailable), sparing("imports that are watched", resource):
        watched = await _watched(queue, resource)
    since = silent_since([task.updated_at for task in watched], clock)
    if since is None:
        return health
    notes = sorted({task.note for task in watched if task.note})
    return RepositoryHealth(
        HealthState.SILENT,
        f"{repository.name} answers, but its imports ({len(watched)}) give no sign of life"
        f" since {since:%Y-%m-%d %H:%M} UTC: {'; '.join(notes) or 'reading the images'}.",
    )


async def _watched(queue: QueueOverview, resource: str) -> list[Task]:
    """List the imports in the repository that a living worker watches."""
    running = await queue.tasks(
        states=[TaskState.RUNNING], resource=resource, limit=_RUNNING_AT_MOST
    )
    watched = [task for task in running if task.step == REGISTER_STEP]
    if not watched:
        return []
    # A dead worker's silence says nothing of the repository.
    living = {
        one.id
        for one in await queue.workers()
        if not is_silent(timedelta(seconds=one.silent_s))
    }
    return [task for task in watched if task.worker in living]
