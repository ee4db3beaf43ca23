"""Which check belongs to which format."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

from transferapp.formats.embedded import IMARIS, LIF, MRC
from transferapp.intake import bio_formats_only as formats
from transferapp.intake.whole import containers, lengths

#: The longest header that a length is read from.
_HEAD_BYTES = 2048
#: What a header of NIfTI-2 says first, in either order of bytes: 540.
_NIFTI_2 = (b"\x1c\2\0\0", b"\0\0\2\x1c")
_LENGTHS: dict[str, Callable[[bytes], int]] = {
    MRC.name: lengths.mrc,
    formats.DELTAVISION.name: lengths.deltavision,
    formats.SPE.name: lengths.spe,
    formats.AVI.name: lengths.riff,
    formats.BMP.name: lengths.bmp,
    formats.GATAN_3.name: lengths.gatan_3,
    formats.GATAN_4.name: lengths.gatan_4,
    formats.PGM.name: lengths.netpbm,
}
_CONTAINERS: dict[str, Callable[[Path], str]] = {
    IMARIS.name: containers.hdf5,
    formats.CELLH5.name: containers.hdf5,
    formats.BIG_DATA_VIEWER.name: containers.hdf5,
    formats.MINC.name: containers.hdf5,
    LIF.name: containers.lif,
    formats.GIF.name: containers.gif,
    formats.JPEG_2000.name: containers.jpeg_2000,
}


def unshown_of(path: Path, name: str) -> str:
    """Say why nothing shows a file of a format, as a sentence without its subject; or "".

    Bio-Formats 7.3.1 refused NIfTI-2, packed or not. Raises OSError.
    """
    if name != formats.NIFTI.name:
        return ""
    is_packed = path.name.lower().endswith(".gz")
    try:
        with gzip.open(path) if is_packed else path.open("rb") as file:
            start = file.read(4)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return ""
    if start not in _NIFTI_2:
        return ""
    return "is NIfTI-2, which the image repository cannot read. Save it as NIfTI-1."


def missing_of(path: Path, name: str) -> str:
    """Say what is missing of a file of a format, as the end of a sentence; "" when nothing
    is known to be. Raises OSError.
    """
    if follow := _CONTAINERS.get(name):
        return follow(path)
    least = lengths.nifti if name == formats.NIFTI.name else _LENGTHS.get(name)
    if least is None:
        return ""
    with path.open("rb", buffering=0) as file:
        head = file.read(_HEAD_BYTES)
    if name == MRC.name and not lengths.is_mrc(head):
        return "it has no header of MRC"
    try:
        return "its end is cut off" if path.stat().st_size < least(head) else ""
    except struct.error:
        return "its header is cut off"
