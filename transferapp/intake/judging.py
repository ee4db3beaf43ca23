"""Judge all that was scanned, and tell the first verdicts while the rest is looked at."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from transferapp.errors import Cancelled
from transferapp.host.clock import Clock, SystemClock
from transferapp.intake.candidates import FilesetCandidate, disambiguated
from transferapp.intake.consultation import Consultation
from transferapp.intake.grouping import filesets, order_of
from transferapp.intake.preflight import (
    RECENTLY_S,
    PreflightResult,
    PreflightSettings,
    Severity,
    preflight,
)
from transferapp.intake.scanning import Scan
from transferapp.intake.target import claim_of, may_be_other

#: So many filesets are judged between two looks at the cancel event, and told together.
_BATCH = 500


#: A fileset and its verdict.
Judged: TypeAlias = tuple[FilesetCandidate, PreflightResult]


def judge(
    scan: Scan,
    settings: PreflightSettings | None = None,
    *,
    clock: Clock | None = None,
    cancel: threading.Event | None = None,
) -> Iterator[list[Judged]]:
    """Group and judge, some filesets at a time, in any order; ``in_order`` finishes. Those that
    Bio-Formats is asked about come last.

    Reads files, so call it in a thread. Raises Cancelled.
    """
    settings = settings or PreflightSettings()
    judging = _Judging(settings, clock or SystemClock())
    consulted = (
        Consultation(settings.opens, settings.target, cancel) if settings.opens else None
    )
    batches = _batches(filesets(scan, cancel, consulted), judging, cancel)
    if consulted is None:
        yield from batches
        return
    later: list[Judged] = []
    for judged in batches:
        later += (one for one in judged if consulted.wants(*one))
        yield [one for one in judged if not consulted.wants(*one)]
    for candidate, result in later:
        yield [(candidate, consulted.judged(candidate, result))]


def _batches(
    found: Iterable[Sequence[FilesetCandidate]],
    judging: _Judging,
    cancel: threading.Event | None,
) -> Iterator[list[Judged]]:
    for some in found:
        rest = iter(some)
        while batch := list(islice(rest, _BATCH)):
            if cancel is not None and cancel.is_set():
                raise Cancelled
            yield judging.batch(batch)


@dataclass(frozen=True, slots=True)
class Apart:
    """Filesets, and files that are no images as far as anybody knows."""

    filesets: tuple[Judged, ...]
    others: tuple[Judged, ...]


def is_other(candidate: FilesetCandidate, result: PreflightResult) -> bool:
    """Say whether it is one file that is no image as far as anybody knows."""
    return result.unknown and may_be_other(candidate)


def apart(found: Iterable[Judged]) -> Apart:
    """Put apart the files that are no images, such as notes and logs."""
    filesets, others = list[Judged](), list[Judged]()
    for one in found:
        (others if is_other(*one) else filesets).append(one)
    return Apart(tuple(filesets), tuple(others))


def in_order(found: Sequence[Judged]) -> list[Judged]:
    """Put all of them into natural order, and tell equal names apart."""
    ordered = [found[number] for number in order_of(candidate for candidate, _ in found)]
    named = disambiguated([candidate for candidate, _ in ordered])
    return [(now, one[1]) for now, one in zip(named, ordered, strict=True)]


class _Judging:
    def __init__(self, settings: PreflightSettings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        #: What is said of a sound file of a format; None where more has to be asked.
        self._fine: dict[str, tuple[str, str] | None] = {}

    def batch(self, candidates: Sequence[FilesetCandidate]) -> list[Judged]:
        """Judge some; those that were found sound a moment ago are not opened again."""
        now_ns = int(self._clock.now().timestamp() * 1e9)
        rested_ns = now_ns - int(1e9 * max(RECENTLY_S, self._settings.still_writing_s))
        found: list[Judged] = []
        for candidate in candidates:
            if candidate.sound and not candidate.doubts and not candidate.problems:
                file = candidate.files[0]
                fine = self._of_sound(candidate)
                if fine is not None and file.modified_ns < rested_ns:
                    what, name = fine
                    result = PreflightResult(
                        Severity.OK, "", "", file.size_bytes, 1, what, name
                    )
                    found.append((candidate, result))
                    continue
            found.append((candidate, preflight(candidate, self._settings, self._clock)))
        return found

    def _of_sound(self, candidate: FilesetCandidate) -> tuple[str, str] | None:
        """Say what a sound file is, and its format; one text for all that are the same.

        None where the target does not read it, or something else is to be told of it.
        """
        name = candidate.format.name if candidate.format else ""
        if name not in self._fine:
            claim = claim_of(candidate, self._settings.target)
            plain = not claim.refused and not claim.doubt and self._settings.many_files > 0
            self._fine[name] = (f"{claim.name}, 1 file", claim.name) if plain else None
        return self._fine[name]
