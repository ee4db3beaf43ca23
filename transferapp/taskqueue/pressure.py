"""Decide how hard a target may be pressed: an outage gets one probe at a time, and one
that slows or errs gets fewer tasks until it has recovered.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from transferapp.errors import AgentUnreachable, DestinationUnwritable, Unavailable
from transferapp.host.backoff import Backoff, grown
from transferapp.tier_errors import ArchiveUnavailable

#: A target counts as out after this many failures without a success, at the least; with
#: more slots than that, one failure more than there are slots.
MIN_FAILURES = 3
FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 300.0
_PROBES = Backoff(FIRST_PAUSE_S, LONGEST_PAUSE_S)
#: A probe that has run for so long without an error proves that the target is back.
PROBE_PATIENCE_S = 30.0
#: Outcomes that a judgement needs.
ENOUGH = 5
_BAD_SHARE = 0.2
_SLOW_FACTOR = 3.0
_STEP_DOWN = 0.7
#: How fast the idea of a usual duration follows; slowly while it is slow.
_FOLLOW = 0.1
_FOLLOW_SLOWLY = 0.02
#: Retries may be this share of the successes, and always a few (per look).
_RETRY_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class RunStats:
    """How the runs on a target ended lately: counts, and seconds of the good ones."""

    done: int = 0
    failed: int = 0
    seconds: float = 0.0

    def __add__(self, other: RunStats) -> RunStats:
        """Return both together."""
        return RunStats(
            self.done + other.done, self.failed + other.failed, self.seconds + other.seconds
        )

    @property
    def total(self) -> int:
        """All ended runs that say something about the target."""
        return self.done + self.failed


@dataclass(frozen=True, slots=True)
class Pressure:
    """What a target may get now. ``ceiling`` is what the administrator allows."""

    ceiling: int
    limit: int
    #: How long a run usually takes (seconds); 0: not known yet.
    usual_s: float = 0.0
    #: Failures since the last success.
    failures: int = 0
    #: How often in a row it was found out of order; 0: the circuit is closed.
    outages: int = 0
    #: When the next probe may start, in seconds by the queue's clock.
    probe_at: float = 0.0

    @property
    def is_open(self) -> bool:
        """Whether nothing but a probe may start."""
        return self.outages > 0


def blames_resource(error: Exception) -> bool:
    """Tell whether a failure speaks of the target, and not of one task's files."""
    return isinstance(error, Unavailable) and not isinstance(
        error, DestinationUnwritable | AgentUnreachable | ArchiveUnavailable
    )


def after_failure(pressure: Pressure, now: float) -> Pressure:
    """Count a failure; opens the circuit when there were too many without a success."""
    failures = grown(pressure.failures)
    counted = replace(pressure, failures=failures)
    if pressure.is_open or failures < max(MIN_FAILURES, pressure.limit + 1):
        return counted
    return replace(counted, outages=1, probe_at=now + FIRST_PAUSE_S)


def after_probe_failed(pressure: Pressure, now: float) -> Pressure:
    """Wait twice as long as before until the next probe."""
    probe_at = now + _PROBES.pause_s(pressure.outages)
    return replace(pressure, outages=grown(pressure.outages), probe_at=probe_at)


def probe_due(pressure: Pressure, now: float) -> bool:
    """Tell whether the next probe of a target that is out may start.

    A time beyond every pause was written by a clock that went wrong since.
    """
    return not now < pressure.probe_at <= now + 2 * LONGEST_PAUSE_S


def after_success(pressure: Pressure) -> Pressure:
    """The target answers: close the circuit, and begin again with one task at a time."""
    if pressure.is_open:
        return replace(pressure, outages=0, failures=0, probe_at=0.0, limit=1)
    return replace(pressure, failures=0)


def after_evaluation(pressure: Pressure, lately: RunStats) -> Pressure:
    """Step the limit down when errors or durations grow, up when all is well.

    One look is enough with ENOUGH outcomes or as many as there are slots, see ``can_judge``.
    """
    if pressure.is_open or lately.total == 0:
        return pressure
    mean_s = lately.seconds / lately.done if lately.done else 0.0
    slow = pressure.usual_s > 0.0 and mean_s > _SLOW_FACTOR * pressure.usual_s
    if slow or lately.failed > _BAD_SHARE * lately.total:
        limit = max(1, int(pressure.limit * _STEP_DOWN))
    else:
        limit = min(pressure.ceiling, pressure.limit + 1)
    return replace(pressure, limit=limit, usual_s=_follow(pressure.usual_s, mean_s, slow=slow))


def can_judge(pressure: Pressure, lately: RunStats) -> bool:
    """Tell whether there is enough to look at."""
    return lately.total >= min(ENOUGH, pressure.limit)


def retries_allowed(pressure: Pressure, lately: RunStats) -> int:
    """Return how many waiting tasks may be tried again in one look (the retry budget)."""
    if pressure.is_open:
        return 0
    return 2 * pressure.limit + int(_RETRY_SHARE * lately.done)


def _follow(usual_s: float, mean_s: float, *, slow: bool) -> float:
    if mean_s == 0.0:
        return usual_s
    if usual_s == 0.0:
        return mean_s
    share = _FOLLOW_SLOWLY if slow else _FOLLOW
    return usual_s + share * (mean_s - usual_s)
