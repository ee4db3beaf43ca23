"""Which TIFFs are simple: what ``tiff_heads`` and ``tiff_head`` ask of a first page."""

from __future__ import annotations

import os
from dataclasses import dataclass

from transferapp.intake.tiff_shown import BIO_FORMATS
from transferapp.ome.reading import MARK

#: Bytes of each file that are looked at: an index of the usual length, or all of it.
PIECE = 4096
#: An index that begins nearer to the end of the piece is read again.
INDEX_BYTES = 512
#: A pipe that took a file's place since the scan must not keep us waiting.
READING = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

#: Types of a tag's values, by their numbers in TIFF 6.0 and BigTIFF.
ASCII, SHORT, LONG, LONG8 = 2, 3, 4, 16
#: Tags that are asked for, by their numbers in TIFF 6.0.
WIDTH, LENGTH, BITS, COMPRESSION, DESCRIPTION = 256, 257, 258, 259, 270
SAMPLES, PREDICTOR, FORMAT = 277, 317, 339
STRIPS, STRIP_SIZES, TILES, TILE_SIZES = 273, 279, 324, 325
#: Tags whose value changes nothing of what is asked here, as long as it is one whole number.
NUMBERS = (254, 262, 266, 278, 284, 317, 322, 323)
#: Tags that tifffile 2026.3 passes over where it cannot read them: words and resolutions.
_PASSED_OVER = (
    269, 271, 272, 274, 280, 281, 282, 283, 285, 286, 287, 296, 297, 305, 306, 315, 316, 318,
    319, 338, 340, 341, 700, 33432, 34675,
)  # fmt: skip
KNOWN = frozenset(
    {
        *NUMBERS, *_PASSED_OVER, WIDTH, LENGTH, BITS, COMPRESSION, DESCRIPTION, SAMPLES,
        FORMAT, STRIPS, STRIP_SIZES, TILES, TILE_SIZES,
    }
)  # fmt: skip
#: Old-style JPEG (6) has rules of its own.
UNPACKED = BIO_FORMATS - {6}
#: Types of ``model.pixel_types``: sample format (unsigned, signed, floating point) and bits.
PIXELS = frozenset(
    (kind, bits)
    for kind, many in ((1, (8, 16, 32)), (2, (8, 16, 32)), (3, (32, 64)))
    for bits in many
)
MOST_SAMPLES = 4
MOST_TAGS = 100
#: What a description has that is read, or with which ``traps`` looks at ImageJ's depth.
READ_TEXT = (MARK.encode(), b"spacing")
#: No predictor, and that of whole numbers; Bio-Formats does not read the others.
USUAL_PREDICTORS = frozenset({1, 2})


@dataclass(frozen=True, slots=True)
class TiffLayout:
    """How the numbers of a TIFF are written: order of bytes, as ``struct`` and numpy name it,
    and length (bytes) of a place and of a count of tags.
    """

    order: str
    place_bytes: int
    count_bytes: int

    @property
    def is_big(self) -> bool:
        """Whether it is a BigTIFF."""
        return self.place_bytes == 8  # noqa: PLR2004

    @property
    def tag_bytes(self) -> int:
        """Bytes of a tag: its code, type, number of values, and value or place."""
        return 4 + 2 * self.place_bytes


#: How a TIFF with these four first bytes is written.
LAYOUTS = {
    b"II*\0": TiffLayout("<", 4, 2),
    b"MM\0*": TiffLayout(">", 4, 2),
    b"II+\0": TiffLayout("<", 8, 8),
    b"MM\0+": TiffLayout(">", 8, 8),
}


def piece_start(page: int, size_bytes: int) -> int:
    """Return where (bytes) the piece begins that holds a page far from the file's begin: many
    programs write it last.
    """
    return max(0, min(page - PIECE // 4, size_bytes - PIECE))
