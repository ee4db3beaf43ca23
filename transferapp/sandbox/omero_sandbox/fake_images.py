"""Bio-Formats' ``name&sizeX=..&pixelType=...fake`` files: images made of their name."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from transferapp.model.images import Level, TileRegion
from transferapp.repositories.local.readers.port import ImageHeader, OpenFileset, ReadImage

#: OMERO's pixel types -> numpy's
PIXEL_TYPES = {
    "uint8": "uint8", "int8": "int8", "uint16": "uint16", "int16": "int16",
    "uint32": "uint32", "int32": "int32", "float": "float32", "double": "float64",
}  # fmt: skip
_PERIOD = 251


class FakeImage(ReadImage):
    """One image of a fake file: a diagonal ramp."""

    def __init__(self, header: ImageHeader) -> None:
        """Be what the header says."""
        self.header = header

    @override
    def read(self, region: TileRegion) -> npt.NDArray[np.generic]:
        """Return the region's pixels."""
        rows = np.arange(region.y, region.y + region.height)[:, None]
        columns = np.arange(region.x, region.x + region.width)[None, :]
        ramp = (rows + columns + region.z + region.t + region.c) % _PERIOD
        return ramp.astype(self.header.dtype)

    @override
    def check(self) -> None:
        """Find nothing wrong."""


class FakeFileset(OpenFileset):
    """The images of one fake file."""

    def __init__(self, first: Path) -> None:
        """Read sizes from the name."""
        stated = dict(re.findall(r"&(\w+)=(\w+)", first.name))
        sizes = {k: int(stated.get("size" + k, 1 if k in "TCZ" else 512)) for k in "TCZYX"}
        header = ImageHeader(
            re.split(r"&|\.fake", first.name)[0],
            sizes["T"],
            sizes["C"],
            sizes["Z"],
            PIXEL_TYPES[stated.get("pixelType", "uint8")],
            (Level(sizes["Y"], sizes["X"]),),
        )
        self.images = [FakeImage(header)] * int(stated.get("series", 1))

    @override
    def close(self) -> None:
        """Let go of nothing."""
