"""Write pictures as TIFF and OME-Zarr.

The same pixels and metadata come out with every version of the libraries, and the same bytes
each time with one version: what Deflate, LZW, zstd or Blosc make of the same pixels changes
between versions of their encoders (LZW too: imagecodecs 2026.3 and 2026.10 differ).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy.typing as npt
import tifffile
import zarr

from transferapp.sandbox.samples.about import About
from transferapp.sandbox.samples.optics import Picture, halved

SOFTWARE = "transferapp.sandbox.samples"
TILE = (512, 512)


def write_tiff(
    path: Path, pages: Sequence[Picture], about: About, description: str = ""
) -> None:
    """Write pages of one size."""
    with _writer(path) as tiff:
        for number, page in enumerate(pages):
            stated = description if not number else ""
            tiff.write(page, rowsperstrip=16, **_tags(about, stated))


def write_pyramid(
    path: Path, pages: Sequence[Picture], about: About, description: str, levels: int
) -> None:
    """Write tiled pages; each has its smaller levels in SubIFDs."""
    with _writer(path) as tiff:
        for number, page in enumerate(pages):
            stated = description if not number else ""
            tiff.write(page, subifds=levels - 1, tile=TILE, **_tags(about, stated))
            for level in range(1, levels):
                page = halved(page)  # noqa: PLW2901 - each level is made from the last
                tags = _tags(about, "", 2**level)
                tiff.write(page, subfiletype=1, tile=TILE, **tags)


def _writer(path: Path) -> tifffile.TiffWriter:
    path.parent.mkdir(parents=True, exist_ok=True)
    return tifffile.TiffWriter(path, byteorder="<", bigtiff=False)


def _tags(about: About, description: str, shrunk: int = 1) -> dict[str, Any]:
    tags: dict[str, Any] = {
        "compression": "zlib",
        "compressionargs": {"level": 9},
        "predictor": True,
        "photometric": "rgb" if about.dyes == () else "minisblack",
        "metadata": None,
        "contiguous": False,
        "software": SOFTWARE,
    }
    if description:
        tags["description"] = description.encode()
    if about.acquired:
        tags["datetime"] = datetime.fromisoformat(about.acquired)
    if about.pixel_um:
        # As a fraction: versions of tifffile round in different ways.
        per_cm = (10_000_000, round(about.pixel_um * shrunk * 1000))
        tags |= {"resolution": (per_cm, per_cm), "resolutionunit": "CENTIMETER"}
    return tags


def write_zarr(
    path: Path, levels: Sequence[npt.NDArray[Any]], attributes: dict[str, Any], chunk: int
) -> None:
    """Write an OME-Zarr 0.5 of levels (c, y, x)."""
    root = zarr.create_group(path, zarr_format=3, attributes=attributes)
    for number, level in enumerate(levels):
        array = root.create_array(
            str(number),
            shape=level.shape,
            dtype=level.dtype,
            chunks=(1, min(chunk, level.shape[1]), min(chunk, level.shape[2])),
            dimension_names=("c", "y", "x"),
        )
        array[:] = level


def ngff(about: About, levels: int, windows: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """Return the attributes of an OME-Zarr 0.5 of an image (c, y, x) of 8 bits; ``windows``
    are the numbers that each channel shows as black and as full.
    """
    um = about.pixel_um
    assert um is not None
    space = [{"name": axis, "type": "space", "unit": "micrometer"} for axis in "yx"]
    datasets = [
        {
            "path": str(level),
            "coordinateTransformations": [
                {"type": "scale", "scale": [1.0, um * 2**level, um * 2**level]}
            ],
        }
        for level in range(levels)
    ]
    channels = [
        {
            "label": dye.name,
            "color": dye.color,
            "active": True,
            "window": {"min": 0, "max": 255, "start": start, "end": end},
        }
        for dye, (start, end) in zip(about.dyes, windows, strict=True)
    ]
    image = {
        "name": about.name,
        "axes": [{"name": "c", "type": "channel"}, *space],
        "datasets": datasets,
        "type": "mean",
    }
    return {"ome": {"version": "0.5", "multiscales": [image], "omero": {"channels": channels}}}
