"""Olympus ScanR: ``experiment_descriptor.xml`` and the TIFFs in a folder ``data``.

As seen with Bio-Formats 7.3.1, ScanrReader: the ``.xml`` is opened; then come
``experiment_descriptor.dat`` and ``AcquisitionLog.dat`` where they are there, then the images
by well, position, plane, time point and channel. Without a folder ``data`` the images lie
beside the index.
"""

from __future__ import annotations

import re
from itertools import product

from transferapp.errors import DamagedFile, SourceProblem
from transferapp.formats.image_format import ImageFormat
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.families import plates
from transferapp.intake.families.damaged import damaged, if_utf_16
from transferapp.intake.families.family import Family
from transferapp.intake.families.index_xml import (
    MAX_INDEX_BYTES,
    UnreadIndex,
    elements,
    head,
    local,
)
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile

_NAME = "experiment_descriptor.xml"
FORMAT = ImageFormat("Olympus ScanR", (_NAME,), (b"<?xml", b"<LVData"))
_AFTER = ("experiment_descriptor.dat", "AcquisitionLog.dat")
_FOLDER = "data"
_ROOT = re.compile(r"<(\w[\w:.-]*)")
_TAIL_BYTES = 4096
_PARTS = r"W(\d{5})--P(\d{5})--Z(\d{5})--T(\d{5})--(.+)\.tiff?"
_IMAGE = re.compile(r"(?:.*--)?" + _PARTS, re.IGNORECASE)
#: Well, position, plane, time point, channel.
_Place = tuple[int, int, int, int, int]


def collect(index: FoundFile, neighbours: Neighbours) -> FilesetCandidate | None:
    """Make the set of a descriptor; None when the file is something else."""
    if index.name.lower() != _NAME:
        return None
    data = neighbours.folder(index.path.parent, _FOLDER)
    if data is not None and data.name != _FOLDER:
        problem = SourceProblem(_misspelt(data.name))
        return plates.kept_together(index, FORMAT, neighbours.listing(index, data), problem)
    here = neighbours.listing(index, data or index.path.parent)
    matches = [(file, match) for file in here if (match := _IMAGE.fullmatch(file.name))]
    if "<" not in head(index):
        images = [file for file, _ in matches]
        return damaged(index, FORMAT, images, plate=True) if images else None
    made = plates.named_exactly(_set(index, matches, neighbours), index, _NAME)
    return if_utf_16(made, index)


def _set(
    index: FoundFile, matches: list[tuple[FoundFile, re.Match[str]]], neighbours: Neighbours
) -> FilesetCandidate | None:
    """Make the set of a descriptor that is text, and of what is called like its images."""
    channels = _channels(index) or sorted({match[5] for _, match in matches})
    found: dict[_Place, FoundFile] = {}
    for file, match in matches:
        well, position, plane, time = (int(match[group]) for group in (1, 2, 3, 4))
        if match[5] in channels:
            found[well, position, plane, time, channels.index(match[5])] = file
    if not found and not _is_scanr(index):
        return None
    beside = (neighbours.find(index, index.path.with_name(name)) for name in _AFTER)
    after = [file for file in beside if file is not None]
    images = [found[place] for place in sorted(found)]
    if _is_cut_off(index):
        cut = DamagedFile(f"'{index.name}' is not complete: its end is cut off. Copy it again.")
        return plates.kept_together(index, FORMAT, (*after, *images), cut)
    absent = _absent(set(found), channels)
    return plates.judged(index, FORMAT, (index, *after, *images), len(images), absent)


def _is_cut_off(index: FoundFile) -> bool:
    """Say whether the last element is open at the end; raises OSError."""
    root = _ROOT.search(head(index))
    if root is None or index.size_bytes > MAX_INDEX_BYTES:
        return False
    with index.path.open("rb") as opened:
        opened.seek(max(0, index.size_bytes - _TAIL_BYTES))
        return f"</{root[1]}>".encode() not in opened.read().replace(b"\0", b"")


def _misspelt(name: str) -> str:
    return (
        f"Bio-Formats does not find the images in the folder '{name}': it must be called"
        f" '{_FOLDER}', in small letters. Rename it, then drop the measurement again."
    )


def _channels(index: FoundFile) -> list[str]:
    """Return the names of channels in the order of the descriptor; none when it says none."""
    names, key = dict[str, None](), ""
    try:
        for element in elements(index, "Name", "Val"):
            text = (element.text or "").strip()
            if local(element.tag) == "Name":
                key = text
            elif key == "name" and text and text != "Autofocus":
                names[text] = None
    except UnreadIndex:
        return []
    return list(names)


def _is_scanr(index: FoundFile) -> bool:
    """Say whether a descriptor without images is one of this microscope."""
    try:
        names = {(one.text or "").strip() for one in elements(index, "Name")}
    except UnreadIndex:
        return False
    return bool(names & {"columns/well", "subposition list", "format typedef"})


def _absent(found: set[_Place], channels: list[str]) -> list[str]:
    """Return the names of images without which wells and positions differ."""
    seen = [sorted({place[axis] for place in found}) for axis in range(4)]
    expected = product(*seen, range(len(channels)))
    return [
        f"W{well:05}--P{position:05}--Z{plane:05}--T{time:05}--{channels[channel]}.tif"
        for well, position, plane, time, channel in expected
        if (well, position, plane, time, channel) not in found
    ]


SCANR = Family(
    "ScanR",
    (_NAME,),
    collect,
    re.compile(r"(?:^|/|--)" + _PARTS + "$", re.IGNORECASE),
    _NAME,
)
