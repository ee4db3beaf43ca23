"""The one table of image formats: how they are recognised and who can read them."""

from __future__ import annotations

from dataclasses import dataclass

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


@dataclass(frozen=True, slots=True)
class ImageFormat:
    """A format by its suffixes and first bytes.

    ``needs_readers``: the server must have the ``readers`` extra installed for it.
    """

    name: str
    suffixes: tuple[str, ...]
    magic: tuple[bytes, ...]
    needs_readers: bool = False


OME_ZARR = ImageFormat("OME-Zarr", (".zarr",), ())
COMPANION = ImageFormat("OME-TIFF", (".companion.ome",), ())
OME_TIFF = ImageFormat(
    "OME-TIFF", (".ome.tif", ".ome.tiff", ".ome.tf2", ".ome.tf8", ".ome.btf"), _TIFF
)
#: Holds its pixels itself, other than a companion.
OME_XML = ImageFormat(
    "OME-XML", (".ome", ".ome.xml"), (b"<?xml", b"<OME", b"\xef\xbb\xbf<?xml")
)
TIFF = ImageFormat("TIFF", (".tif", ".tiff", ".tf2", ".tf8", ".btf"), _TIFF)
PNG = ImageFormat("PNG", (".png",), (b"\x89PNG\r\n\x1a\n",))
JPEG = ImageFormat("JPEG", (".jpg", ".jpeg", ".jpe"), (b"\xff\xd8\xff",))
CZI = ImageFormat("Zeiss CZI", (".czi",), (b"ZISRAWFILE",), needs_readers=True)
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
)

#: Well-known formats that no reader of ours opens, so that the sentence can name them.
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


def is_companion(name: str) -> bool:
    """Say whether a name is that of a file of OME-XML about other files."""
    return name.lower().endswith(COMPANION.suffixes)
