"""Look at the first page of one TIFF, with the rules of ``tiff_heads`` and without numpy.

To import numpy takes as long as to look at some thousand files this way, so a command that
hands over a few does without it. Both say the same of each file
(tests/unit/intake/test_heads.py).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from transferapp.intake.tiff_rules import (
    ASCII,
    BITS,
    COMPRESSION,
    DESCRIPTION,
    FORMAT,
    KNOWN,
    LENGTH,
    LONG,
    LONG8,
    MOST_SAMPLES,
    MOST_TAGS,
    NUMBERS,
    PIECE,
    PIXELS,
    PREDICTOR,
    READ_TEXT,
    SAMPLES,
    SHORT,
    STRIP_SIZES,
    STRIPS,
    TILE_SIZES,
    TILES,
    UNPACKED,
    USUAL_PREDICTORS,
    WIDTH,
    TiffLayout,
)

_LETTERS = {SHORT: "H", LONG: "I", LONG8: "Q"}
_FIRST_PLACE = 8


class _NotSimpleError(Exception):
    """Something is not as the rules ask; the file is looked at by itself."""


def first_page(head: bytes, layout: TiffLayout) -> int:
    """Return where (bytes) the first page begins, from a file's first bytes; 0 where the
    header is odd or cut.
    """
    if layout.is_big:
        if head[4:8] != struct.pack(f"{layout.order}HH", 8, 0):
            return 0
        head = head[4:]
    place = head[4 : 4 + layout.place_bytes]
    if len(place) < layout.place_bytes:
        return 0
    return int.from_bytes(place, "little" if layout.order == "<" else "big")


def is_simple_and_whole(
    piece: bytes, start: int, page: int, size_bytes: int, layout: TiffLayout
) -> bool:
    """Say whether a file passes. ``piece`` is what was read of it from byte ``start`` on,
    ``page`` where (bytes) its first page begins, ``size_bytes`` what all of it has.
    """
    try:
        _Page(piece, start, page, size_bytes, layout).check()
    except (_NotSimpleError, struct.error):
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Tag:
    kind: int
    count: int
    #: Where (bytes) in the piece its value is, or the place of its value.
    at: int


class _Page:
    def __init__(
        self, piece: bytes, start: int, page: int, size_bytes: int, layout: TiffLayout
    ) -> None:
        self._piece, self._start, self._size, self._layout = piece, start, size_bytes, layout
        self._place_letter = "Q" if layout.is_big else "I"
        at = page - start
        _need(page >= _FIRST_PLACE and 0 <= at < PIECE - layout.count_bytes)
        count = self._number(at, "Q" if layout.is_big else "H")
        begin = at + layout.count_bytes
        end = begin + count * layout.tag_bytes
        _need(0 < count < MOST_TAGS and end + layout.place_bytes <= PIECE)
        _need(self._number(end, self._place_letter) == 0)  # No page comes after this one.
        self._tags: dict[int, _Tag] = {}
        last = -1
        for where in range(begin, end, layout.tag_bytes):
            form = f"{layout.order}HH{self._place_letter}"
            code, kind, values = struct.unpack_from(form, piece, where)
            # None twice, but a second text: tifffile writes one, and reads the first.
            _need(code in KNOWN and (code > last or code == last == DESCRIPTION))
            tag = _Tag(kind, values, where + 4 + layout.place_bytes)
            self._tags.setdefault(code, tag)
            last = code

    def check(self) -> None:
        """Raise _NotSimpleError or struct.error where the file does not pass."""
        _need({WIDTH, LENGTH, BITS} <= self._tags.keys())
        for code in NUMBERS:
            self._number_of(code)
        _need(self._number_of(WIDTH) > 0 and self._number_of(LENGTH) > 0)
        _need(self._number_of(COMPRESSION, 1) in UNPACKED)
        _need(self._number_of(PREDICTOR, 1) in USUAL_PREDICTORS)
        samples = self._number_of(SAMPLES, 1)
        _need(0 < samples <= MOST_SAMPLES)
        pixel = (self._of_each_sample(FORMAT, samples), self._of_each_sample(BITS, samples))
        _need(pixel in PIXELS)
        _need(self._end_inside(STRIPS, STRIP_SIZES) != self._end_inside(TILES, TILE_SIZES))
        self._no_text_to_read()

    def _number(self, at: int, letter: str) -> int:
        number: int = struct.unpack_from(f"{self._layout.order}{letter}", self._piece, at)[0]
        return number

    def _number_of(self, code: int, default: int = 0) -> int:
        """Return the one whole number of a tag."""
        tag = self._tags.get(code)
        if tag is None:
            return default
        _need(tag.count == 1 and tag.kind in (SHORT, LONG))
        return self._number(tag.at, _LETTERS[tag.kind])

    def _of_each_sample(self, code: int, samples: int) -> int:
        """Return the number that all samples of a pixel share; 1 when there is no tag."""
        tag = self._tags.get(code)
        if tag is None:
            return 1
        _need(tag.kind == SHORT and tag.count in (1, samples))
        each = set(self._list(tag))
        _need(len(each) == 1)
        return each.pop()

    def _end_inside(self, code: int, sizes_code: int) -> bool:
        """Say whether there are strips (or tiles), all of which end inside of the file."""
        tag, sizes = self._tags.get(code), self._tags.get(sizes_code)
        if tag is None or sizes is None:
            _need(tag is sizes)
            return False
        kinds = (SHORT, LONG, LONG8) if self._layout.is_big else (SHORT, LONG)
        _need(tag.kind in kinds and sizes.kind in kinds and tag.count == sizes.count > 0)
        ends = map(sum, zip(self._list(tag), self._list(sizes), strict=True))
        _need(max(ends) <= self._size)
        return True

    def _list(self, tag: _Tag) -> tuple[int, ...]:
        """Return the numbers of a tag, which have to lie inside of the piece."""
        letter = _LETTERS[tag.kind]
        at = self._values_at(tag, tag.count * struct.calcsize(f"={letter}"))
        return struct.unpack_from(f"{self._layout.order}{tag.count}{letter}", self._piece, at)

    def _values_at(self, tag: _Tag, length: int) -> int:
        """Return where in the piece a tag's ``length`` bytes are, all of them."""
        if length <= self._layout.place_bytes:
            return tag.at
        place = self._number(tag.at, self._place_letter)
        at = place - self._start
        _need(place >= _FIRST_PLACE and at >= 0 and at + length <= len(self._piece))
        return at

    def _no_text_to_read(self) -> None:
        """See that a text is there, and none that is read."""
        tag = self._tags.get(DESCRIPTION)
        if tag is None:
            return
        _need(tag.kind == ASCII and tag.count > 0)
        at = self._values_at(tag, tag.count)
        _need(all(self._piece.find(text, at, at + tag.count) < 0 for text in READ_TEXT))


def _need(is_so: bool) -> None:  # noqa: FBT001 - it reads like assert
    if not is_so:
        raise _NotSimpleError
