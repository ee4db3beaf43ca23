"""What stands in a column, made sound: of the right sort and within its bounds.

SQLite keeps any sort of value in any column, PostgreSQL any number of the column's size,
and a clock that went wrong writes times of other centuries.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime

from transferapp.host.backoff import MOST_COUNTED
from transferapp.taskqueue.port import WorkClass

#: The year 9000: still a date in every time zone.
LAST_TIME_S = 221_845_392_000.0
#: Half of what 64 bits hold: nobody counts so far, and there is room to go on.
MOST_BYTES = 2**62
_WORK_CLASSES: dict[object, WorkClass] = {
    str(work_class): work_class for work_class in WorkClass
}


def whole(value: object, default: int = 0, *, least: int = 0, most: int = MOST_COUNTED) -> int:
    """Return a whole number within bounds; ``default`` for anything that is none."""
    if not isinstance(value, int | float) or not math.isfinite(value):
        return default
    return min(most, max(least, int(value)))


def number(value: object, default: float = 0.0, *, most: float = LAST_TIME_S) -> float:
    """Return a number from 0 to ``most``; ``default`` for anything that is none."""
    if not isinstance(value, int | float) or not math.isfinite(value):
        return default
    return min(most, max(0.0, float(value)))


def text(value: object) -> str:
    """Return a text; of anything else what Python shows of it."""
    return value if isinstance(value, str) else repr(value)


def moment(value: object) -> datetime:
    """Return the time of so many seconds since 1970; 1970 for anything that is no number."""
    return datetime.fromtimestamp(number(value), UTC)


def work_class_of(value: object) -> WorkClass | None:
    """Return the lane of this name; None when there is none."""
    return _WORK_CLASSES.get(value)
