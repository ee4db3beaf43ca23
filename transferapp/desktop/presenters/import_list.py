"""Look at what a person dropped and judge it: one row for each fileset."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from transferapp.client.contents import HashedFile
from transferapp.client.dropping import Why
from transferapp.desktop.presenters.transfer_words import size_words
from transferapp.errors import Cancelled, ChangedFile, UnsupportedFile
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.formats import OME_ZARR
from transferapp.intake.grouping import group
from transferapp.intake.preflight import Level, PreflightSettings, Verdict, preflight, refused
from transferapp.intake.scanning import Finding, scan
from transferapp.intake.target import ONLY_KNOWN, is_other
from transferapp.model.drops import LeftOutReason

#: Seconds between two reports of progress.
REPORT_S = 0.1


@dataclass(frozen=True, slots=True)
class LookProgress:
    """How far looking is: entries seen, then filesets judged out of all (0: not known)."""

    seen: int = 0
    judged: int = 0
    total: int = 0
    #: Bytes that are compared with what the repository holds, and those that were.
    to_compare: int = 0
    compared: int = 0

    @property
    def share(self) -> tuple[int, int]:
        """How much of how much is done; of 0 where that is not known."""
        if self.to_compare:  # In thousandths: Qt counts to 2 billion.
            return min(1000, self.compared * 1000 // self.to_compare), 1000
        return self.judged, self.total

    @property
    def words(self) -> str:
        """What is being done, for the window."""
        if self.to_compare:
            done, size = size_words(self.compared), size_words(self.to_compare)
            return f"Comparing every byte with the repository: {done} of {size}…"
        if self.total:
            return f"Checking fileset {self.judged:,} of {self.total:,}…"
        if self.seen:
            return f"Looking through folders: {self.seen:,} files so far…"
        return "Looking at the files…"


@dataclass(frozen=True, slots=True)
class HeldAs:
    """What the repository holds of a fileset: in few words, why it may stay out, and its
    files where every byte was compared.
    """

    words: str
    why: Why
    hashed: tuple[HashedFile, ...] = ()

    @property
    def is_sure(self) -> bool:
        """Every byte was compared."""
        return bool(self.hashed)


@dataclass(frozen=True, slots=True)
class FilesetRow:
    """One fileset of the import list. ``key`` is the path of the file to open."""

    key: str
    name: str
    #: The folder that it lies in, from the dropped one on, '/'-separated.
    folder: str
    what: str
    size_bytes: int
    file_count: int
    level: Level
    #: Why it is blocked or doubtful, and what to do.
    sentence: str
    included: bool
    candidate: FilesetCandidate | None = None
    #: The code of the error that ``sentence`` is of.
    code: str = ""
    #: It may become importable by waiting: it is still being written.
    unsettled: bool = False
    #: The person said that its files do not matter.
    ignored: bool = False
    #: What the repository holds of it already.
    held: HeldAs | None = None
    #: It is no image as far as anybody knows, and nobody named it: not worth a row.
    other: bool = False
    #: Nobody knows its format, and the person may import it all the same.
    can_anyway: bool = False
    #: The person wishes that.
    anyway: bool = False

    @property
    def can_include(self) -> bool:
        """Neither what is blocked nor what is still being written can be imported."""
        blocked = self.level is Level.BLOCKED or self.unsettled
        return self.candidate is not None and not blocked and not self.ignored

    @property
    def told_path(self) -> str:
        """Where the file to open lies, from the dropped folder on."""
        return (
            self.candidate.files[0].client_path if self.paths and self.candidate else self.name
        )

    @property
    def is_held(self) -> bool:
        """The person's own images hold every byte of it."""
        return self.held is not None and self.held.why.reason is LeftOutReason.HELD

    @property
    def paths(self) -> frozenset[Path]:
        """All files of it on disk."""
        return (
            frozenset(f.path for f in self.candidate.files) if self.candidate else frozenset()
        )


@dataclass(frozen=True, slots=True)
class Look:
    """What a look found. ``ignored_count`` counts litter that was left out."""

    rows: tuple[FilesetRow, ...]
    ignored_count: int
    took_s: float


def look_at(
    paths: Sequence[Path],
    cancel: threading.Event,
    report: Callable[[LookProgress], None],
    settings: PreflightSettings,
    named: Collection[Path] = (),
) -> Look:
    """Scan, group and judge; runs long, so call it in a thread. Raises Cancelled.

    ``named`` are other paths that the person gave: what she names is never just one of the
    files that are no images. ``report`` is called from that thread, ten times a second at most.
    """
    started_s = time.monotonic()
    reporter = _Reporter(report)
    named = frozenset((*named, *paths))
    found = scan(paths, cancel, on_progress=lambda seen: reporter.tell(LookProgress(seen=seen)))
    files = sum(1 for _ in found.files)
    report(LookProgress(seen=files))
    candidates = group(found, cancel)
    rows = [_finding_row(finding) for finding in found.findings]
    for number, candidate in enumerate(candidates):
        if cancel.is_set():
            raise Cancelled
        reporter.tell(LookProgress(judged=number, total=len(candidates)))
        row = row_of(candidate, preflight(candidate, settings), settings)
        rows.append(replace(row, other=False) if row.other and row.paths & named else row)
    return Look(tuple(rows), found.ignored_count, time.monotonic() - started_s)


class _Reporter:
    """Let through one report in a while."""

    def __init__(self, report: Callable[[LookProgress], None]) -> None:
        self._report = report
        self._next_s = 0.0

    def tell(self, progress: LookProgress) -> None:
        """Report, unless it was done just now."""
        now_s = time.monotonic()
        if now_s >= self._next_s:
            self._next_s = now_s + REPORT_S
            self._report(progress)


class ComparedBytes:
    """Counts bytes that are compared, of ``size_bytes``, and reports once in a while."""

    def __init__(self, report: Callable[[LookProgress], None], size_bytes: int) -> None:
        self._reporter = _Reporter(report)
        self._size, self._done = size_bytes, 0

    def __call__(self, count: int) -> None:
        """So many bytes more were read."""
        self._done += count
        self._reporter.tell(LookProgress(to_compare=self._size, compared=self._done))


def row_of(
    candidate: FilesetCandidate, verdict: Verdict, settings: PreflightSettings
) -> FilesetRow:
    """Return the row of a fileset that was judged by ``settings``."""
    first = candidate.files[0] if candidate.files else None
    not_known = verdict.blocked and verdict.unknown and verdict.code == UnsupportedFile.code
    allowed = settings.target.unknown_allowed
    unsettled = verdict.code == ChangedFile.code
    return FilesetRow(
        key=str(first.path) if first else candidate.name,
        name=candidate.name,
        folder=_folder(candidate),
        what=verdict.what,
        size_bytes=verdict.size_bytes,
        file_count=verdict.file_count,
        level=verdict.level,
        sentence=f"{verdict.sentence} {ONLY_KNOWN}"
        if not_known and not allowed
        else verdict.sentence,
        # A doubt is worth reading and no reason to leave images behind.
        included=verdict.level is not Level.BLOCKED and not unsettled,
        candidate=candidate,
        code=verdict.code,
        unsettled=unsettled,
        other=not_known and is_other(candidate, settings.target),
        can_anyway=not_known and allowed,
    )


def _folder(candidate: FilesetCandidate) -> str:
    if not candidate.files:
        return ""
    folder = candidate.files[0].client_path.rpartition("/")[0]
    # A Zarr is a folder itself.
    return folder.rpartition("/")[0] if candidate.format is OME_ZARR else folder


def _finding_row(finding: Finding) -> FilesetRow:
    verdict = refused(finding)
    return FilesetRow(
        key=str(finding.path),
        name=finding.path.name.encode(errors="replace").decode(),
        folder="",
        what=verdict.what,
        size_bytes=verdict.size_bytes,
        file_count=verdict.file_count,
        level=verdict.level,
        sentence=verdict.sentence,
        included=False,
        code=verdict.code,
        unsettled=verdict.code == ChangedFile.code,
    )
