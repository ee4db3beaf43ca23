"""The heartbeat of an import inside the repository: who passes it on, who watches it.

The repository works by itself then, for hours perhaps; a beat is a step begun or more in its
log. The worker that watches writes each beat into the queue's table; the server, which is
another process, tells from there whether the repository's imports move.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from transferapp.host.clock import Clock

#: No beat of an import for so long is worth telling a person.
SILENT_AFTER = timedelta(minutes=5)


def is_silent(quiet: timedelta) -> bool:
    """Say whether no beat for so long is worth telling a person."""
    return quiet >= SILENT_AFTER


def silent_since(beats: Iterable[datetime], clock: Clock) -> datetime | None:
    """Return when the last of these beats was, if that is long ago and there are any."""
    latest = max(beats, default=None)
    return latest if latest is not None and is_silent(clock.now() - latest) else None


class Heartbeat:
    """Passes on what the repository tells of an import, so that each beat is news."""

    def __init__(self, report: Callable[[tuple[int, int, str]], None], clock: Clock) -> None:
        """Pass on to ``report``, from any thread."""
        self._report, self._clock = report, clock
        self._text = ""

    def __call__(self, done: int, steps: int, text: str) -> None:
        """Take a beat: steps done, steps in all, words."""
        again, self._text = text == self._text, text
        # The same step for long, and not silent: people's lists see that it moves.
        at = f" (at work at {self._clock.now():%H:%M} UTC)" if again else ""
        self._report((done, steps, f"{text}{at}"))


@dataclass(frozen=True, slots=True)
class Beat:
    """The last beat of one import: its step, its log's size in bytes, and since when; and when
    it last gave any sign of life.
    """

    step: int
    log_bytes: int
    since: datetime
    heard: datetime


class HeartbeatWatch:
    """Tells slow from silent of this process's running imports; from any thread."""

    def __init__(self, clock: Clock) -> None:
        """Tell the time by ``clock``."""
        self._clock = clock
        self._lock = threading.Lock()
        self._beats: dict[int, Beat] = {}

    def saw(self, fileset_id: int, step: int, log_bytes: int = 0) -> Beat:
        """Note what an import looks like now; returns its last change."""
        with self._lock:
            known = self._beats.get(fileset_id)
            if known is None or (step, log_bytes) != (known.step, known.log_bytes):
                now = self._clock.now()
                known = Beat(step, log_bytes, now, now)
                self._beats[fileset_id] = known
            return known

    def answers(self, fileset_id: int) -> Beat:
        """Note that an import which looks as before says of itself that it is at work."""
        with self._lock:
            beat = replace(self._beats[fileset_id], heard=self._clock.now())
            self._beats[fileset_id] = beat
            return beat

    def last(self, fileset_id: int) -> Beat | None:
        """Return the last beat of an import."""
        with self._lock:
            return self._beats.get(fileset_id)

    def ended(self, fileset_id: int) -> None:
        """Forget an import that is over."""
        with self._lock:
            self._beats.pop(fileset_id, None)

    def silent_since(self) -> datetime | None:
        """Since when no import has given a sign of life, if that is long and there are any."""
        with self._lock:
            return silent_since([beat.heard for beat in self._beats.values()], self._clock)

    def queued(self) -> int:
        """How many imports wait in the repository's own queue."""
        with self._lock:
            return sum(beat.step == 0 for beat in self._beats.values())
