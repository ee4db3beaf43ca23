"""Writes the JSON documents of the virtual OME-Zarr 0.5 (zarr v3) of an image."""

from __future__ import annotations

import json
from itertools import pairwise, starmap
from math import prod
from typing import Any

import numpy as np

from transferapp.model.images import Channel, Pixels
from transferapp.model.pixel_types import shown_as
from transferapp.ome.zarr_attributes import (
    AXES,
    axes,
    channel_at,
    dataset,
    omero,
    value_limits,
)

DOCUMENT = "zarr.json"
OME_ZARR_VERSION = "0.5"
#: Fast and still halves most microscope data; previews are read once or twice.
ZSTD_LEVEL = 1

#: OMERO's names of numpy's types.
_OTHER_NAMES = {"float": "float32", "double": "float64"}


def dtype_of(pixels: Pixels) -> np.dtype[Any]:
    """Return the little-endian numpy type; raises UnsupportedFile for one we cannot show."""
    name = _OTHER_NAMES.get(pixels.dtype, pixels.dtype)
    return np.dtype(shown_as(name)).newbyteorder("<")


def chunk_shape(pixels: Pixels, level: int) -> tuple[int, int]:
    """Return height and width of a level's chunks; a small level is one chunk."""
    size = pixels.levels[level]
    return min(pixels.tile_size, size.size_y), min(pixels.tile_size, size.size_x)


def group_document(pixels: Pixels) -> bytes:
    """Return ``zarr.json`` of the group: multiscales, channels, colours and windows."""
    multiscale = {
        "name": pixels.name,
        "axes": axes(pixels.pixel_size_um, pixels.time_step_s),
        "datasets": [_dataset(pixels, level) for level in range(len(pixels.levels))],
    }
    channels = [channel_of(pixels, index) for index in range(pixels.size_c)]
    ome = {
        "version": OME_ZARR_VERSION,
        "multiscales": [multiscale],
        "omero": omero(channels, dtype_of(pixels), pixels.size_z),
    }
    levels = {str(level): _array(pixels, level) for level in range(len(pixels.levels))}
    return _encode(
        {
            "zarr_format": 3,
            "node_type": "group",
            "attributes": {"ome": ome},
            # Saves a client that knows it one request per level before the first pixel.
            "consolidated_metadata": {
                "kind": "inline",
                "must_understand": False,
                "metadata": levels,
            },
        }
    )


def array_document(pixels: Pixels, level: int) -> bytes:
    """Return ``{level}/zarr.json``: a t, c, z, y, x array in chunks of one tile."""
    return _encode(_array(pixels, level))


def channel_of(pixels: Pixels, index: int) -> Channel:
    """Return a channel with a name, colour and window, also where the image has none."""
    return channel_at(pixels.channels, index, pixels.size_c, dtype_of(pixels))


def value_range(pixels: Pixels) -> tuple[float, float]:
    """Return the least and greatest value the pixel type holds; 0 to 1 for floats."""
    return value_limits(dtype_of(pixels))


def _array(pixels: Pixels, level: int) -> dict[str, Any]:
    size = pixels.levels[level]
    dtype = dtype_of(pixels)
    endian = {"configuration": {"endian": "little"}} if dtype.itemsize > 1 else {}
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": [pixels.size_t, pixels.size_c, pixels.size_z, size.size_y, size.size_x],
        "data_type": dtype.name,
        "chunk_grid": {
            "name": "regular",
            "configuration": {"chunk_shape": [1, 1, 1, *chunk_shape(pixels, level)]},
        },
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": 0,
        "codecs": [
            {"name": "bytes", **endian},
            {"name": "zstd", "configuration": {"level": ZSTD_LEVEL, "checksum": False}},
        ],
        "dimension_names": list(AXES),
        "attributes": {},
    }


def _dataset(pixels: Pixels, level: int) -> dict[str, Any]:
    down = _times_smaller([each.size_y for each in pixels.levels[: level + 1]])
    across = _times_smaller([each.size_x for each in pixels.levels[: level + 1]])
    step = pixels.time_step_s
    return dataset(str(level), pixels.pixel_size_um, down, across, time_step_s=step)


def _times_smaller(sizes: list[int]) -> float:
    """Return how many pixels of the first size one of the last stands for.

    Levels are made by whole numbers, mostly by two, and an edge that does not fill a pixel is
    left out or fills one: 1,091 pixels of 16 make 68 or 69, which are no 16.04 each.
    """
    return prod(starmap(_one_step, pairwise(sizes)), start=1.0)


def _one_step(size: int, smaller: int) -> float:
    ratio = size / smaller
    if ratio == 1:
        return ratio
    for step in (2, 4, 8, 16, round(ratio)):
        if smaller in {size // step, -(-size // step)}:
            return step
    return ratio


def _encode(document: dict[str, Any]) -> bytes:
    # NaN and infinity would make JSON that no other client can read.
    return json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
