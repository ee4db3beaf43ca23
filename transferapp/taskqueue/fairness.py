"""Choose whose task starts next: lanes share a target, and owners take turns in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from transferapp.taskqueue.port import Lane


@dataclass(frozen=True, slots=True)
class Line:
    """The waiting tasks of one owner in one lane of a target."""

    lane: Lane
    owner: str
    #: That of the task in front; smaller goes first.
    priority: int
    #: When this line was served last, by the target's own count; 0: never.
    turn: int


@dataclass
class RunningTasks:
    """The tasks of one target that run now, by lane and by owner."""

    by_lane: Counter[Lane] = field(default_factory=Counter)
    by_owner: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """All of them."""
        return self.by_lane.total()

    def add(self, lane: Lane, owner: str, count: int = 1) -> None:
        """Count tasks that run."""
        self.by_lane[lane] += count
        self.by_owner[owner] += count


@dataclass(frozen=True, slots=True)
class Shares:
    """How the places of one target may be given out."""

    #: All places of the target, taken and free.
    places: int
    #: Free places of this worker, by lane.
    room: Mapping[Lane, int]
    #: How many of the target's places one owner may have; None: all.
    per_owner: int | None = None

    def of_lane(self, lane: Lane) -> int:
        """Return how many places a lane may have: transfers all, the others half."""
        return self.places if lane is Lane.TRANSFERS else max(1, self.places // 2)


def next_line(lines: Iterable[Line], running: RunningTasks, shares: Shares) -> Line | None:
    """Return the line whose first task starts next; None when none may.

    The lane with the fewest running tasks goes first, then the smaller priority, then the
    owner with the fewest running, then who waited longest since the last turn: so one
    owner's single task starts before the next of somebody's thousands.
    """
    possible = (line for line in lines if _may_start(line, running, shares))
    return min(possible, key=lambda line: _rank(line, running), default=None)


def _may_start(line: Line, running: RunningTasks, shares: Shares) -> bool:
    owner_full = shares.per_owner is not None and (
        running.by_owner[line.owner] >= shares.per_owner
    )
    lane_full = running.by_lane[line.lane] >= shares.of_lane(line.lane)
    return shares.room.get(line.lane, 0) > 0 and not lane_full and not owner_full


def _rank(line: Line, running: RunningTasks) -> tuple[int, int, int, int, str]:
    return (
        running.by_lane[line.lane],
        line.priority,
        running.by_owner[line.owner],
        line.turn,
        line.owner,
    )
