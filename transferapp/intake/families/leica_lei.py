"""Leica LEI: a binary ``.lei`` that names a TIFF for each plane.

The names stand in it as UTF-16, and the TIFFs of a set begin with its own name or that of its
experiment. No ``.lei`` could be made for Bio-Formats 7.3.1, LeicaReader, so that its order
of files is not known; all that an ``.lei`` names are kept together, itself first.
TIFFs exported by LAS AF and LAS X are called alike and never had an ``.lei``: their project
(``.lif``, ``.xlef``) is then what is worth importing.
"""

from __future__ import annotations

import re

from transferapp.formats.image_format import ImageFormat
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families import doubt_texts
from transferapp.intake.families.damaged import damaged, matching
from transferapp.intake.families.family import Family
from transferapp.intake.neighbours import Neighbours, found_and_absent
from transferapp.intake.scanning import FoundFile

FORMAT = ImageFormat("Leica LEI", (".lei",), (b"IIII", b"MMMM"))
_MAX_INDEX_BYTES = 64 << 20
_MEMBER = re.compile(r"(?:_(?:Series|z|t|s)\d{2,})+_ch\d{2}\.tif$", re.IGNORECASE)
_LITTLE = re.compile(rb"(?:[^\0-\x1f/\\]\0){1,250}\.\0[tT]\0[iI]\0[fF]\0")
_BIG = re.compile(rb"(?:\0[^\0-\x1f/\\]){1,250}\0\.\0[tT]\0[iI]\0[fF]")


def collect(index: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the set of an ``.lei``; one that does not name all images called alike is
    damaged, None when it does not begin like one and there are none.
    """
    with index.path.open("rb") as opened:
        content = opened.read(_MAX_INDEX_BYTES)
    alike = matching(index, neighbours, _MEMBER)
    if not content.startswith(FORMAT.magic):
        return damaged(index, FORMAT, alike) if alike else None
    is_little = content.startswith(b"I")
    pattern, encoding = (_LITTLE, "utf-16-le") if is_little else (_BIG, "utf-16-be")
    names = (match[0].decode(encoding, "replace") for match in pattern.finditer(content))
    found, absent = found_and_absent(
        dict.fromkeys(names), lambda name: neighbours.exactly(index, name)
    )
    own = [file for file in alike if file.name.startswith(index.path.stem)]
    if {file.place for file in own} - {file.place for file in found}:
        return damaged(index, FORMAT, [*found, *own])
    if not found:
        problem = doubt_texts.no_images(index, absent[0] if absent else "image_z000_ch00.tif")
        return FilesetCandidate(index.name, (index,), FORMAT, (problem,))
    doubts = (doubt_texts.absent(absent, index),) if absent else ()
    return FilesetCandidate(index.name, (index, *found), FORMAT, doubts=doubts)


LEI = Family(
    "Leica",
    FORMAT.suffixes,
    collect,
    _MEMBER,
    "its .lei file or the project that it was exported from (.lif, .xlef)",
    names_any=True,
)
