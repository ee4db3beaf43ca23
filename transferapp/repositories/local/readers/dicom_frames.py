"""The frames of a DICOM file, read one at a time: where they lie, or unpacked.

pydicom (MIT) finds them and unpacks run lengths, imagecodecs (BSD-3) all kinds of JPEG.
"""

from __future__ import annotations

import struct
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from transferapp.model.images import TileRegion
from transferapp.repositories.local.readers.dicom_file import (
    GREY,
    INVERTED,
    LIGHTS,
    PALETTE,
    DicomFile,
)
from transferapp.repositories.local.readers.strided import StridedPlane

Numbers = npt.NDArray[Any]
_STORED_PLAIN = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1"}
_JPEG = {f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 57, 70)}
_JPEG_LS = {f"1.2.840.10008.1.2.4.{n}" for n in (80, 81)}
_JPEG_2000 = {f"1.2.840.10008.1.2.4.{n}" for n in (90, 91, 201, 202, 203)}
_BYTE_BITS, _RGB = 8, 3


class DicomFrames:
    """The frames of a file; raises what pydicom and imagecodecs raise."""

    def __init__(self, file: DicomFile) -> None:
        self._file = file

    def read(self, frame: int, region: TileRegion, sample: int) -> Numbers:
        """Return a region of one frame, of one of its samples, (height, width)."""
        if self._is_plain:
            found = self._read_plain(frame, region, sample)
        else:
            rows = slice(region.y, region.y + region.height)
            found = self._unpack(frame)[rows, region.x : region.x + region.width]
            found = found[..., sample] if found.ndim == _RGB else found
        return self._bright(found)

    @cached_property
    def _is_plain(self) -> bool:
        """Its pixels lie in the file as they are shown."""
        kind = self._file.kind
        shown_as_stored = kind in {"RGB", GREY, INVERTED}
        return self._file.syntax in _STORED_PLAIN and not self._file.is_mask and shown_as_stored

    def _read_plain(self, frame: int, region: TileRegion, sample: int) -> Numbers:
        samples, width = self._file.number("SamplesPerPixel", 1), self._file.stored.itemsize
        plane = self._file.rows * self._file.columns * width
        start = self._file.pixels[0] + frame * plane * samples
        in_planes = self._file.number("PlanarConfiguration") == 1
        step = width if in_planes else width * samples
        start += sample * (plane if in_planes else width)
        stored = self._file.stored.newbyteorder("<")
        place = StridedPlane(start, self._file.columns * step, step, stored)
        with self._file.path.open("rb") as file:
            return place.read(file, region)

    def _unpack(self, frame: int) -> Numbers:
        """Return a whole frame, (rows, columns) or with its colours."""
        from pydicom.pixels.processing import apply_color_lut  # noqa: PLC0415 - as above
        from pydicom.pixels.utils import pixel_array  # noqa: PLC0415

        if self._file.syntax in _JPEG | _JPEG_LS | _JPEG_2000:
            found = self._decode(self._packed(frame))
        else:
            found = pixel_array(self._file.path, index=frame)
        if self._file.kind == PALETTE:
            found = apply_color_lut(found, self._file.stated)
            # Its entries have 8 or 16 bits; a screen's have 8.
            found = (found >> _BYTE_BITS if found.dtype.itemsize > 1 else found).astype("u1")
        if found.shape[:2] != (self._file.rows, self._file.columns):
            raise ValueError("a frame of another size")
        return found

    def _decode(self, content: bytes) -> Numbers:
        import imagecodecs  # noqa: PLC0415 - extra 'readers'

        if self._file.syntax in _JPEG_LS:
            found = imagecodecs.jpegls_decode(content)
        elif self._file.syntax in _JPEG_2000:
            found = imagecodecs.jpeg2k_decode(content)
        else:
            stored, shown = self._jpeg_colours()
            found = imagecodecs.jpeg_decode(content, colorspace=stored, outcolorspace=shown)
        return np.asarray(found).view(self._file.stored)

    def _jpeg_colours(self) -> tuple[str | None, str | None]:
        """Return how a JPEG stores colours, which its marks may leave open, and the wish."""
        kind = self._file.kind
        if kind not in LIGHTS:
            return None, None
        return "RGB" if kind == "RGB" else "YCBCR", "RGB"

    @cached_property
    def _fragments(self) -> list[int]:
        """Where the parts of compressed pixels begin."""
        from pydicom.encaps import parse_basic_offsets, parse_fragments  # noqa: PLC0415

        with self._file.path.open("rb") as file:
            file.seek(self._file.pixels[0])
            parse_basic_offsets(file)
            return list(parse_fragments(file)[1])

    def _packed(self, frame: int) -> bytes:
        """Return a compressed frame, which mostly is one part."""
        from pydicom.encaps import get_frame  # noqa: PLC0415 - extra 'readers'

        with self._file.path.open("rb") as file:
            if len(self._fragments) == self._file.frames:
                file.seek(self._fragments[frame] + 4)
                [length] = struct.unpack("<I", file.read(4))
                return file.read(length)
            file.seek(self._file.pixels[0])
            return get_frame(file, frame, number_of_frames=self._file.frames)

    def _bright(self, pixels: Numbers) -> Numbers:
        """Use only the bits that count, and make larger numbers brighter."""
        if self._file.is_mask or self._file.is_coloured:
            return pixels.astype(self._file.dtype)
        bits = self._file.stored.itemsize * _BYTE_BITS
        spare = max(0, bits - self._file.number("BitsStored", bits))
        above = bits - 1 - self._file.number("HighBit", bits - 1 - spare)
        numbers = pixels.astype(self._file.stored)
        if spare > 0 and above >= 0:
            # To the top and back: the sign comes along.
            numbers = (numbers << above) >> spare
        if self._file.kind != INVERTED:
            return numbers
        # ~n is -1 - n: the brightest of unsigned numbers is what all bits make.
        return ((~numbers) << spare) >> spare if spare > 0 else ~numbers
