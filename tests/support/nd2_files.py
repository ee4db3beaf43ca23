"""Make small ND2 files: no library writes them.

Source: what the nd2 library (0.12) reads, ``_parse/_chunk_decode.py`` and ``_clx_lite.py``.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_MAGIC = 0x0ABECEDA
#: Such a name makes a frame's pixels begin 4,096 bytes after its chunk.
_NAME_BYTES = 4072
_MAP_NAME = b"ND2 FILEMAP SIGNATURE NAME 0001!"
_MAP_END = b"ND2 CHUNK MAP SIGNATURE 0000001!"
_TIME, _POSITIONS, _Z = 1, 2, 4
#: The Julian day of noon, 1 January 2020, UTC.
JULIAN_DAY = 2458850.0


@dataclass(frozen=True)
class Plane:
    """What a frame holds of one channel: one number for each pixel, or three of a colour."""

    name: str = ""
    #: RRGGBB.
    color: str = "000000"
    samples: int = 1


def times(count: int) -> dict[str, Any]:
    """Return a loop over time points."""
    return {
        "eType": _TIME,
        "uLoopPars": {"uiCount": count, "dStart": 0.0, "dPeriod": 1.0, "dDuration": 1.0},
    }


def z_stack(count: int, step_um: float) -> dict[str, Any]:
    """Return a loop over z."""
    home = step_um * (count - 1) / 2
    parameters = {"uiCount": count, "dZStep": step_um, "dZLow": -home, "dZHigh": home}
    return {"eType": _Z, "uLoopPars": {**parameters, "bZInverted": False, "iType": 0}}


def positions(*names: str) -> dict[str, Any]:
    """Return a loop over stage positions."""
    points = {f"i{n:010}": {"dPosX": 1.0, "dPosName": name} for n, name in enumerate(names)}
    return {"eType": _POSITIONS, "uLoopPars": {"uiCount": len(names), "Points": points}}


@dataclass(frozen=True)
class Nd2:
    """A file to write; ``frames`` are (y, x, samples of all planes) by their number."""

    frames: dict[int, npt.NDArray[Any]]
    planes: tuple[Plane, ...]
    loops: tuple[dict[str, Any], ...] = ()
    pixel_size_um: float = 0.5
    #: How many frames the file says that it holds.
    recorded: int | None = None
    bits: int = 16
    has_frame_times: bool = True
    #: 0 lossless, 1 lossy, 2 none.
    compression: int = 2

    def write(self, path: Path) -> Path:
        """Write the file."""
        content = _chunk(b"ND2 FILE SIGNATURE CHUNK NAME01!", b"Ver3.0".ljust(64, b"\0"), 32)
        chunks = {
            b"ImageAttributesLV!": _level("SLxImageAttributes", self._attributes()),
            b"ImageMetadataSeqLV|0!": _level("SLxPictureMetadata", self._metadata()),
        }
        if self.loops:
            chunks[b"ImageMetadataLV!"] = _level("SLxExperiment", self._experiment())
        if self.has_frame_times:
            milliseconds = np.arange(self._recorded(), dtype=np.float64)
            chunks[b"CustomData|AcqTimesCache!"] = milliseconds.tobytes()
        for number, frame in self.frames.items():
            pixels = frame.tobytes()
            packed = zlib.compress(pixels) if self.compression == 0 else pixels
            chunks[f"ImageDataSeq|{number}!".encode()] = bytes(8) + packed
        entries = b""
        for name, data in chunks.items():
            entries += name + struct.pack("<QQ", len(content), len(data))
            content += _chunk(name, data)
        entries += _MAP_END + struct.pack("<Q", len(content))
        path.write_bytes(content + _chunk(_MAP_NAME, entries, len(_MAP_NAME)))
        return path

    def _recorded(self) -> int:
        return len(self.frames) if self.recorded is None else self.recorded

    def _attributes(self) -> dict[str, Any]:
        height, width, samples = next(iter(self.frames.values())).shape
        size = next(iter(self.frames.values())).itemsize
        return {
            "uiWidth": width,
            "uiWidthBytes": width * samples * size,
            "uiHeight": height,
            "uiComp": samples,
            "uiBpcInMemory": 8 * size,
            "uiBpcSignificant": min(self.bits, 8 * size),
            "uiSequenceCount": self._recorded(),
            "uiTileWidth": width,
            "uiTileHeight": height,
            "eCompression": self.compression,
        }

    def _metadata(self) -> dict[str, Any]:
        planes = {
            f"a{n}": {
                "uiCompCount": plane.samples,
                "uiSampleIndex": 0,
                "sDescription": plane.name,
                # Blue is the highest byte.
                "uiColor": int.from_bytes(bytes.fromhex(plane.color), "little"),
                "pFluorescentProbe": {"m_ExcitationSpectrum": {"uiCount": 0}},
            }
            for n, plane in enumerate(self.planes)
        }
        return {
            "bCalibrated": self.pixel_size_um > 0,
            "dCalibration": self.pixel_size_um,
            "dTimeAbsolute": JULIAN_DAY,
            "dTimeMSec": 0.0,
            "sPicturePlanes": {"uiCount": len(planes), "sPlaneNew": planes},
        }

    def _experiment(self) -> dict[str, Any]:
        whole: dict[str, Any] = {}
        for loop in reversed(self.loops):
            below = {"ppNextLevelEx": {"i0000000000": whole}} if whole else {}
            whole = {**loop, "uiNextLevelCount": len(below), **below}
        return whole


def _chunk(name: bytes, data: bytes, name_bytes: int = _NAME_BYTES) -> bytes:
    return (
        struct.pack("<IIQ", _MAGIC, name_bytes, len(data))
        + name.ljust(name_bytes, b"\0")
        + data
    )


def _level(name: str, values: dict[str, Any]) -> bytes:
    """Encode nested values as "CLX lite": each with its type, its name and its bytes."""
    inside = b"".join(_value(key, value) for key, value in values.items())
    head = _head(11, name)
    length = len(head) + 12 + len(inside)
    return head + struct.pack("<IQ", len(values), length) + inside + bytes(8 * len(values))


def _value(name: str, value: Any) -> bytes:
    if isinstance(value, dict):
        return _level(name, value)
    if isinstance(value, bool):
        return _head(1, name) + struct.pack("<B", value)
    if isinstance(value, int):
        return _head(3, name) + struct.pack("<I", value)
    if isinstance(value, float):
        return _head(6, name) + struct.pack("<d", value)
    return _head(8, name) + f"{value}\0".encode("utf-16-le")


def _head(kind: int, name: str) -> bytes:
    return struct.pack("<BB", kind, len(name) + 1) + f"{name}\0".encode("utf-16-le")
