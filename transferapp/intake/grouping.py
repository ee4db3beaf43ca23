"""Sort scanned files into filesets: the files that are imported together."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from transferapp.errors import DamagedFile, SourceProblem
from transferapp.intake.candidate_names import distinct_names, natural_key
from transferapp.intake.file_sets import FileSet, Sorting
from transferapp.intake.formats import OME_ZARR, ImageFormat
from transferapp.intake.scanning import ZARR_METADATA, FoundFile, Scan, ZarrFolder


@dataclass(frozen=True, slots=True)
class FilesetCandidate:
    """Files that make one import item; the file to open comes first.

    ``format`` is None when the name tells none. ``problems`` were met while grouping and
    forbid the import, ``doubts`` are sentences that are worth reading before it.
    """

    name: str
    files: tuple[FoundFile, ...]
    format: ImageFormat | None
    problems: tuple[SourceProblem, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def size_bytes(self) -> int:
        """Bytes of all files, as scanned."""
        return sum(file.size_bytes for file in self.files)

    @property
    def folder(self) -> Path | None:
        """The folder on this computer that it lies in."""
        if not self.files:
            return None
        folder = self.files[0].path.parent
        return folder.parent if self.format is OME_ZARR else folder


def group(scan: Scan, cancel: threading.Event | None = None) -> list[FilesetCandidate]:
    """Sort every file of a scan into exactly one fileset, in natural order of names.

    Reads companion files and TIFF headers, so call it in a thread. Raises Cancelled.
    """
    sets = map(_candidate, Sorting(scan.files, cancel).sets())
    found = sorted(
        [*map(_zarr_fileset, scan.zarr_folders), *sets],
        key=lambda c: natural_key(c.files[0].client_path if c.files else c.name),
    )
    return told_apart(found)


def told_apart(candidates: Sequence[FilesetCandidate]) -> list[FilesetCandidate]:
    """Return the filesets with names that differ, as far as their folders do."""
    names = distinct_names([(c.name, c.folder) for c in candidates])
    return [
        candidate if candidate.name == name else replace(candidate, name=name)
        for candidate, name in zip(candidates, names, strict=True)
    ]


def _candidate(made: FileSet) -> FilesetCandidate:
    return FilesetCandidate(
        made.name, made.files, made.format, tuple(made.problems), tuple(made.doubts)
    )


def _zarr_fileset(folder: ZarrFolder) -> FilesetCandidate:
    roots = {f"{folder.client_path}/{name}": None for name in ZARR_METADATA}
    by_path = {file.client_path: file for file in folder.files}
    first = [by_path.pop(root) for root in roots if root in by_path]
    problems = () if first else (_no_metadata(folder),)
    return FilesetCandidate(folder.path.name, (*first, *by_path.values()), OME_ZARR, problems)


def _no_metadata(folder: ZarrFolder) -> DamagedFile:
    return DamagedFile(
        f"'{folder.path.name}' has no zarr.json or .zattrs, so it is not a complete OME-Zarr."
        " Copy it again, with its hidden files."
    )
