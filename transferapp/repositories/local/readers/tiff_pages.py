"""Regions of single TIFF pages: decode only the strips or tiles that a region touches."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, prod
from typing import Any

import numpy as np
import numpy.typing as npt
from tifffile import TiffPage

from transferapp.errors import DamagedFile, EmptyFile, UnsupportedFile
from transferapp.model.images import Level, TileRegion
from transferapp.model.pixel_types import shown_as

Plane = npt.NDArray[np.generic]
_JPEG = frozenset({6, 7, 34892, 33007})
#: Bits that numpy reads as they are.
_WHOLE_BYTES = frozenset({8, 16, 32, 64})


def levels_of(page: TiffPage) -> list[TiffPage]:
    """Return the page and the smaller copies of it that its SubIFDs hold, large to small."""
    found = [page]
    below: Any = page.pages if page.subifds else ()
    for smaller in below:
        shape = _size(smaller)
        if shape.size_x < _size(found[-1]).size_x or shape.size_y < _size(found[-1]).size_y:
            found.append(smaller)
    return found


def level_of(page: TiffPage) -> Level:
    """Return the page's size; raises UnsupportedFile for volumes in one page."""
    if page.keyframe.shaped[1] != 1:
        raise UnsupportedFile("It is a TIFF with volumes inside pages. Export it as OME-TIFF.")
    return _size(page)


def samples_of(page: TiffPage) -> int:
    """Return how many channels the page holds; an alpha channel is not one."""
    samples = int(page.keyframe.samplesperpixel)
    return 3 if samples == 4 and page.keyframe.photometric in {2, 6} else samples  # noqa: PLR2004


def dtype_name(page: TiffPage) -> str:
    """Return numpy's name of the pixel type that ``read_region`` gives."""
    dtype = page.keyframe.dtype
    return shown_as(str(dtype.name if dtype else f"{page.keyframe.bitspersample}-bit"))


def check_page(page: TiffPage) -> None:
    """Raise DamagedFile unless every strip or tile lies within the file."""
    size = page.parent.filehandle.size
    segments = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    if len(segments) < prod(page.keyframe.chunked) or not any(n for _, n in segments):
        raise DamagedFile("Some of its pixel data was never written.")
    if any(offset + count > size for offset, count in segments):
        raise DamagedFile("It ends before its pixel data does: it was not copied completely.")


def check_page_chain(page: TiffPage) -> None:
    """Raise DamagedFile when the file says that another page follows beyond its end."""
    file, layout = page.parent.filehandle, page.parent.tiff
    file.seek(page.offset)
    tags = int.from_bytes(file.read(layout.tagnosize), _order(page))
    file.seek(page.offset + layout.tagnosize + tags * layout.tagsize)
    following = int.from_bytes(file.read(layout.offsetsize), _order(page))
    if following >= file.size:
        raise DamagedFile("Its later pages are missing: it was not copied completely.")


def read_region(page: TiffPage, sample: int, region: TileRegion) -> Plane:
    """Return (height, width) pixels of one sample (channel) of a page."""
    dtype = np.dtype(dtype_name(page))
    out = np.zeros((region.height, region.width), dtype)
    rows = _rows if _is_plain(page) else _segments
    for data, y, x in rows(page, sample, region):
        _paste(out, data, y - region.y, x - region.x)
    return out


def _size(page: TiffPage) -> Level:
    shaped = page.keyframe.shaped
    if 0 in shaped:
        raise EmptyFile("An image in it has no pixels.")
    return Level(int(shaped[2]), int(shaped[3]))


def _order(page: TiffPage) -> Any:
    return "little" if page.parent.byteorder == "<" else "big"


def _is_plain(page: TiffPage) -> bool:
    key = page.keyframe
    return (
        key.compression == 1
        and key.predictor == 1
        and key.fillorder == 1
        and not key.is_tiled
        and key.planarconfig == 1
        and key.bitspersample in _WHOLE_BYTES
    )


def _rows(page: TiffPage, sample: int, region: TileRegion) -> Iterator[tuple[Plane, int, int]]:
    """Read rows straight out of uncompressed strips."""
    key, file = page.keyframe, page.parent.filehandle
    _, _, length, width, contig = key.shaped
    dtype = np.dtype(key.dtype).newbyteorder(page.parent.byteorder)
    row_bytes = width * contig * dtype.itemsize
    y, end = region.y, region.y + region.height
    while y < end:
        strip, within = divmod(y, key.rowsperstrip)
        count = min(end, (strip + 1) * key.rowsperstrip, length) - y
        file.seek(page.dataoffsets[strip] + within * row_bytes)
        data = file.read(count * row_bytes)
        if len(data) < count * row_bytes:
            raise DamagedFile("It ends before its pixel data does.")
        pixels = np.frombuffer(data, dtype).reshape(count, width, contig)
        yield pixels[:, region.x : region.x + region.width, sample], y, region.x
        y += count


def _segments(
    page: TiffPage, sample: int, region: TileRegion
) -> Iterator[tuple[Plane, int, int]]:
    """Decode the compressed strips or tiles that the region touches."""
    key, file = page.keyframe, page.parent.filehandle
    options: dict[str, Any] = {"_fullsize": key.is_tiled}
    if key.compression in _JPEG:
        options |= {"jpegtables": page.jpegtables, "jpegheader": key.jpegheader}
    contig = key.shaped[4]
    for index in _touched(key, 0 if contig > 1 else sample, region):
        count = page.databytecounts[index]
        if not count:
            continue
        file.seek(page.dataoffsets[index])
        data, position, shape = key.decode(file.read(count), index, **options)
        if data is not None:
            _, _, y, x, _ = position
            kept = data[0, : shape[1], : shape[2], sample if contig > 1 else 0]
            yield kept, y, x


def _touched(key: TiffPage, separate: int, region: TileRegion) -> Iterator[int]:
    _, _, length, width, _ = key.shaped
    high = key.tilelength if key.is_tiled else key.rowsperstrip
    wide = key.tilewidth if key.is_tiled else width
    down, across = ceil(length / high), ceil(width / wide)
    for row in range(region.y // high, ceil((region.y + region.height) / high)):
        for column in range(region.x // wide, ceil((region.x + region.width) / wide)):
            yield (separate * down + row) * across + column


def _paste(out: Plane, data: Plane, y: int, x: int) -> None:
    """Copy ``data``, whose corner is at (y, x) of ``out``, clipping what sticks out."""
    top, left = max(0, y), max(0, x)
    bottom = min(out.shape[0], y + data.shape[0])
    right = min(out.shape[1], x + data.shape[1])
    if top < bottom and left < right:
        part = data[top - y : bottom - y, left - x : right - x]
        out[top:bottom, left:right] = np.where(part, 255, 0) if part.dtype == np.bool_ else part
