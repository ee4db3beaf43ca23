"""Keep together what belongs to an index that cannot be read, or that ends too early."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from transferapp.errors import DamagedFile
from transferapp.formats.image_format import ImageFormat
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families import doubt_texts
from transferapp.intake.families.texts import is_utf_16
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile

_IMAGE_SUFFIXES = (".tif", ".tiff", ".stk", ".svs", ".ndpi", ".jpg")


def damaged(
    index: FoundFile, kind: ImageFormat, members: Iterable[FoundFile], *, plate: bool = False
) -> FilesetCandidate:
    """Make the set of a damaged index and of what looks like its images; it is refused, as
    the images without it would be imported torn apart.
    """
    problem = DamagedFile(doubt_texts.damaged(index, kind.name))
    files = {index.place: index} | {file.place: file for file in members}
    return FilesetCandidate(index.name, tuple(files.values()), kind, (problem,), plate=plate)


def if_utf_16(made: FilesetCandidate | None, index: FoundFile) -> FilesetCandidate | None:
    """Refuse a set whose index is in UTF-16: of most, Bio-Formats 7.3.1 reads no such text.
    Raises OSError.
    """
    if made is None or not is_utf_16(index):
        return made
    return replace(made, problems=(DamagedFile(doubt_texts.encoded(index)),))


def called_alike(index: FoundFile, neighbours: Neighbours) -> list[FoundFile]:
    """Return the images beside an index whose names go on where its own ends."""
    stem = re.escape(index.name.rpartition(".")[0])
    like = re.compile(rf"{stem}(?:[^A-Za-z0-9].*)?", re.IGNORECASE)
    return _beside(index, neighbours, lambda name: bool(like.fullmatch(name)))


def matching(
    index: FoundFile, neighbours: Neighbours, like: re.Pattern[str]
) -> list[FoundFile]:
    """Return the images beside an index that are called like its family's."""
    return _beside(index, neighbours, lambda name: like.search(name) is not None)


def _beside(
    index: FoundFile, neighbours: Neighbours, takes: Callable[[str], bool]
) -> list[FoundFile]:
    files = neighbours.listing(index, index.path.parent)
    return [f for f in files if f.name.lower().endswith(_IMAGE_SUFFIXES) and takes(f.name)]
