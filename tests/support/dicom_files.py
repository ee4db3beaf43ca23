"""Write small DICOM files: one slice, or one level of a slide."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np

IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
DEFLATED, BIG_ENDIAN = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
DIRECTORY = "1.2.840.10008.1.3.10"
_LONG = ("OB", "OW", "SQ", "UN", "UT", "UC", "UR")

#: A data element: its tag, kind and value.
Element = tuple[int, str, str | int | bytes]


def write_slice(  # noqa: PLR0913 - what slices differ in
    path: Path,
    series: str | None = "1.2.3",
    number: int | None = 1,
    *,
    size: tuple[int, int] = (4, 6),
    syntax: str = EXPLICIT,
    sop_class: str = MR,
    preamble: bool = True,
    more: tuple[Element, ...] = (),
) -> Path:
    """Write a file of one 16-bit plane; ``more`` adds or replaces elements."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows, columns = size
    elements: dict[int, Element] = {
        tag: (tag, kind, value)
        for tag, kind, value in (
            (0x00080016, "UI", sop_class),
            (0x00080018, "UI", f"{series}.{number}"),
            (0x00080020, "DA", "20240102"),
            (0x00080060, "CS", "MR"),
            (0x0020000D, "UI", "1.2"),
            (0x0020000E, "UI", series),
            (0x00200013, "IS", None if number is None else str(number)),
            (0x00280002, "US", 1),
            (0x00280004, "CS", "MONOCHROME2"),
            (0x00280010, "US", rows),
            (0x00280011, "US", columns),
            (0x00280100, "US", 16),
            (0x00280101, "US", 16),
            (0x00280102, "US", 15),
            (0x00280103, "US", 0),
        )
        if value is not None
    }
    elements.update({element[0]: element for element in more})
    pixels = np.full(size, number or 0, "<u2").tobytes()
    elements.setdefault(0x7FE00010, (0x7FE00010, "OW", pixels))
    return _write(path, elements, syntax, sop_class, preamble=preamble)


def write_without_image(path: Path, sop_class: str, syntax: str = EXPLICIT) -> Path:
    """Write a report, a plan or the like, with all that a slice says of its series."""
    elements: dict[int, Element] = {
        tag: (tag, kind, value)
        for tag, kind, value in (
            (0x00080016, "UI", sop_class),
            (0x00080018, "UI", "1.2.3.99"),
            (0x00080020, "DA", "20240102"),
            (0x00080022, "DA", "20240102"),
            (0x00080032, "TM", "101112"),
            (0x0020000D, "UI", "1.2"),
            (0x0020000E, "UI", "1.2.3"),
            (0x00200011, "IS", "1"),
            (0x00200013, "IS", "99"),
            (0x0040DB73, "UN", bytes(4000)),
        )
    }
    if sop_class.endswith(".4.2"):
        elements |= {tag: (tag, "US", 8) for tag in (0x00280010, 0x00280011)}
    return _write(path, elements, syntax, sop_class, preamble=True)


def _write(
    path: Path, elements: dict[int, Element], syntax: str, sop_class: str, *, preamble: bool
) -> Path:
    explicit = syntax != IMPLICIT
    body = b"".join(_element(*elements[tag], explicit) for tag in sorted(elements))
    if syntax == DEFLATED:
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        body = packer.compress(body) + packer.flush()
    meta = _element(0x00020002, "UI", sop_class, True)
    meta += _element(0x00020010, "UI", syntax, True)
    meta = _element(0x00020000, "UL", struct.pack("<I", len(meta)), True) + meta
    path.write_bytes((bytes(128) + b"DICM" + meta if preamble else b"") + body)
    return path


def _element(tag: int, kind: str, value: str | int | bytes, explicit: bool) -> bytes:
    if isinstance(value, int):
        data = struct.pack("<H", value)
    elif isinstance(value, str):
        data = value.encode()
        data += (b"\0" if kind == "UI" else b" ") * (len(data) % 2)
    else:
        data = value
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    if not explicit:
        return head + struct.pack("<I", len(data)) + data
    if kind in _LONG:
        return head + kind.encode() + struct.pack("<HI", 0, len(data)) + data
    return head + kind.encode() + struct.pack("<H", len(data)) + data
