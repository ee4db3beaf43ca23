"""Tell whether an image file is all there, from its structure and without decoding it."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import tifffile

from transferapp.client.formats import CZI, JPEG, ND2, OME_TIFF, OME_XML, PNG, TIFF, ImageFormat
from transferapp.client.omexml import DAMAGE, pixels_missing

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
#: Keys of which an OME-Zarr's root metadata has at least one.
_OME_KEYS = ("multiscales", "plate", "bioformats2raw.layout", "labels", "omero")


def whole(path: Path, kind: ImageFormat) -> str:
    """Say what is missing of a file, as the end of a sentence; "" when it is all there.

    Raises OSError, UnsupportedFile for what no reader takes.
    """
    return _CHECKS.get(kind.name, _unchecked)(path)


def whole_zarr(metadata: Path) -> str:
    """Say what is wrong with a Zarr's root metadata; "" when it is an OME-Zarr's."""
    try:
        root: Any = json.loads(metadata.read_bytes())
    except ValueError:
        return f"its {metadata.name} is cut short"
    attributes = root.get("attributes", root) if isinstance(root, dict) else {}
    ome = attributes.get("ome", attributes) if isinstance(attributes, dict) else {}
    if isinstance(ome, dict) and any(key in ome for key in _OME_KEYS):
        return ""
    return f"its {metadata.name} describes no image"


def page_count(path: Path) -> int | None:
    """Count the pages of a whole TIFF; None when that takes too long. Raises OSError, and
    what ``omexml.DAMAGE`` lists.
    """
    deadline = time.monotonic() + TIFF_BUDGET_S
    count = 0
    with tifffile.TiffFile(path, _multifile=False) as tiff:
        for _ in _page_offsets(tiff):
            count += 1
            if time.monotonic() > deadline:
                return None
    return count


def _unchecked(_: Path) -> str:
    return ""


def _tiff(path: Path) -> str:
    size = path.stat().st_size
    try:
        with tifffile.TiffFile(path, _multifile=False) as tiff:
            return _tiff_chain(tiff, size) or _tiff_pages(tiff.pages, size)
    except DAMAGE:
        return "its index is missing or broken"


def _tiff_pages(pages: Iterable[Any], size: int) -> str:
    deadline = time.monotonic() + TIFF_BUDGET_S
    count = 0
    for count, page in enumerate(pages, 1):
        ends = (a + b for a, b in zip(page.dataoffsets, page.databytecounts, strict=False))
        if max(ends, default=0) > size:
            return f"the pixels of page {count} are cut off"
        if time.monotonic() > deadline:
            break
    return "" if count else "it has no pages"


def _tiff_chain(tiff: tifffile.TiffFile, size: int) -> str:
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


def _page_offsets(tiff: tifffile.TiffFile) -> Iterator[int]:
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
    return "its index is cut off" if max(offsets) >= path.stat().st_size else ""


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        return file.read()


_CHECKS: dict[str, Callable[[Path], str]] = {
    TIFF.name: _tiff,
    OME_TIFF.name: _tiff,
    "Zeiss LSM": _tiff,
    "Aperio SVS": _tiff,
    "Hamamatsu NDPI": _tiff,
    "Akoya QPTIFF": _tiff,
    "MetaMorph STK": _tiff,
    OME_XML.name: pixels_missing,
    PNG.name: _png,
    JPEG.name: _jpeg,
    ND2.name: _nd2,
    CZI.name: _czi,
}
