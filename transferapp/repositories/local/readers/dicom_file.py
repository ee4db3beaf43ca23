"""One DICOM file: what it says of its pixels. pydicom (MIT), an optional extra, reads it."""

from __future__ import annotations

import logging
import struct
import warnings
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from transferapp.errors import UnsupportedFile
from transferapp.repositories.local.readers.vendor import damaged

if TYPE_CHECKING:
    from pydicom import Dataset

#: All that is kept of what a file says.
_WANTED = (
    "AcquisitionDate", "AcquisitionDateTime", "AcquisitionTime", "BitsAllocated", "BitsStored",
    "Columns", "DimensionOrganizationType", "DirectoryRecordSequence", "HighBit", "ImageType",
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
GREY, INVERTED, PALETTE = "MONOCHROME2", "MONOCHROME1", "PALETTE COLOR"
#: What is red, green and blue once a frame is unpacked.
LIGHTS = {"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"}
_DEFLATED = "1.2.840.10008.1.2.1.99"
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


def holds_no_image(path: Path) -> UnsupportedFile:
    """Return the error for a report, a plan, a presentation state, or a list of files."""
    return UnsupportedFile(f"'{path.name}' is a DICOM file that holds no image. Leave it out.")


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
            self.stated: Dataset = dcmread(
                file, stop_before_pixels=True, force=True, specific_tags=list(_WANTED)
            )
            self._after_header = file.tell()

    def number(self, keyword: str, default: int = 0) -> int:
        """Return a whole number that it says."""
        return int(self.stated.get(keyword) or default)

    def real(self, keyword: str) -> float:
        """Return a number that it says of its place; 0 where it is none."""
        try:
            return float(self.text(keyword) or 0)
        except ValueError:
            return 0.0

    def text(self, keyword: str) -> str:
        """Return a text that it says; "" where it is silent."""
        found = self.stated.get(keyword)
        return "" if found is None else str(found).strip()

    @property
    def kind(self) -> str:
        """How its numbers become light."""
        return self.text("PhotometricInterpretation")

    @property
    def is_directory(self) -> bool:
        """It only lists others."""
        return "DirectoryRecordSequence" in self.stated

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
        return "TotalPixelMatrixColumns" in self.stated

    @property
    def is_mask(self) -> bool:
        """Its numbers have one bit."""
        return self.number("BitsAllocated") == 1

    @property
    def is_coloured(self) -> bool:
        """Its frames are red, green and blue."""
        return self.kind in {*LIGHTS, PALETTE}

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """What numbers it gives."""
        if self.kind == PALETTE:
            return np.dtype("u1")
        return self.stored

    @cached_property
    def stored(self) -> np.dtype[Any]:
        """What numbers it stores, in this computer's byte order."""
        form = self.number("BitsAllocated"), self.number("PixelRepresentation")
        if form not in _TYPES:
            raise ValueError(f"numbers of {form[0]} bits")
        return np.dtype(_TYPES[form])

    @cached_property
    def syntax(self) -> str:
        """How its elements and pixels are written, as the standard's number for it."""
        meta = getattr(self.stated, "file_meta", None)
        found = None if meta is None else meta.get("TransferSyntaxUID")
        # Without the preamble there is none: such files are as old as the first form.
        return str(found or "1.2.840.10008.1.2")

    def check(self) -> None:
        """Raise UnsupportedFile for what is not read here, DamagedFile for what is missing."""
        if not self.kind and not self.rows:
            raise holds_no_image(self.path)
        kind, samples = self.kind, self.number("SamplesPerPixel", 1)
        wanted = _RGB if kind in LIGHTS else 1
        if kind not in {GREY, INVERTED, PALETTE, *LIGHTS} or samples != wanted:
            raise self._unsupported(f"pixels as {kind or 'nothing'}")
        if min(self.rows, self.columns, self.frames) < 1:
            raise damaged(self.path, "it holds no image")
        start, length = self.pixels
        if length == _ENDLESS:
            return
        size = self.path.stat().st_size
        bits = self.frames * self.rows * self.columns * samples * self.number("BitsAllocated")
        is_subsampled = kind == "YBR_FULL_422"
        needed = length if is_subsampled else max(length - 1, -(-bits // _BYTE_BITS))
        if self.syntax != _DEFLATED and start + needed > size:
            raise damaged(self.path, "its pixels are cut off")

    @cached_property
    def pixels(self) -> tuple[int, int]:
        """Where the value of Pixel Data begins, and its length in bytes.

        Raises DamagedFile when the file ends before it, UnsupportedFile when it holds none.
        """
        with self.path.open("rb") as file:
            file.seek(self._after_header)
            start = file.read(12)
        if not start:
            raise damaged(self.path, "its pixels are cut off")
        if struct.unpack_from("<HH", start) != _PIXELS:
            raise self._unsupported("no pixels")
        # Its kind, where kinds are written: as a length, each would be odd, which none is.
        if start[4:6] in {b"OB", b"OW", b"UN"}:
            return self._after_header + 12, struct.unpack_from("<I", start, 8)[0]
        return self._after_header + 8, struct.unpack_from("<I", start, 4)[0]

    def _unsupported(self, what: str) -> UnsupportedFile:
        return UnsupportedFile(
            f"'{self.path.name}' is a DICOM file with {what}, which is not read here. Export"
            " it as DICOM with MONOCHROME2 or RGB pixels, or as OME-TIFF, then import that."
        )
