"""Look at the first pages of many TIFFs at once, for those that are simple and surely whole.

A file passes when all that ``integrity`` and ``omexml`` would ask of it can be answered from
one piece of it, and is in its favour: a single page of plain tags, its pixels inside the file
and of a kind that every image repository shows, no OME-XML and no trap. Of all others nothing
is said: they are looked at one by one. No file may pass that tifffile would find fault with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

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

Numbers: TypeAlias = "np.ndarray[Any, np.dtype[Any]]"

_KNOWN = np.zeros(1 << 16, dtype=bool)
_KNOWN[sorted(KNOWN)] = True
_UNPACKED = np.array(sorted(UNPACKED))
#: Sample format and bits in one number.
_TYPES = np.array(sorted((kind << 16) + bits for kind, bits in PIXELS))
_PREDICTORS = np.array(sorted(USUAL_PREDICTORS))
#: More than any file has: what is told to be larger is taken as this.
_BEYOND = np.uint64(1 << 61)


def _place(layout: TiffLayout) -> str:
    """Return the type of a place in the file, and of the number of a tag's values."""
    return f"{layout.order}u{layout.place_bytes}"


def _tag_type(layout: TiffLayout) -> np.dtype[Any]:
    """Return the type of a tag; its value is as many bytes as a place."""
    short = f"{layout.order}u2"
    fields = ("code", short), ("kind", short), ("count", _place(layout))
    return np.dtype([*fields, ("value", "u1", (layout.place_bytes,))])


@dataclass(frozen=True, slots=True)
class Pieces:
    """A piece of each of many files: a row of bytes, where it begins in its file, how many
    bytes it has, and how many the whole file has. ``chosen`` are the rows that are meant;
    ``raw`` is all rows, one after the other.
    """

    raw: bytearray
    rows: Numbers
    chosen: Numbers
    starts: Numbers
    lengths: Numbers
    sizes: Numbers

    def number(self, at: int, kind: str) -> Numbers:
        """Return the number at byte ``at`` of every chosen row, shape (chosen,); ``kind`` is
        numpy's, for example ``<u4``.
        """
        return _number(self.rows[:, at : at + int(kind[-1])][self.chosen], kind)

    def some(self, which: Numbers) -> Pieces:
        """Return some of the chosen rows."""
        return replace(self, chosen=self.chosen[which])


def first_pages(heads: Pieces, layout: TiffLayout) -> Numbers:
    """Return where (bytes) the first page of each file begins, from its first bytes; 0 where
    the header is odd. The shape is (files,).
    """
    at = heads.number(layout.place_bytes, _place(layout))
    if not layout.is_big:
        return at
    short = f"{layout.order}u2"
    is_usual = (heads.number(4, short) == layout.place_bytes) & (heads.number(6, short) == 0)
    return np.where(is_usual, at, 0)


def simple_and_whole(pieces: Pieces, pages: Numbers, layout: TiffLayout) -> Numbers:
    """Say of each file whether it passes, booleans of shape (files,); ``pages`` is where
    (bytes) its first page begins.
    """
    passed = np.zeros(len(pages), dtype=bool)
    at = pages - pieces.starts[pieces.chosen]
    inside = np.flatnonzero((pages >= 8) & (at >= 0) & (at + layout.count_bytes < PIECE))  # noqa: PLR2004
    places = at[inside, None] + np.arange(layout.count_bytes)
    raw = pieces.rows[pieces.chosen[inside, None], places]
    counts = _number(raw, f"{layout.order}u{layout.count_bytes}")
    # Files of one origin have the same tags at the same place: they are looked at together.
    alike = np.minimum(counts, MOST_TAGS) * PIECE + at[inside]
    for key in np.unique(alike).tolist():
        count, where = divmod(key, PIECE)
        begin = where + layout.count_bytes
        end = begin + count * layout.tag_bytes
        if not 0 < count < MOST_TAGS or end + layout.place_bytes > PIECE:
            continue
        rest = inside[alike == key]
        while len(rest):
            chosen = pieces.some(rest)
            block = np.ascontiguousarray(pieces.rows[:, begin:end][chosen.chosen])
            tags = block.view(_tag_type(layout)).reshape(len(rest), count)
            codes = np.ascontiguousarray(tags["code"]).view(f"V{2 * count}")[:, 0]
            same = codes == codes[0]
            if not same.all():
                chosen, tags = pieces.some(rest[same]), tags[same]
            if _are_known(tags["code"][0]):
                passed[rest[same]] = _Pages(chosen, tags, begin, layout).pass_()
            rest = rest[~same]
    return passed


def _are_known(codes: Numbers) -> bool:
    """Whether tags are in order, none twice (but a second text: tifffile writes one, and
    reads the first), and none unknown.
    """
    again = (codes[1:] == codes[:-1]) & (codes[1:] == DESCRIPTION)
    return bool(((codes[1:] > codes[:-1]) | again).all() and _KNOWN[codes].all())


class _Pages:
    """The first pages of files that have the same tags at the same place of their piece."""

    def __init__(self, pieces: Pieces, tags: Numbers, begin: int, layout: TiffLayout) -> None:
        self._pieces, self._tags, self._begin, self._layout = pieces, tags, begin, layout
        codes = tags["code"][0].tolist()
        self._columns = {code: codes.index(code) for code in codes}
        end = begin + len(codes) * layout.tag_bytes
        self._lengths = pieces.lengths[pieces.chosen]
        self._sizes = pieces.sizes[pieces.chosen]
        self._ok = self._lengths >= end + layout.place_bytes
        self._ok &= pieces.number(end, _place(layout)) == 0  # No page comes after this one.

    def pass_(self) -> Numbers:
        """Say of each whether it passes."""
        if not {WIDTH, LENGTH, BITS} <= self._columns.keys():
            return np.zeros(len(self._ok), dtype=bool)
        numbers = [column for code, column in self._columns.items() if code in NUMBERS]
        kinds, counts = self._tags["kind"][:, numbers], self._tags["count"][:, numbers]
        self._ok &= (_is_in(kinds, SHORT, LONG) & (counts == 1)).all(axis=1)
        self._ok &= (self._number_of(WIDTH) > 0) & (self._number_of(LENGTH) > 0)
        self._ok &= np.isin(self._number_of(COMPRESSION, default=1), _UNPACKED)
        self._ok &= np.isin(self._number_of(PREDICTOR, default=1), _PREDICTORS)
        samples = self._number_of(SAMPLES, default=1)
        self._ok &= (samples > 0) & (samples <= MOST_SAMPLES)
        bits = self._of_each_sample(BITS, samples)
        self._ok &= np.isin((self._of_each_sample(FORMAT, samples) << 16) + bits, _TYPES)
        if self._end_inside(STRIPS, STRIP_SIZES) == self._end_inside(TILES, TILE_SIZES):
            self._ok[:] = False
        self._no_text_to_read()
        return self._ok

    def _tag(self, code: int) -> Numbers | None:
        column = self._columns.get(code)
        return None if column is None else self._tags[:, column]

    def _number_of(self, code: int, default: int = 0) -> Numbers:
        """Return the whole number of a tag; a file where it is something else fails."""
        tag = self._tag(code)
        if tag is None:
            return np.full(len(self._ok), default)
        self._ok &= (tag["count"] == 1) & _is_in(tag["kind"], SHORT, LONG)
        return self._inline(tag)

    def _inline(self, tag: Numbers) -> Numbers:
        """Return the first whole number in the tags themselves."""
        value, order = np.ascontiguousarray(tag["value"]), self._layout.order
        short, long = _number(value[:, :2], f"{order}u2"), _number(value[:, :4], f"{order}u4")
        found = np.where(tag["kind"] == SHORT, short, long)
        if not self._layout.is_big:
            return found
        return np.where(tag["kind"] == LONG8, _number(value, f"{order}u8"), found)

    def _of_each_sample(self, code: int, samples: Numbers) -> Numbers:
        """Return the number that all samples of a pixel share; 1 when there is no tag."""
        tag = self._tag(code)
        if tag is None:
            return np.ones(len(self._ok), dtype=np.int64)
        self._ok &= (tag["kind"] == SHORT) & _is_in(tag["count"], 1, samples)
        found = self._inline(tag)
        for row in np.flatnonzero(self._ok & (tag["count"] > 1)).tolist():
            each = self._list(row, tag[row])
            self._ok[row] = len(each) > 0 and (each == each[0]).all()
            found[row] = each[0] if len(each) else 0
        return found

    def _end_inside(self, code: int, sizes_code: int) -> bool:
        """Say whether there are strips (or tiles); a file fails where one ends beyond it."""
        tag, sizes = self._tag(code), self._tag(sizes_code)
        if tag is None or sizes is None:
            self._ok &= tag is sizes
            return False
        kinds = (SHORT, LONG, LONG8)[: 3 if self._layout.is_big else 2]
        self._ok &= (tag["count"] == sizes["count"]) & (tag["count"] > 0)
        self._ok &= _is_in(tag["kind"], *kinds) & _is_in(sizes["kind"], *kinds)
        several = tag["count"] > 1
        self._ok &= several | (self._inline(tag) + self._inline(sizes) <= self._sizes)
        for row in np.flatnonzero(self._ok & several).tolist():
            places, lengths = self._list(row, tag[row]), self._list(row, sizes[row])
            whole = 0 < len(places) == len(lengths)
            self._ok[row] = whole and (places + lengths).max() <= self._sizes[row]
        return True

    def _list(self, row: int, tag: Numbers) -> Numbers:
        """Return the numbers of one file's tag; none when they lie outside of its piece."""
        width = {SHORT: 2, LONG: 4, LONG8: 8}[int(tag["kind"])]
        length = int(tag["count"]) * width
        raw = tag["value"][:length]
        if length > self._layout.place_bytes:
            raw = self._bytes(
                row, int(_number(tag["value"][None], _place(self._layout))[0]), length
            )
        return _number(raw.reshape(-1, width), f"{self._layout.order}u{width}")

    def _bytes(self, row: int, place: int, length: int) -> Numbers:
        """Return bytes at a place of one file; none when they lie outside of its piece."""
        at = place - int(self._pieces.starts[self._pieces.chosen[row]])
        if place < 8 or at < 0 or at + length > int(self._lengths[row]):  # noqa: PLR2004
            return np.zeros(0, dtype=np.uint8)
        found: Numbers = self._pieces.rows[self._pieces.chosen[row], at : at + length]
        return found

    def _no_text_to_read(self) -> None:
        """A file fails whose text is one that is read, or lies outside of its piece."""
        tag = self._tag(DESCRIPTION)
        if tag is None:
            return
        item = self._layout.tag_bytes
        in_tag = self._begin + (self._columns[DESCRIPTION] + 1) * item
        in_tag -= self._layout.place_bytes
        place = _number(np.ascontiguousarray(tag["value"]), _place(self._layout))
        count = np.minimum(tag["count"], PIECE + 1).astype(np.int64)
        chosen = self._pieces.chosen
        at = place - self._pieces.starts[chosen]
        fits = count <= self._layout.place_bytes
        inside = (place >= 8) & (at >= 0) & (at + count <= self._lengths)  # noqa: PLR2004
        self._ok &= (tag["kind"] == ASCII) & (count > 0) & (fits | inside)
        rows = np.flatnonzero(self._ok)
        begin = (chosen * PIECE + np.where(fits, in_tag, at))[rows]
        end = begin + count[rows]
        find = self._pieces.raw.find
        for row, first, last in zip(rows.tolist(), begin.tolist(), end.tolist(), strict=True):
            if any(find(text, first, last) >= 0 for text in READ_TEXT):
                self._ok[row] = False


def _is_in(numbers: Numbers, *wanted: int | Numbers) -> Numbers:
    found: Numbers = numbers == wanted[0]
    for one in wanted[1:]:
        found |= numbers == one
    return found


def _number(raw: Numbers, kind: str) -> Numbers:
    """Return the number that every row of bytes is."""
    found = np.ascontiguousarray(raw).view(kind)[:, 0]
    return (found if kind[-1] != "8" else np.minimum(found, _BEYOND)).astype(np.int64)
