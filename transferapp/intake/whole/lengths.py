"""How many bytes a file must have, by its header: volumes and pictures of simple forms.

Each function returns the least length; 0 where the header does not tell. The forms are those
of their public descriptions (MRC2014, NIfTI-1, Princeton's WinView, RIFF, BMP, netpbm, IVE of
DeltaVision, Gatan's DigitalMicrograph 3 and 4).
"""

from __future__ import annotations

import re
import struct
from math import prod

#: Bits of a pixel by the mode of an MRC file, and of a DeltaVision file.
_MRC_BITS = {0: 8, 1: 16, 2: 32, 3: 32, 4: 64, 6: 16, 12: 16, 101: 4}
_DV_BITS = {0: 8, 1: 16, 2: 32, 3: 32, 4: 64, 6: 16, 7: 32}
#: Bytes of a pixel by the type of an SPE file.
_SPE_BYTES = {0: 4, 1: 4, 2: 2, 3: 2}
_MRC_HEADER_BYTES = 1024
#: What a NIfTI-1 or Analyze header says first.
NIFTI_HEADER_BYTES = 348
#: Before 1990 it was shorter.
_BMP_HEADER_BYTES = 40
#: Kind, width, height and (not in bitmaps) the greatest value; notes may stand between.
_GAP = rb"(?:\s|#[^\n]*\n)+"
_NETPBM = re.compile(
    rb"P([456])" + _GAP + rb"(\d+)" + _GAP + rb"(\d+)(?:" + _GAP + rb"(\d+)\s)?"
)
_ONE_BYTE = 255
#: A header that says more than this is not understood.
_MOST_VALUES = 1 << 48


def mrc(head: bytes) -> int:
    """MRC: header, extended header, sections."""
    for order in "<>":
        *size, mode = struct.unpack_from(f"{order}4i", head)
        (extended,) = struct.unpack_from(f"{order}i", head, 92)
        if mode in _MRC_BITS and _plausible(size) and 0 <= extended < 1 << 30:
            return 1024 + int(extended) + _bytes(size, _MRC_BITS[mode])
    return 0


def is_mrc(head: bytes) -> bool:
    """Say whether a header is MRC's: other programs use the suffixes as well."""
    return head[208:212] == b"MAP " or (len(head) >= _MRC_HEADER_BYTES and mrc(head) > 0)


def deltavision(head: bytes) -> int:
    """DeltaVision: as MRC, the number of sections counts every plane."""
    order = "<" if head[96:98] == b"\xa0\xc0" else ">"
    *size, mode = struct.unpack_from(f"{order}4i", head)
    (extended,) = struct.unpack_from(f"{order}i", head, 92)
    if mode not in _DV_BITS or not _plausible(size) or extended < 0:
        return 0
    return 1024 + int(extended) + _bytes(size, _DV_BITS[mode])


def nifti(head: bytes) -> int:
    """NIfTI-1 in one file: the offset and the pixels."""
    size = nifti_pixels(head)
    order = _nifti_order(head)
    if not size or head[344:348] != b"n+1\0":
        return 0
    (offset,) = struct.unpack_from(f"{order}f", head, 108)
    return size + int(offset) if 0 <= offset < 1 << 30 else 0


def nifti_pixels(head: bytes) -> int:
    """NIfTI-1 and Analyze 7.5: the pixels alone."""
    order = _nifti_order(head)
    if not order:
        return 0
    count, *size = struct.unpack_from(f"{order}8h", head, 40)
    (bits,) = struct.unpack_from(f"{order}h", head, 72)
    size = [max(length, 1) for length in size[: max(0, min(count, 7))]]
    return _bytes(size, bits) if size and bits > 0 and _plausible(size) else 0


def spe(head: bytes) -> int:
    """Princeton SPE: a header of 4,100 bytes, then the frames."""
    (width,), (kind,) = (struct.unpack_from("<H", head, at) for at in (42, 108))
    (height,) = struct.unpack_from("<H", head, 656)
    (frames,) = struct.unpack_from("<i", head, 1446)
    size = (width, height, frames)
    known = kind in _SPE_BYTES and _plausible(size)
    return 4100 + prod(size) * _SPE_BYTES[kind] if known else 0


def riff(head: bytes) -> int:
    """RIFF (AVI): the first chunk's length; a recording that was cut short has 0."""
    (length,) = struct.unpack_from("<I", head, 4)
    return int(length) + 8


def bmp(head: bytes) -> int:
    """BMP: rows of whole 32-bit words after the offset, unless they are packed."""
    offset, kind = struct.unpack_from("<II", head, 10)
    if kind < _BMP_HEADER_BYTES:  # a header of before 1990
        return 0
    width, height, _, bits, packing = struct.unpack_from("<iiHHI", head, 18)
    if packing not in (0, 3) or width <= 0:
        return 0
    return int(offset + (width * bits + 31) // 32 * 4 * abs(height))


def gatan_3(head: bytes) -> int:
    """Gatan DM3: the length of what comes after 12 bytes; files end with zeros or more."""
    return int(struct.unpack_from(">I", head, 4)[0]) + 12


def gatan_4(head: bytes) -> int:
    """Gatan DM4: as DM3, in 64 bits."""
    return int(struct.unpack_from(">Q", head, 4)[0]) + 16


def netpbm(head: bytes) -> int:
    """PGM and its kin: rows of bytes after a header of text; nothing of those in text."""
    found = _NETPBM.match(head)
    if found is None:
        return 0
    width, height, most = (int(found[at] or 1) for at in (2, 3, 4))
    if found[1] == b"4":
        return found.end(3) + 1 + (width + 7) // 8 * height
    pixels = width * height * (3 if found[1] == b"6" else 1)
    return found.end() + pixels * (2 if most > _ONE_BYTE else 1)


def _nifti_order(head: bytes) -> str:
    own = NIFTI_HEADER_BYTES
    return next((o for o in "<>" if struct.unpack_from(f"{o}i", head)[0] == own), "")


def _plausible(size: list[int] | tuple[int, ...]) -> bool:
    return all(length > 0 for length in size) and prod(size) < _MOST_VALUES


def _bytes(size: list[int], bits: int) -> int:
    return (prod(size) * bits + 7) // 8
