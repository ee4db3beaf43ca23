"""How many tests run at the same time (docs/adr/0021). Standard library only."""

from __future__ import annotations

import os

#: A test computes, or its processes do, most of its time; what is left is for one more.
_WAITING = 1


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def side_by_side() -> list[str]:
    """Return pytest's arguments for the whole of a suite."""
    return ["-n", str(processors() + _WAITING)]
