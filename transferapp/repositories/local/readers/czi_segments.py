"""Find what a CZI keeps where: its metadata, and on which bytes each of its subblocks lies.

Zeiss's library does not say where subblocks lie, and only that tells a plane that was never
acquired (no subblock) from a file that was cut short (a subblock beyond the end).
Source: Carl Zeiss Microscopy, "ZISRAW (CZI) File Format", design specification 1.2.2.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from io import SEEK_END
from pathlib import Path
from typing import BinaryIO

from transferapp.errors import UnsupportedFile
from transferapp.repositories.local.readers.vendor import damaged

#: Of a segment: its id, how many bytes it may take, how many it uses (0: all).
_SEGMENT = struct.Struct("<16sqq")
#: Of the file: its part, then where its directory and its metadata begin.
_HEADER = struct.Struct("<iqq")
_HEADER_AT = _SEGMENT.size + 48
_ENTRY = struct.Struct("<2siqii6xi")
_DIMENSION = struct.Struct("<4siifi")
#: Of a subblock: the bytes of its metadata, attachment and pixels.
_SUBBLOCK = struct.Struct("<iiq")
_DIRECTORY_HEAD, _METADATA_HEAD = 128, 256
_UNCOMPRESSED = 0
#: Bytes of one pixel by pixel type.
_PIXEL_BYTES = {0: 1, 1: 2, 2: 4, 3: 3, 4: 6, 8: 12, 9: 4, 10: 8, 11: 24, 12: 4, 13: 8}


@dataclass(frozen=True, slots=True)
class Subblock:
    """One tile of one plane, or of a smaller level of it."""

    position: int
    #: The part of a CZI of several files that holds it.
    file_part: int
    pixel_type: int
    compression: int
    #: What it covers of the whole image, in full-size pixels.
    y: int
    x: int
    height: int
    width: int
    #: Its own size in pixels; smaller in a pyramid.
    stored_height: int
    stored_width: int
    #: Its coordinate in every other dimension that it has (C, Z, T, S, M, H, ...).
    at: dict[str, int]

    @property
    def is_full_size(self) -> bool:
        """Tell whether it is no part of a pyramid."""
        return (self.height, self.width) == (self.stored_height, self.stored_width)


@dataclass(frozen=True, slots=True)
class CziLayout:
    """What a CZI file holds. ``xml`` is empty where it has no metadata."""

    file_part: int
    xml: str
    subblocks: tuple[Subblock, ...]


def read_layout(path: Path) -> CziLayout:
    """Read header, directory and metadata; raises DamagedFile, or anything on broken bytes."""
    with path.open("rb") as file:
        try:
            file.seek(_HEADER_AT)
            part, directory_at, metadata_at = _HEADER.unpack(_exactly(file, _HEADER.size))
            if directory_at == 0:
                raise damaged(path, "the microscope software never finished writing it")
            directory = _read_segment(file, directory_at, b"ZISRAWDIRECTORY")
            xml = (
                _xml(_read_segment(file, metadata_at, b"ZISRAWMETADATA")) if metadata_at else ""
            )
        except EOFError as error:
            raise damaged(path, "its end is missing") from error
    return CziLayout(part, xml, _entries(directory))


def check_subblocks(path: Path, own_part: int, subblocks: Sequence[Subblock]) -> None:
    """Look whether every subblock is whole; raises DamagedFile, UnsupportedFile."""
    size = path.stat().st_size
    with path.open("rb") as file:
        for subblock in sorted(subblocks, key=lambda s: s.position):
            if _is_whole(file, size, subblock):
                continue
            if subblock.file_part != own_part:
                raise UnsupportedFile(
                    f"'{path.name}' is one of several files that make an image together."
                    " Open it in ZEN, save it as one file, then import that."
                )
            raise damaged(path, "some of its pixel data are missing")


def _is_whole(file: BinaryIO, file_size: int, subblock: Subblock) -> bool:
    file.seek(subblock.position)
    head = file.read(_SEGMENT.size + _SUBBLOCK.size)
    if len(head) < _SEGMENT.size + _SUBBLOCK.size:
        return False
    name, allocated, used = _SEGMENT.unpack_from(head)
    _, _, pixels = _SUBBLOCK.unpack_from(head, _SEGMENT.size)
    wanted = 1
    if subblock.compression == _UNCOMPRESSED:
        area = subblock.stored_height * subblock.stored_width
        wanted = area * _PIXEL_BYTES.get(subblock.pixel_type, 1)
    used = used or allocated
    is_subblock: bool = name.rstrip(b"\0") == b"ZISRAWSUBBLOCK"
    end: int = subblock.position + _SEGMENT.size + used
    return is_subblock and end <= file_size and wanted <= pixels <= used


def _entries(directory: bytes) -> tuple[Subblock, ...]:
    [count] = struct.unpack_from("<i", directory)
    found, at = [], _DIRECTORY_HEAD
    for _ in range(count):
        # The schema of an entry, "DV" in every CZI since 2012, is checked by libCZI.
        _, pixel_type, position, part, compression, dimensions = _ENTRY.unpack_from(
            directory, at
        )
        at += _ENTRY.size
        extents = {}
        for _ in range(dimensions):
            name, start, size, _, stored = _DIMENSION.unpack_from(directory, at)
            extents[name.rstrip(b"\0 ").decode("ascii")] = start, size, stored or size
            at += _DIMENSION.size
        y, height, stored_height = extents.pop("Y")
        x, width, stored_width = extents.pop("X")
        found.append(
            Subblock(
                position=position,
                file_part=part,
                pixel_type=pixel_type,
                compression=compression,
                y=y,
                x=x,
                height=height,
                width=width,
                stored_height=stored_height,
                stored_width=stored_width,
                at={name: start for name, (start, _, _) in extents.items()},
            )
        )
    return tuple(found)


def _xml(metadata: bytes) -> str:
    [size] = struct.unpack_from("<i", metadata)
    text = metadata[_METADATA_HEAD : _METADATA_HEAD + size]
    return text.decode("utf-8-sig", "replace").rstrip("\0")


def _read_segment(file: BinaryIO, position: int, name: bytes) -> bytes:
    """Return a segment's content; raises EOFError when it is not there."""
    end = file.seek(0, SEEK_END)
    file.seek(position)
    found, allocated, used = _SEGMENT.unpack(_exactly(file, _SEGMENT.size))
    size = used or allocated
    if found.rstrip(b"\0") != name or not 0 <= size <= end:
        raise EOFError(name)
    return _exactly(file, size)


def _exactly(file: BinaryIO, size: int) -> bytes:
    content = file.read(size)
    if len(content) < size:
        raise EOFError
    return content
