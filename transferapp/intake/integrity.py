"""Tell whether an image file is all there and can be shown, without decoding its pixels."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transferapp.formats.image_format import ImageFormat
from transferapp.intake.czi_shown import end_of_pixels, why_czi_not_shown
from transferapp.intake.formats import CZI, JPEG, ND2, OME_TIFF, OME_XML, PNG, TIFF
from transferapp.intake.omexml import DAMAGE, pixels_missing, raise_slip
from transferapp.intake.pictures_shown import frames_of, why_picture_not_shown
from transferapp.intake.tiff_opening import open_tiff
from transferapp.intake.tiff_shown import BIO_FORMATS, compression_name, why_page_not_shown
from transferapp.intake.whole.table import missing_of, unshown_of

if TYPE_CHECKING:
    from tifffile import TiffFile

#: Longest time that the pages of one TIFF are looked through, in seconds.
TIFF_BUDGET_S = 2.0
#: End markers are searched in so many bytes at the end; some cameras append notes.
_TAIL_BYTES = 64 << 10
#: The last 40 bytes: this and the chunk map's offset.
_ND2_END = b"ND2 CHUNK MAP SIGNATURE 0000001!"
_ND2_END_BYTES = 40
#: File header of a CZI: 32 bytes of segment header, then 52 bytes to these two offsets.
_CZI_OFFSETS = struct.Struct("<qq")
_CZI_OFFSETS_AT = 32 + 52


@dataclass(frozen=True, slots=True)
class FileCheck:
    """What a look into a file found; all empty when nothing is wrong with it."""

    #: What is missing, as the end of a sentence.
    missing: str = ""
    #: Why no image repository can show it, as a sentence without its subject.
    unshown: str = ""
    #: The same of the embedded repository; Bio-Formats shows it.
    unshown_here: str = ""
    #: A TIFF's compression that the embedded repository unpacks and Bio-Formats does not.
    packed_by: str = ""
    #: Frames of an animated PNG: Bio-Formats reads them all, the embedded repository the first.
    frames: int = 1


def read_heads(path: Path, kind: ImageFormat) -> FileCheck:
    """Look whether a file is all there and can be shown; raises OSError."""
    if kind.name in _TIFFS:
        return _tiff(path)
    if kind is CZI:
        missing = _czi(path)
        return (
            FileCheck(missing) if missing else FileCheck(unshown_here=why_czi_not_shown(path))
        )
    check = _CHECKS.get(kind.name)
    if check is not None:
        return _scan(path, kind, check(path))
    return FileCheck(missing_of(path, kind.name), unshown_of(path, kind.name))


def _scan(path: Path, kind: ImageFormat, missing: str) -> FileCheck:
    if missing:
        return FileCheck(missing)
    if kind is JPEG:
        return FileCheck(unshown=why_picture_not_shown(path))
    return FileCheck(frames=frames_of(path) if kind is PNG else 1)


def is_scanned_into(kind: ImageFormat) -> bool:
    """Say whether files of this format are looked into, beyond their first bytes."""
    return kind is CZI or kind.name in _TIFFS or kind.name in _CHECKS


def page_count(path: Path) -> int | None:
    """Count the pages of a whole TIFF; None when that takes too long. Raises OSError, and
    what ``omexml.DAMAGE`` lists.
    """
    deadline = time.monotonic() + TIFF_BUDGET_S
    count = 0
    with open_tiff(path) as tiff:
        for _ in _page_offsets(tiff):
            count += 1
            if time.monotonic() > deadline:
                return None
    return count


def _tiff(path: Path) -> FileCheck:
    size = path.stat().st_size
    try:
        # Of ScanImage's, tifffile 2026.3 guesses where the pages are, and misses the last.
        with open_tiff(path, is_scanimage=False) as tiff:
            missing = _tiff_chain(tiff, size)
            return FileCheck(missing) if missing else _tiff_pages(tiff.pages, size)
    except DAMAGE as error:
        raise_slip(error)
        return FileCheck("its index is missing or broken")


def _tiff_pages(pages: Iterable[Any], size: int) -> FileCheck:
    deadline = time.monotonic() + TIFF_BUDGET_S
    count, packed_by = 0, ""
    for count, page in enumerate(pages, 1):
        if _end_of(page) > size:
            return FileCheck(f"the pixels of page {count} are cut off")
        if unshown := why_page_not_shown(page):
            return FileCheck(unshown=unshown)
        if page.compression not in BIO_FORMATS:
            packed_by = compression_name(page)
        if time.monotonic() > deadline:
            break
    return FileCheck(packed_by=packed_by) if count else FileCheck("it has no pages")


def _end_of(page: Any) -> int:
    """Return where the last of a page's pixels ends; raises ValueError."""
    segments = list(zip(page.dataoffsets, page.databytecounts, strict=False))
    # A tag of a wrong type holds texts or fractions.
    if not all(isinstance(offset, int) and isinstance(n, int) for offset, n in segments):
        raise ValueError("offsets that are no numbers")
    return max((offset + n for offset, n in segments), default=0)


def _tiff_chain(tiff: TiffFile, size: int) -> str:
    """Follow the pages' links: tifffile ends quietly where one leads beyond the file."""
    if tiff.tiff.is_ndpi:
        return ""  # links of its own making
    deadline = time.monotonic() + TIFF_BUDGET_S
    seen: set[int] = set()
    for offset in _page_offsets(tiff):
        if offset + tiff.tiff.tagnosize > size:
            return f"page {len(seen) + 1} and what follows is cut off"
        if offset in seen:
            return "its index leads in a circle"
        if time.monotonic() > deadline:
            break
        seen.add(offset)
    return ""


def _page_offsets(tiff: TiffFile) -> Iterator[int]:
    """Yield where each page begins, by the links from one to the next."""
    form, file = tiff.tiff, tiff.filehandle
    file.seek(form.offsetsize if form.is_bigtiff else 4)
    while offset := struct.unpack(form.offsetformat, file.read(form.offsetsize))[0]:
        yield offset
        file.seek(offset)
        tags = struct.unpack(form.tagnoformat, file.read(form.tagnosize))[0]
        file.seek(offset + form.tagnosize + tags * form.tagsize)


def _png(path: Path) -> str:
    return "" if b"IEND\xaeB`\x82" in _tail(path) else "its end is cut off"


def _jpeg(path: Path) -> str:
    return "" if b"\xff\xd9" in _tail(path) else "its end is cut off"


def _nd2(path: Path) -> str:
    with path.open("rb") as file:
        if file.read(4) != ND2.magic[0]:
            return ""  # the old form has no chunk map
    return "" if _ND2_END in _tail(path)[-_ND2_END_BYTES:] else "its chunk map is cut off"


def _czi(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(_CZI_OFFSETS_AT + _CZI_OFFSETS.size)
    if len(head) < _CZI_OFFSETS_AT + _CZI_OFFSETS.size:
        return "its header is cut off"
    offsets = _CZI_OFFSETS.unpack_from(head, _CZI_OFFSETS_AT)
    size = path.stat().st_size
    if max(offsets) >= size:
        return "its index is cut off"
    return "its pixels are cut off" if end_of_pixels(path) > size else ""


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        return file.read()


_TIFFS = frozenset(
    {
        TIFF.name,
        OME_TIFF.name,
        "Zeiss LSM",
        "Aperio SVS",
        "Hamamatsu NDPI",
        "Akoya QPTIFF",
        "MetaMorph STK",
    }
)
_CHECKS: dict[str, Callable[[Path], str]] = {
    OME_XML.name: pixels_missing,
    PNG.name: _png,
    JPEG.name: _jpeg,
    ND2.name: _nd2,
}
