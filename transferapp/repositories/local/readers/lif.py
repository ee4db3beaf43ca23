"""Read Leica LIF; liffile (BSD-3), an optional extra, finds its parts.

A LIF is an XML document and blocks of pixels. The library reads the document and tells where
each block lies; what the document says of an image is read in ``lif_axes``, and pixels are
read where they lie, so that a tile costs a tile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from xml.etree.ElementTree import Element

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from transferapp.errors import UnsupportedFile
from transferapp.model.images import Level, TileRegion
from transferapp.repositories.local.readers.lif_axes import (
    LifAxes,
    LifChannel,
    axes_of,
    channels_of,
)
from transferapp.repositories.local.readers.moments import in_utc
from transferapp.repositories.local.readers.port import ImageHeader, OpenFileset, ReadImage
from transferapp.repositories.local.readers.strided import StridedPlane
from transferapp.repositories.local.readers.vendor import OneFile, damaged, vendor_failures

if TYPE_CHECKING:
    from liffile import LifFile

_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_FILETIMES_PER_MICROSECOND = 10


class _Source(NamedTuple):
    path: Path
    file: LifFile
    #: In bytes.
    size: int


def open_lif(path: Path) -> OpenFileset:
    """Open a LIF; raises DamagedFile and UnsupportedFile."""
    from liffile import LifFile, LifFileType  # noqa: PLC0415 - extra 'readers'

    with vendor_failures(path), ExitStack() as stack:
        file = stack.enter_context(LifFile(path))
        if file.type != LifFileType.LIF:
            raise UnsupportedFile(
                f"'{path.name}' is not a LIF but another kind of Leica file. Export the images"
                " from LAS X as LIF or as OME-TIFF, then import that."
            )
        source = _Source(path, file, path.stat().st_size)
        images = [
            image
            for name, element in _images_in(file.xml_element)
            for image in _tiles_of(source, name, element)
        ]
        if not images:
            raise damaged(path, "it holds no image")
        return OneFile(images, stack.pop_all().close)


def _images_in(element: Element, folder: str = "") -> Iterator[tuple[str, Element]]:
    """Yield the elements that are images, and their names with the folders they are in.

    The outermost element stands for the file. liffile's own list has one image of each name.
    """
    for one in (*element.findall("./Element"), *element.findall("./Children/Element")):
        name = one.get("Name", "")
        inner = f"{folder}{name}" if element.tag == "Element" else ""
        if one.find("./Data/Image/ImageDescription") is not None:
            yield inner or name, one
        yield from _images_in(one, f"{inner}/" if inner else "")


def _tiles_of(source: _Source, name: str, element: Element) -> Iterator[LifImage]:
    """Yield the image, or each tile of one that LAS X did not merge, as Bio-Formats does."""
    description = element.find("./Data/Image/ImageDescription")
    memory = element.find("./Memory")
    if description is None or memory is None:
        return
    axes, channels = axes_of(description), channels_of(description)
    block = source.file.memory_blocks.get(memory.get("MemoryBlockID", ""))
    if block is None or block.offset + block.size > source.size:
        raise damaged(source.path, f"the pixels of '{name}' are missing")
    if axes.end(channels) > block.size:
        raise damaged(source.path, f"the pixels of '{name}' are not as it says")
    stated = ImageHeader(
        name=name,
        size_t=axes.size_t,
        size_c=len(channels),
        size_z=axes.size_z,
        dtype=np.result_type(*(_shown(channel.dtype) for channel in channels)).name,
        levels=(Level(axes.rows.size, axes.columns.size),),
        channels=tuple(channel.hint for channel in channels),
        pixel_size_um=axes.pixel_size_um,
        acquired_at=_acquired_at(element),
    )
    for tile in range(axes.tiles.size):
        start = block.offset + tile * axes.tiles.step
        yield LifImage(source, stated, axes, channels, start)


class LifImage(ReadImage):
    """One image, or one tile of it; its pixels are not compressed."""

    def __init__(
        self,
        source: _Source,
        header: ImageHeader,
        axes: LifAxes,
        channels: Sequence[LifChannel],
        start: int,
    ) -> None:
        """Read pixels from byte ``start`` of the file."""
        self._source, self._axes, self._channels, self._start = source, axes, channels, start
        self.header = header

    @override
    def read(self, region: TileRegion) -> npt.NDArray[np.generic]:
        """Read what the region spans in the file; returns it, (height, width). Raises
        DamagedFile.
        """
        channel, axes = self._channels[region.c], self._axes
        start = self._start + channel.start + axes.offset(region.t, region.z)
        plane = StridedPlane(start, axes.rows.step, axes.columns.step, channel.dtype)
        with vendor_failures(self._source.path):
            pixels = plane.read(self._source.file.filehandle, region)
        return pixels.astype(self.header.dtype)

    @override
    def check(self) -> None:
        """Do nothing: opening has compared lengths."""


def _shown(stored: np.dtype[np.generic]) -> np.dtype[np.generic]:
    """Half floats are shown in 32 bits."""
    return np.dtype("f4") if stored == np.float16 else stored.newbyteorder("=")


def _acquired_at(element: Element) -> datetime | None:
    """Return when the first plane was taken: 100 ns since 1601, in one number or in two."""
    stamps = element.find("./Data/Image/TimeStampList")
    if stamps is None:
        return None
    with suppress(ValueError, OverflowError):
        microseconds = _first_filetime(stamps) // _FILETIMES_PER_MICROSECOND
        return in_utc(_FILETIME_EPOCH + timedelta(microseconds=microseconds))
    return None


def _first_filetime(stamps: Element) -> int:
    first = stamps.find("./TimeStamp")
    if first is not None:
        return int(first.get("HighInteger", "0")) << 32 | int(first.get("LowInteger", "0"))
    numbers = (stamps.text or "").split()
    return int(numbers[0], 16) if numbers else 0
