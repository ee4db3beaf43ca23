"""Olympus FluoView, made in code: OIF with its folder, and OIB, which is that in one file."""

from __future__ import annotations

import io
from itertools import product
from pathlib import Path
from typing import Any

import numpy.typing as npt
import tifffile
from PIL import Image

from tests.support.ole_files import write_ole

#: Bio-Formats' reader wants to see a number for each.
_CHANNEL_NUMBERS = ("CH Activate", "AnalogPMTGain", "AnalogPMTOffset", "AnalogPMTVoltage",
                    "BF Position", "EmissionWavelength", "ExcitationWavelength",
                    "LaserNDLevel")  # fmt: skip
_UNITS = {"X": "um", "Y": "um", "C": "Ch", "Z": "nm", "T": "ms", "A": "deg", "L": "nm",
          "P": "mm", "Q": "Unknown"}  # fmt: skip
#: Streams of fewer bytes would lie in a second table of the compound file.
_SMALLEST = 4096


def write_oib(path: Path, planes: npt.NDArray[Any], letters: str = "C") -> list[Path]:
    """Write (..., y, x) of 16 bits; ``letters`` are the axes in front, such as "TZC"."""
    folder = f"{path.stem}.oif.files"
    info = ["[OibSaveInfo]", "Version=2.0.0.0", f"Stream00000={path.stem}.oif"]
    info += ["MainFileName=Stream00000", f"Storage00001={folder}"]
    streams = {"OibInfo.txt": b"", "Stream00000": _settings(folder, planes, letters)}
    for number, (name, content) in enumerate(_parts(planes, letters).items(), start=1):
        info.append(f"Stream{number:05}=Storage00001/{name}")
        streams[f"Storage00001/Stream{number:05}"] = content
    streams["OibInfo.txt"] = _text(info)
    write_ole(path, streams)
    return [path]


def write_oif(path: Path, planes: npt.NDArray[Any], letters: str = "C") -> list[Path]:
    """Write the same as files; the settings come first."""
    folder = path.parent / f"{path.name}.files"
    folder.mkdir(parents=True)
    path.write_bytes(_settings(folder.name, planes, letters))
    for name, content in _parts(planes, letters).items():
        (folder / name).write_bytes(content)
    return [path, *sorted(folder.iterdir())]


def _parts(planes: npt.NDArray[Any], letters: str) -> dict[str, bytes]:
    """Return the content of each file by its name: settings and pixels of each plane."""
    found = {}
    for at in product(*map(range, planes.shape[:-2])):
        name = _name(dict(zip(letters, at, strict=True)))
        stated = ["[Acquisition Parameters Common]", 'Observation Mode="LSM"']
        for number, (axis, unit) in enumerate(_UNITS.items()):
            # Bio-Formats sees here which axis runs fastest.
            place = dict(zip(letters, at, strict=True)).get(axis, 0)
            stated += [f"[Axis {number} Parameters]", f'AbsPositionUnitName="{unit}"']
            stated += [f"AbsPositionValue={place * 0.5}", f"Number={place + 1}"]
        stated += ["[File Info]", f'DataName="{name}.tif"']
        image = io.BytesIO()
        tifffile.imwrite(image, planes[at], metadata=None)
        found[f"{name}.pty"], found[f"{name}.tif"] = _text(stated), image.getvalue()
    # Bio-Formats' reader wants to see this picture in each.
    out = io.BytesIO()
    Image.new("RGB", (4, 4)).save(out, "BMP")
    return {**found, "s_Thumb.bmp": out.getvalue()}


def _name(at: dict[str, int]) -> str:
    return "s_" + "".join(f"{axis}{at[axis] + 1:03}" for axis in "CZT" if axis in at)


def _settings(folder: str, planes: npt.NDArray[Any], letters: str) -> bytes:
    counts = dict(zip(letters, planes.shape, strict=False))
    sizes = {"X": planes.shape[-1], "Y": planes.shape[-2], **counts}
    lines = ["[Acquisition Parameters Common]", 'Acquisition Device="FV10i"']
    lines += ["ImageCaputreDate='2026-01-02 03:04:05'"]
    for number, (code, unit) in enumerate(_UNITS.items()):
        size = sizes.get(code, 0)
        lines += [
            f"[Axis {number} Parameters Common]",
            f'AxisCode="{code}"',
            f"EndPosition={max(size - 1, 0) * (700 if code == 'Z' else 0.5)}",
            f"MaxSize={size}",
            "StartPosition=0.0",
            f'UnitName="{unit}"',
        ]
    order = "XY" + "".join(axis for axis in "CZT" if axis in counts)
    lines += ["[Axis Parameter Common]", f"AxisCount={len(order)}", f'AxisOrder="{order}"']
    for number in range(1, counts.get("C", 1) + 1):
        lines += [f"[Channel {number} Parameters]", f'CH Name="CH{number}"', 'DyeName="dye"']
        lines += [f"[GUI Channel {number} Parameters]", f'CH Name="CH{number}"']
        lines += [f"{key}=1" for key in _CHANNEL_NUMBERS]
    lines += ["[Reference Image Parameter]", "ImageDepth=2"]
    lines += [f"ImageHeight={planes.shape[-2]}", f"ImageWidth={planes.shape[-1]}"]
    lines += ["WidthConvertValue=0.25", 'WidthUnit="um"']
    lines += ["HeightConvertValue=0.25", 'HeightUnit="um"']
    lines += ["[File Info]", 'DataName="x.oib"', "[ProfileSaveInfo]"]
    lines += ["LUTCount=0"]
    first, last = dict.fromkeys(counts, 0), {axis: n - 1 for axis, n in counts.items()}
    pattern = "s_" + "".join(f"{axis}%03d" for axis in "CZT" if axis in counts)
    lines += [
        f'PtyFileNameE="{folder}\\{_name(last)}.pty"',
        f'PtyFileNameS="{folder}\\{_name(first)}.pty"',
        f'PtyFileNameT2="{folder}\\{pattern}.pty"',
        f'PtyFileNameThumbnail0="{folder}\\s_Thumb.pty"',
    ]
    return _text(lines)


def _text(lines: list[str]) -> bytes:
    # Filled up in characters of two bytes.
    text = "".join(f"{line}\r\n" for line in lines)
    return b"\xff\xfe" + text.ljust(_SMALLEST // 2, "\n").encode("utf-16-le")
