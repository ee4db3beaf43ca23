"""Make PNGs of every depth and colour type, and chunks that Pillow does not write."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

#: Colour types of the PNG specification.
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6


def write_png(path: Path, pixels: Any, colour_type: int, bits: int, extra: bytes = b"") -> Path:
    """Write a PNG of numbers (y, x, samples), with what Pillow does not write."""
    height, width = pixels.shape[:2]
    rows = pixels.reshape(height, -1)
    if bits < 8:
        text = ["".join(format(n, f"0{bits}b") for n in row) for row in rows]
        packed = [int(row.ljust(-(-len(row) // 8) * 8, "0"), 2) for row in text]
        length = -(-rows.shape[1] * bits // 8)
        lines = [number.to_bytes(length) for number in packed]
    else:
        lines = [row.astype(">u2" if bits == 16 else "u1").tobytes() for row in rows]
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + line for line in lines))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + extra
        + chunk(b"IDAT", data)
        + chunk(b"IEND", b"")
    )
    return path


def chunk(name: bytes, data: bytes) -> bytes:
    """Return a chunk with its length and checksum."""
    return (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    )
