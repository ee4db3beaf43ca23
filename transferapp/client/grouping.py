"""Sort scanned files into filesets: the files that are imported together."""

from __future__ import annotations

import re
import stat
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from transferapp.client import omexml
from transferapp.client.formats import (
    COMPANION,
    OME_TIFF,
    OME_ZARR,
    ImageFormat,
    format_of_name,
    is_tiff_name,
)
from transferapp.client.scanning import ZARR_METADATA, FoundFile, Scan, ZarrFolder
from transferapp.errors import Cancelled, DamagedFile, MissingCompanion, SourceProblem

#: So many missing names are spelled out in a sentence.
_NAMES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class FilesetCandidate:
    """Files that make one import item; the file to open comes first.

    ``format`` is None when the name tells none. ``problems`` were met while grouping.
    """

    name: str
    files: tuple[FoundFile, ...]
    format: ImageFormat | None
    problems: tuple[SourceProblem, ...] = ()

    @property
    def size_bytes(self) -> int:
        """Bytes of all files, as scanned."""
        return sum(file.size_bytes for file in self.files)


def group(scan: Scan, cancel: threading.Event | None = None) -> list[FilesetCandidate]:
    """Sort every file of a scan into exactly one fileset, in natural order of names.

    Reads companion files and TIFF headers, so call it in a thread. Raises Cancelled.
    """
    sorting = _Sorting(scan.files, cancel)
    found = [*map(_zarr_fileset, scan.zarr_folders), *sorting.filesets()]
    return sorted(
        found, key=lambda c: natural_key(c.files[0].client_path if c.files else c.name)
    )


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key that puts ``t2`` before ``t10``."""
    parts = re.split(r"([0-9]+)", text.casefold())
    return (
        *((1, int(p), p) if p[0] in "0123456789" else (0, 0, p) for p in parts if p),
        (0, 0, text),
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


@dataclass(eq=False, slots=True)
class _Set:
    """A fileset in the making: files by path on disk, and names that were not found."""

    files: dict[str, FoundFile]
    format: ImageFormat | None
    missing: dict[str, None] = field(default_factory=dict)
    broken: list[SourceProblem] = field(default_factory=list)

    def candidate(self) -> FilesetCandidate:
        """Return the finished fileset."""
        files = sorted(
            self.files.values(),
            key=lambda f: (not _is_companion(f), natural_key(str(f.path))),
        )
        files = [_beside(files[0], file) for file in files]
        name = files[0].path.name
        if _is_companion(files[0]):
            name = name[: -len(COMPANION.suffixes[0])] or name
        problems = list(self.broken)
        if self.missing:
            problems.append(_missing(list(self.missing)))
        return FilesetCandidate(name, tuple(files), self.format, tuple(problems))


class _Sorting:
    """Files on their way into sets; sets that share a file become one."""

    def __init__(self, files: Iterable[FoundFile], cancel: threading.Event | None) -> None:
        self._scanned = {str(file.path): file for file in files}
        self._set_of: dict[str, _Set] = {}
        #: Sets whose companion file is not there, by its path.
        self._orphans: dict[str, _Set] = {}
        self._cancel = cancel

    def filesets(self) -> Iterator[FilesetCandidate]:
        """Sort all: companions first, then TIFFs that name others, then what is left."""
        for file in self._unsorted(_is_companion):
            self._companion(file)
        for file in self._unsorted(lambda f: is_tiff_name(f.path.name)):
            self._tiff(file)
        for file in self._unsorted(lambda _: True):
            self._set(file, format_of_name(file.path.name))
        for made in {id(made): made for made in self._set_of.values()}.values():
            yield made.candidate()

    def _unsorted(self, wanted: Callable[[FoundFile], bool]) -> Iterator[FoundFile]:
        for key, file in self._scanned.items():
            if self._cancel is not None and self._cancel.is_set():
                raise Cancelled
            # Asked late: a set made a moment ago may have taken it.
            if key not in self._set_of and wanted(file):
                yield file

    def _companion(self, file: FoundFile) -> None:
        made = self._set(file, OME_TIFF)
        try:
            named = omexml.read_companion(file.path)
        except (OSError, ValueError):
            made.broken.append(
                DamagedFile(
                    f"'{file.path.name}' is not a complete OME-XML. Export the images again."
                )
            )
            return
        self._join(file, named.siblings)

    def _tiff(self, file: FoundFile) -> None:
        try:
            named = omexml.read_tiff(file.path)
        except OSError:
            named = None
        self._set(file, OME_TIFF if named else format_of_name(file.path.name))
        if named is None:
            return
        if named.metadata_file:
            self._join_companion(file, named.metadata_file)
        else:
            self._join(file, named.siblings)

    def _join(self, file: FoundFile, names: Iterable[str]) -> None:
        """Put the named files beside ``file`` into its set."""
        for name in names:
            sibling = self._lookup(file, name)
            if sibling is None:
                self._set_of[str(file.path)].missing[name] = None
            else:
                self._merge(file, sibling)

    def _join_companion(self, file: FoundFile, name: str) -> None:
        companion = self._lookup(file, name)
        if companion is not None:
            if str(companion.path) not in self._set_of:
                self._companion(companion)
            self._merge(companion, file)
            return
        orphans = self._orphans.setdefault(
            str(file.path.parent / name), self._set_of[str(file.path)]
        )
        orphans.missing[name] = None
        self._merge(next(iter(orphans.files.values())), file)

    def _set(self, file: FoundFile, kind: ImageFormat | None) -> _Set:
        made = _Set({str(file.path): file}, kind)
        self._set_of[str(file.path)] = made
        return made

    def _merge(self, file: FoundFile, other: FoundFile) -> None:
        """Make the sets of two files one."""
        kept = self._set_of[str(file.path)]
        given = self._set_of.get(str(other.path))
        if given is None:
            given = _Set({str(other.path): other}, kept.format)
        if given is kept:
            return
        kept.files.update(given.files)
        kept.missing.update(given.missing)
        kept.broken.extend(given.broken)
        for key in given.files:
            self._set_of[key] = kept

    def _lookup(self, base: FoundFile, name: str) -> FoundFile | None:
        """Find a file named relative to ``base``: dropped, or lying beside it on disk."""
        relative = PurePosixPath(name)
        if relative.is_absolute() or ".." in relative.parts or not relative.parts:
            return None
        path = base.path.parent.joinpath(*relative.parts)
        scanned = self._scanned.get(str(path))
        if scanned is not None:
            return scanned
        try:
            found = path.stat()
        except (OSError, ValueError):
            return None
        if not stat.S_ISREG(found.st_mode):
            return None
        client_path = str(PurePosixPath(base.client_path).parent / relative)
        return FoundFile(path, client_path, found.st_size, found.st_mtime_ns)


def _beside(first: FoundFile, file: FoundFile) -> FoundFile:
    """Give a file the client path that its place beside the first one asks for.

    Files dropped one by one and in a folder have different roots otherwise.
    """
    if not file.path.is_relative_to(first.path.parent):
        return file
    relative = file.path.relative_to(first.path.parent).as_posix()
    return replace(file, client_path=str(PurePosixPath(first.client_path).parent / relative))


def _is_companion(file: FoundFile) -> bool:
    return file.path.name.lower().endswith(COMPANION.suffixes)


def _missing(names: list[str]) -> MissingCompanion:
    shown = ", ".join(f"'{name}'" for name in names[:_NAMES_SHOWN])
    more = len(names) - _NAMES_SHOWN
    if more > 0:
        shown += f" and {more} more"
    verb = "is" if len(names) == 1 else "are"
    return MissingCompanion(
        f"{shown} {verb} missing. Put it into the same folder, then drop the folder again."
    )
