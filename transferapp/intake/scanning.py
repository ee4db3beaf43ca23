"""Walk what a person dropped and list the files in it, fast and without surprises."""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from transferapp.errors import (
    Cancelled,
    ChangedFile,
    LinkLoop,
    NameNotAllowed,
    SourceProblem,
    UnreadableFile,
    UnsupportedFile,
    VanishedFile,
)
from transferapp.intake.litter import LITTER_NAMES

_LITTER_PREFIXES = ("._", "~$")
#: What programs call a file that they have not written completely; ".nfs" is one that was
#: deleted while a program still writes it.
_UNFINISHED_SUFFIXES = (".tmp", ".part", ".partial", ".crdownload", "~")
_UNFINISHED_PREFIX = ".nfs"
#: A name that begins or ends like none of these, and is no litter, is one to list.
_ODD_PREFIXES = (".", *_LITTER_PREFIXES)
#: Any of these makes a folder a Zarr group (format 2 or 3).
ZARR_METADATA = ("zarr.json", ".zattrs", ".zgroup", ".zarray")
#: Limits that every file system and server of ours can store.
NAME_BYTES = 255
PATH_BYTES = 4096
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
    """An OME-Zarr folder: one thing, whatever is in it."""

    path: Path
    client_path: str
    files: tuple[FoundFile, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was left out, and why."""

    path: Path
    error: SourceProblem


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

    Links are followed, but no folder is entered twice. ``on_progress`` is told now and then
    how many entries were seen, from that thread. Raises Cancelled.
    """
    walk = _Walk(cancel, on_progress)
    for path in paths:
        walk.root(Path(path))
    walk.linked_folders()
    return walk.result()


def is_litter(name: str) -> bool:
    """Say whether a name is one that an operating system gives its own files."""
    low = name.lower()
    return low in LITTER_NAMES or low.startswith(_LITTER_PREFIXES)


def unfinished(name: str) -> ChangedFile | None:
    """Say that a name is one of a file that is not written completely, or None."""
    low = name.lower()
    if not (low.endswith(_UNFINISHED_SUFFIXES) or low.startswith(_UNFINISHED_PREFIX)):
        return None
    return ChangedFile(
        f"'{_shown(Path(name))}' is an unfinished file, so an image may be incomplete. Wait"
        " until it has been written, or delete it, then check again."
    )


def hidden(name: str) -> UnsupportedFile | None:
    """Say that a name is hidden, or None."""
    if not name.startswith("."):
        return None
    return UnsupportedFile(
        f"'{_shown(Path(name))}' is hidden and is not imported. Rename it to import it, or"
        " ignore it."
    )


def name_problem(path: Path, client_path: str) -> NameNotAllowed | None:
    """Say why a path cannot be stored, or None."""
    return _name_problem(str(path), client_path)


def _name_problem(place: str, client_path: str) -> NameNotAllowed | None:
    try:
        encoded = client_path.encode()
        place.encode()
    except UnicodeEncodeError:
        shown = client_path.encode(errors="replace").decode()
        return NameNotAllowed(
            f"'{shown}' has characters that are not text. Rename it, then retry."
        )
    longest = max(client_path.split("/"), key=lambda part: len(part.encode()))
    if len(longest.encode()) > NAME_BYTES:
        return NameNotAllowed(
            f"The name '{longest[:40]}...' is longer than {NAME_BYTES} bytes. Shorten it."
        )
    if len(encoded) > PATH_BYTES:
        return NameNotAllowed(
            f"The path of '{longest[:40]}' is longer than {PATH_BYTES} bytes in all."
            " Drop a folder further inside, or shorten the folder names."
        )
    return None


def problem_of(error: OSError, path: Path) -> SourceProblem:
    """Turn what the operating system says into our words."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ESTALE):
        return VanishedFile(f"'{_shown(path)}' is gone. Put it back, or leave it out.")
    if error.errno == errno.ELOOP:
        return LinkLoop(f"'{_shown(path)}' is a link that leads back to itself. Remove it.")
    if error.errno == errno.ENAMETOOLONG:
        return NameNotAllowed(f"The path of '{_shown(path)[-40:]}' is too long. Shorten it.")
    reason = os.strerror(error.errno) if error.errno else "unknown reason"
    return UnreadableFile(
        f"'{_shown(path)}' cannot be read ({reason}). Check that your account may read it."
    )


def _shown(path: Path) -> str:
    return path.name.encode(errors="replace").decode()


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
        """Add one dropped thing."""
        path = path.absolute()
        if path.name in ("", ".."):
            path = path.resolve()
        name = path.name or "root"
        if is_litter(name):
            self._ignored += 1
            return
        try:
            found = path.stat()
        except OSError as error:
            self._findings.append(Finding(path, problem_of(error, path)))
            return
        if stat.S_ISDIR(found.st_mode):
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
                Finding(path, LinkLoop(f"'{_shown(path)}' leads back to a folder above it."))
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
            if _is_odd(name) and self._stays_out(place, name):
                continue
            try:
                if not entry.is_dir():
                    self._file(place, client_path, entry.stat())
                elif entry.is_symlink():
                    self._links.append(_Folder(place, client_path, inside))
                else:
                    below.append(_Folder(place, client_path, inside))
            except OSError as error:
                path = Path(place)
                self._findings.append(Finding(path, problem_of(error, path)))
        return below

    def _stays_out(self, place: str, name: str) -> bool:
        """Whether the name alone keeps it out: ignored, or told of."""
        if is_litter(name):
            self._ignored += 1
            return True
        problem = unfinished(name) or hidden(name)
        if problem is not None:
            self._findings.append(Finding(Path(place), problem))
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
        problem: SourceProblem | None = _name_problem(place, client_path)
        if not stat.S_ISREG(found.st_mode):
            problem = UnreadableFile(
                f"'{_shown(Path(place))}' is not a file but a device, pipe or linked folder."
            )
        if problem is None:
            return FoundFile(place, client_path, found.st_size, found.st_mtime_ns)
        self._findings.append(Finding(Path(place), problem))
        return None

    def _zarr(self, folder: _Folder) -> None:
        files = []
        for path, client_path, found in self._inside(folder):
            if file := self._storable(path, client_path, found):
                files.append(file)
        files.sort(key=lambda f: f.client_path)
        self._zarrs.append(ZarrFolder(Path(folder.path), folder.client_path, tuple(files)))

    def _inside(self, folder: _Folder) -> Iterator[tuple[str, str, os.stat_result]]:
        """Yield every file of a Zarr; links to folders are not followed in there."""
        pending = [(folder.path, folder.client_path)]
        while pending:
            path, client_path = pending.pop()
            with os.scandir(path) as listing:
                for entry in listing:
                    self._count()
                    below = f"{client_path}/{entry.name}"
                    if entry.is_dir(follow_symlinks=False):
                        pending.append((entry.path, below))
                    elif is_litter(entry.name):
                        self._ignored += 1
                    elif problem := unfinished(entry.name):
                        self._findings.append(Finding(Path(entry.path), problem))
                    else:
                        yield entry.path, below, entry.stat()

    def _count(self) -> None:
        self._seen += 1
        if self._seen % _CANCEL_EVERY == 0:
            self._progress(self._seen)
            if self._cancelled():
                raise Cancelled


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


def _is_odd(name: str) -> bool:
    """Whether a name may be one that stays out; most are not, and this is quick."""
    low = name.lower()
    return (
        low in LITTER_NAMES
        or low.startswith(_ODD_PREFIXES)
        or low.endswith(_UNFINISHED_SUFFIXES)
    )


def _is_zarr(path: str, entries: Container[str]) -> bool:
    return path.lower().endswith(".zarr") or any(name in entries for name in ZARR_METADATA)
