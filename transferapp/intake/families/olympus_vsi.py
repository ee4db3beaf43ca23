"""Olympus VSI: ``NAME.vsi`` with the folder ``_NAME_``.

Seen with Bio-Formats 7.3.1, CellSensReader: the ``.vsi``, then every file in the folders of
``_NAME_`` (not those right in it), in the order of text. Without the folder only what the
``.vsi`` holds itself is read: label and overview. Bio-Formats opens whichever of them it meets
first in the folder; here always the ``.vsi``.
"""

from __future__ import annotations

import re

from transferapp.errors import DamagedFile
from transferapp.formats.embedded import TIFF
from transferapp.formats.image_format import ImageFormat
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families.family import Family
from transferapp.intake.families.texts import names_on_disk
from transferapp.intake.integrity import read_heads
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile

FORMAT = ImageFormat("Olympus VSI", (".vsi",), (b"II*\0", b"II+\0"))


def collect(index: FoundFile, neighbours: Neighbours) -> FilesetCandidate:
    """Make the set of a ``.vsi``."""
    folder = index.path.parent / f"_{index.name[: -len('.vsi')]}_"
    found = [
        file
        for stack in sorted(names_on_disk(str(folder)))
        for file in sorted(
            neighbours.listing(index, folder / stack), key=lambda file: file.name
        )
    ]
    if why := _damage(index):
        problem = DamagedFile(f"'{index.name}' {why}. Copy it again.")
        return FilesetCandidate(index.name, (index, *found), FORMAT, (problem,))
    doubts = () if any(_is_pixels(file) for file in found) else (_without_pixels(index),)
    return FilesetCandidate(index.name, (index, *found), FORMAT, doubts=doubts)


def _damage(index: FoundFile) -> str:
    """Say what a ``.vsi``, which is a TIFF inside, lacks; "" when nothing is known to be."""
    with index.path.open("rb", buffering=0) as opened:
        if opened.read(4) not in TIFF.magic:
            return "does not begin like a cellSens VSI file"
    missing = read_heads(index.path, TIFF).missing
    return f"is not complete: {missing}" if missing else ""


def _is_pixels(file: FoundFile) -> bool:
    return file.name.lower().endswith(".ets")


def _without_pixels(index: FoundFile) -> str:
    name = index.name
    return (
        f"The folder '_{name[: -len('.vsi')]}_' is not beside '{name}', or has no pixels: only"
        " the label and the overview are imported. Drop the folder that holds both."
    )


VSI = Family(
    "cellSens VSI",
    FORMAT.suffixes,
    collect,
    re.compile(r"(^|/)_[^/]+_/[^/]+/[^/]+\.ets$", re.IGNORECASE),
    "its .vsi file",
)
