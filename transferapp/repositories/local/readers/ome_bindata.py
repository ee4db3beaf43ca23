"""Read OME-XML files that hold their pixels themselves, in BinData elements.

Source: the OME-XML schema, 2016-06 (docs.openmicroscopy.org/ome-model).
"""

from __future__ import annotations

import base64
import bz2
import mmap
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from transferapp.errors import DamagedFile
from transferapp.model.images import Level, TileRegion
from transferapp.ome.bin_data import PIXEL_TYPES, check_bin_data
from transferapp.ome.document import OmeDocument, OmeImage
from transferapp.repositories.local.readers.ome_tiff import hint_of
from transferapp.repositories.local.readers.port import (
    ImageHeader,
    OpenFileset,
    ReadImage,
)

#: The marks of a document: what is not to be read, where Pixels begin and end, and the
#: elements with their text. Masks, attached files and comments have BinData too.
_MARK = re.compile(
    rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>"
    rb"|<(?:[\w.-]+:)?Pixels\b(?P<pixels>(?:[^>\"']|\"[^\"]*\"|'[^']*')*)>"
    rb"|(?P<end></(?:[\w.-]+:)?Pixels\s*>)"
    rb"|<(?:[\w.-]+:)?BinData\b(?P<said>[^>]*?)(?:/>|>(?P<text>[^<]*)<)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(rb"(\w+)\s*=\s*[\"']([^\"']*)[\"']")
#: What undoes ``PACKINGS``; without one the bytes are as they are.
_EXPANDED: dict[bytes, Callable[[bytes], bytes]] = {
    b"none": bytes,
    b"zlib": zlib.decompress,
    b"bzip2": bz2.decompress,
}


@dataclass(frozen=True, slots=True)
class _Packed:
    """Where in the file the text of one element is, and how to unpack it."""

    start: int
    end: int
    expand: Callable[[bytes], bytes]
    byteorder: Literal["<", ">"]


def open_bin_data(path: Path, document: OmeDocument) -> OpenFileset:
    """Open the images of an OME-XML file; raises UnsupportedFile, DamagedFile."""
    return OmeXmlFileset(path, document)


class OmeXmlFileset(OpenFileset):
    """The images of one OME-XML file."""

    def __init__(self, path: Path, document: OmeDocument) -> None:
        packed = _packed(path)
        if len(packed) != sum(image.bin_data for image in document.images):
            raise DamagedFile(f"'{path.name}' holds other pixels than its OME-XML says.")
        self.images, at = [], 0
        for image in document.images:
            if image.bin_data:
                mine = packed[at : at + image.bin_data]
                self.images.append(OmeXmlImage(path, image, mine))
                at += image.bin_data

    @override
    def close(self) -> None:
        """The file is opened for each read only."""


class OmeXmlImage(ReadImage):
    """One image: an element for each plane, or one for all of them."""

    def __init__(self, path: Path, image: OmeImage, packed: Sequence[_Packed]) -> None:
        self._path, self._packed = path, packed
        check_bin_data(image)
        self._layout = image.layout(1)
        self.header = ImageHeader(
            name=image.name,
            size_t=image.sizes["T"],
            size_c=image.sizes["C"],
            size_z=image.sizes["Z"],
            dtype=PIXEL_TYPES[image.dtype],
            levels=(Level(image.sizes["Y"], image.sizes["X"]),),
            channels=tuple(map(hint_of, image.channels)),
            pixel_size_um=image.pixel_size_um,
            acquired_at=image.acquired_at,
            random_access=False,
            time_step_s=image.time_step_s,
            description=image.description,
        )

    @override
    def read(self, region: TileRegion) -> npt.NDArray[np.generic]:
        """Unpack the plane and cut the region, (height, width), out."""
        plane = self._plane(self._layout.number(region.z, region.c, region.t) or 0)
        rows = slice(region.y, region.y + region.height)
        return np.array(plane[rows, region.x : region.x + region.width], self.header.dtype)

    @override
    def check(self) -> None:
        """Unpack every plane."""
        for number in range(self._layout.planes):
            self._plane(number)

    def _plane(self, number: int) -> npt.NDArray[np.generic]:
        alone = len(self._packed) == 1
        packed = self._packed[0 if alone else number]
        size = self.header.levels[0]
        dtype = np.dtype(self.header.dtype).newbyteorder(packed.byteorder)
        with self._path.open("rb") as file:
            file.seek(packed.start)
            text = file.read(packed.end - packed.start)
        try:
            content = packed.expand(base64.b64decode(text))
            planes = np.frombuffer(content, dtype).reshape(-1, size.size_y, size.size_x)
            plane: npt.NDArray[np.generic] = planes[number if alone else 0]
        except (ValueError, IndexError, OSError, EOFError, zlib.error) as error:
            raise DamagedFile(
                f"'{self._path.name}' is damaged or incomplete ({error}). Copy or export it"
                " again, then retry."
            ) from error
        return plane


def _packed(path: Path) -> list[_Packed]:
    """Find the elements in Pixels, without taking their text into memory."""
    found = []
    of_pixels: dict[bytes, bytes] | None = None
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as xml:
        for mark in _MARK.finditer(xml):
            if (attributes := mark["pixels"]) is not None:
                is_empty = attributes.endswith(b"/")
                of_pixels = None if is_empty else dict(_ATTRIBUTE.findall(attributes))
            elif mark["end"]:
                of_pixels = None
            elif mark["said"] is not None and of_pixels is not None:
                found.append(_element(mark, of_pixels))
    return found


def _element(mark: re.Match[bytes], of_pixels: dict[bytes, bytes]) -> _Packed:
    stated = dict(_ATTRIBUTE.findall(mark["said"]))
    # Until 2008 the order of bytes was said of the pixels.
    big = stated.get(b"BigEndian", of_pixels.get(b"BigEndian", b"")).lower() == b"true"
    start, end = (mark.end(), mark.end()) if mark["text"] is None else mark.span("text")
    # ``check_bin_data`` has refused others.
    expand = _EXPANDED.get(stated.get(b"Compression", b"none"), bytes)
    return _Packed(start, end, expand, ">" if big else "<")
