"""How each page of a TIFF is stored, by its own tags: which pages are read like which others.

tifffile looks at four pages of a file and reads the others as if they were stored alike. A
page of other compression, predictor, type or size in between is then noise.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, TypeAlias

from tifffile import TiffFile, TiffFrame, TiffPage

from transferapp.model.pixel_types import SHOWN_AS, type_name
from transferapp.repositories.local.readers.tiff_colour import colour_of

Page: TypeAlias = TiffPage | TiffFrame

#: TIFF's tags that decide how bytes become pixels; where they lie, a frame says itself.
_DECIDING = frozenset(
    {
        254, 256, 257, 258, 259, 262, 266, 277, 278, 284, 317, 322, 323, 332, 338, 339, 512,
        529, 530, 532, 32997, 32998,
    }
)  # fmt: skip
#: Bytes of one value of each of TIFF's types (TIFF 6.0, section 2; BigTIFF).
_VALUE_BYTES = {
    1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4,
    16: 8, 17: 8, 18: 8,
}  # fmt: skip
#: Values of deciding tags are numbers for each sample: more bytes are none.
_MOST_BYTES = 4096
#: Where the offset of the first page's directory is.
_CLASSIC_START, _BIG_START = 4, 8

#: Everything but compression and layout: pages of equal meaning can be one stack.
Meaning = tuple[object, ...]


def meaning_of(page: Page) -> Meaning:
    """Return what the pixels of a page are: size, shown type, channels, copy or not.

    Inverted grey is shown as grey, so that they mean the same (one stack in Bio-Formats
    7.3.1 too).
    """
    key: Any = page.keyframe
    colour = colour_of(key)
    dtype = type_name(str(key.dtype.name) if key.dtype else "", key.bitspersample)
    separate, depth, height, width, contig = key.shaped
    return (
        (depth, height, width),
        SHOWN_AS.get(dtype, dtype),
        dtype == "bool",
        separate * contig,
        colour.is_colour,
        tuple(hint.active for hint in colour.hints),
        bool(key.subfiletype & 1),
        page.is_subifd,
    )


class StoredPages:
    """The tags that decide of the pages of one file."""

    def __init__(self, tif: TiffFile) -> None:
        """``tif`` stays open, and is read from while this is in use."""
        self._tif, self._file = tif, tif.filehandle
        form = tif.tiff
        self._start = _BIG_START if form.is_bigtiff else _CLASSIC_START
        self._entry = struct.Struct(f"{form.byteorder}HH{'Q' if form.is_bigtiff else 'I'}")
        self._keys: dict[bytes, TiffPage] = {}

    def chain(self) -> list[bytes]:
        """Return the deciding tags of each page of the file's chain."""
        return [how for _, how in self._chain()]

    def pages(self) -> Iterator[Page]:
        """Yield the pages of the chain, each with those of its SubIFDs behind it.

        Where an earlier page is stored alike it is a frame, which costs a fifth.
        """
        for number, (offset, how) in enumerate(list(self._chain())):
            page = self._page(offset, how, (number,))
            yield page
            for below, at in enumerate(page.subifds or ()):
                if at >= self._start:
                    yield self._page(at, self.how(at), (number, below))

    def own(self, page: Page) -> TiffPage:
        """Return a page with all its own tags."""
        self._file.seek(page.offset)
        return TiffPage(self._tif, index=page.treeindex)

    def how(self, offset: int) -> bytes:
        """Return the deciding tags of the page whose directory is at ``offset``."""
        return self._directory(offset)[0]

    def _page(self, offset: int, how: bytes, index: tuple[int, ...]) -> Page:
        key = self._keys.get(how)
        if key is not None:
            return TiffFrame(self._tif, index, offset=offset, keyframe=key)
        self._file.seek(offset)
        page = TiffPage(self._tif, index=index)
        # A frame takes byte counts from its keyframe: not from one that lacks strips.
        if all(page.dataoffsets) and all(page.databytecounts):
            self._keys[how] = page
        return page

    def _chain(self) -> Iterator[tuple[int, bytes]]:
        """Yield where each page's directory is, and its deciding tags."""
        seen: set[int] = set()
        form = self._tif.tiff
        self._file.seek(self._start)
        (offset,) = struct.unpack(form.offsetformat, self._file.read(form.offsetsize))
        while offset and offset not in seen and offset < self._file.size:
            seen.add(offset)
            how, following = self._directory(offset)
            yield offset, how
            offset = following

    def _directory(self, offset: int) -> tuple[bytes, int]:
        """Return a directory's deciding tags, and where the next directory is."""
        form, entry = self._tif.tiff, self._entry
        self._file.seek(offset)
        (count,) = struct.unpack(form.tagnoformat, self._file.read(form.tagnosize))
        entries = self._file.read(count * form.tagsize)
        (following,) = struct.unpack(form.offsetformat, self._file.read(form.offsetsize))
        found = []
        for at in range(0, len(entries), form.tagsize):
            code, kind, values = entry.unpack_from(entries, at)
            if code in _DECIDING:
                reported = entries[at + entry.size : at + form.tagsize]
                length = values * _VALUE_BYTES.get(kind, 1)
                if length > len(reported):
                    self._file.seek(struct.unpack(form.offsetformat, reported)[0])
                    reported = self._file.read(min(length, _MOST_BYTES))
                found.append(entries[at : at + entry.size] + reported[:length])
        return b"".join(found), following
