"""Write small files of volumes as microscope and medical programs do: 6 x 5 x 2, 16 bits."""

from __future__ import annotations

import struct
from pathlib import Path

PIXELS = bytes(range(120))
_HDF5_BYTES = 96


def write_ics(
    folder: Path, stem: str = "a", *, version: str = "1.0", pixels: str | None = ".ids"
) -> None:
    """Write an ICS header, and its pixels beside it or (``pixels`` None) not."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        "\t",
        f"ics_version\t{version}",
        f"filename\t{stem}",
        "layout\tparameters\t4",
        "layout\torder\tbits\tx\ty\tz",
        "layout\tsizes\t16\t6\t5\t2",
        "layout\tsignificant_bits\t16",
        "representation\tformat\tinteger",
        "representation\tsign\tunsigned",
        "representation\tcompression\tuncompressed",
        "representation\tbyte_order\t1\t2",
        "end\n",
    ]
    own = PIXELS if version.startswith("2") else b""
    (folder / f"{stem}.ics").write_bytes("\n".join(lines).encode() + own)
    if pixels is not None:
        (folder / f"{stem}{pixels}").write_bytes(PIXELS)


def analyze_header(mark: bytes = b"", order: str = "<") -> bytes:
    """Return a header of Analyze 7.5, or of NIfTI-1 with its mark."""
    header = bytearray(348)
    struct.pack_into(f"{order}i", header, 0, 348)
    header[38:39] = b"r"
    struct.pack_into(f"{order}8h", header, 40, 4, 6, 5, 2, 1, 1, 1, 1)
    struct.pack_into(f"{order}hh", header, 70, 4, 16)
    struct.pack_into(f"{order}8f", header, 76, *[1.0] * 8)
    struct.pack_into(f"{order}f", header, 108, 352.0 if mark == b"n+1\0" else 0.0)
    header[344 : 344 + len(mark)] = mark
    return bytes(header)


def write_analyze(folder: Path, stem: str = "a", mark: bytes = b"", order: str = "<") -> None:
    """Write the pair of Analyze 7.5, or that of NIfTI-1 with its mark."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{stem}.hdr").write_bytes(analyze_header(mark, order))
    (folder / f"{stem}.img").write_bytes(PIXELS)


def write_nifti(path: Path) -> None:
    """Write NIfTI-1 in one file."""
    path.write_bytes(analyze_header(b"n+1\0") + bytes(4) + PIXELS)


def nrrd_header(*more: str) -> bytes:
    """Return an NRRD header with its empty line; 20 x 3 pixels, as 16 or fewer are channels."""
    lines = ["NRRD0004", "type: uint16", "dimension: 2", "sizes: 20 3", "endian: little"]
    return "\n".join([*lines, "encoding: raw", *more, "", ""]).encode()


def write_deltavision(path: Path) -> None:
    """Write a DeltaVision file of two sections."""
    header = bytearray(1024)
    struct.pack_into("<4i", header, 0, 6, 5, 2, 6)
    struct.pack_into("<3f", header, 40, 0.1, 0.1, 0.2)
    struct.pack_into("<h", header, 96, -16224)
    struct.pack_into("<h", header, 180, 1)
    struct.pack_into("<h", header, 196, 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(header) + PIXELS)


def write_mrc(path: Path) -> None:
    """Write an MRC file of two sections."""
    header = bytearray(1024)
    struct.pack_into("<4i", header, 0, 6, 5, 2, 1)
    struct.pack_into("<3i", header, 28, 6, 5, 2)
    header[208:212] = b"MAP "
    path.write_bytes(bytes(header) + PIXELS)


def write_big_data_viewer(folder: Path, xml: str, named: str, pixels: str | None) -> None:
    """Write the .xml of a BigDataViewer set that names an .h5, and the start of that .h5."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / xml).write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n<SpimData version="0.2"><SequenceDescription>'
        f'<ImageLoader format="bdv.hdf5"><hdf5 type="relative">{named}</hdf5></ImageLoader>'
        "</SequenceDescription></SpimData>\n"
    )
    if pixels is not None:
        write_hdf5(folder / pixels)


def write_hdf5(path: Path, end: int = _HDF5_BYTES) -> None:
    """Write the superblock of an HDF5 file, which says where the file ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    head = (
        b"\x89HDF\r\n\x1a\n" + bytes([0, 0, 0, 0, 0, 8, 8, 0]) + struct.pack("<HHI", 4, 16, 0)
    )
    head += struct.pack("<QQQQ", 0, 2**64 - 1, end, 2**64 - 1)
    path.write_bytes(head.ljust(_HDF5_BYTES, b"\0"))


def write_lif(path: Path) -> None:
    """Write a Leica LIF file of one image."""
    text = "<LMSDataContainerHeader/>".encode("utf-16-le")
    inner = b"\x2a" + struct.pack("<I", len(text) // 2) + text
    block_name = "MemBlock_1".encode("utf-16-le")
    path.write_bytes(
        b"\x70\0\0\0" + struct.pack("<I", len(inner)) + inner + b"\x70\0\0\0"
        + struct.pack("<I", 14 + len(block_name)) + b"\x2a" + struct.pack("<Q", len(PIXELS))
        + b"\x2a" + struct.pack("<I", len(block_name) // 2) + block_name + PIXELS
    )  # fmt: skip
