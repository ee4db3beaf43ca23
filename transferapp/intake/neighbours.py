"""Find the files that another one names or that lie around it: dropped, or only on disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Hashable, Iterable
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar, cast

from transferapp.intake.candidate_names import natural_key
from transferapp.intake.file_names import hidden, is_litter, unfinished
from transferapp.intake.scanning import FoundFile

T = TypeVar("T")


class Neighbours:
    """All files of a scan by their places. Reads folders, so use it in a thread.

    A set is imported whole also when only one of its files was dropped, as Bio-Formats does
    it: what a file names is looked for on disk as well.
    """

    def __init__(self, files: Iterable[FoundFile]) -> None:
        self.scanned = {file.place: file for file in files}
        self._listings: dict[str, dict[str, Path]] = {}
        self._made: dict[Hashable, Any] = {}

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what was made for a key before, or make it: a folder is read once."""
        if key not in self._made:
            self._made[key] = make()
        return cast("T", self._made[key])

    def find(self, base: FoundFile, path: Path) -> FoundFile | None:
        """Find the file at a place; ``base`` is the one that led there."""
        scanned = self.scanned.get(str(path))
        if scanned is not None:
            return scanned
        client_path = _client_path(base, path)
        if client_path is None:
            return None
        try:
            found = path.stat()
        except (OSError, ValueError):
            return None
        if not stat.S_ISREG(found.st_mode):
            return None
        return FoundFile(str(path), client_path, found.st_size, found.st_mtime_ns)

    def named(self, base: FoundFile, name: str, folder: Path | None = None) -> FoundFile | None:
        """Find a file by its name in a folder (that of ``base``), in any case of letters.

        ``name`` may lead through folders with slashes of either kind; the exact name wins.
        """
        here = folder if folder is not None else base.path.parent
        *above, last = name.replace("\\", "/").split("/")
        for part in above:
            below = self._entries(here).get(part.lower())
            if below is None:
                return None
            here = below
        exact = self.find(base, here / last)
        if exact is not None:
            return exact
        other = self._entries(here).get(last.lower())
        return None if other is None else self.find(base, other)

    def exactly(
        self, base: FoundFile, name: str, folder: Path | None = None
    ) -> FoundFile | None:
        """Find a file by its name, also where the file system takes other case for the same:
        Bio-Formats on a server does not. ``name`` may lead through folders below; one that
        leads elsewhere finds nothing, whoever wrote it.
        """
        here = str(folder) if folder is not None else base.place.rpartition(os.sep)[0]
        above, slash, last = name.rpartition("/")
        if slash:
            if Path(name).anchor or {"", ".", ".."} & set(above.split("/")):
                return None
            here = f"{here}{os.sep}{above.replace('/', os.sep)}"
        if "\\" in name or last in ("", ".", ".."):
            return None
        scanned = self.scanned.get(f"{here}{os.sep}{last}")
        if scanned is not None:
            return scanned
        # An index may name a hundred thousand: no path is made for what is not there.
        entries = self._listings.get(here)
        there = (self._entries(Path(f"{here}{os.sep}")) if entries is None else entries).get(
            last.lower()
        )
        return self.find(base, there) if there is not None and there.name == last else None

    def listing(self, base: FoundFile, folder: Path) -> list[FoundFile]:
        """Return the files right in a folder, in natural order; none of a folder that is
        not there.
        """
        found = (self.find(base, path) for path in self._entries(folder).values())
        return sorted(
            (file for file in found if file is not None), key=lambda f: natural_key(f.name)
        )

    def folder(self, folder: Path, name: str) -> Path | None:
        """Return the folder of that name in another one, in any case of letters."""
        path = self._entries(folder).get(name.lower())
        return path if path is not None and path.is_dir() else None

    def folders(self, folder: Path) -> list[Path]:
        """Return the folders right in a folder, in natural order; not those that are links."""
        paths = (p for p in self._entries(folder).values() if str(p) not in self.scanned)
        found = (path for path in paths if path.is_dir() and not path.is_symlink())
        return sorted(found, key=lambda path: natural_key(path.name))

    def below(self, base: FoundFile, folder: Path) -> list[FoundFile]:
        """Return the files in a folder and in all folders in it, files before folders."""
        files = self.listing(base, folder)
        for path in sorted(self._entries(folder).values(), key=lambda p: natural_key(p.name)):
            if path.is_dir() and not path.is_symlink():
                files += self.below(base, path)
        return files

    def _entries(self, folder: Path) -> dict[str, Path]:
        """Return what lies in a folder by its name in small letters, but for what is
        hidden or not finished.
        """
        key = str(folder)
        if key not in self._listings:
            try:
                with os.scandir(folder) as listing:
                    names = sorted(entry.name for entry in listing)
            except OSError:
                names = []
            self._listings[key] = {
                name.lower(): folder / name
                for name in names
                if not (
                    unfinished(name)
                    or hidden(name)
                    or is_litter(str(folder / name), is_folder=False)
                )
            }
        return self._listings[key]


def found_and_absent(
    names: Iterable[str], find: Callable[[str], FoundFile | None]
) -> tuple[list[FoundFile], list[str]]:
    """Return the files that are there, each once, and the names of the others."""
    found, absent = dict[str, FoundFile](), list[str]()
    for name in names:
        file = find(name)
        if file is None:
            absent.append(name)
        else:
            found[file.place] = file
    return list(found.values()), absent


def _client_path(base: FoundFile, path: Path) -> str | None:
    """Return the '/'-separated path of a file from what was dropped; None when it lies
    outside of it.
    """
    here, client_folder = base.path.parent, PurePosixPath(base.client_path).parent
    while not path.is_relative_to(here):
        if len(client_folder.parts) <= 1:
            return None
        here, client_folder = here.parent, client_folder.parent
    return str(client_folder / path.relative_to(here).as_posix())
