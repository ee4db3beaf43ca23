"""Keep account of everything that was dropped: what is imported, and what stays out and why.

People delete their only copy because they were told that it is safe: every file below the
dropped folders is in an item of the import, or in this account.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from transferapp.client.contents import HashedFile
from transferapp.errors import UnsupportedFile
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.file_names import shown_text
from transferapp.intake.formats import OME_ZARR
from transferapp.intake.scanning import Finding
from transferapp.model.drops import MOST_LISTED, Drop, LeftOut, LeftOutReason
from transferapp.protocol.messages import DropOnDisk, DuplicateOnDisk, LeftOutOnDisk


@dataclass(frozen=True, slots=True)
class LeftOutPath:
    """A file (or a folder that is one thing) on disk that is not imported.

    ``hashed``: of what the repository holds, every file as it was when it was compared.
    """

    path: Path
    left_out: LeftOut
    hashed: tuple[HashedFile, ...] = ()


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


#: Of a file that is no image. A reason of its own would be unknown to older servers, which
#: then take no import at all.
NO_IMAGE = Why(
    LeftOutReason.REFUSED, UnsupportedFile.code, "It is not an image; it stays where it is."
)


def others_text(count: int) -> str:
    """Say in one line how many files are no images; empty for none."""
    if count == 1:
        return "1 other file is not an image; it stays where it is."
    return f"{count:,} other files are not images; they stay where they are." if count else ""


def left_out_fileset(
    candidate: FilesetCandidate, why: Why, hashed: Sequence[HashedFile] = ()
) -> Iterator[LeftOutPath]:
    """Account for a fileset: each file, or a whole Zarr at once.

    What the repository holds (HELD) comes with all of its files, ``hashed``.
    """
    held = hashed if why.reason is LeftOutReason.HELD else ()
    if candidate.format is OME_ZARR and candidate.files:
        first = candidate.files[0]
        folder = first.client_path.rpartition("/")[0]
        count = len(candidate.files)
        yield LeftOutPath(first.path.parent, _left_out(folder, why, count), tuple(held))
        return
    by_path = {one.file.path: one for one in held}
    for file in candidate.files:
        mine = tuple(one for one in (by_path.get(file.path),) if one is not None)
        yield LeftOutPath(file.path, _left_out(file.client_path, why), mine)


def left_out_finding(
    finding: Finding, roots: Sequence[Path], reason: LeftOutReason = LeftOutReason.REFUSED
) -> LeftOutPath:
    """Account for what the scan could not list as a file to import."""
    why = Why(reason, finding.error.code, finding.error.message)
    path = client_path(finding.path, roots)
    return LeftOutPath(finding.path, _left_out(path, why, finding.file_count))


def client_path(path: Path, roots: Sequence[Path]) -> str:
    """Return a path from the name of the dropped thing that it is in, '/'-separated."""
    for root in roots:
        if path.is_relative_to(root):
            return path.relative_to(root.parent).as_posix()
    return path.name


def drop_message(dropped: Dropped) -> Drop:
    """Return what the server is told."""
    left_out = [one.left_out for one in dropped.left_out]
    missed = [one for one in left_out if one.reason.counts]
    others = [one for one in left_out if not one.reason.counts]
    ignored = [one for one in others if one.reason is LeftOutReason.IGNORED]
    return Drop(
        roots=tuple(shown_text(root.name or str(root)) for root in dropped.roots[:MOST_LISTED]),
        left_out=tuple((missed + others)[:MOST_LISTED]),
        left_out_files=_files(missed),
        ignored_files=_files(ignored) + dropped.litter_files,
    )


def drop_on_disk(dropped: Dropped) -> DropOnDisk:
    """Return what the workstation service is told: all of it, with the places."""
    return DropOnDisk(
        roots=[shown_text(str(root.absolute())) for root in dropped.roots],
        left_out=[
            LeftOutOnDisk(
                path=shown_text(str(one.path)),
                left_out=one.left_out,
                held=[_held(file) for file in one.hashed],
            )
            for one in dropped.left_out
        ],
        litter_files=dropped.litter_files,
    )


def _held(hashed: HashedFile) -> DuplicateOnDisk:
    file = hashed.file
    return DuplicateOnDisk(
        client_path=file.client_path,
        path=str(file.path),
        size_bytes=file.size_bytes,
        modified_ns=file.modified_ns,
        inode=hashed.inode,
        sha1=hashed.sha1,
    )


def _left_out(path: str, why: Why, file_count: int = 1) -> LeftOut:
    return LeftOut(shown_text(path), why.reason, why.code, why.sentence, file_count)


def _files(left_out: Iterable[LeftOut]) -> int:
    return sum(one.file_count for one in left_out)
