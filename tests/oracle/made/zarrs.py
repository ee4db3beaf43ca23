"""OME-Zarr of both formats: images, plates, and chunks that are not stored."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.oracle.made.numbers import numbers
from tests.support.ome_zarrs import image_attributes, write_array, write_image, write_plate

_TYPES = (
    "bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "float16", "float32",
    "float64",
)  # fmt: skip


def make_zarrs(folder: Path) -> None:
    """Write images of every type, both formats, and a plate."""
    for dtype in _TYPES:
        pixels = numbers((2, 20, 30), dtype, 2 if dtype == "bool" else 100)
        write_image(folder / f"{dtype}.ome.zarr", pixels)
    five = numbers((2, 3, 4, 20, 30))
    described = image_attributes(
        "tczyx",
        multiscales={
            "coordinateTransformations": [{"type": "scale", "scale": [1, 1, 2, 0.5, 0.5]}]
        },
        omero={
            "channels": [
                {"label": n, "color": c}
                for n, c in (("A", "FF0000"), ("B", "#00FF00"), ("C", "0000FF"))
            ]
        },
    )
    write_image(folder / "v04.ome.zarr", five, attributes=described, chunks=(1, 1, 2, 16, 16))
    write_image(folder / "v05.ome.zarr", five, attributes=described, zarr_format=3)
    dots = {"name": "default", "separator": "."}
    write_image(folder / "dots.ome.zarr", five, zarr_format=3, chunk_key_encoding=dots)
    fewer = write_image(
        folder / "fewer_times.ome.zarr", five, attributes=image_attributes("tczyx", levels=2)
    )
    write_array(fewer / "1", five[:1, :, :, ::2, ::2])
    sparse = np.zeros((2, 20, 30), np.uint16)
    write_image(folder / "empty.ome.zarr", sparse, chunks=(1, 10, 10))
    well = numbers((2, 20, 30))
    write_plate(
        folder / "plate.ome.zarr", {"A/1": [well, well + 1], "B/2": [well + 2]}, ["A/2"]
    )
