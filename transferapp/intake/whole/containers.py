"""Whether a file that holds others in it is all there: HDF5, Leica's LIF, JPEG 2000."""

from __future__ import annotations

import struct
from pathlib import Path

_HDF5 = b"\x89HDF\r\n\x1a\n"
#: By the superblock's version, where it says how long addresses are and where the file ends.
_HDF5_AT = {0: (13, 40), 1: (13, 44), 2: (9, 28), 3: (9, 28)}
_HDF5_HEAD_BYTES = 64
_ADDRESS_BYTES = 8
#: A LIF file has some blocks for each image; more were never seen.
_MOST_BLOCKS = 100_000
_JP2 = b"\0\0\0\x0cjP  "
_BLOCK_MARK, _PART_MARK = b"\x70\0\0\0", b"\x2a"
_BLOCK_HEAD_BYTES = 17
#: With anything else behind its last block Bio-Formats 7.3.1 does not open a LIF.
_PADDING = bytes(4)
_NO_BLOCK = "behind its last image something else follows"
_GIF_TAIL_BYTES = 64


def hdf5(path: Path) -> str:
    """Compare an HDF5 file's end with what its superblock says (HDF5 file format 3.0)."""
    with path.open("rb", buffering=0) as file:
        head = file.read(_HDF5_HEAD_BYTES)
    if not head.startswith(_HDF5):
        return ""
    if len(head) < _HDF5_HEAD_BYTES:
        return "its header is cut off"
    width_at, end_at = _HDF5_AT.get(head[len(_HDF5)], (0, 0))
    if head[width_at] != _ADDRESS_BYTES:
        return ""
    (end,) = struct.unpack_from("<Q", head, end_at)
    return "its end is cut off" if end > path.stat().st_size else ""


def lif(path: Path) -> str:
    """Follow a LIF file's blocks to their end; one small read each.

    A block: a mark, the length of what comes before the pixels, a second mark, the length of
    the pixels (in 64 bits from version 2 on), a third mark.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        at = 8 + int.from_bytes(file.read(8)[4:], "little")
        for _ in range(_MOST_BLOCKS):
            if at >= size:
                break
            file.seek(at)
            head = file.read(_BLOCK_HEAD_BYTES)
            length = _block_length(head)
            if length is None:
                return "" if head.startswith(_PADDING) else _NO_BLOCK
            at += length
    return "its end is cut off" if at > size else ""


def gif(path: Path) -> str:
    """Look for a GIF's last block, behind the end of the one before; some have bytes after."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _GIF_TAIL_BYTES))
        return "" if b"\0;" in file.read() else "its end is cut off"


def jpeg_2000(path: Path) -> str:
    """Follow a JP2 file's boxes to their end (ISO/IEC 15444-1, annex I)."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(len(_JP2)) != _JP2:
            return ""  # a bare codestream does not tell its length
        at = 0
        for _ in range(_MOST_BLOCKS):
            file.seek(at)
            head = file.read(16).ljust(16, b"\0")
            (length,) = struct.unpack_from(">I", head)
            if length == 1:
                (length,) = struct.unpack_from(">Q", head, 8)
            if length == 0 or at >= size:
                break  # the last box: as long as the file
            at += int(length)
    return "its end is cut off" if at > size else ""


def _block_length(head: bytes) -> int | None:
    """Return the bytes of a block; None when it is something else."""
    if not head.startswith(_BLOCK_MARK) or head[8:9] != _PART_MARK:
        return None
    is_wide = head[13:14] != _PART_MARK
    if len(head) < _BLOCK_HEAD_BYTES:
        return _BLOCK_HEAD_BYTES
    (front,) = struct.unpack_from("<I", head, 4)
    (pixels,) = struct.unpack_from("<Q" if is_wide else "<I", head, 9)
    return 8 + int(front) + int(pixels)
