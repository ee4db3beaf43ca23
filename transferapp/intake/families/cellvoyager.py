"""Yokogawa CellVoyager: ``MeasurementResult.xml``, its ``.ome.xml`` and a folder ``Image``.

As seen with Bio-Formats 7.3.1, CellVoyagerReader: both XML files must be there and come before
the images by well, area, time point, plane, channel and field. What is opened comes first of
all: the first file by folder and name, which is an image, as ``Image`` is before
``MeasurementResult``. The number of a well in a
name counts the wells that are enabled; fields are counted through all areas of a well.
"""

from __future__ import annotations

import re
from itertools import product
from xml.etree.ElementTree import Element

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
    local,
    read_to_the_end,
    texts,
)
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile

_EXACT, _SECOND, _FOLDER = "MeasurementResult.xml", "MeasurementResult.ome.xml", "image"
_NAME = _EXACT.lower()
FORMAT = ImageFormat("Yokogawa CellVoyager", (_NAME,), (b"<?xml", b"\xef\xbb\xbf<?xml"))
#: Well, field, time point, plane, channel.
_PARTS = r"W(\d+)F(\d{3})T(\d{4})Z(\d{2})C(\d+)\.tif"
_IMAGE = re.compile(_PARTS, re.IGNORECASE)
#: Well, area, time point, plane, channel, field.
_Place = tuple[int, int, int, int, int, int]


def collect(index: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the set of a measurement's result; None when the file is something else."""
    if index.name.lower() != _NAME:
        return None
    folder = neighbours.folder(index.path.parent, _FOLDER)
    files = [] if folder is None else neighbours.listing(index, folder)
    named = {match: file for file in files if (match := _IMAGE.fullmatch(file.name))}
    second = neighbours.find(index, index.path.with_name(_SECOND))
    if "<MeasurementResult" not in head(index):
        beside = [second, *named.values()] if second else [*named.values()]
        return damaged(index, FORMAT, beside, plate=True) if named else None
    if second is None:
        problem = MissingCompanion(doubt_texts.needs(index, [_SECOND]))
        return plates.kept_together(index, FORMAT, [*named.values()], problem)
    try:
        areas = _areas(index)
        read_to_the_end(second)  # So does Bio-Formats, which reads nothing without it.
    except UnreadIndex as error:
        broken = DamagedFile(doubt_texts.index_not_read(error.file, str(error)))
        return plates.kept_together(index, FORMAT, [second, *named.values()], broken)
    found = dict[_Place, FoundFile]()
    for match, file in named.items():
        well, field, time, plane, channel = map(int, match.groups())
        area = areas.get((well, field))
        if area is not None:
            found[well, area, time, plane, channel, field] = file
    images = [found[place] for place in sorted(found)]
    absent = _absent(set(found), areas)
    ordered = [index, second, *images]
    opened = min((index, *images), key=lambda file: file.path.parts)
    ordered.sort(key=lambda file: file is not opened)
    made = plates.judged(index, FORMAT, ordered, len(images), absent)
    return plates.named_exactly(plates.small_endings(made, index, images), index, _EXACT)


def _areas(index: FoundFile) -> dict[tuple[int, int], int]:
    """Return the area of each field, by the numbers of well and field in names of images."""
    shared, wells = list[int](), list[list[int]]()
    for element in elements(index, "Well", "SameAreaUsingWell"):
        sizes = [_count(area, "Field") for area in element.iter() if local(area.tag) == "Area"]
        if local(element.tag) != "Well":
            shared = sizes
        elif texts(element).get("IsEnabled", "").lower() == "true":
            wells.append(sizes)
    return {
        (well, field): area
        for well, sizes in enumerate(wells, 1)
        for field, area in enumerate(_through(sizes or shared), 1)
    }


def _through(sizes: list[int]) -> list[int]:
    """Return the number of the area of each field, from the areas' counts of fields."""
    return [area for area, size in enumerate(sizes) for _ in range(size)]


def _count(element: Element, name: str) -> int:
    return sum(local(one.tag) == name for one in element.iter())


def _absent(found: set[_Place], areas: dict[tuple[int, int], int]) -> list[str]:
    times, planes, channels = (sorted({place[axis] for place in found}) for axis in (2, 3, 4))
    expected = product(areas.items(), times, planes, channels)
    return [
        f"W{well}F{field:03}T{time:04}Z{plane:02}C{channel}.tif"
        for ((well, field), area), time, plane, channel in expected
        if (well, area, time, plane, channel, field) not in found
    ]


CELLVOYAGER = Family(
    "CellVoyager", (_NAME,), collect, re.compile(f"(?:^|/){_PARTS}$", re.IGNORECASE), _EXACT
)
