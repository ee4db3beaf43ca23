"""Formats of one file that only Bio-Formats reads, so that OMERO can show them.

Suffixes, and which are read whatever the file is called, were seen with Bio-Formats 7.3.1.
"""

from __future__ import annotations

from transferapp.formats.image_format import ImageFormat

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
#: Microsoft's compound file: a file system in a file.
_OLE = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)
_HDF5 = (b"\x89HDF\r\n\x1a\n",)


def _row(
    name: str,
    suffixes: tuple[str, ...],
    magic: tuple[bytes, ...] = (),
    *,
    magic_at: int = 0,
    mark_needed: bool = True,
    by_content: bool = False,
) -> ImageFormat:
    return ImageFormat(
        name,
        suffixes,
        magic,
        magic_at=magic_at,
        mark_needed=mark_needed,
        by_content=by_content,
    )


ICS = _row("ICS", (".ics",))
ANALYZE = _row("Analyze 7.5", ())
NIFTI = _row("NIfTI", (".nii",))
NIFTI_PACKED = _row("NIfTI", (".nii.gz",), (b"\x1f\x8b",))
NRRD = _row("NRRD", (".nrrd", ".nhdr"), (b"NRRD",))
#: Its family alone knows it: most files of HDF5 are something else.
BIG_DATA_VIEWER = _row("BigDataViewer", (".h5",))
CELLH5 = _row("CellH5", (".ch5",), _HDF5)
MINC = _row("MINC", (".mnc",), (*_HDF5, b"CDF\1", b"CDF\2"))
#: Called '.img' as are the images of other formats.
JEOL = _row("JEOL", (), (b"IM", b"MG"))
DELTAVISION = _row(
    "DeltaVision",
    (".dv", ".r3d", ".r3d_d3d"),
    (b"\xa0\xc0", b"\xc0\xa0"),
    magic_at=96,
    by_content=True,
)
LOF = _row("Leica LOF", (".lof",), (b"\x70\0\0\0",))
GATAN_3 = _row("Gatan DM3", (".dm3",), (b"\0\0\0\3",), by_content=True)
GATAN_4 = _row("Gatan DM4", (".dm4",), (b"\0\0\0\4",), by_content=True)
BMP = _row("BMP", (".bmp",), (b"BM",))
GIF = _row("GIF", (".gif",), (b"GIF87a", b"GIF89a"))
JPEG_2000 = _row(
    "JPEG 2000",
    (".jp2", ".j2k", ".jpf", ".jpx", ".jpm"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"),
    by_content=True,
)
AVI = _row("AVI", (".avi",), (b"RIFF",))
SPE = _row("Princeton SPE", (".spe",))
#: Its reader takes TIFFs only; StreamPix calls another form so.
SEQUENCE = _row("Image-Pro Sequence", (".seq",), _TIFF)
PGM = _row("PGM", (".pgm", ".ppm", ".pbm", ".pnm"), (b"P1", b"P2", b"P3", b"P4", b"P5", b"P6"))

BIO_FORMATS_ONLY = (
    ICS,
    ANALYZE,
    NIFTI,
    NIFTI_PACKED,
    NRRD,
    CELLH5,
    MINC,
    JEOL,
    DELTAVISION,
    LOF,
    GATAN_3,
    GATAN_4,
    BMP,
    GIF,
    JPEG_2000,
    AVI,
    SPE,
    SEQUENCE,
    PGM,
    _row("Olympus OIR", (".oir",)),
    _row("Zeiss ZVI", (".zvi",), _OLE),
    _row("Leica SCN", (".scn",), _TIFF),
    _row("SlideBook SLD", (".sld", ".spl")),
    _row("FITS", (".fits", ".fts"), (b"SIMPLE",)),
    _row("Gatan DM2", (".dm2",)),
    _row("Imspector OBF", (".obf", ".msr"), (b"OMAS_BF_",), mark_needed=False),
    _row("Adobe Photoshop", (".psd",), (b"8BPS",)),
)
