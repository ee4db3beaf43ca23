"""Regions of single TIFF pages: decode only the strips or tiles that a region touches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, prod
from typing import Any

import numpy as np
import numpy.typing as npt
from tifffile import TIFF, TiffPage

from transferapp.errors import DamagedFile, EmptyFile, UnsupportedFile
from transferapp.model.images import Level, TileRegion
from transferapp.model.pixel_types import shown_as, type_name
from transferapp.repositories.local.readers import tiff_ycbcr
from transferapp.repositories.local.readers.port import ChannelHint
from transferapp.repositories.local.readers.tiff_colour import colour_of

Plane = npt.NDArray[np.generic]
#: Bits that numpy reads as they are.
_WHOLE_BYTES = frozenset({8, 16, 32, 64})
#: Withdrawn in 1995: some files hold whole pictures, others parts that tags of theirs join.
_OLD_JPEG = 6


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
    """Return the page's size; raises EmptyFile, and UnsupportedFile for what nobody unpacks."""
    key = page.keyframe
    if key.shaped[1] != 1:
        raise UnsupportedFile("It is a TIFF with volumes inside pages. Export it as OME-TIFF.")
    if key.compression != 1 and key.compression not in TIFF.DECOMPRESSORS:
        raise UnsupportedFile(
            f"Its pixels are packed in a way that no codec here unpacks"
            f" ({_compression_name(key)}). Export it as OME-TIFF."
        )
    if key.compression == _OLD_JPEG and not _begins_as_jpeg(page):
        raise UnsupportedFile("It holds JPEG of the old kind, in parts. Export it as OME-TIFF.")
    if tiff_ycbcr.shares_chroma(key):
        tiff_ycbcr.require_spreadable(key)
    return _size(page)


def samples_of(page: TiffPage) -> int:
    """Return how many channels the page holds; transparency is one."""
    return len(channel_hints(page))


def channel_hints(page: TiffPage) -> tuple[ChannelHint, ...]:
    """Return what the page says of each of its channels; raises UnsupportedFile."""
    dtype_name(page)
    return colour_of(page).hints


def dtype_name(page: TiffPage) -> str:
    """Return numpy's name of the pixel type that ``read_region`` gives.

    Raises UnsupportedFile for a type that cannot be shown: complex numbers, 64-bit integers.
    """
    key = page.keyframe
    return shown_as(type_name(str(key.dtype.name) if key.dtype else "", key.bitspersample))


def check_page(page: TiffPage) -> None:
    """Raise DamagedFile unless every strip or tile lies within the file."""
    size = page.parent.filehandle.size
    segments = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    if len(segments) < prod(page.keyframe.chunked) or not any(at and n for at, n in segments):
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


def read_region(page: TiffPage, channel: int, region: TileRegion) -> Plane:
    """Return (height, width) pixels of one channel of a page; more light is a larger number."""
    colour = colour_of(page)
    stored = [_read_sample(page, sample, region) for sample in colour.samples_for(channel)]
    return colour.shown(channel, stored)


def _read_sample(page: TiffPage, sample: int, region: TileRegion) -> Plane:
    out = np.zeros((region.height, region.width), np.dtype(dtype_name(page)))
    rows = _rows if _is_plain(page) else _segments
    for data, y, x in rows(page, sample, region):
        _paste(out, data, y - region.y, x - region.x)
    return out


def _size(page: TiffPage) -> Level:
    shaped = page.keyframe.shaped
    if 0 in shaped:
        raise EmptyFile("An image in it has no pixels.")
    return Level(int(shaped[2]), int(shaped[3]))


def _begins_as_jpeg(page: TiffPage) -> bool:
    offset, file = page.dataoffsets[0], page.parent.filehandle
    file.seek(offset)
    return bool(file.read(2) == b"\xff\xd8")


def _order(page: TiffPage) -> Any:
    return "little" if page.parent.byteorder == "<" else "big"


def _compression_name(key: TiffPage) -> str:
    return str(getattr(key.compression, "name", key.compression))


def _is_plain(page: TiffPage) -> bool:
    key = page.keyframe
    return (
        key.compression == 1
        and key.predictor == 1
        and key.fillorder == 1
        and not key.is_tiled
        and key.planarconfig == 1
        and key.bitspersample in _WHOLE_BYTES
        and not tiff_ycbcr.shares_chroma(key)
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
        if not page.dataoffsets[strip]:
            # A strip that was never written, as GDAL leaves it out: zeros.
            y += count
            continue
        file.seek(page.dataoffsets[strip] + within * row_bytes)
        data = file.read(count * row_bytes)
        if len(data) < count * row_bytes:
            raise DamagedFile("It ends before its pixel data does.")
        pixels = np.frombuffer(data, dtype).reshape(count, width, contig)
        yield pixels[:, region.x : region.x + region.width, sample], y, region.x
        y += count


@dataclass(frozen=True, slots=True)
class _Segment:
    """A strip or tile: its number and where in the page it lies."""

    index: int
    y: int
    x: int
    rows: int
    columns: int


def _segments(
    page: TiffPage, sample: int, region: TileRegion
) -> Iterator[tuple[Plane, int, int]]:
    """Decode the compressed strips or tiles that the region touches."""
    key, file = page.keyframe, page.parent.filehandle
    contig = key.shaped[4]
    decode = _decoder(page)
    for segment in _touched(key, 0 if contig > 1 else sample, region):
        offset, count = page.dataoffsets[segment.index], page.databytecounts[segment.index]
        if not count or not offset:
            continue  # never written: zeros
        # Nothing of the page may be looked up between these two: tifffile reads tags and
        # decoders late, from the same file, and moves its pointer.
        file.seek(offset)
        data = file.read(count)
        yield decode(data, segment)[..., sample if contig > 1 else 0], segment.y, segment.x


def _decoder(page: TiffPage) -> Any:
    """Return what turns a segment's bytes into (rows, columns, samples)."""
    key = page.keyframe
    if tiff_ycbcr.shares_chroma(key):
        return lambda data, at: tiff_ycbcr.spread(key, data, at.rows, at.columns)
    decode: Any = key.decode
    options: dict[str, Any] = {"_fullsize": key.is_tiled}
    if key.compression in tiff_ycbcr.JPEG:
        options |= {"jpegtables": page.jpegtables, "jpegheader": key.jpegheader}

    def decoded(data: bytes, at: _Segment) -> Plane:
        pixels, _, shape = decode(data, at.index, **options)
        plane: Plane = pixels[0, : shape[1], : shape[2]]
        return plane

    return decoded


def _touched(key: TiffPage, separate: int, region: TileRegion) -> Iterator[_Segment]:
    _, _, length, width, _ = key.shaped
    high = key.tilelength if key.is_tiled else key.rowsperstrip
    wide = key.tilewidth if key.is_tiled else width
    down, across = ceil(length / high), ceil(width / wide)
    for row in range(region.y // high, ceil((region.y + region.height) / high)):
        rows = high if key.is_tiled else min(high, length - row * high)
        for column in range(region.x // wide, ceil((region.x + region.width) / wide)):
            index = (separate * down + row) * across + column
            yield _Segment(index, row * high, column * wide, rows, wide)


def _paste(out: Plane, data: Plane, y: int, x: int) -> None:
    """Copy ``data``, whose corner is at (y, x) of ``out``, clipping what sticks out."""
    top, left = max(0, y), max(0, x)
    bottom = min(out.shape[0], y + data.shape[0])
    right = min(out.shape[1], x + data.shape[1])
    if top < bottom and left < right:
        out[top:bottom, left:right] = data[top - y : bottom - y, left - x : right - x]
