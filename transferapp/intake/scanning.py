"""Walk what a person dropped and list the files in it, fast and without surprises."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from transferapp.errors import Cancelled, LinkLoop, SourceProblem, UnreadableFile
from transferapp.intake.file_names import (
    NAME_BYTES,
    hidden,
    is_litter,
    may_stay_out,
    name_problem,
    problem_of,
    shown,
    unfinished,
)

#: Any of these makes a folder a Zarr group (format 2 or 3).
ZARR_METADATA = ("zarr.json", ".zattrs", ".zgroup", ".zarray")
#: How many entries are read between two looks at the cancel event.
_CANCEL_EVERY = 512


# Nobody changes one; frozen, it would take four times as long to make.
@dataclass(slots=True, unsafe_hash=True)
class FoundFile:
    """A file as it was when it was scanned.

    ``place`` is its path on this computer, as text: a Path of each of 100,000 files takes
    more time than looking at them. ``client_path`` starts with the name of what was dropped
    and is '/'-separated.
    """

    place: str
    client_path: str
    size_bytes: int
    modified_ns: int

    @property
    def path(self) -> Path:
        """Where it is on this computer."""
        return Path(self.place)

    @property
    def name(self) -> str:
        """Its name, without the folders."""
        return self.place.rpartition(os.sep)[2]


@dataclass(frozen=True, slots=True)
class ZarrFolder:
    """An OME-Zarr folder: one thing, whatever is in it. ``problems`` are of entries that
    could not be looked at: without them it may not be whole.
    """

    path: Path
    client_path: str
    files: tuple[FoundFile, ...]
    problems: tuple[SourceProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was left out, and why. ``file_count``: of a folder, the files in it."""

    path: Path
    error: SourceProblem
    file_count: int = 1


@dataclass(frozen=True, slots=True)
class Scan:
    """What was found, sorted by client path. ``ignored_count`` counts litter."""

    files: tuple[FoundFile, ...] = ()
    zarr_folders: tuple[ZarrFolder, ...] = ()
    findings: tuple[Finding, ...] = ()
    ignored_count: int = 0


def scan(
    paths: Sequence[Path],
    cancel: threading.Event | None = None,
    *,
    on_progress: Callable[[int], None] | None = None,
) -> Scan:
    """Walk files and folders; runs long on big trees, so call it in a thread.

    Links are followed, but no folder is entered twice. What lies in another thing that was
    dropped is a part of that. ``on_progress`` is told now and then how many entries were seen,
    from that thread. Raises Cancelled.
    """
    walk = _Walk(cancel, on_progress)
    for path in sorted(map(root_path, paths), key=lambda path: len(path.parts)):
        walk.root(path)
    walk.linked_folders()
    return walk.result()


def root_path(path: Path) -> Path:
    """Return the one path of a dropped thing, without '..'; a link at its end stays one."""
    path = path.absolute()
    if ".." not in path.parts and path.name:
        return path
    return path.parent.resolve() / path.name if path.name not in ("", "..") else path.resolve()


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder to enter; ``ancestors`` are the identities of the folders above it."""

    path: str
    client_path: str
    ancestors: tuple[tuple[int, int], ...] = ()


class _Walk:
    """One scan in progress."""

    def __init__(
        self, cancel: threading.Event | None, on_progress: Callable[[int], None] | None
    ) -> None:
        self._cancelled: Callable[[], bool] = cancel.is_set if cancel else lambda: False
        self._progress: Callable[[int], None] = on_progress or (lambda _seen: None)
        self._files: dict[str, FoundFile] = {}
        self._zarrs: list[ZarrFolder] = []
        self._findings: list[Finding] = []
        self._ignored = 0
        self._entered: set[tuple[int, int]] = set()
        self._links: list[_Folder] = []
        self._seen = 0

    def root(self, path: Path) -> None:
        """Add one dropped thing; those that it lies in come first."""
        if any(path.is_relative_to(folder.path) for folder in self._zarrs):
            return
        name = path.name or "root"
        try:
            found = path.stat()
        except OSError as error:
            self._findings.append(Finding(path, problem_of(error, path)))
            return
        is_folder = stat.S_ISDIR(found.st_mode)
        if is_litter(str(path), is_folder=is_folder):
            self._ignored += 1
        elif is_folder:
            self._tree(_Folder(str(path), name))
        else:
            self._file(str(path), name, found)

    def linked_folders(self) -> None:
        """Enter linked folders last, so that a real path wins over a link to it."""
        while self._links:
            self._tree(self._links.pop(0))

    def result(self) -> Scan:
        """Return all of it, in a stable order."""
        return Scan(
            files=tuple(sorted(self._files.values(), key=attrgetter("client_path"))),
            zarr_folders=tuple(sorted(self._zarrs, key=lambda z: z.client_path)),
            findings=tuple(self._findings),
            ignored_count=self._ignored,
        )

    def _tree(self, top: _Folder) -> None:
        pending = [top]
        while pending:
            folder = pending.pop()
            try:
                pending.extend(self._enter(folder))
            except OSError as error:
                path = Path(os.fsdecode(error.filename or folder.path))
                self._findings.append(Finding(path, problem_of(error, path)))

    def _enter(self, folder: _Folder) -> list[_Folder]:
        with _opened(folder.path) as opened:
            return self._enter_opened(folder, opened)

    def _enter_opened(self, folder: _Folder, opened: str | int) -> list[_Folder]:
        here = os.stat(opened)  # noqa: PTH116 - Path objects double the time of a scan
        identity = (here.st_dev, here.st_ino)
        if identity in folder.ancestors:
            path = Path(folder.path)
            self._findings.append(
                Finding(path, LinkLoop(f"'{shown(path)}' leads back to a folder above it."))
            )
            return []
        if identity in self._entered:
            return []
        self._entered.add(identity)
        with os.scandir(opened) as listing:
            entries: dict[str, os.DirEntry[str]] = {entry.name: entry for entry in listing}
        if _is_zarr(folder.path, entries):
            self._zarr(folder)
            return []
        inside = (*folder.ancestors, identity)
        return self._list(folder, entries, inside)

    def _list(
        self,
        folder: _Folder,
        entries: dict[str, os.DirEntry[str]],
        inside: tuple[tuple[int, int], ...],
    ) -> list[_Folder]:
        """Note the files in a folder and return the folders."""
        below, front = [], f"{folder.client_path}/"
        here_front = f"{folder.path.rstrip(os.sep)}{os.sep}"
        for name in sorted(entries):
            entry = entries[name]
            self._count()
            place, client_path = here_front + name, front + name
            try:
                is_folder = entry.is_dir()
                if may_stay_out(name) and self._stays_out(place, name, is_folder=is_folder):
                    continue
                if not is_folder:
                    self._file(place, client_path, entry.stat())
                elif entry.is_symlink():
                    self._links.append(_Folder(place, client_path, inside))
                else:
                    below.append(_Folder(place, client_path, inside))
            except OSError as error:
                path = Path(place)
                self._findings.append(Finding(path, problem_of(error, path)))
        return below

    def _stays_out(self, place: str, name: str, *, is_folder: bool) -> bool:
        """Whether the name alone keeps it out: ignored, or told of."""
        if is_litter(place, is_folder=is_folder):
            self._ignored += 1
            return True
        problem = unfinished(name, is_folder=is_folder) or hidden(name)
        if problem is not None:
            path = Path(place)
            count = _files_in(path) if is_folder else 1
            self._findings.append(Finding(path, problem, count))
        return problem is not None

    def _file(self, place: str, client_path: str, found: os.stat_result) -> None:
        if place in self._files:
            return
        # Nearly all are files, and each character of their paths is a byte.
        if (
            len(client_path) <= NAME_BYTES
            and client_path.isascii()
            and place.isascii()
            and stat.S_ISREG(found.st_mode)
        ):
            self._files[place] = FoundFile(place, client_path, found.st_size, found.st_mtime_ns)
        elif file := self._storable(place, client_path, found):
            self._files[place] = file

    def _storable(
        self, place: str, client_path: str, found: os.stat_result
    ) -> FoundFile | None:
        problem: SourceProblem | None = name_problem(place, client_path)
        if not stat.S_ISREG(found.st_mode):
            problem = UnreadableFile(
                f"'{shown(Path(place))}' is not a file but a device, pipe or linked folder."
            )
        if problem is None:
            return FoundFile(place, client_path, found.st_size, found.st_mtime_ns)
        self._findings.append(Finding(Path(place), problem))
        return None

    def _zarr(self, folder: _Folder) -> None:
        files, problems = [], list[SourceProblem]()
        for path, client_path, found in self._inside(folder, problems):
            if file := self._storable(path, client_path, found):
                files.append(file)
        files.sort(key=lambda f: f.client_path)
        self._zarrs.append(
            ZarrFolder(Path(folder.path), folder.client_path, tuple(files), tuple(problems))
        )

    def _inside(
        self, folder: _Folder, problems: list[SourceProblem]
    ) -> Iterator[tuple[str, str, os.stat_result]]:
        """Yield every file of a Zarr; links to folders are not followed in there.

        What cannot be looked at goes to ``problems``: the rest is still listed.
        """
        pending = [(folder.path, folder.client_path)]
        while pending:
            path, client_path = pending.pop()
            try:
                with os.scandir(path) as listing:
                    entries = list(listing)
            except OSError as error:
                problems.append(problem_of(error, Path(path)))
                continue
            for entry in entries:
                self._count()
                below = f"{client_path}/{entry.name}"
                try:
                    if entry.is_dir(follow_symlinks=False):
                        pending.append((entry.path, below))
                    elif not self._stays_out_of_zarr(entry):
                        yield entry.path, below, entry.stat()
                except OSError as error:
                    problems.append(problem_of(error, Path(entry.path)))

    def _stays_out_of_zarr(self, entry: os.DirEntry[str]) -> bool:
        """Whether the name keeps a file out of a Zarr, whose metadata may be hidden files."""
        if not may_stay_out(entry.name):
            return False
        if is_litter(entry.path, is_folder=False):
            self._ignored += 1
            return True
        problem = unfinished(entry.name)
        if problem is not None:
            self._findings.append(Finding(Path(entry.path), problem))
        return problem is not None

    def _count(self) -> None:
        self._seen += 1
        if self._seen % _CANCEL_EVERY == 0:
            self._progress(self._seen)
            if self._cancelled():
                raise Cancelled


def _files_in(folder: Path) -> int:
    """Count the files in a folder, one at least: somebody may miss what is left out."""
    return max(1, sum(len(files) for _, _, files in os.walk(folder)))


@contextmanager
def _opened(folder: str) -> Iterator[str | int]:
    """Open a folder where its files can be asked for by it: their paths are walked once."""
    if os.scandir not in os.supports_fd:
        yield folder
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _is_zarr(path: str, entries: Container[str]) -> bool:
    return path.lower().endswith(".zarr") or any(name in entries for name in ZARR_METADATA)
