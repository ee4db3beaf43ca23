"""The one table of image formats: how they are recognised and who can read them."""

from __future__ import annotations

from transferapp.intake.bio_formats_only import BIO_FORMATS_ONLY
from transferapp.intake.image_format import ImageFormat

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

OME_ZARR = ImageFormat("OME-Zarr", (".zarr",), ())
COMPANION = ImageFormat("OME-TIFF", (".companion.ome",), ())
OME_TIFF = ImageFormat(
    "OME-TIFF", (".ome.tif", ".ome.tiff", ".ome.tf2", ".ome.tf8", ".ome.btf"), _TIFF
)
#: Holds its pixels itself, other than a companion.
OME_XML = ImageFormat(
    "OME-XML", (".ome", ".ome.xml"), (b"<?xml", b"<OME", b"\xef\xbb\xbf<?xml")
)
TIFF = ImageFormat("TIFF", (".tif", ".tiff", ".tf2", ".tf8", ".btf"), _TIFF, by_content=True)
PNG = ImageFormat("PNG", (".png",), (b"\x89PNG\r\n\x1a\n",), by_content=True)
JPEG = ImageFormat("JPEG", (".jpg", ".jpeg", ".jpe"), (b"\xff\xd8\xff",), by_content=True)
CZI = ImageFormat("Zeiss CZI", (".czi",), (b"ZISRAWFILE",), needs_readers=True, by_content=True)
#: The second is the JPEG 2000 box of files written before 2010.
ND2 = ImageFormat(
    "Nikon ND2",
    (".nd2",),
    (b"\xda\xce\xbe\x0a", b"\x00\x00\x00\x0cjP  \r\n\x87\n"),
    needs_readers=True,
)

#: Longer suffixes come first: '.ome.tif' before '.tif'.
FORMATS = (
    COMPANION,
    OME_TIFF,
    OME_XML,
    TIFF,
    ImageFormat("Zeiss LSM", (".lsm",), _TIFF),
    ImageFormat("Aperio SVS", (".svs",), _TIFF),
    ImageFormat("Hamamatsu NDPI", (".ndpi",), _TIFF),
    ImageFormat("Akoya QPTIFF", (".qptiff",), _TIFF),
    ImageFormat("MetaMorph STK", (".stk",), _TIFF),
    PNG,
    JPEG,
    CZI,
    ND2,
    *BIO_FORMATS_ONLY,
)

#: Well-known formats that no reader of ours opens, so that the sentence can name them.
KNOWN_UNREADABLE = {
    ".xlef": "Leica XLEF",
    ".oif": "Olympus OIF",
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
