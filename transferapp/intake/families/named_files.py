"""Sets whose index names every file, each of which the target needs."""

from __future__ import annotations

from collections.abc import Sequence

from transferapp.formats.image_format import ImageFormat
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families import words
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile


def set_of_named(
    index: FoundFile, names: Sequence[str], kind: ImageFormat, neighbours: Neighbours
) -> FilesetCandidate | None:
    """Make the set of an index and the files it names, each of which is needed."""
    found, absent = dict[str, FoundFile](), list[str]()
    for name in names:
        file = neighbours.exactly(index, name)
        if file is None:
            absent.append(name)
        else:
            found[file.place] = file
    if not names:
        return None
    if not absent:
        return FilesetCandidate(index.name, (index, *found.values()), kind)
    problem = words.needed(absent, index) if found else words.no_images(index, absent[0])
    return FilesetCandidate(index.name, (index, *found.values()), kind, (problem,))
