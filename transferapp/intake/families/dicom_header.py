"""Read the few elements of a DICOM file that tell which series it belongs to.

Explicit and implicit little endian (PS3.5 of the standard), with or without the preamble; of
a deflated or big-endian data set only what kind of object it is.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

_MARK_AT = 128
_MARK = b"DICM"
_SYNTAX = 0x00020010
_IMPLICIT = b"1.2.840.10008.1.2"
_NOT_READ = (b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.2.2")
IMAGE_TYPE, DATE, TIME = 0x00080008, 0x00080022, 0x00080032
SERIES, INSTANCE, LOCATION = 0x00200011, 0x00200013, 0x00201041
SERIES_UID, INSTANCE_UID = 0x0020000E, 0x00080018
_CLASS, _CLASS_OF_FILE = 0x00080016, 0x00020002
ROWS, COLUMNS = 0x00280010, 0x00280011
_WANTED = frozenset(
    {
        IMAGE_TYPE, DATE, TIME, SERIES_UID, INSTANCE_UID, SERIES, INSTANCE, LOCATION, ROWS,
        COLUMNS, _CLASS, _CLASS_OF_FILE,
    }
)  # fmt: skip
#: Pixel Data; and those of floating point (PS3.3, C.7.6.24 and C.7.6.25).
_PIXELS = frozenset({0x7FE00010, 0x7FE00008, 0x7FE00009})
_STORAGE = "1.2.840.10008.5.1.4.1.1."
#: Storage classes of images behind that (PS3.6 of the standard, table A-1, those retired too):
#: radiographs, CT, ultrasound, MR, captures, angiograms, NM, maps, segmentations, visible
#: light, PET, RT images, and DICOS and eddy currents, which are other standards'.
_IMAGES = re.compile(
    r"1(\.[1-3](\.\d+)?)?|2(\.[12])?|3(\.1)?|4(\.[134])?|5|6(\.[123])?|7(\.[1-4])?"
    r"|1[234]\.[\d.]+|20|30|66\.[478]|77\.(?!1\.5\.3$)[12][\d.]*|8[12]\.1|128(\.1)?|130"
    r"|481\.(1|23|24)|501\.[12]\b[\d.]*|601\.[12]"
)
#: MR spectra have rows and columns, and no pixels.
_SPECTRA = f"{_STORAGE}4.2"
#: Kinds of values whose length takes 32 bits.
_LONG = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR",
                   b"UT", b"UV"})  # fmt: skip
#: Bytes in front of a value, by how its length is written.
_SHORT_BYTES, _LONG_BYTES = 8, 12
_META_GROUP, _ITEM_GROUP = 2, 0xFFFE
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
#: Slices are read in blocks of this size; most headers fit in one.
_BLOCK_BYTES = 4096
#: A header has some hundred elements; those of one that has more are no elements.
_MOST_ELEMENTS = 100_000
#: A tag, and a length behind two letters, or behind two letters and two empty bytes.
_ELEMENT, _LENGTH = struct.Struct("<HH2sHI"), struct.Struct("<I")
#: Values that are wanted are short, sequences are seldom nested deeply.
_MAX_VALUE_BYTES = 1024
_MAX_DEPTH = 16


@dataclass(frozen=True, slots=True)
class DicomHeader:
    """Values by tag, as text; numbers as text too.

    ``cut_off``: the file ends inside an element, or before the pixels of an image.
    """

    values: dict[int, str]
    cut_off: bool = False
    has_pixels: bool = False

    @property
    def object_class(self) -> str:
        """What kind of object it is, as the standard's number for it; "" where it is silent."""
        return self.values.get(_CLASS) or self.values.get(_CLASS_OF_FILE, "")

    @property
    def is_image(self) -> bool:
        """Say whether it is an image, or must have been one before it was cut off; a report, a
        plan or a presentation state is none.
        """
        kind = self.object_class
        if self.has_pixels or not kind:
            return True
        if kind.startswith(_STORAGE) and _IMAGES.fullmatch(kind.removeprefix(_STORAGE)):
            return True
        return kind != _SPECTRA and bool({ROWS, COLUMNS} & self.values.keys())

    def number(self, tag: int) -> float | None:
        """Return a value as a number; None when it is none."""
        try:
            return float(self.values[tag])
        except (KeyError, ValueError):
            return None


def has_mark(start: bytes) -> bool:
    """Say whether a file begins like DICOM with a preamble."""
    return start.startswith(_MARK, _MARK_AT)


def read_header(
    path: Path, size_bytes: int, *, mark_needed: bool = False
) -> DicomHeader | None:
    """Read a file's header; None when its bytes are no elements. Raises OSError.

    ``mark_needed``: files without the preamble are taken for something else.
    """
    with path.open("rb", buffering=0) as file:
        try:
            return _Elements(file, size_bytes).header(mark_needed)
        except (struct.error, _NotUnderstoodError):
            return None


class _NotUnderstoodError(Exception):
    """The bytes are no elements."""


class _CutOffError(Exception):
    """The file ends inside an element."""


class _OtherFormError(Exception):
    """The elements are written in a form that is not read here."""


class _Elements:
    """The elements of one file, in their order."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._size = file, size
        self._explicit = True
        self._block, self._block_at = b"", 0
        self._left = _MOST_ELEMENTS

    def header(self, mark_needed: bool) -> DicomHeader:  # noqa: FBT001 - own class
        at = self._start()
        if mark_needed and not at:
            raise _NotUnderstoodError
        values: dict[int, str] = {}
        try:
            has_pixels = self._has_pixels(at, values)
        except _CutOffError:
            return DicomHeader(values, cut_off=True)
        except _OtherFormError:
            return DicomHeader(values)
        made = DicomHeader(values, has_pixels=has_pixels)
        return made if has_pixels or not made.is_image else replace(made, cut_off=True)

    def _has_pixels(self, at: int, values: dict[int, str]) -> bool:
        """Read the values in front of the pixels; say whether there are pixels, all of them."""
        while at < self._size:
            tag, length, at = self._element(at)
            if length == _UNDEFINED:
                if tag in _PIXELS:
                    return True
                at = self._after_sequence(at, 0)
                continue
            if at + length > self._size:
                raise _CutOffError
            if tag in _PIXELS:
                return True
            if tag == _SYNTAX or tag in _WANTED:
                self._note(tag, self._read(at, min(length, _MAX_VALUE_BYTES)), values)
            at += length
        return False

    def _note(self, tag: int, value: bytes, values: dict[int, str]) -> None:
        if tag == _SYNTAX:
            self._syntax(value.strip(b"\0 "))
        elif tag in (ROWS, COLUMNS):
            values[tag] = str(struct.unpack("<H", value[:2])[0])
        else:
            values[tag] = value.decode("latin-1").strip("\0 ")

    def _start(self) -> int:
        start = self._read(0, _MARK_AT + len(_MARK))
        if has_mark(start):
            return len(start)
        group = struct.unpack_from("<H", start)[0]
        if group not in (_META_GROUP, 8):
            raise _NotUnderstoodError
        self._explicit = start[4:6].isalpha() and start[4:6].isupper()
        return 0

    def _syntax(self, value: bytes) -> None:
        if value in _NOT_READ:
            raise _OtherFormError
        self._explicit = value != _IMPLICIT

    def _element(self, at: int) -> tuple[int, int, int]:
        """Return an element's tag, the length of its value and where that begins."""
        begin = self._reach(at, _LONG_BYTES)
        self._left -= 1
        if len(self._block) - begin < _LONG_BYTES:
            self._block += bytes(_LONG_BYTES)
        if not self._left:
            raise _NotUnderstoodError
        if at + _SHORT_BYTES > self._size:
            raise _CutOffError
        group, element, kind, short, long = _ELEMENT.unpack_from(self._block, begin)
        tag = group << 16 | element
        if group == _ITEM_GROUP or not (self._explicit or group == _META_GROUP):
            return tag, _LENGTH.unpack_from(self._block, begin + 4)[0], at + _SHORT_BYTES
        if kind in _LONG:
            return tag, long, at + _LONG_BYTES
        return tag, short, at + _SHORT_BYTES

    def _after_sequence(self, at: int, depth: int) -> int:
        """Return where a sequence or item without a length ends."""
        if depth > _MAX_DEPTH:
            raise _NotUnderstoodError
        while at < self._size:
            tag, length, at = self._element(at)
            if tag in (_ITEM_END, _SEQUENCE_END):
                return at
            at = self._after_sequence(at, depth + 1) if length == _UNDEFINED else at + length
        raise _CutOffError

    def _read(self, at: int, count: int) -> bytes:
        begin = self._reach(at, count)
        return self._block[begin : begin + count]

    def _reach(self, at: int, count: int) -> int:
        """Have the bytes at a place in the block, and return where there."""
        begin = at - self._block_at
        if begin < 0 or begin + count > len(self._block):
            self._file.seek(at)
            self._block, self._block_at, begin = self._file.read(_BLOCK_BYTES), at, 0
        return begin
