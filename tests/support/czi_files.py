"""Make CZI files byte by byte: every layout that ZEN may write and no library does.

Source: Carl Zeiss Microscopy, "ZISRAW (CZI) File Format", design specification 1.2.2.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

#: Pixel types by (samples, numpy's name); colours lie in memory as blue, green, red (alpha).
_PIXEL_TYPES = {
    (1, "uint8"): 0,
    (1, "uint16"): 1,
    (1, "float32"): 2,
    (3, "uint8"): 3,
    (3, "uint16"): 4,
    (3, "float32"): 8,
    (4, "uint8"): 9,
    (1, "int32"): 12,
}
_HEADER_BYTES = 32 + 512
_ALIGN = 32
_ENTRY, _DIMENSION = "<2siqiiB5xi", "<4siifi"


@dataclass(frozen=True)
class Tile:
    """A subblock: ``pixels`` are (y, x) or (y, x, samples); ``at`` is its plane and M index.

    ``size`` is what it covers of the full image, (y, x), where that differs (a pyramid's).
    """

    pixels: npt.NDArray[Any]
    at: dict[str, int] = field(default_factory=dict)
    y: int = 0
    x: int = 0
    size: tuple[int, int] | None = None
    #: The part of a CZI of several files that holds it.
    file_part: int = 0

    def entry(self, position: int) -> bytes:
        """Return its entry of the directory."""
        samples = 1 if self.pixels.ndim == 2 else self.pixels.shape[2]
        pixel_type = _PIXEL_TYPES[samples, self.pixels.dtype.name]
        stored = self.pixels.shape[:2]
        size = self.size or stored
        dimensions = [("X", self.x, size[1], stored[1]), ("Y", self.y, size[0], stored[0])]
        dimensions += [(name, start, 1, 1) for name, start in self.at.items()]
        pyramid = 0 if size == stored else 2
        head = (b"DV", pixel_type, position, self.file_part, 0, pyramid, len(dimensions))
        return struct.pack(_ENTRY, *head) + b"".join(
            struct.pack(_DIMENSION, name.encode(), start, extent, 0.0, kept)
            for name, start, extent, kept in dimensions
        )

    def segment(self, position: int) -> bytes:
        """Return the subblock as it lies in the file."""
        entry = self.entry(position)
        content = self.pixels.tobytes()
        head = struct.pack("<iiq", 0, 0, len(content)) + entry
        return _segment(b"ZISRAWSUBBLOCK", head.ljust(256, b"\0") + content)


def write_czi(
    path: Path, tiles: list[Tile], xml: str = "", *, directory_first: bool = False
) -> Path:
    """Write a CZI; ``xml`` is what stands in its Metadata element."""
    text = f"<ImageDocument><Metadata>{xml}</Metadata></ImageDocument>".encode()
    metadata = _segment(
        b"ZISRAWMETADATA", struct.pack("<ii", len(text), 0).ljust(256, b"\0") + text
    )
    directory_bytes = len(_directory(tiles, [0] * len(tiles)))
    at = _HEADER_BYTES + len(metadata)
    directory_at = at
    if directory_first:
        at += directory_bytes
    positions = []
    for tile in tiles:
        positions.append(at)
        at += len(tile.segment(0))
    if not directory_first:
        directory_at = at
    blocks = [t.segment(p) for t, p in zip(tiles, positions, strict=True)]
    blocks.insert(0 if directory_first else len(blocks), _directory(tiles, positions))
    ids = bytes(range(16))
    header = struct.pack("<iiii", 1, 0, 0, 0) + ids + ids
    header += struct.pack("<iqqiq", 0, directory_at, _HEADER_BYTES, 0, 0)
    whole = _segment(b"ZISRAWFILE", header.ljust(512, b"\0")) + metadata + b"".join(blocks)
    path.write_bytes(whole)
    return path


def _directory(tiles: list[Tile], positions: list[int]) -> bytes:
    entries = b"".join(t.entry(p) for t, p in zip(tiles, positions, strict=True))
    return _segment(
        b"ZISRAWDIRECTORY", struct.pack("<i", len(tiles)).ljust(128, b"\0") + entries
    )


def _segment(name: bytes, data: bytes) -> bytes:
    allocated = -(-len(data) // _ALIGN) * _ALIGN
    head = struct.pack("<16sqq", name, allocated, len(data))
    return head + data.ljust(allocated, b"\0")


def plane(value: float, height: int = 32, width: int = 48, dtype: str = "uint16") -> Any:
    """Return a plane full of ``value``."""
    return np.full((height, width), value, dtype)
