"""Make TIFFs as microscope programs write them: Zeiss LSM, MetaMorph STK, Aperio SVS."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

_LSM_TAG, _LSM_MAGIC, _LSM_LENGTH = 34412, 67127628, 464
_UIC1_TAG, _UIC2_TAG = 33628, 33629
_REDUCED = 1


def write_lsm(
    path: Path,
    pixels: Any,
    names: Sequence[str],
    colors: Sequence[tuple[int, int, int]],
    ole_days: float = 0.0,
    compression: str | None = None,
) -> None:
    """Write planes (z, c, y, x) of separate samples, a thumbnail beside each.

    Voxels are 2.0 x 0.5 x 0.25 µm. Layout as tifffile 2026.3 reads LSM.
    """
    size_z, size_c, height, width = pixels.shape
    head = struct.pack("<Ii", _LSM_MAGIC, _LSM_LENGTH).ljust(_LSM_LENGTH, b"\xee")
    options: dict[str, Any] = {"photometric": "minisblack", "compression": compression}
    if size_c > 1:
        options |= {"photometric": "rgb", "planarconfig": "separate"}
    with tifffile.TiffWriter(path) as out:
        for z in range(size_z):
            plane = pixels[z] if size_c > 1 else pixels[z, 0]
            tags = [(_LSM_TAG, 1, _LSM_LENGTH, head, True)] if z == 0 else []
            out.write(plane, metadata=None, contiguous=False, extratags=tags, **options)
            small = np.ascontiguousarray(plane[..., ::4, ::4])
            out.write(small, metadata=None, contiguous=False, subfiletype=_REDUCED, **options)
    content = bytearray(path.read_bytes())
    colours_at = len(content)
    content += _lsm_colours(names, colors)
    scan_at = len(content)
    content += _lsm_scan(ole_days)
    made = _lsm_info((width, height, size_z, size_c), (colours_at, scan_at))
    at = content.index(head)
    content[at : at + _LSM_LENGTH] = made
    path.write_bytes(content)


def write_stk(path: Path, pixels: Any, name: str, micrometres: float, unit: str = "um") -> None:
    """Write planes (z, y, x), 1.5 µm apart, described by the first page alone.

    Made on 1 February 2020 at 10:00 (MetaMorph counts days from midnight).
    """
    planes = len(pixels)
    julian_day = 2458880
    created = struct.pack("<6I", 3, 2, julian_day, 36_000_000, julian_day, 36_000_000)
    texts = [_counted(unit), _counted(name)]
    # Numbers larger than a tag holds lie at the end; the entries say where.
    with tifffile.TiffWriter(path) as out:
        out.write(
            pixels[0],
            metadata=None,
            software="",
            extratags=[
                (_UIC1_TAG, 4, 10, b"\xcc" * 40, True),
                (_UIC2_TAG, 5, 3 * planes, created * planes, True),
            ],
        )
    content = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as tif:
        first = tif.pages.first.dataoffsets[0]
    # The other planes follow the first one.
    content = content[:first] + pixels.astype("<u2").tobytes()
    calibration_at = len(content)
    content += struct.pack("<2I", round(micrometres * 1000), 1000)
    unit_at = len(content)
    content += texts[0]
    name_at = len(content)
    content += texts[1]
    entries = (3, 1, 4, calibration_at, 5, calibration_at, 6, unit_at, 7, name_at)
    at = content.index(b"\xcc" * 40)
    content[at : at + 40] = struct.pack("<10I", *entries)
    # UIC1's count is its entries', UIC2's the planes'.
    _recount(content, _UIC1_TAG, 5)
    _recount(content, _UIC2_TAG, planes)
    path.write_bytes(content)


def write_svs(path: Path, slide: Any, stated: str, levels: Sequence[Any] = ()) -> None:
    """Write a slide (y, x, 3) as JPEG tiles with thumbnail, levels, label and macro picture."""
    head = "Aperio Image Library v11.2.1 \r\n"
    jpeg: dict[str, Any] = {
        "compression": "jpeg",
        "photometric": "rgb",
        "compressionargs": {"level": 95, "outcolorspace": "rgb"},
        "metadata": None,
        "software": "",
    }
    with tifffile.TiffWriter(path) as out:
        out.write(slide, tile=(64, 64), description=f"{head}slide|{stated}", **jpeg)
        out.write(slide[::8, ::8], description=f"{head}thumbnail|{stated}", **jpeg)
        for level in levels:
            out.write(level, tile=(64, 64), description=f"{head}level|{stated}", **jpeg)
        label = np.full((40, 50, 3), (146, 104, 58), np.uint8)
        out.write(
            label,
            compression="lzw",
            photometric="rgb",
            metadata=None,
            description=f"{head}label 50x40",
            subfiletype=1,
        )
        out.write(slide[::4, ::4], subfiletype=9, description=f"{head}macro|{stated}", **jpeg)


def _lsm_info(sizes: tuple[int, int, int, int], offsets: tuple[int, int]) -> bytes:
    made = struct.pack("<Ii", _LSM_MAGIC, _LSM_LENGTH)
    made += struct.pack("<8i", *sizes, 1, 0, 128, 128)
    made += struct.pack("<6d", 0.25e-6, 0.5e-6, 2e-6, 0, 0, 0)
    made += struct.pack("<HHI", 0, 0, 0)
    made += struct.pack("<4I", 0, 0, 0, offsets[0])
    made += struct.pack("<dII", 0.0, 0, offsets[1])
    return made.ljust(_LSM_LENGTH, b"\0")


def _lsm_colours(names: Sequence[str], colors: Sequence[tuple[int, int, int]]) -> bytes:
    table = b"".join(bytes((*color, 0)) for color in colors)
    texts = b"".join(struct.pack("<I", len(name) + 1) + name.encode() + b"\0" for name in names)
    at = 24
    ends = at + len(table), at + len(table) + len(texts)
    head = struct.pack("<6I", ends[1], len(colors), len(names), at, ends[0], 0)
    return head + table + texts


def _lsm_scan(ole_days: float) -> bytes:
    recording = struct.pack("<III", 0x10000000, 0, 0)
    start = struct.pack("<IIId", 0x10000036, 5, 8, ole_days)
    return recording + start + struct.pack("<III", 0xFFFFFFFF, 0, 0)


def _counted(text: str) -> bytes:
    return struct.pack("<I", len(text) + 1) + text.encode() + b"\0"


def _recount(content: bytearray, tag: int, count: int) -> None:
    """Change how many values a tag of the first page says it has."""
    page = struct.unpack_from("<I", content, 4)[0]
    for n in range(struct.unpack_from("<H", content, page)[0]):
        at = page + 2 + 12 * n
        if struct.unpack_from("<H", content, at)[0] == tag:
            struct.pack_into("<I", content, at + 4, count)
