"""Imaris 5.5 files, made in code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

_COLOURS = ("0.0 1.0 0.0", "1.000 0.500 0.000", "0 0 1")


def write_imaris(
    path: Path,
    levels: list[npt.NDArray[Any]],
    *,
    fill_to: int = 1,
    date: str = "2026-01-02 03:04:05.000",
    stated: dict[str, object] | None = None,
) -> list[Path]:
    """Write levels of (t, c, z, y, x), the largest first; a pixel is 0.5 x 0.25 x 0.25 µm.

    Datasets are filled up with 99 to multiples of ``fill_to``; ``said`` of the image is added.
    """
    size_t, size_c, *full = levels[0].shape
    with h5py.File(path, "w") as file:
        file.attrs["ImarisVersion"] = _letters("5.5.0")
        file.attrs["ImarisDataSet"] = _letters("ImarisDataSet")
        sizes = dict(zip("ZYX", full, strict=True))
        ends = {
            f"ExtMax{n}": sizes[axis] / (2 if axis == "Z" else 4)
            for n, axis in enumerate("XYZ")
        }
        starts = {f"ExtMin{n}": 0 for n in range(3)}
        image = {
            **sizes,
            **starts,
            **ends,
            "Unit": "um",
            "RecordingDate": date,
            **(stated or {}),
        }
        _show(file, "DataSetInfo/Image", image)
        _show(
            file,
            "DataSetInfo/TimeInfo",
            {"DatasetTimePoints": size_t, "FileTimePoints": size_t},
        )
        for c in range(size_c):
            channel = {"Name": f"dye {c}", "Color": _COLOURS[c], "ColorRange": "10 4000"}
            _show(file, f"DataSetInfo/Channel {c}", {**channel, "ColorMode": "BaseColor"})
        for number, pixels in enumerate(levels):
            for t, c in np.ndindex(pixels.shape[:2]):
                place = f"DataSet/ResolutionLevel {number}/TimePoint {t}/Channel {c}"
                stored = _filled(pixels[t, c], fill_to)
                file.create_dataset(
                    f"{place}/Data", data=stored, chunks=True, compression="gzip"
                )
                edges = zip("ZYX", pixels.shape[2:], strict=True)
                _show(file, place, {f"ImageSize{axis}": size for axis, size in edges})
    return [path]


def _filled(pixels: npt.NDArray[Any], to: int) -> npt.NDArray[Any]:
    return np.pad(pixels, [(0, -size % to) for size in pixels.shape], constant_values=99)


def _show(file: h5py.File, place: str, values: dict[str, object]) -> None:
    for name, value in values.items():
        file.require_group(place).attrs[name] = _letters(str(value))


def _letters(text: str) -> npt.NDArray[Any]:
    return np.array(list(text), "S1")
