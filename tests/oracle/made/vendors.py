"""Files of vendors' formats that optional libraries read: LIF, OIB, IMS, MRC, DICOM."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.support.dicom_files import IMPLICIT, Element, write_slice
from tests.support.fluoview_files import write_oib, write_oif
from tests.support.imaris_files import write_imaris
from tests.support.lif_files import LifPicture, folder, write_lif_of
from tests.support.vendor_files import Numbers, numbers, write_mrc

_PIXELS, _KIND = 0x7FE00010, 0x00280004


def make_lif(where: Path) -> None:
    """Write images of every axis, tiles, folders and colours."""
    plane, stack = numbers((1, 1, 6, 8), "u1"), numbers((2, 3, 6, 8), "<u2")
    inner = folder("deep", LifPicture("c", plane))
    written = {
        "stack": [LifPicture("a", stack), LifPicture("b", plane)],
        "folders": [folder("sub", LifPicture("a", stack), inner), LifPicture("z", plane)],
        "same_names": [LifPicture("a", plane), LifPicture("a", plane + np.uint8(1))],
        "tiles": [LifPicture("m", numbers((3, 4, 2, 6, 8), "<u2"), "MZCYX")],
        "times_and_slices": [
            LifPicture("tzc", numbers((2, 3, 2, 6, 8), "<u2"), "TZCYX"),
            LifPicture("ztc", numbers((2, 3, 2, 6, 8), "<u2"), "ZTCYX"),
        ],
        "wavelengths": [
            LifPicture("alone", numbers((5, 6, 8), "<u2"), "LYX"),
            LifPicture("times", numbers((3, 5, 6, 8), "<u2"), "TLYX"),
            LifPicture("both", numbers((3, 5, 6, 8), "<u2"), "ELYX"),
            LifPicture("around slices", numbers((5, 2, 6, 8), "<u2"), "LZYX"),
            LifPicture("one slice", numbers((1, 5, 6, 8), "<u2"), "ZLYX"),
        ],
        "wavelengths_in_slices": [LifPicture("a", numbers((2, 5, 6, 8), "<u2"), "ZLYX")],
        "sections": [
            LifPicture("xz", numbers((5, 8), "<u2"), "ZX"),
            LifPicture("xzy", numbers((3, 5, 8), "<u2"), "YZX"),
        ],
        "rows_of_time": [LifPicture("xt", numbers((5, 8), "<u2"), "TX")],
        "colours": [LifPicture("a", numbers((4, 6, 8, 3), "u1"), "ZYXS")],
        "colours_16": [LifPicture("a", numbers((6, 8, 3), "<u2"), "YXS")],
        "dyes": [LifPicture("a", numbers((2, 1, 6, 8), "u1"), dyes=("DAPI", "Alexa 488"))],
        "luts": [LifPicture("a", numbers((3, 1, 6, 8), "u1"), luts=("Gray", "Yellow", "Glow"))],
        "bits_12": [LifPicture("a", numbers((2, 1, 6, 8), "<u2"), bits=12)],
        "bits_32": [LifPicture("a", numbers((1, 1, 6, 8), "<u4"))],
        "float": [LifPicture("a", numbers((2, 1, 6, 8), "<f4"))],
        "date": [LifPicture("a", plane, stamps=(132_564_800_000_000_000,))],
        "inches": [LifPicture("a", plane, unit="inch")],
    }
    for name, pictures in written.items():
        write_lif_of(where / f"{name}.lif", *pictures)
    write_lif_of(where / "version_1.lif", LifPicture("a", stack), version=1)


def make_fluoview(where: Path) -> None:
    """Write channels, slices and times, in one file and as a set."""
    sizes = {"c": "C", "cz": "CZ", "tzc": "TZC", "t": "T"}
    for name, letters in sizes.items():
        planes = numbers((*(2, 3, 2)[: len(letters)], 20, 30), "<u2")
        write_oib(where / f"{name}.oib", planes, letters)
        (where / name).mkdir()
        write_oif(where / name / f"{name}.oif", planes, letters)


def make_imaris(where: Path) -> None:
    """Write types, datasets that are filled up, and levels."""
    for dtype in ("u1", "<u2", "<u4", "<f4"):
        written = numbers((2, 2, 3, 20, 30), dtype)
        write_imaris(where / f"{np.dtype(dtype).name}.ims", [written])
    write_imaris(where / "filled_up.ims", [numbers((1, 2, 3, 20, 30), "<u2")], fill_to=16)
    whole = numbers((1, 2, 4, 64, 96), "<u2")
    write_imaris(where / "levels.ims", [whole, whole[..., ::2, ::2]])
    joined = whole[..., ::2, ::4, ::4]
    write_imaris(where / "slices_joined.ims", [whole, whole[..., ::2, ::2], joined])


def make_mrc(where: Path) -> None:
    """Write every type of numbers, and a cell whose axes are turned."""
    for dtype in ("|i1", "|u1", "<i2", ">i2", "<u2", "<f4", ">f4", "<f2"):
        kind = np.dtype(dtype)
        order = "big_" if kind.str[0] == ">" else ""
        write_mrc(
            where / f"{order}{kind.newbyteorder('=').name}.mrc", numbers((3, 5, 7), dtype)
        )
    write_mrc(where / "extended.st", numbers((3, 5, 7), "<i2"), extended=b"SERI" * 100)
    turned = numbers((4, 5, 7), "<f4")
    write_mrc(where / "turned.map", turned, axes=(3, 1, 2), cell=(100.0, 120.0, 70.0))
    write_mrc(where / "negative.mrc", numbers((1, 4, 4), "<i2"), cell=(-40.0, -40.0, 0.0))


def make_dicom(where: Path) -> None:
    """Write frames, series, colours, inverted grey and bits that do not count."""
    grey = np.arange(1200, dtype="<u2").reshape(1, 30, 40)
    bytes_ = (grey % 256).astype("u1")
    colours = numbers((1, 30, 40, 3), "u1")
    table = (np.arange(256, dtype="<u2") * 257).tobytes()
    lookup = np.array([256, 0, 16], "<u2").tobytes()
    palette: tuple[Element, ...] = (
        *((tag, "US", lookup) for tag in (0x00281101, 0x00281102, 0x00281103)),
        *((tag, "OW", table) for tag in (0x00281201, 0x00281202, 0x00281203)),
    )
    _dicom(where, "frames", numbers((3, 30, 40), "<u2"))
    _dicom(where, "signed", numbers((1, 30, 40), "<i2"))
    _dicom(where, "bits_32", numbers((1, 30, 40), "<u4"))
    _dicom(where, "implicit", grey, syntax=IMPLICIT)
    _dicom(where, "inverted_8", bytes_, (_KIND, "CS", "MONOCHROME1"))
    _dicom(where, "inverted_16", grey, (_KIND, "CS", "MONOCHROME1"))
    _dicom(where, "inverted_12", grey, *_stored(12), (_KIND, "CS", "MONOCHROME1"))
    _dicom(where, "signed_12", grey.astype("<i2") - 600 & 0x0FFF, *_stored(12))
    _dicom(where, "rescaled", grey, (0x00281052, "DS", "-1024"), (0x00281053, "DS", "2"))
    _dicom(where, "colours", colours, (_KIND, "CS", "RGB"))
    _dicom(where, "ybr", colours, (_KIND, "CS", "YBR_FULL"))
    _dicom(where, "palette", bytes_, (_KIND, "CS", "PALETTE COLOR"), *palette)
    places = ("a", 3, "-1.5"), ("b", 4, "2"), ("c", 2, "-3"), ("d", 1, "-3")
    for name, number, place in places:
        _dicom(
            where / "series",
            name,
            grey + np.uint16(number),
            (0x00080008, "CS", "ORIGINAL\\PRIMARY\\AXIAL"),
            (0x00080022, "DA", "20240102"),
            (0x00080032, "TM", "101010"),
            (0x00180088, "DS", "3.5"),
            (0x00200011, "IS", "7"),
            (0x00200013, "IS", str(number)),
            (0x00201041, "DS", place),
            (0x00280030, "DS", "0.5\\0.25"),
        )


def _dicom(
    where: Path, name: str, pixels: Numbers, *more: Element, syntax: str | None = None
) -> None:
    bits = pixels.dtype.itemsize * 8
    form: tuple[Element, ...] = (
        (0x00280002, "US", 3 if pixels.ndim == 4 else 1),
        (0x00280006, "US", 0),
        (0x00280008, "IS", str(len(pixels))),
        (0x00280100, "US", bits),
        (0x00280101, "US", bits),
        (0x00280102, "US", bits - 1),
        (0x00280103, "US", int(pixels.dtype.kind == "i")),
        (_PIXELS, "OB" if bits == 8 else "OW", pixels.tobytes()),
    )
    elements, size = (*form, *more), pixels.shape[1:3]
    path = where / f"{name}.dcm"
    if syntax is None:
        write_slice(path, size=size, more=elements)
    else:
        write_slice(path, size=size, more=elements, syntax=syntax)


def _stored(bits: int) -> tuple[Element, ...]:
    return (0x00280101, "US", bits), (0x00280102, "US", bits - 1)
