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
LIF = ImageFormat("Leica LIF", (".lif",), (b"\x70\0\0\0",), needs_readers=True, by_content=True)
#: Microsoft's compound file, a file system in a file, begins so.
OIB = ImageFormat(
    "Olympus OIB", (".oib",), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",), needs_readers=True
)
#: A text in UTF-16, beside the folder with its images.
OIF = ImageFormat("Olympus OIF", (".oif",), (b"\xff\xfe[\0", b"\xfe\xff\0[", b"\xff\xfe\r\0"))
#: Files of before Imaris 5.5 are TIFF, or have a form of their own.
IMARIS = ImageFormat(
    "Imaris IMS", (".ims",), (b"\x89HDF\r\n\x1a\n",), needs_readers=True, mark_needed=False
)
#: The mark was added to the form when files without it were many.
MRC = ImageFormat(
    "MRC",
    (".mrc", ".st", ".ali", ".map", ".rec", ".mrcs"),
    (b"MAP",),
    needs_readers=True,
    magic_at=208,
    mark_needed=False,
)
#: Files of before 1993 have no mark.
DICOM = ImageFormat(
    "DICOM",
    (".dcm", ".dicom", ".dic", ".ima"),
    (b"DICM",),
    needs_readers=True,
    magic_at=128,
    mark_needed=False,
    by_content=True,
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
    (LIF, "liffile", "readers"),
    (OIB, "olefile", "readers"),
    (OIF, "tifffile", ""),
    (IMARIS, "h5py", "readers"),
    (MRC, "mrcfile", "readers"),
    (DICOM, "pydicom", "readers"),
)
#: Formats that readers of ours open.
FORMATS_OF_OURS = tuple(kind for kind, _, _ in _READERS)
_SEVERAL = (OME_ZARR, COMPANION, OME_TIFF, OIF, DICOM)


def is_read_by_ours(kind: ImageFormat | None, target: RepositoryFormats) -> bool:
    """Say whether a reader of ours opens a format there: it is installed."""
    readers = {(one.name, reader) for one, reader, _ in _READERS if one == kind}
    return any((read.name, read.reader) in readers for read in target.formats)


def embedded_formats(missing: Collection[ImageFormat] = ()) -> RepositoryFormats:
    """Return what it reads, without the formats whose reader is not installed."""
    return RepositoryFormats(
        EMBEDDED,
        tuple(
            ReadFormat(
                name=kind.name,
                suffixes=kind.suffixes,
                first_bytes=tuple(
                    FirstBytes(start.hex(), kind.magic_at) for start in kind.magic
                ),
                several_files=kind in _SEVERAL,
                suffix_needed=not kind.by_content,
                reader=reader,
                needs=extra,
            )
            for kind, reader, extra in _READERS
            if kind not in missing
        ),
    )
