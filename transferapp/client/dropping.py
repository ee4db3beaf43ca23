"""Keep account of everything that was dropped: what is imported, and what stays out and why.

People delete their only copy because they were told that it is safe: every file below the
dropped folders is in an item of the import, or in this account.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from transferapp.client.formats import OME_ZARR
from transferapp.client.grouping import FilesetCandidate
from transferapp.client.scanning import Finding
from transferapp.model.drops import MOST_LISTED, Drop, LeftOut, LeftOutReason
from transferapp.protocol.messages import DropOnDisk, LeftOutOnDisk


@dataclass(frozen=True, slots=True)
class LeftOutPath:
    """A file (or a folder that is one thing) on disk that is not imported."""

    path: Path
    left_out: LeftOut


@dataclass(frozen=True, slots=True)
class Dropped:
    """What was dropped for one import. ``litter_files`` are ignored by our list of names."""

    roots: tuple[Path, ...] = ()
    left_out: tuple[LeftOutPath, ...] = ()
    litter_files: int = 0


@dataclass(frozen=True, slots=True)
class Why:
    """Why something is left out; code and sentence are those of an error."""

    reason: LeftOutReason
    code: str = ""
    sentence: str = ""


def left_out_fileset(candidate: FilesetCandidate, why: Why) -> Iterator[LeftOutPath]:
    """Account for a fileset: each file, or a whole Zarr at once."""
    if candidate.format is OME_ZARR and candidate.files:
        first = candidate.files[0]
        folder = first.client_path.rpartition("/")[0]
        count = len(candidate.files)
        yield LeftOutPath(first.path.parent, _left_out(folder, why, count))
        return
    for file in candidate.files:
        yield LeftOutPath(file.path, _left_out(file.client_path, why))


def left_out_finding(
    finding: Finding, roots: Sequence[Path], reason: LeftOutReason = LeftOutReason.REFUSED
) -> LeftOutPath:
    """Account for what the scan could not list as a file to import."""
    why = Why(reason, finding.error.code, finding.error.message)
    return LeftOutPath(finding.path, _left_out(client_path(finding.path, roots), why))


def client_path(path: Path, roots: Sequence[Path]) -> str:
    """Return a path from the name of the dropped thing that it is in, '/'-separated."""
    for root in roots:
        if path.is_relative_to(root):
            return path.relative_to(root.parent).as_posix()
    return path.name


def drop_message(dropped: Dropped) -> Drop:
    """Return what the server is told."""
    missed = [one.left_out for one in dropped.left_out if one.left_out.reason.counts]
    ignored = [one.left_out for one in dropped.left_out if not one.left_out.reason.counts]
    return Drop(
        roots=tuple(_text(root.name or str(root)) for root in dropped.roots[:MOST_LISTED]),
        left_out=tuple((missed + ignored)[:MOST_LISTED]),
        left_out_files=_files(missed),
        ignored_files=_files(ignored) + dropped.litter_files,
    )


def drop_on_disk(dropped: Dropped) -> DropOnDisk:
    """Return what the workstation service is told: all of it, with the places."""
    return DropOnDisk(
        roots=[_text(str(root.absolute())) for root in dropped.roots],
        left_out=[
            LeftOutOnDisk(path=_text(str(one.path)), left_out=one.left_out)
            for one in dropped.left_out
        ],
        litter_files=dropped.litter_files,
    )


def _left_out(path: str, why: Why, file_count: int = 1) -> LeftOut:
    return LeftOut(_text(path), why.reason, why.code, why.sentence, file_count)


def _files(left_out: Iterable[LeftOut]) -> int:
    return sum(one.file_count for one in left_out)


def _text(path: str) -> str:
    """Return a path as text that travels: what is not text in a name is shown as '?'."""
    return path.encode(errors="replace").decode()
