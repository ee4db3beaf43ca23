"""Choose whose task starts next: lanes share a target, and owners take turns in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from transferapp.taskqueue.port import WorkClass


@dataclass(frozen=True, slots=True)
class FairnessKey:
    """The waiting tasks of one owner in one lane of a target."""

    lane: WorkClass
    owner: str
    #: That of the task in front; smaller goes first.
    priority: int
    #: When this line was served last, by the target's own count; 0: never.
    turn: int


@dataclass
class RunningTasks:
    """The tasks of one target that run now, by lane and by owner."""

    by_class: Counter[WorkClass] = field(default_factory=Counter)
    by_owner: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """All of them."""
        return self.by_class.total()

    def add(self, work_class: WorkClass, owner: str, count: int = 1) -> None:
        """Count tasks that run."""
        self.by_class[work_class] += count
        self.by_owner[owner] += count


@dataclass(frozen=True, slots=True)
class Shares:
    """How the places of one target may be given out."""

    #: All places of the target, taken and free.
    slots: int
    #: Free places of this worker, by lane.
    free_slots: Mapping[WorkClass, int]
    #: How many of the target's places one owner may have; None: all.
    per_owner: int | None = None

    def of_class(self, work_class: WorkClass) -> int:
        """Return how many places a lane may have: transfers all, the others half."""
        return self.slots if work_class is WorkClass.TRANSFERS else max(1, self.slots // 2)


def next_key(
    keys: Iterable[FairnessKey], running: RunningTasks, shares: Shares
) -> FairnessKey | None:
    """Return the line whose first task starts next; None when none may.

    The lane with the fewest running tasks goes first, then the smaller priority, then the
    owner with the fewest running, then who waited longest since the last turn: so one
    owner's single task starts before the next of somebody's thousands.
    """
    possible = (key for key in keys if _may_start(key, running, shares))
    return min(possible, key=lambda key: _rank(key, running), default=None)


def _may_start(key: FairnessKey, running: RunningTasks, shares: Shares) -> bool:
    owner_full = shares.per_owner is not None and (
        running.by_owner[key.owner] >= shares.per_owner
    )
    class_full = running.by_class[key.lane] >= shares.of_class(key.lane)
    return shares.free_slots.get(key.lane, 0) > 0 and not class_full and not owner_full


def _rank(key: FairnessKey, running: RunningTasks) -> tuple[int, int, int, int, str]:
    return (
        running.by_class[key.lane],
        key.priority,
        running.by_owner[key.owner],
        key.turn,
        key.owner,
    )
