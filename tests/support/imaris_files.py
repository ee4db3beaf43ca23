"""Imaris files of version 5.5, made in code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.foreign_files import Numbers


def write_imaris(path: Path, planes: Numbers) -> list[Path]:
    """Write (c, z, y, x) with pixels of 0.5 µm; skips where h5py is not installed."""
    h5py = pytest.importorskip("h5py", reason="h5py writes Imaris files; it is not installed")
    with h5py.File(path, "w") as file:

        def say(place: str, values: dict[str, object]) -> None:
            for name, value in values.items():
                letters = np.array(list(str(value)), "S1")
                file.require_group(place).attrs[name] = letters

        file.attrs["ImarisVersion"] = np.array(list("5.5.0"), "S1")
        sizes = dict(zip("ZYX", planes.shape[1:], strict=True))
        say("DataSetInfo/Image", {**sizes, "Unit": "um"})
        for number, axis in enumerate("XYZ"):
            ends = {f"ExtMin{number}": 0, f"ExtMax{number}": sizes[axis] / 2}
            say("DataSetInfo/Image", ends)
        say("DataSetInfo/TimeInfo", {"DatasetTimePoints": 1, "FileTimePoints": 1})
        for channel, pixels in enumerate(planes):
            say(f"DataSetInfo/Channel {channel}", {"Name": f"dye {channel}", "Color": "0 1 0"})
            place = f"DataSet/ResolutionLevel 0/TimePoint 0/Channel {channel}"
            file[f"{place}/Data"] = pixels
            say(place, {f"ImageSize{axis}": size for axis, size in sizes.items()})
    return [path]
