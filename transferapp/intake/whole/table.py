"""Which check belongs to which format."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

from transferapp.intake import bio_formats_only as formats
from transferapp.intake.whole import containers, lengths

#: The longest header that a length is read from.
_HEAD_BYTES = 2048
_LENGTHS: dict[str, Callable[[bytes], int]] = {
    formats.MRC.name: lengths.mrc,
    formats.DELTAVISION.name: lengths.deltavision,
    formats.SPE.name: lengths.spe,
    formats.AVI.name: lengths.riff,
    formats.BMP.name: lengths.bmp,
    formats.GATAN_3.name: lengths.gatan_3,
    formats.GATAN_4.name: lengths.gatan_4,
    formats.PGM.name: lengths.netpbm,
}
_CONTAINERS: dict[str, Callable[[Path], str]] = {
    formats.IMARIS.name: containers.hdf5,
    formats.CELLH5.name: containers.hdf5,
    formats.BIG_DATA_VIEWER.name: containers.hdf5,
    formats.MINC.name: containers.hdf5,
    formats.LIF.name: containers.lif,
}


def missing_of(path: Path, name: str) -> str:
    """Say what is missing of a file of a format, as the end of a sentence; "" when nothing
    is known to be. Raises OSError.
    """
    if follow := _CONTAINERS.get(name):
        return follow(path)
    if name == formats.NIFTI.name and path.name.lower().endswith(".gz"):
        return ""
    least = lengths.nifti if name == formats.NIFTI.name else _LENGTHS.get(name)
    if least is None:
        return ""
    with path.open("rb", buffering=0) as file:
        head = file.read(_HEAD_BYTES)
    try:
        return "its end is cut off" if path.stat().st_size < least(head) else ""
    except struct.error:
        return "its header is cut off"
