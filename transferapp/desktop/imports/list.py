"""Look at what a person dropped and judge it: one row for each fileset."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from transferapp.client.contents import HashedFile
from transferapp.client.dropping import Why
from transferapp.desktop.transfers.texts import size_text
from transferapp.errors import ChangedFile, UnsupportedFile
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.file_names import shown
from transferapp.intake.formats import OME_ZARR
from transferapp.intake.judging import Judged, in_order, is_other, judge
from transferapp.intake.preflight import PreflightResult, PreflightSettings, Severity, refused
from transferapp.intake.scanning import Finding, Scan, scan
from transferapp.intake.target import ONLY_KNOWN
from transferapp.model.drops import LeftOutReason

#: Seconds between two reports of progress.
REPORT_S = 0.1
#: So many filesets are shown while the rest is judged; a window full is enough.
FIRST_ROWS = 500


@dataclass(frozen=True, slots=True)
class ScanProgress:
    """How far looking is: entries seen, then files judged out of all (0: not known)."""

    seen: int = 0
    judged: int = 0
    total: int = 0
    #: Bytes that are compared with what the repository holds, and those that were.
    to_compare: int = 0
    compared: int = 0
    #: What was judged first, to be shown while the rest is judged.
    first_rows: tuple[FilesetRow, ...] = ()

    @property
    def share(self) -> tuple[int, int]:
        """How much of how much is done; of 0 where that is not known."""
        if self.to_compare:  # In thousandths: Qt counts to 2 billion.
            return min(1000, self.compared * 1000 // self.to_compare), 1000
        return self.judged, self.total

    @property
    def text(self) -> str:
        """What is being done, for the window."""
        if self.to_compare:
            done, size = size_text(self.compared), size_text(self.to_compare)
            return f"Comparing every byte with the repository: {done} of {size}…"
        if self.judged:
            return f"Checking the files: {self.judged:,} of {self.total:,}…"
        if self.seen:
            return f"Looking through folders: {self.seen:,} files so far…"
        return "Looking at the files…"


@dataclass(frozen=True, slots=True)
class DuplicateOf:
    """What the repository holds of a fileset: in few words, why it may stay out, and its
    files where every byte was compared.
    """

    text: str
    why: Why
    hashed: tuple[HashedFile, ...] = ()

    @property
    def is_sure(self) -> bool:
        """Every byte was compared."""
        return bool(self.hashed)


# Nobody changes one; frozen, it would take several times as long to make.
@dataclass(slots=True, unsafe_hash=True)
class FilesetRow:
    """One fileset of the import list. ``key`` is the path of the file to open."""

    key: str
    name: str
    #: The folder that it lies in, from the dropped one on, '/'-separated.
    folder: str
    what: str
    size_bytes: int
    file_count: int
    level: Severity
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
    held: DuplicateOf | None = None
    #: It is no image as far as anybody knows, and nobody named it: not worth a row.
    other: bool = False
    #: Nobody knows its format, and the person may import it all the same.
    can_anyway: bool = False
    #: The person wishes that.
    anyway: bool = False

    @property
    def can_include(self) -> bool:
        """Neither what is blocked nor what is still being written can be imported."""
        blocked = self.level is Severity.BLOCKED or self.unsettled
        return self.candidate is not None and not blocked and not self.ignored

    @property
    def reported_path(self) -> str:
        """Where the file to open lies, from the dropped folder on."""
        return (
            self.candidate.files[0].client_path if self.paths and self.candidate else self.name
        )

    @property
    def is_held(self) -> bool:
        """The person's own images hold every byte of it."""
        return self.held is not None and self.held.why.reason is LeftOutReason.HELD

    @property
    def places(self) -> tuple[str, ...]:
        """The same as text."""
        return tuple(f.place for f in self.candidate.files) if self.candidate else ()

    @property
    def paths(self) -> frozenset[Path]:
        """All files of it on disk."""
        return (
            frozenset(f.path for f in self.candidate.files) if self.candidate else frozenset()
        )


@dataclass(frozen=True, slots=True)
class ListScan:
    """What a look found. ``ignored_count`` counts litter that was left out."""

    rows: tuple[FilesetRow, ...]
    ignored_count: int
    took_s: float


def scan_at(
    paths: Sequence[Path],
    cancel: threading.Event,
    report: Callable[[ScanProgress], None],
    settings: PreflightSettings,
    named: Collection[Path] = (),
) -> ListScan:
    """Scan, group and judge; runs long, so call it in a thread. Raises Cancelled.

    ``named`` are other paths that the person gave: what she names is never just one of the
    files that are no images. ``report`` is called from that thread, ten times a second at most.
    """
    started_s = time.monotonic()
    reporter = _Reporter(report)
    named = frozenset((*named, *paths))
    found = scan(
        paths, cancel, on_progress=lambda seen: reporter.report(ScanProgress(seen=seen))
    )
    total = len(found.files) + sum(len(folder.files) for folder in found.zarr_folders)
    report(ScanProgress(seen=total))
    rows = [_finding_row(finding) for finding in found.findings]
    rows_of = _Rows(settings, named)
    judged = _judged(found, rows_of, cancel, reporter, total, rows[:FIRST_ROWS])
    rows += map(rows_of.row, in_order(judged))
    return ListScan(tuple(rows), found.ignored_count, time.monotonic() - started_s)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Makes the rows of what was judged by ``settings``; ``named`` is never out of them."""

    settings: PreflightSettings
    named: frozenset[Path]

    def row(self, judged: Judged) -> FilesetRow:
        row = row_of(*judged, self.settings)
        return replace(row, other=False) if row.other and row.paths & self.named else row


def _judged(
    found: Scan,
    rows_of: _Rows,
    cancel: threading.Event,
    reporter: _Reporter,
    total: int,
    first: list[FilesetRow],
) -> list[Judged]:
    """Judge all, and tell of those that were judged first at once."""
    judged: list[Judged] = []
    files = 0
    for some in judge(found, rows_of.settings, cancel=cancel):
        judged += some
        files += sum(result.file_count for _, result in some)
        if some and len(first) < FIRST_ROWS:
            rows = map(rows_of.row, some[: FIRST_ROWS - len(first)])
            first += [row for row in rows if not row.other]
            reporter.at_once()
        reporter.report(ScanProgress(judged=files, total=total, first_rows=tuple(first)))
    return judged


class _Reporter:
    """Let through one report in a while."""

    def __init__(self, report: Callable[[ScanProgress], None]) -> None:
        self._report = report
        self._next_s = 0.0

    def at_once(self) -> None:
        """Let the next report through."""
        self._next_s = 0.0

    def report(self, progress: ScanProgress) -> None:
        """Report, unless it was done just now."""
        now_s = time.monotonic()
        if now_s >= self._next_s:
            self._next_s = now_s + REPORT_S
            self._report(progress)


class ComparedBytes:
    """Counts bytes that are compared, of ``size_bytes``, and reports once in a while."""

    def __init__(self, report: Callable[[ScanProgress], None], size_bytes: int) -> None:
        self._reporter = _Reporter(report)
        self._size, self._done = size_bytes, 0

    def __call__(self, count: int) -> None:
        """So many bytes more were read."""
        self._done += count
        self._reporter.report(ScanProgress(to_compare=self._size, compared=self._done))


def row_of(
    candidate: FilesetCandidate, result: PreflightResult, settings: PreflightSettings
) -> FilesetRow:
    """Return the row of a fileset that was judged by ``settings``."""
    first = candidate.files[0] if candidate.files else None
    not_known = result.blocked and result.unknown and result.code == UnsupportedFile.code
    allowed = settings.target.unknown_allowed
    unsettled = result.code == ChangedFile.code
    return FilesetRow(
        key=first.place if first else candidate.name,
        name=candidate.name,
        folder=_folder(candidate),
        what=result.what,
        size_bytes=result.size_bytes,
        file_count=result.file_count,
        level=result.level,
        sentence=f"{result.sentence} {ONLY_KNOWN}"
        if not_known and not allowed
        else result.sentence,
        # A doubt is worth reading and no reason to leave images behind.
        included=result.level is not Severity.BLOCKED and not unsettled,
        candidate=candidate,
        code=result.code,
        unsettled=unsettled,
        other=not_known and is_other(candidate, result),
        can_anyway=not_known and allowed,
    )


def _folder(candidate: FilesetCandidate) -> str:
    if not candidate.files:
        return ""
    folder = candidate.files[0].client_path.rpartition("/")[0]
    # A Zarr is a folder itself.
    return folder.rpartition("/")[0] if candidate.format is OME_ZARR else folder


def _finding_row(finding: Finding) -> FilesetRow:
    result = refused(finding)
    return FilesetRow(
        key=str(finding.path),
        name=shown(finding.path),
        folder="",
        what=result.what,
        size_bytes=result.size_bytes,
        file_count=result.file_count,
        level=result.level,
        sentence=result.sentence,
        included=False,
        code=result.code,
        unsettled=result.code == ChangedFile.code,
    )
