"""Make valid files that Bio-Formats shows wrongly, and the same in a form that it reads."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from tests.support.ome_files import SHAPE, image, ome
from tests.support.vendor_files import write_ics

#: Makes the file of a trap (True) or its harmless neighbour (False) in a folder; returns the
#: file that is opened.
Make = Callable[[Path, bool], Path]

#: What every file of one plane shows; all above 255, none the same upside down.
PLANE = np.arange(300, 300 + 20 * 24, dtype=np.uint16).reshape(20, 24)


def ome_unit(folder: Path, trap: bool) -> Path:
    unit = "&#181;m" if trap else "nm"
    size = f'PhysicalSizeX="0.25" PhysicalSizeXUnit="{unit}"'
    return _ome(folder, ome(image(sizes=(3, 1, 2), dtype="uint16", attributes=size)))


def ome_name(folder: Path, trap: bool) -> Path:
    document = ome(image(dtype="uint16", sizes=(3, 1, 2), samples=[1]))
    name = "&#945;-tubulin" if trap else "tubulin"
    return _ome(folder, document.replace("<Channel ", f'<Channel Name="{name}" '))


def _ome(folder: Path, document: str) -> Path:
    path = folder / "a.ome.tif"
    pages = np.zeros((6, *SHAPE), np.uint16)
    tifffile.imwrite(path, pages, description=document, metadata=None, photometric="minisblack")
    return path


def imagej(folder: Path, trap: bool) -> Path:
    metadata = {"axes": "ZYX", "unit": "nm" if trap else "micron", "spacing": 500}
    path = folder / "a.tif"
    stack = np.zeros((4, 8, 8), np.uint16)
    tifffile.imwrite(path, stack, imagej=True, resolution=(0.004, 0.004), metadata=metadata)
    return path


def predictor(folder: Path, trap: bool) -> Path:
    path = folder / "a.tif"
    with tifffile.TiffWriter(path) as tiff:
        tiff.write(
            PLANE.astype(np.float32), compression="zlib", predictor=3 if trap else None,
            metadata=None,
        )  # fmt: skip
    return path


def dicom(folder: Path, trap: bool) -> Path:
    kind = b"MONOCHROME1 " if trap else b"MONOCHROME2 "
    numbers = {0x02: 1, 0x10: PLANE.shape[0], 0x11: PLANE.shape[1], 0x100: 16, 0x101: 16}
    body = b"".join(
        [
            _element(0x08, 0x16, b"UI", b"1.2.840.10008.5.1.4.1.1.7\0"),
            _element(0x08, 0x18, b"UI", b"1.2.3.4\0"),
            _element(0x28, 0x02, b"US", struct.pack("<H", numbers[0x02])),
            _element(0x28, 0x04, b"CS", kind),
            *(
                _element(0x28, tag, b"US", struct.pack("<H", numbers[tag]))
                for tag in (0x10, 0x11, 0x100, 0x101)
            ),
            _element(0x28, 0x102, b"US", struct.pack("<H", 15)),
            _element(0x28, 0x103, b"US", struct.pack("<H", 0)),
            b"\xe0\x7f\x10\x00OW\0\0" + struct.pack("<I", PLANE.nbytes) + PLANE.tobytes(),
        ]
    )
    meta = _element(0x02, 0x10, b"UI", b"1.2.840.10008.1.2.1\0")
    length = _element(0x02, 0x00, b"UL", struct.pack("<I", len(meta)))
    path = folder / "a.dcm"
    path.write_bytes(bytes(128) + b"DICM" + length + meta + body)
    return path


def _element(group: int, tag: int, kind: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sH", group, tag, kind, len(value)) + value


def nrrd(folder: Path, trap: bool) -> Path:
    width = 16 if trap else 17
    header = (
        "NRRD0004\ntype: uint16\ndimension: 3\n"
        f"sizes: {width} 20 30\nkinds: domain domain domain\nendian: little\nencoding: raw\n\n"
    )
    path = folder / "a.nrrd"
    path.write_bytes(header.encode() + bytes(2 * width * 20 * 30))
    return path


def pgm(folder: Path, trap: bool) -> Path:
    path = folder / "a.pgm"
    pixels = PLANE.astype(">u2") if trap else (PLANE % 256).astype(np.uint8)
    largest = 65535 if trap else 255
    header = f"P5\n# made\n{PLANE.shape[1]} {PLANE.shape[0]}\n{largest}\n"
    path.write_bytes(header.encode() + pixels.tobytes())
    return path


def fits(folder: Path, trap: bool) -> Path:
    cards = {"SIMPLE": "T", "BITPIX": 16, "NAXIS": 2, "NAXIS1": 24, "NAXIS2": 20}
    if trap:
        cards |= {"BZERO": 32768, "BSCALE": 1}
    lines = [f"{name:8}= {value:>20}".ljust(80) for name, value in cards.items()]
    header = "".join([*lines, "END".ljust(80)])
    shift = 32768 if trap else 0
    pixels = (PLANE.astype(np.int32) - shift).astype(">i2").tobytes()
    path = folder / "a.fits"
    path.write_bytes(header.ljust(2880).encode() + pixels.ljust(2880, b"\0"))
    return path


def ics(folder: Path, trap: bool) -> Path:
    path = folder / "a.ics"
    write_ics(path, PLANE.astype("<i4" if trap else "<u2").reshape(1, 1, *PLANE.shape))
    return path


def mrc(folder: Path, trap: bool) -> Path:
    return _mrc(folder, 6, PLANE) if trap else _plain(folder)


def mrc_bytes(folder: Path, trap: bool) -> Path:
    numbers = np.arange(-100, 100, dtype=np.int8).reshape(10, 20)
    return _mrc(folder, 0, numbers) if trap else _plain(folder)


def mrc_half(folder: Path, trap: bool) -> Path:
    return _mrc(folder, 12, PLANE.astype(np.float16)) if trap else _plain(folder)


def _plain(folder: Path) -> Path:
    path = folder / "a.tif"
    tifffile.imwrite(path, PLANE)
    return path


def _mrc(folder: Path, mode: int, plane: np.ndarray[Any, Any]) -> Path:
    """Write the last row first: MRC counts from the bottom."""
    height, width = plane.shape
    header = bytearray(1024)
    struct.pack_into("<10i", header, 0, width, height, 1, mode, 0, 0, 0, width, height, 1)
    struct.pack_into("<6f3i", header, 40, width, height, 1, 90, 90, 90, 1, 2, 3)
    header[208:216] = b"MAP \x44\x44\0\0"
    path = folder / "a.mrc"
    path.write_bytes(bytes(header) + plane[::-1].tobytes())
    return path


def bdv(folder: Path, trap: bool) -> Path:
    """Write the XML; the pixels lie in an HDF5 file that is not looked at for this."""
    places = range(2)
    channels = range(2 if trap else 1)
    views = "".join(
        f"<ViewSetup><id>{channel * 2 + place}</id><attributes><channel>{channel}</channel>"
        f"<tile>{place}</tile></attributes></ViewSetup>"
        for channel in channels
        for place in places
    )
    path = folder / "a.xml"
    path.write_text(f'<SpimData version="0.2"><ViewSetups>{views}</ViewSetups></SpimData>')
    return path


MAKERS: dict[str, Make] = {
    "ome-xml-unit": ome_unit,
    "ome-xml-name": ome_name,
    "imagej-depth": imagej,
    "float-predictor": predictor,
    "dicom-monochrome1": dicom,
    "nrrd-narrow": nrrd,
    "pgm-16-bit": pgm,
    "fits-bzero": fits,
    "ics-32-bit": ics,
    "mrc-rows": mrc,
    "mrc-signed-bytes": mrc_bytes,
    "mrc-half-floats": mrc_half,
    "bdv-views": bdv,
}
