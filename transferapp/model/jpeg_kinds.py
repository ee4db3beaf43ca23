"""The kinds of JPEG, by the marker that begins a picture's frame: one table for all readers."""

from __future__ import annotations

from typing import BinaryIO

_DIFFERENT = "which the image repository cannot show. Save it as TIFF or PNG, then import that."
#: Markers of frames (ITU-T T.81, table B.1; ITU-T T.87, annex C).
_FRAMES = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}
_LOSSLESS = frozenset({0xC3, 0xC7, 0xCB, 0xCF})
_JPEG_LS = 0xF7
_BITS_SHOWN = 8
#: A frame lies behind some notes of 64 KB; more segments are no picture.
_MOST_SEGMENTS = 4096


def why_jpeg_not_shown(file: BinaryIO) -> str:
    """Say why no image repository can show a JPEG, as a sentence without its subject; or "".

    Pillow 12 and Bio-Formats 7.3.1 refuse all that is named here. ``file`` is read from its
    start; where no frame is found there is nothing to say.
    """
    file.seek(2)
    for _ in range(_MOST_SEGMENTS):
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF:  # noqa: PLR2004 - marker and length
            return ""
        marker, length = head[1], int.from_bytes(head[2:], "big")
        if marker in _FRAMES:
            return _why(marker, file.read(1))
        file.seek(length - 2, 1)
    return ""


def _why(marker: int, precision: bytes) -> str:
    if marker == _JPEG_LS:
        return f"is JPEG-LS, {_DIFFERENT}"
    if marker in _LOSSLESS:
        return f"is lossless JPEG, {_DIFFERENT}"
    if precision and precision[0] != _BITS_SHOWN:
        return f"is JPEG of {precision[0]} bits, {_DIFFERENT}"
    return ""
