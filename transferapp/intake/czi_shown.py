"""Tell from a CZI's directory whether the embedded repository can show its pixels, and whether
they are all there.

Source: Carl Zeiss Microscopy, "ZISRAW (CZI) File Format", design specification 1.2.2.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

#: Where a file says where its directory begins.
_DIRECTORY_AT = 32 + 52
_SEGMENT = struct.Struct("<16sqq")
_HEAD_BYTES = 128
#: Which of several files this is.
_PART, _PART_AT = struct.Struct("<i"), 32 + 48
#: Of an entry: the pixel type behind two letters, where its block is and in which of several
#: files, and how many dimensions follow.
_PLACE = struct.Struct("<6xqi")
_PIXEL_TYPE, _DIMENSIONS = struct.Struct("<2xi"), struct.Struct("<28xi")
_ENTRY_BYTES = 32
#: Of a dimension: its name, its size in full-size pixels, and as it is stored (0: the same).
_DIMENSION = struct.Struct("<4s4xi4xi")
#: Gray8, Gray16, Gray32Float, Bgr24, Bgr48 and Bgr96Float: libCZI 0.6 composes no others.
_SHOWN = frozenset({0, 1, 2, 3, 4, 8})
_NAMES = {9: "Bgra32", 10: "Gray64ComplexFloat", 11: "Bgr192ComplexFloat", 12: "Gray32"}


def why_czi_not_shown(path: Path) -> str:
    """Say why pixels cannot be shown, as a sentence without its subject; or "".

    Nothing of a broken directory: whoever looks whether the file is whole says that. Raises
    OSError.
    """
    with path.open("rb") as file:
        try:
            found = list(_blocks(file))
        except (struct.error, OverflowError, ValueError):
            return ""
    if found and not any(is_full_size for _, is_full_size in found):
        return (
            "holds smaller versions of its images only. Open it in ZEN and save it at full"
            " size, then import that."
        )
    strange = {pixel_type for pixel_type, _ in found} - _SHOWN
    if not strange:
        return ""
    number = min(strange)
    return (
        f"holds pixels of a type that cannot be read here ({_NAMES.get(number, number)})."
        " Export it from ZEN as OME-TIFF, then import that."
    )


def end_of_pixels(path: Path) -> int:
    """Return how long a file must be to hold the last of its blocks; 0 when its directory
    does not tell. Raises OSError.
    """
    with path.open("rb") as file:
        try:
            file.seek(_PART_AT)
            (own,) = _PART.unpack(file.read(_PART.size))
            places = (_PLACE.unpack_from(entries, at) for entries, at, _ in _entries(file))
            last = max((place for place, part in places if part == own), default=0)
            file.seek(last)
            _, allocated, _ = _SEGMENT.unpack(file.read(_SEGMENT.size).ljust(_SEGMENT.size))
        except (struct.error, OverflowError, ValueError):
            return 0
    return last + _SEGMENT.size + allocated if last else 0


def _blocks(file: BinaryIO) -> Iterator[tuple[int, bool]]:
    """Yield of each subblock its pixel type, and whether it is no part of a pyramid."""
    for entries, at, end in _entries(file):
        (pixel_type,) = _PIXEL_TYPE.unpack_from(entries, at)
        sizes = range(at + _ENTRY_BYTES, end, _DIMENSION.size)
        yield pixel_type, all(_is_whole(*_DIMENSION.unpack_from(entries, s)) for s in sizes)


def _entries(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Yield the directory, and where each of its entries begins and ends."""
    file.seek(_DIRECTORY_AT)
    (directory_at,) = struct.unpack("<q", file.read(8))
    file.seek(directory_at)
    name, allocated, used = _SEGMENT.unpack(file.read(_SEGMENT.size))
    if not name.startswith(b"ZISRAWDIRECTORY"):
        return
    entries = file.read(used or allocated)
    (count,) = struct.unpack_from("<i", entries)
    at = _HEAD_BYTES
    for _ in range(count):
        end = at + _ENTRY_BYTES + _DIMENSION.size * _DIMENSIONS.unpack_from(entries, at)[0]
        yield entries, at, end
        at = end


def _is_whole(name: bytes, size: int, stored: int) -> bool:
    # Of axes other than these, nothing is stored smaller.
    return name[:1] not in {b"X", b"Y"} or stored in {0, size}
