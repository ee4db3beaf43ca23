"""Judge all that was scanned, and tell the first verdicts while the rest is looked at."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeAlias

from transferapp.errors import Cancelled
from transferapp.host.clock import Clock, SystemClock
from transferapp.intake.candidates import FilesetCandidate, told_apart
from transferapp.intake.grouping import filesets, order_of
from transferapp.intake.preflight import (
    RECENTLY_S,
    Level,
    PreflightSettings,
    Verdict,
    preflight,
)
from transferapp.intake.scanning import Scan

#: So many filesets are judged between two looks at the cancel event, and told together.
_BATCH = 500


#: A fileset and its verdict.
Judged: TypeAlias = tuple[FilesetCandidate, Verdict]


def judge(
    scan: Scan,
    settings: PreflightSettings | None = None,
    *,
    clock: Clock | None = None,
    cancel: threading.Event | None = None,
) -> Iterator[list[Judged]]:
    """Group and judge, some filesets at a time, in any order; ``in_order`` finishes.

    Reads files, so call it in a thread. Raises Cancelled.
    """
    judging = _Judging(settings or PreflightSettings(), clock or SystemClock())
    for some in filesets(scan, cancel):
        rest = iter(some)
        while batch := list(islice(rest, _BATCH)):
            if cancel is not None and cancel.is_set():
                raise Cancelled
            yield judging.batch(batch)


def in_order(found: Sequence[Judged]) -> list[Judged]:
    """Put all of them into natural order, and tell equal names apart."""
    ordered = [found[number] for number in order_of(candidate for candidate, _ in found)]
    named = told_apart([candidate for candidate, _ in ordered])
    return [(now, one[1]) for now, one in zip(named, ordered, strict=True)]


class _Judging:
    def __init__(self, settings: PreflightSettings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._what: dict[str, str] = {}

    def batch(self, candidates: Sequence[FilesetCandidate]) -> list[Judged]:
        """Judge some; those that were found sound a moment ago are not opened again."""
        now_ns = int(self._clock.now().timestamp() * 1e9)
        rested_ns = now_ns - int(1e9 * max(RECENTLY_S, self._settings.still_writing_s))
        found: list[Judged] = []
        for candidate in candidates:
            if candidate.sound and not candidate.doubts and not candidate.problems:
                file = candidate.files[0]
                if file.modified_ns < rested_ns:
                    what = self._one_file(candidate)
                    fine = Verdict(Level.OK, "", "", file.size_bytes, 1, what)
                    found.append((candidate, fine))
                    continue
            found.append((candidate, preflight(candidate, self._settings, self._clock)))
        return found

    def _one_file(self, candidate: FilesetCandidate) -> str:
        """Say what it is; one text for all that are the same."""
        name = candidate.format.name if candidate.format else ""
        what = self._what.get(name)
        if what is None:
            what = self._what[name] = f"{name}, 1 file"
        return what
