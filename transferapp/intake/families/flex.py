"""Evotec and PerkinElmer Opera: ``.flex`` files of a plate, with ``.mea`` and ``.res``.

As seen with Bio-Formats 7.3.1, FlexReader: of the files of a folder whose names are nine
digits (row, column, field) the first by name is opened; then come ``.res`` and ``.mea`` where
both are there, then the others. A file of another name is a plate of its own. That the plate's
barcode must be the same is not checked.
"""

from __future__ import annotations

import re

from transferapp.formats.image_format import ImageFormat
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families import plates
from transferapp.intake.families.family import Family
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile

FORMAT = ImageFormat("Opera FLEX", (".flex",), (b"II*\0", b"MM\0*"))
_WELL = re.compile(r"\d{9}\.flex", re.IGNORECASE)


def collect(first: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the set of a ``.flex``; None when it is no TIFF inside."""
    with first.path.open("rb") as opened:
        if not opened.read(4).startswith(FORMAT.magic):
            return None
    if not _WELL.fullmatch(first.name):
        return plates.judged(first, FORMAT, (first,), 1, ())
    beside = plates.in_code_order(neighbours.listing(first, first.path.parent))
    wells = [file for file in beside if _WELL.fullmatch(file.name)]
    results = [
        next((file for file in beside if file.path.suffix.lower() == suffix), None)
        for suffix in (".res", ".mea")
    ]
    there = [file for file in results if file is not None]
    files = (wells[0], *(there if len(there) == len(results) else ()), *wells[1:])
    return plates.judged(first, FORMAT, files, len(wells), ())


FLEX = Family("Opera FLEX", FORMAT.suffixes, collect)
