"""PerkinElmer and Revvity Operetta, Opera Phenix, Harmony: an ``Index.xml`` and its TIFFs.

Names of the index, the order of the images (row, column, field, time, plane, channel) and
the files beside a folder called Images were seen with Bio-Formats 7.3.1, OperettaReader. With
the index one folder above its images 7.3.1 uses the index alone; since Bio-Formats PR 4314
(after 8.2.0) the images are used, too, and so are they here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from transferapp.errors import DamagedFile
from transferapp.formats.image_format import ImageFormat
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families import doubt_texts, plates
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

_NAMES = ("index.idx.xml", "index.ref.xml", "index.xml")
FORMAT = ImageFormat("PerkinElmer Operetta", _NAMES, (b"<?xml", b"\xef\xbb\xbf<?xml"))
#: r01c01f01p01-ch1sk1fk1fl1.tiff: row, column, field, plane, channel.
_MEMBER = re.compile(r"(?:^|/)r\d{2,}c\d{2,}f\d+p\d+-ch\d+[^/]*\.tiff?$", re.IGNORECASE)
_ROOT, _KNOWN = "<EvaluationInputData", "Harmony"
_ORDER = ("Row", "Col", "FieldID", "TimepointID", "PlaneID", "ChannelID")
_IMAGE_FOLDER = "images"
_IMAGE_SUFFIX = ".tiff"


def collect(index: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the set of an index; None when the file is something else."""
    if index.name.lower() not in _NAMES:
        return None
    start = head(index)
    if _ROOT not in start:
        return _unreadable(index, neighbours, "is no index that can be read (encrypted?)")
    if _KNOWN not in start:
        return plates.kept_together(
            index, FORMAT, _members(index, neighbours), doubt_texts.unknown_version(index)
        )
    try:
        named = _named(index)
    except UnreadIndex as error:
        return _unreadable(index, neighbours, str(error))
    find = _find(index, neighbours)
    made = plates.plate(index, FORMAT, named, find, _beside(index, neighbours))
    return plates.never_torn(made, _members(index, neighbours)) if made.problems else made


def _named(index: FoundFile) -> list[NamedImage]:
    """Read the images of an index; in its wells stand elements of that name without URL.

    Raises UnreadIndex, also when there are none.
    """
    found = [
        NamedImage(stated["URL"], tuple(number(stated.get(key, "")) for key in _ORDER))
        for element in elements(index, "Image")
        if (stated := texts(element)).get("URL")
    ]
    if not found:
        raise UnreadIndex(index, "names no images")
    return found


def _find(index: FoundFile, neighbours: Neighbours) -> Callable[[str], FoundFile | None]:
    here = plates.below_the_index(index, neighbours)
    lower = dict[str, FoundFile]()
    scanned = False

    def find(name: str) -> FoundFile | None:
        nonlocal scanned
        if (found := here(name)) is not None:
            return found
        if not scanned:
            scanned = True
            lower.update(_one_folder_down(index, neighbours))
        return lower.get(re.split(r"[\\/]", name)[-1])

    return find


def _one_folder_down(index: FoundFile, neighbours: Neighbours) -> dict[str, FoundFile]:
    """Return the files in folders beside the index by their names, where these folders have
    no index of their own.
    """
    found = dict[str, FoundFile]()
    for folder in neighbours.folders(index.path.parent):
        if not _has_index(index, neighbours, folder):
            files = neighbours.listing(index, folder)
            found = {file.name: file for file in files} | found
    return found


def _has_index(index: FoundFile, neighbours: Neighbours, folder: Path) -> bool:
    return any(neighbours.named(index, name, folder) for name in _NAMES)


def _beside(index: FoundFile, neighbours: Neighbours) -> list[FoundFile]:
    """Return what lies beside the folder Images and in the folders there (layouts, profiles,
    results), but no ``.tiff`` and nothing of another measurement.
    """
    images = index.path.parent
    if images.name.lower() != _IMAGE_FOLDER or not plates.is_below_the_drop(
        index, images.parent
    ):
        return []
    beside = plates.one_folder_down(
        index, neighbours, images.parent, lambda one: _has_index(index, neighbours, one)
    )
    ends = (_IMAGE_SUFFIX, *_NAMES)
    return [file for file in beside if not file.name.lower().endswith(ends)]


def _members(index: FoundFile, neighbours: Neighbours) -> list[FoundFile]:
    """Return the images that the index is for by their names alone."""
    files = neighbours.listing(index, index.path.parent)
    images = neighbours.folder(index.path.parent, _IMAGE_FOLDER)
    if images is not None:
        files += neighbours.listing(index, images)
    return [file for file in files if _MEMBER.search(file.name)]


def _unreadable(index: FoundFile, neighbours: Neighbours, why: str) -> FilesetCandidate | None:
    members = _members(index, neighbours)
    if not members:
        return None
    return plates.kept_together(
        index, FORMAT, members, DamagedFile(doubt_texts.index_not_read(index, why))
    )


OPERETTA = Family("Operetta", _NAMES, collect, _MEMBER, "Index.idx.xml")
