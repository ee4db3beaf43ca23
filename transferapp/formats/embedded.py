"""The formats that the embedded repository has readers for."""

from __future__ import annotations

from collections.abc import Collection

from transferapp.formats.image_format import ImageFormat
from transferapp.formats.read_formats import (
    EMBEDDED,
    FirstBytes,
    ReadFormat,
    RepositoryFormats,
)

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
LSM = ImageFormat("Zeiss LSM", (".lsm",), _TIFF)
SVS = ImageFormat("Aperio SVS", (".svs",), _TIFF)
NDPI = ImageFormat("Hamamatsu NDPI", (".ndpi",), _TIFF)
QPTIFF = ImageFormat("Akoya QPTIFF", (".qptiff",), _TIFF)
STK = ImageFormat("MetaMorph STK", (".stk",), _TIFF)
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

#: How each is read: by what library, in what extra.
_READERS = (
    (OME_ZARR, "zarr", "server"),
    (COMPANION, "tifffile", ""),
    (OME_TIFF, "tifffile", ""),
    (OME_XML, "our own", ""),
    (TIFF, "tifffile", ""),
    (LSM, "tifffile", ""),
    (SVS, "tifffile", ""),
    (NDPI, "tifffile", ""),
    (QPTIFF, "tifffile", ""),
    (STK, "tifffile", ""),
    (PNG, "Pillow", "server"),
    (JPEG, "Pillow", "server"),
    (CZI, "pylibCZIrw", "readers"),
    (ND2, "nd2", "readers"),
)
#: Formats that readers of ours open.
FORMATS_OF_OURS = tuple(kind for kind, _, _ in _READERS)
_SEVERAL = (OME_ZARR, COMPANION, OME_TIFF)


def embedded_formats(missing: Collection[ImageFormat] = ()) -> RepositoryFormats:
    """Return what it reads, without the formats whose reader is not installed."""
    return RepositoryFormats(
        EMBEDDED,
        tuple(
            ReadFormat(
                name=kind.name,
                suffixes=kind.suffixes,
                first_bytes=tuple(FirstBytes(start.hex()) for start in kind.magic),
                several_files=kind in _SEVERAL,
                reader=reader,
                needs=extra,
            )
            for kind, reader, extra in _READERS
            if kind not in missing
        ),
    )
