"""Settings of the queue: limits, fairness, and how fast it notices things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from transferapp.taskqueue.port import WorkClass

#: Transfers wait for the network and the disk most of the time; conversions compute.
DEFAULT_POOLS = {
    WorkClass.TRANSFERS: 16,
    WorkClass.CONVERSIONS: 2,
    WorkClass.PREVIEWS: 4,
    WorkClass.HOUSEKEEPING: 4,
}
#: Tasks of one target that run at once where nothing else was said.
DEFAULT_LIMIT = 4


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """How many tasks run per target, and the clockwork behind it (seconds)."""

    #: Tasks that may run at once for a target, over all workers.
    limits: Mapping[str, int] = field(default_factory=dict)
    default_limit: int = DEFAULT_LIMIT
    #: Of these, how many may belong to one owner; None: all of them.
    per_owner: int | None = None
    #: Tasks that one worker runs at once, by lane: none of them takes another's places.
    pools: Mapping[WorkClass, int] = field(default_factory=lambda: dict(DEFAULT_POOLS))
    #: A worker looks for tasks at least so often; the database wakes it when some come.
    poll_s: float = 2.0
    #: A running task without a sign of life for so long is shown as stalled.
    stalled_after_s: float = 600.0
    #: How often a worker shows that it lives, and the maintenance looks for what is due.
    beat_s: float = 2.0
    #: A worker on another host that was silent for so long counts as dead. On the same
    #: host a process that is gone is noticed at the next beat.
    dead_after_s: float = 15.0
    #: A task whose worker died so often is a poison pill and ends dead.
    max_crashes: int = 3
    #: Done and cancelled tasks are forgotten after so many days.
    keep_ended_days: float = 30.0

    def limit(self, resource: str) -> int:
        """Return how many tasks may run at once for this target."""
        return self.limits.get(resource, self.default_limit)
