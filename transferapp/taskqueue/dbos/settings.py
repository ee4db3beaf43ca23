"""Settings of the queue: limits, fairness, and how fast it notices things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """How many tasks run per target, and the clockwork behind it (seconds)."""

    #: Tasks that may run at once for a target, over all workers.
    limits: Mapping[str, int] = field(default_factory=dict)
    default_limit: int = 4
    #: Of these, how many may belong to one owner; None: all of them.
    per_owner: int | None = None
    #: How often a worker looks for new tasks; None: 0.3 s on SQLite, 0.5 s on PostgreSQL.
    poll_s: float | None = None
    #: A target without work for so long is looked at rarely: its next task starts up to a
    #: second later than others.
    idle_after_s: float = 60.0
    #: A running task without a sign of life for so long is shown as stalled.
    stalled_after_s: float = 600.0
    #: How often a worker shows that it lives, and the janitor looks for what is due.
    beat_s: float = 2.0
    #: A worker on another host that was silent for so long counts as dead. On the same
    #: host a process that is gone is noticed at the next beat.
    dead_after_s: float = 15.0
    #: A task whose worker died so often is a poison pill and ends dead.
    max_crashes: int = 3
    #: Done and cancelled tasks are forgotten after so many days.
    keep_ended_days: float = 30.0

    def limit(self, target: str) -> int:
        """Return how many tasks may run at once for this target."""
        return self.limits.get(target, self.default_limit)

    def poll_interval_s(self, dialect: str) -> float:
        """Return the polling interval for a database dialect."""
        if self.poll_s is not None:
            return self.poll_s
        return 0.3 if dialect == "sqlite" else 0.5
