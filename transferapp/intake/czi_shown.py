"""Tell whether the embedded repository can show a CZI's pixels, from its directory alone.

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
#: Of an entry: the pixel type behind two letters, and how many dimensions follow.
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


def _blocks(file: BinaryIO) -> Iterator[tuple[int, bool]]:
    """Yield of each subblock its pixel type, and whether it is no part of a pyramid."""
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
        (pixel_type,) = _PIXEL_TYPE.unpack_from(entries, at)
        end = at + _ENTRY_BYTES + _DIMENSION.size * _DIMENSIONS.unpack_from(entries, at)[0]
        sizes = range(at + _ENTRY_BYTES, end, _DIMENSION.size)
        yield pixel_type, all(_is_whole(*_DIMENSION.unpack_from(entries, s)) for s in sizes)
        at = end


def _is_whole(name: bytes, size: int, stored: int) -> bool:
    # Of axes other than these, nothing is stored smaller.
    return name[:1] not in {b"X", b"Y"} or stored in {0, size}
