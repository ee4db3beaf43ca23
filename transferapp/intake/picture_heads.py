"""Tell by its first bytes that a PNG or JPEG is one of the kind that is shown everywhere.

Of any other nothing is said: ``pictures_shown`` looks at it.
"""

from __future__ import annotations

from transferapp.formats.image_format import ImageFormat
from transferapp.intake.formats import JPEG, PNG

_PNG_SIGNATURE_BYTES = 8
_JPEG_START_BYTES = 2
#: Frames of Huffman coding, baseline to progressive (ITU-T T.81, table B.1).
_PLAIN_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
#: Segments that come before a frame: tables, the interval of restarts, notes of programs.
_BEFORE_FRAME = frozenset({0xC4, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)})
_BITS_SHOWN = 8


def is_plain(head: bytes, kind: ImageFormat) -> bool:
    """Say whether a file surely is of that kind, from its beginning."""
    if kind is PNG:
        return _is_still(head)
    return kind is JPEG and _is_usual(head)


def _is_still(head: bytes) -> bool:
    """Whether pixels come before anything that tells of an animation (chunk acTL)."""
    at = _PNG_SIGNATURE_BYTES
    while at + 8 <= len(head):
        name = head[at + 4 : at + 8]
        if name in (b"IDAT", b"acTL"):
            return name == b"IDAT"
        # The length, the name and the checksum are four bytes each.
        at += int.from_bytes(head[at : at + 4], "big") + 12
    return False


def _is_usual(head: bytes) -> bool:
    at = _JPEG_START_BYTES
    while at + 5 <= len(head) and head[at] == 0xFF:  # noqa: PLR2004 - begins every marker
        marker = head[at + 1]
        if marker in _PLAIN_FRAMES:
            return head[at + 4] == _BITS_SHOWN
        if marker not in _BEFORE_FRAME:
            return False
        at += int.from_bytes(head[at + 2 : at + 4], "big") + 2
    return False
