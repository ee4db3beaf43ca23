"""One DICOM file: what it says of its pixels, and its frames, read one at a time.

pydicom (MIT) reads headers and finds frames; imagecodecs (BSD-3) unpacks what is compressed.
"""

from __future__ import annotations

import logging
import struct
import warnings
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from transferapp.errors import UnsupportedFile
from transferapp.model.images import TileRegion
from transferapp.repositories.local.readers.strided import StridedPlane
from transferapp.repositories.local.readers.vendor import damaged

if TYPE_CHECKING:
    from pydicom import Dataset

Numbers = npt.NDArray[Any]
#: All that is kept of what a file says.
_WANTED = (
    "AcquisitionDate", "AcquisitionDateTime", "AcquisitionTime", "BitsAllocated", "BitsStored",
    "Columns", "DimensionOrganizationType", "DirectoryRecordSequence", "ImageType",
    "InstanceNumber", "NumberOfFrames", "NumberOfOpticalPaths",
    "PerFrameFunctionalGroupsSequence", "PhotometricInterpretation", "PixelRepresentation",
    "PixelSpacing", "PlanarConfiguration", "Rows", "SamplesPerPixel",
    "SharedFunctionalGroupsSequence", "SliceLocation", "SpacingBetweenSlices",
    "TotalPixelMatrixColumns", "TotalPixelMatrixFocalPlanes", "TotalPixelMatrixRows",
    *(
        f"{light}PaletteColorLookupTable{part}"
        for light in ("Red", "Green", "Blue")
        for part in ("Data", "Descriptor")
    ),
    *(f"Segmented{light}PaletteColorLookupTableData" for light in ("Red", "Green", "Blue")),
)  # fmt: skip
_GREY, _INVERTED, _PALETTE = "MONOCHROME2", "MONOCHROME1", "PALETTE COLOR"
#: What is red, green and blue once a frame is unpacked.
_LIGHTS = {"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"}
_STORED_PLAIN = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1"}
_DEFLATED = "1.2.840.10008.1.2.1.99"
_JPEG = {f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 57, 70)}
_JPEG_LS = {f"1.2.840.10008.1.2.4.{n}" for n in (80, 81)}
_JPEG_2000 = {f"1.2.840.10008.1.2.4.{n}" for n in (90, 91, 201, 202, 203)}
_MARK_AT, _MARK = 128, b"DICM"
_PIXELS = (0x7FE0, 0x0010)
_ENDLESS = 0xFFFFFFFF
_BYTE_BITS, _RGB = 8, 3
_TYPES = {(1, 0): "u1", (8, 0): "u1", (8, 1): "i1", (16, 0): "u2", (16, 1): "i2",
          (32, 0): "u4", (32, 1): "i4"}  # fmt: skip


def _keep_quiet() -> None:
    """Have pydicom say nothing: its warnings quote what stands in a file, people's names too.

    Values that the standard forbids are common, and a reader need not mind them.
    """
    from pydicom import config  # noqa: PLC0415 - extra 'readers'

    config.settings.reading_validation_mode = config.IGNORE
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module="pydicom")


def _may_be_dicom(start: bytes) -> bool:
    """Say whether a file has the mark, or begins with an element as it did before 1993."""
    return start[_MARK_AT:] == _MARK or start[:2] in {b"\2\0", b"\x08\0"}


class DicomFile:
    """One file of a series; raises UnsupportedFile and what pydicom raises.

    A series has thousands: none is held open, and only what is asked for is kept in memory.
    """

    def __init__(self, path: Path) -> None:
        from pydicom import dcmread  # noqa: PLC0415 - extra 'readers'

        _keep_quiet()
        self.path = path
        with path.open("rb") as file:
            if not _may_be_dicom(file.read(_MARK_AT + len(_MARK))):
                raise self._unsupported("no beginning of one")
            file.seek(0)
            self.said: Dataset = dcmread(
                file, stop_before_pixels=True, force=True, specific_tags=list(_WANTED)
            )
            self._after_header = file.tell()

    def number(self, keyword: str, default: int = 0) -> int:
        """Return a whole number that it says."""
        return int(self.said.get(keyword) or default)

    def real(self, keyword: str) -> float:
        """Return a number that it says of its place; 0 where it is none."""
        try:
            return float(self.text(keyword) or 0)
        except ValueError:
            return 0.0

    def text(self, keyword: str) -> str:
        """Return a text that it says; "" where it is silent."""
        found = self.said.get(keyword)
        return "" if found is None else str(found).strip()

    @property
    def is_directory(self) -> bool:
        """It only lists others."""
        return "DirectoryRecordSequence" in self.said

    @property
    def rows(self) -> int:
        """The height of a frame."""
        return self.number("Rows")

    @property
    def columns(self) -> int:
        """The width of a frame."""
        return self.number("Columns")

    @property
    def frames(self) -> int:
        """How many there are."""
        return self.number("NumberOfFrames", 1)

    @property
    def is_slide(self) -> bool:
        """Its frames are tiles of one large plane."""
        return "TotalPixelMatrixColumns" in self.said

    @property
    def is_mask(self) -> bool:
        """Its numbers have one bit."""
        return self.number("BitsAllocated") == 1

    @property
    def is_coloured(self) -> bool:
        """Its frames are red, green and blue."""
        return self.text("PhotometricInterpretation") in {*_LIGHTS, _PALETTE}

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """What numbers it gives."""
        if self.text("PhotometricInterpretation") == _PALETTE:
            return np.dtype("u1")
        return self._stored

    @cached_property
    def _stored(self) -> np.dtype[Any]:
        kind = self.number("BitsAllocated"), self.number("PixelRepresentation")
        if kind not in _TYPES:
            raise ValueError(f"numbers of {kind[0]} bits")
        return np.dtype(_TYPES[kind])

    @cached_property
    def _syntax(self) -> str:
        meta = getattr(self.said, "file_meta", None)
        found = None if meta is None else meta.get("TransferSyntaxUID")
        # Without the preamble there is none: such files are as old as the first form.
        return str(found or "1.2.840.10008.1.2")

    def check(self) -> None:
        """Raise UnsupportedFile for what is not read here, DamagedFile for what is missing."""
        kind, samples = (
            self.text("PhotometricInterpretation"),
            self.number("SamplesPerPixel", 1),
        )
        wanted = _RGB if kind in _LIGHTS else 1
        if kind not in {_GREY, _INVERTED, _PALETTE, *_LIGHTS} or samples != wanted:
            raise self._unsupported(f"pixels as {kind or 'nothing'}")
        if min(self.rows, self.columns, self.frames) < 1:
            raise damaged(self.path, "it holds no image")
        start, length = self._pixels
        if length == _ENDLESS:
            return
        size = self.path.stat().st_size
        bits = self.frames * self.rows * self.columns * samples * self.number("BitsAllocated")
        is_subsampled = kind == "YBR_FULL_422"
        needed = length if is_subsampled else max(length - 1, -(-bits // _BYTE_BITS))
        if self._syntax != _DEFLATED and start + needed > size:
            raise damaged(self.path, "its pixels are cut off")

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
        kind = self.text("PhotometricInterpretation")
        shown_as_stored = kind in {"RGB", _GREY, _INVERTED}
        return self._syntax in _STORED_PLAIN and not self.is_mask and shown_as_stored

    def _read_plain(self, frame: int, region: TileRegion, sample: int) -> Numbers:
        samples, width = self.number("SamplesPerPixel", 1), self._stored.itemsize
        plane = self.rows * self.columns * width
        start = self._pixels[0] + frame * plane * samples
        in_planes = self.number("PlanarConfiguration") == 1
        step = width if in_planes else width * samples
        start += sample * (plane if in_planes else width)
        stored = self._stored.newbyteorder("<")
        place = StridedPlane(start, self.columns * step, step, stored)
        with self.path.open("rb") as file:
            return place.read(file, region)

    def _unpack(self, frame: int) -> Numbers:
        """Return a whole frame, (rows, columns) or with its colours."""
        from pydicom.pixels.processing import apply_color_lut  # noqa: PLC0415 - as above
        from pydicom.pixels.utils import pixel_array  # noqa: PLC0415

        if self._syntax in _JPEG | _JPEG_LS | _JPEG_2000:
            found = self._decode(self._packed(frame))
        else:
            found = pixel_array(self.path, index=frame)
        if self.text("PhotometricInterpretation") == _PALETTE:
            found = apply_color_lut(found, self.said)
            # Its entries have 8 or 16 bits; a screen's have 8.
            found = (found >> _BYTE_BITS if found.dtype.itemsize > 1 else found).astype("u1")
        if found.shape[:2] != (self.rows, self.columns):
            raise ValueError("a frame of another size")
        return found

    def _decode(self, content: bytes) -> Numbers:
        import imagecodecs  # noqa: PLC0415 - extra 'readers'

        if self._syntax in _JPEG_LS:
            found = imagecodecs.jpegls_decode(content)
        elif self._syntax in _JPEG_2000:
            found = imagecodecs.jpeg2k_decode(content)
        else:
            stored, shown = self._jpeg_colours()
            found = imagecodecs.jpeg_decode(content, colorspace=stored, outcolorspace=shown)
        return np.asarray(found).view(self._stored)

    def _jpeg_colours(self) -> tuple[str | None, str | None]:
        """Return how a JPEG stores colours, which its marks may leave open, and the wish."""
        kind = self.text("PhotometricInterpretation")
        if kind not in _LIGHTS:
            return None, None
        return "RGB" if kind == "RGB" else "YCBCR", "RGB"

    @cached_property
    def _pixels(self) -> tuple[int, int]:
        """Where the value of Pixel Data begins, and its length in bytes."""
        with self.path.open("rb") as file:
            file.seek(self._after_header)
            start = file.read(12)
        if struct.unpack_from("<HH", start) != _PIXELS:
            raise self._unsupported("no pixels")
        if start[4:6].isalpha():  # Its kind stands there: OB or OW.
            return self._after_header + 12, struct.unpack_from("<I", start, 8)[0]
        return self._after_header + 8, struct.unpack_from("<I", start, 4)[0]

    @cached_property
    def _fragments(self) -> list[int]:
        """Where the parts of compressed pixels begin."""
        from pydicom.encaps import parse_basic_offsets, parse_fragments  # noqa: PLC0415

        with self.path.open("rb") as file:
            file.seek(self._pixels[0])
            parse_basic_offsets(file)
            return list(parse_fragments(file)[1])

    def _packed(self, frame: int) -> bytes:
        """Return a compressed frame, which mostly is one part."""
        from pydicom.encaps import get_frame  # noqa: PLC0415 - extra 'readers'

        with self.path.open("rb") as file:
            if len(self._fragments) == self.frames:
                file.seek(self._fragments[frame] + 4)
                [length] = struct.unpack("<I", file.read(4))
                return file.read(length)
            file.seek(self._pixels[0])
            return get_frame(file, frame, number_of_frames=self.frames)

    def _bright(self, pixels: Numbers) -> Numbers:
        """Use only the bits that count, and make larger numbers brighter."""
        if self.is_mask or self.is_coloured:
            return pixels.astype(self.dtype)
        stored = self.number("BitsStored", self.number("BitsAllocated"))
        spare = self._stored.itemsize * _BYTE_BITS - stored
        numbers = pixels.astype(self._stored)
        if spare > 0:
            # To the top and back: the sign comes along.
            numbers = (numbers << spare) >> spare
        if self.text("PhotometricInterpretation") != _INVERTED:
            return numbers
        # ~n is -1 - n: the brightest of unsigned numbers is what all bits make.
        return ((~numbers) << spare) >> spare if spare > 0 else ~numbers

    def _unsupported(self, what: str) -> UnsupportedFile:
        return UnsupportedFile(
            f"'{self.path.name}' is a DICOM file with {what}, which is not read here. Export"
            " it as DICOM with MONOCHROME2 or RGB pixels, or as OME-TIFF, then import that."
        )
