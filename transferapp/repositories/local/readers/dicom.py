"""Read DICOM: slices of a series as one stack, frames as z, slides put together of their tiles.

Which files make an image, and their order, are those of Bio-Formats 7.3.1; a fileset holds
one series (``intake/families/dicom.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from transferapp.errors import UnsupportedFile
from transferapp.formats.embedded import DICOM
from transferapp.model.images import Level, TileRegion
from transferapp.repositories.local.readers.dicom_file import DicomFile, holds_no_image
from transferapp.repositories.local.readers.dicom_frames import DicomFrames
from transferapp.repositories.local.readers.dicom_metadata import (
    acquired_at,
    channel_hints,
    part_of,
    pixel_size_um,
)
from transferapp.repositories.local.readers.dicom_slide import Slide
from transferapp.repositories.local.readers.port import ImageHeader, OpenFileset, ReadImage
from transferapp.repositories.local.readers.vendor import vendor_failures

#: The parts of a slide, in the order of its images.
_SLIDE_PARTS = ("VOLUME", "THUMBNAIL", "OVERVIEW", "LABEL")
#: A frame is unpacked whole for each region; cheap up to this size.
_CHEAP_FRAME_PX = 2048 * 2048
_MARK_AT = 128


class DicomPlanes(Protocol):
    """What an image, or a level of it, is read from."""

    #: One of its files, which tells of all.
    file: DicomFile
    size: Level
    size_z: int

    def read(self, region: TileRegion) -> npt.NDArray[np.generic]:
        """Return a region's pixels, (height, width)."""

    def check(self) -> None:
        """Look whether all is there."""


def open_dicom(first: Path, root: Path) -> OpenFileset:
    """Open all DICOM files below ``root``; raises DamagedFile and UnsupportedFile."""
    with vendor_failures(first):
        opened = [DicomFile(path) for path in _paths(first, root)]
        files = [file for file in opened if not file.is_directory]
        if not files:
            raise holds_no_image(first)
        for file in files:
            file.check()
        return DicomFileset(_images_of(first, files), is_one_file=len(opened) == 1)


def _paths(first: Path, root: Path) -> list[Path]:
    others = sorted(path for path in root.rglob("*") if path != first and path.is_file())
    return [first, *(path for path in others if _is_dicom(path))]


def _is_dicom(path: Path) -> bool:
    if path.name.lower().endswith(DICOM.suffixes):
        return True
    with path.open("rb") as file:
        return file.read(_MARK_AT + 4)[_MARK_AT:] == b"DICM"


def _images_of(first: Path, files: Sequence[DicomFile]) -> list[ReadImage]:
    slides = [file for file in files if file.is_slide]
    if not slides:
        return [DicomImage([_Stack(first, files)])]
    if len(slides) != len(files) or not {part_of(file) for file in files} <= {*_SLIDE_PARTS}:
        raise _mixed(first, "parts of a slide and other images")
    found = sorted(map(Slide, files), key=lambda one: -one.size.size_x * one.size.size_y)
    by_part = {
        part: [one for one in found if part_of(one.file) == part] for part in _SLIDE_PARTS
    }
    return [
        *([DicomImage(by_part["VOLUME"])] if by_part["VOLUME"] else []),
        *(DicomImage([one]) for part in _SLIDE_PARTS[1:] for one in by_part[part]),
    ]


class DicomFileset(OpenFileset):
    """The images of one series."""

    def __init__(self, images: Sequence[ReadImage], *, is_one_file: bool) -> None:
        self.images, self.is_one_file = images, is_one_file

    @override
    def close(self) -> None:
        """Do nothing: no file is held open."""


class DicomImage(ReadImage):
    """A stack, or a slide with its levels."""

    def __init__(self, levels: Sequence[DicomPlanes]) -> None:
        self._levels, file = levels, levels[0].file
        hints = channel_hints(file)
        self.header = ImageHeader(
            name=part_of(file),
            size_t=1,
            size_c=len(hints),
            size_z=levels[0].size_z,
            dtype=file.dtype.name,
            levels=tuple(level.size for level in levels),
            channels=hints,
            pixel_size_um=pixel_size_um(file),
            acquired_at=acquired_at(file),
            random_access=file.rows * file.columns <= _CHEAP_FRAME_PX,
        )

    @override
    def read(self, region: TileRegion) -> npt.NDArray[np.generic]:
        """Read the region, (height, width), out of its level; raises DamagedFile."""
        level = self._levels[region.level]
        with vendor_failures(level.file.path):
            return np.asarray(level.read(region), self.header.dtype)

    @override
    def check(self) -> None:
        """Read the last frame of each file: compressed ones have no length of their own."""
        for level in self._levels:
            with vendor_failures(level.file.path):
                level.check()


class _Frame(NamedTuple):
    frames: DicomFrames
    number: int


class _Stack(DicomPlanes):
    """Frames above each other, by where they were cut, then by their number."""

    def __init__(self, first: Path, files: Sequence[DicomFile]) -> None:
        if len({_form(file) for file in files}) > 1:
            raise _mixed(first, "images of several sizes or kinds")
        ordered = [(file, DicomFrames(file)) for file in sorted(files, key=_place)]
        self._frames = [_Frame(each, n) for file, each in ordered for n in range(file.frames)]
        self._last = [_Frame(each, file.frames - 1) for file, each in ordered]
        self.file = ordered[0][0]
        self.size = Level(self.file.rows, self.file.columns)
        self.size_z = len(self._frames)

    @override
    def read(self, region: TileRegion) -> npt.NDArray[np.generic]:
        """Read a region of one frame."""
        frame = self._frames[region.z]
        return frame.frames.read(frame.number, region, region.c)

    @override
    def check(self) -> None:
        """Read the last pixel of each file."""
        y, x = self.size.size_y - 1, self.size.size_x - 1
        for frame in self._last:
            frame.frames.read(frame.number, TileRegion(0, 0, 0, 0, y, x, 1, 1), 0)


def _form(file: DicomFile) -> tuple[int, int, str, bool]:
    return file.rows, file.columns, file.dtype.name, file.is_coloured


def _place(file: DicomFile) -> tuple[float, float]:
    return file.real("SliceLocation"), file.real("InstanceNumber")


def _mixed(first: Path, what: str) -> UnsupportedFile:
    return UnsupportedFile(
        f"The files that belong to '{first.name}' are {what}, which are not read together"
        " here. Put each image into a folder of its own, then drop these."
    )
