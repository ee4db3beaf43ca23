"""The one table of image formats that grouping and preflight recognise by name or content."""

from __future__ import annotations

from transferapp.formats.embedded import (
    COMPANION,
    CZI,
    DICOM,
    IMARIS,
    JPEG,
    LIF,
    LSM,
    MRC,
    ND2,
    NDPI,
    OIB,
    OIF,
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
from transferapp.intake.bio_formats_only import BIO_FORMATS_ONLY

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
    LIF,
    OIB,
    OIF,
    IMARIS,
    MRC,
    DICOM,
    *BIO_FORMATS_ONLY,
)

#: Well-known formats that no reader of ours opens, so that sentences can name them.
KNOWN_UNREADABLE = {
    ".xlef": "Leica XLEF",
    ".vsi": "Olympus VSI",
    ".mrxs": "3DHISTECH MRXS",
}

_BY_SUFFIX = {suffix: each for each in reversed(FORMATS) for suffix in each.suffixes}


def format_of_name(name: str) -> ImageFormat | None:
    """Find the format by the name's suffix."""
    low = name.lower()
    at = low.find(".")
    while at != -1:
        if found := _BY_SUFFIX.get(low[at:]):
            return found
        at = low.find(".", at + 1)
    return None


def format_of_bytes(start: bytes) -> ImageFormat | None:
    """Find the format by the first bytes, of those that need no suffix."""
    return next((f for f in FORMATS if f.by_content and f.begins(start)), None)


def is_tiff_name(name: str) -> bool:
    """Say whether a name is that of a TIFF that may hold OME-XML."""
    return name.lower().endswith((*OME_TIFF.suffixes, *TIFF.suffixes))


def is_companion(name: str) -> bool:
    """Say whether a name is that of a file of OME-XML about other files."""
    return name.lower().endswith(COMPANION.suffixes)
