"""What grouping makes: filesets that may be imported, the file to open first."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from transferapp.errors import SourceProblem
from transferapp.formats.image_format import ImageFormat
from transferapp.intake.candidate_names import distinct_names
from transferapp.intake.formats import OME_ZARR
from transferapp.intake.scanning import FoundFile


# Nobody changes one; frozen, it would take five times as long to make.
@dataclass(slots=True, unsafe_hash=True)
class FilesetCandidate:
    """Files that make one import item, in the order in which the image repository lists
    them; the file to open comes first.

    ``format`` is None when the name tells none. ``problems`` were met while grouping and
    forbid the import, ``doubts`` are sentences that are worth reading before it. ``plate``:
    its images lie in the wells of a plate. ``sound``: its only file was looked into while
    grouping, and nothing was wrong with it. ``grouped_by``: the program that was asked which
    files belong to it, with its version; empty where our own families say that. ``no_image``:
    why its only file is no image, whatever it is called; a sentence.
    """

    name: str
    files: tuple[FoundFile, ...]
    format: ImageFormat | None
    problems: tuple[SourceProblem, ...] = ()
    doubts: tuple[str, ...] = ()
    plate: bool = False
    sound: bool = False
    grouped_by: str = ""
    no_image: str = ""

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

    @property
    def place(self) -> str:
        """The same as text; "" without files."""
        if not self.files:
            return ""
        folder = self.files[0].place.rpartition(os.sep)[0]
        return folder.rpartition(os.sep)[0] if self.format is OME_ZARR else folder


def disambiguated(candidates: Sequence[FilesetCandidate]) -> list[FilesetCandidate]:
    """Return the filesets with names that differ, as far as their folders do."""
    same = Counter([candidate.name.rpartition("/")[2] for candidate in candidates])
    if len(same) == len(candidates) and not any("/" in c.name for c in candidates):
        return list(candidates)
    names = distinct_names([(c.name, c.place) for c in candidates])
    return [
        candidate if candidate.name == name else replace(candidate, name=name)
        for candidate, name in zip(candidates, names, strict=True)
    ]
