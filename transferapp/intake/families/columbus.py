"""PerkinElmer Columbus: ``MeasurementIndex.ColumbusIDX.xml``, which names the list of images.

Order of files as seen with Bio-Formats 7.3.1, ColumbusReader: both index files, then the
images by row, column, field, time, channel, plane.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from transferapp.errors import DamagedFile, MissingCompanion
from transferapp.formats.image_format import ImageFormat
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families import doubt_texts, plates
from transferapp.intake.families.damaged import damaged
from transferapp.intake.families.family import Family
from transferapp.intake.families.index_xml import (
    UnreadIndex,
    elements,
    head,
    number,
    texts,
)
from transferapp.intake.families.plates import NamedImage
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile

_EXACT = "MeasurementIndex.ColumbusIDX.xml"
_NAME = _EXACT.lower()
FORMAT = ImageFormat("PerkinElmer Columbus", (_NAME,), (b"<?xml", b"\xef\xbb\xbf<?xml"))
_ORDER = ("Row", "Col", "FieldID", "TimepointID", "ChannelID", "PlaneID")


def collect(index: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the set of a measurement's index; None when the file is something else."""
    if index.name.lower() != _NAME:
        return None
    if "ColumbusMeasurementIndex" not in head(index):
        return damaged(index, FORMAT, _tiffs(index, neighbours), plate=True)
    find = plates.below_the_index(index, neighbours)
    try:
        names = [(one.text or "").strip() for one in elements(index, "Reference")]
        lists = [(name, find(name)) for name in names]
        absent = [name for name, file in lists if file is None]
        if absent or not lists:
            missing = MissingCompanion(doubt_texts.needs(index, absent or ["ImageIndex"]))
            return plates.kept_together(index, FORMAT, _tiffs(index, neighbours), missing)
        files = [file for _, file in lists if file is not None]
        named = [image for file in files for image in _named(file)]
    except UnreadIndex as error:
        problem = DamagedFile(doubt_texts.index_not_read(error.file, str(error)))
        return plates.kept_together(index, FORMAT, _tiffs(index, neighbours), problem)
    made = plates.plate(index, FORMAT, named, find, files)
    return plates.named_exactly(made, index, _EXACT)


def _tiffs(index: FoundFile, neighbours: Neighbours) -> list[FoundFile]:
    """Return the images that belong to it when it cannot say so."""
    files = neighbours.listing(index, index.path.parent)
    return [file for file in files if file.path.suffix.lower() in (".tif", ".tiff")]


def _named(file: FoundFile) -> Iterator[NamedImage]:
    for element in elements(file, "Image"):
        stated = texts(element)
        if url := stated.get("URL"):
            yield NamedImage(url, tuple(number(stated.get(key, "")) for key in _ORDER))


#: 001002-1-001001002.tif: row and column, field, plane, time point and channel.
COLUMBUS = Family(
    "Columbus",
    (_NAME,),
    collect,
    re.compile(r"(?:^|/)\d{6}-\d+-\d{9}\.tiff?$", re.IGNORECASE),
    _EXACT,
)
