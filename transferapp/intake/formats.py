"""The one table of image formats that grouping and preflight recognise by name or content."""

from __future__ import annotations

from transferapp.formats.embedded import (
    COMPANION,
    CZI,
    JPEG,
    LSM,
    ND2,
    NDPI,
    OME_TIFF,
    OME_XML,
    OME_ZARR,
    PNG,
    QPTIFF,
    STK,
    SVS,
    TIFF,
)
from transferapp.formats.image_format import ImageFormat

#: Named here too, for all who recognise files.
__all__ = [
    "COMPANION",
    "CZI",
    "FORMATS",
    "JPEG",
    "KNOWN_UNREADABLE",
    "ND2",
    "OME_TIFF",
    "OME_XML",
    "OME_ZARR",
    "PNG",
    "TIFF",
    "ImageFormat",
    "format_of_bytes",
    "format_of_name",
    "is_tiff_name",
]

#: Longer suffixes come first: '.ome.tif' before '.tif'.
FORMATS = (
    COMPANION,
    OME_TIFF,
    OME_XML,
    TIFF,
    LSM,
    SVS,
    NDPI,
    QPTIFF,
    STK,
    PNG,
    JPEG,
    CZI,
    ND2,
)

#: Well-known formats that no reader of ours opens, so that sentences can name them.
KNOWN_UNREADABLE = {
    ".lif": "Leica LIF",
    ".lof": "Leica LOF",
    ".xlef": "Leica XLEF",
    ".oib": "Olympus OIB",
    ".oif": "Olympus OIF",
    ".oir": "Olympus OIR",
    ".vsi": "Olympus VSI",
    ".ims": "Imaris IMS",
    ".dv": "DeltaVision DV",
    ".zvi": "Zeiss ZVI",
    ".mrxs": "3DHISTECH MRXS",
    ".scn": "Leica SCN",
    ".dcm": "DICOM",
    ".sld": "SlideBook SLD",
}


def format_of_name(name: str) -> ImageFormat | None:
    """Find the format by the name's suffix."""
    low = name.lower()
    return next((f for f in FORMATS if low.endswith(f.suffixes)), None)


def format_of_bytes(start: bytes) -> ImageFormat | None:
    """Find the format by the first bytes (16 are enough)."""
    return next((f for f in FORMATS if f.magic and start.startswith(f.magic)), None)


def is_tiff_name(name: str) -> bool:
    """Say whether a name is that of a TIFF that may hold OME-XML."""
    return name.lower().endswith((*OME_TIFF.suffixes, *TIFF.suffixes))
