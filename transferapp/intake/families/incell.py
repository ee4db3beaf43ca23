"""GE and Cytiva IN Cell Analyzer: an ``.xdce`` of XML and the TIFFs that it names.

Order of files as seen with Bio-Formats 7.3.1, InCellReader: the index, then the images by row,
column, field and, within, time, channel and plane. Files beside it (``.xlog`` too) are not
used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from transferapp.errors import DamagedFile
from transferapp.formats.image_format import ImageFormat
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families import doubt_texts, plates
from transferapp.intake.families.damaged import damaged
from transferapp.intake.families.family import Family
from transferapp.intake.families.index_xml import (
    UnreadIndex,
    attribute,
    elements,
    head,
    local,
    number,
)
from transferapp.intake.families.plates import NamedImage
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile

FORMAT = ImageFormat("IN Cell Analyzer", (".xdce",), (b"<?xml", b"\xef\xbb\xbf<?xml"))
_MAKERS = ("IN Cell Analyzer", "Cytell")
#: A - 1(fld 1 wv DAPI - DAPI).tif
_MEMBER = re.compile(r"(?:^|/)[A-Z]{1,2} - \d+\(fld \d+[^/]*\)\.tiff?$", re.IGNORECASE)
_ORDER = ("field_index", "time_index", "wave_index", "z_index")


def collect(index: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the set of an index; None when the file is something else."""
    start = head(index)
    if "<ImageStack" not in start and not any(maker in start for maker in _MAKERS):
        members = _members(index, neighbours)
        return damaged(index, FORMAT, members, plate=True) if members else None
    try:
        named = list(_named(index))
    except UnreadIndex as error:
        problem = DamagedFile(doubt_texts.index_not_read(error.file, str(error)))
        return plates.kept_together(index, FORMAT, _members(index, neighbours), problem)
    find = plates.below_the_index(index, neighbours)
    made = plates.plate(index, FORMAT, named, find)
    return plates.never_torn(made, _members(index, neighbours)) if made.problems else made


def _members(index: FoundFile, neighbours: Neighbours) -> list[FoundFile]:
    files = neighbours.listing(index, index.path.parent)
    return [file for file in files if _MEMBER.search(file.name)]


def _named(index: FoundFile) -> Iterator[NamedImage]:
    for image in elements(index, "Image"):
        if name := attribute(image, "filename"):
            yield NamedImage(name, _place(image))


def _place(image: Element) -> tuple[int, ...]:
    inner = {local(element.tag): element for element in image.iter()}
    row, column = (
        number(attribute(inner[name], "number")) if name in inner else 0
        for name in ("Row", "Column")
    )
    stated = inner.get("Identifier")
    if stated is None:
        return row, column
    return row, column, *(number(attribute(stated, key)) for key in _ORDER)


INCELL = Family("IN Cell Analyzer", FORMAT.suffixes, collect, _MEMBER, "its .xdce file")
