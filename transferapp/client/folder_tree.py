"""A folder of this computer with all in it, and what of it stands in the way of deleting it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from transferapp.intake.file_names import is_litter


@dataclass(slots=True, eq=False)
class ScannedFolder:
    """A folder; names and paths are text, as there may be millions."""

    path: str
    above: ScannedFolder | None = None
    #: Sizes in bytes of its files, by name.
    files: dict[str, int] = field(default_factory=dict)
    folders: list[ScannedFolder] = field(default_factory=list)
    #: Files that are ignored by name.
    ignored: int = 0
    #: What in it is not to be lost, by name, and why, in sentences.
    why_not: dict[str, str] = field(default_factory=dict)
    #: Something in it, or below, is not to be lost, as far as is known.
    uncovered: bool = False

    def refuse(self, name: str, sentence: str) -> None:
        """Note what is not to be lost: then this folder and those above are not, either."""
        self.why_not[name] = sentence
        one: ScannedFolder | None = self
        while one is not None and not one.uncovered:
            one.uncovered = True
            one = one.above

    def all(self) -> Iterator[ScannedFolder]:
        """Yield it and all folders below, each before what is in it."""
        left = [self]
        while left:
            one = left.pop()
            yield one
            left.extend(reversed(one.folders))

    @property
    def has_files(self) -> bool:
        """Whether there is a file in it or below."""
        return any(one.files for one in self.all())


def walk(folder: Path) -> ScannedFolder:
    """List everything below a folder; blocking. Links are not followed, and refused like what
    cannot be read.
    """
    root = ScannedFolder(str(folder.resolve()))
    left = [root]
    while left:
        one = left.pop()
        try:
            with os.scandir(one.path) as entries:
                for entry in sorted(entries, key=lambda found: found.name):
                    _take(one, entry)
        except OSError as error:
            one.refuse("", f"It cannot be read ({error.strerror}).")
        left.extend(one.folders)
    return root


def _take(folder: ScannedFolder, entry: os.DirEntry[str]) -> None:
    try:
        if entry.is_symlink():
            folder.refuse(entry.name, "It is a link; what it leads to is not looked at.")
        elif entry.is_dir(follow_symlinks=False):
            if is_litter(entry.path, is_folder=True):
                folder.ignored += 1
            else:
                folder.folders.append(ScannedFolder(entry.path, folder))
        elif not entry.is_file(follow_symlinks=False):
            folder.refuse(entry.name, "It is no plain file.")
        elif is_litter(entry.path, is_folder=False):
            folder.ignored += 1
        else:
            folder.files[entry.name] = entry.stat(follow_symlinks=False).st_size
    except OSError as error:
        folder.refuse(entry.name, f"It cannot be read ({error.strerror}).")
