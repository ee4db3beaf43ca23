"""Writes the JSON documents of the virtual OME-Zarr 0.5 (zarr v3) of an image."""

from __future__ import annotations

import json
from itertools import pairwise, starmap
from math import prod
from typing import Any

import numpy as np

from transferapp.model.images import Channel, Pixels
from transferapp.model.pixel_types import shown_as
from transferapp.model.plausible import plausible_um, plausible_window

DOCUMENT = "zarr.json"
OME_ZARR_VERSION = "0.5"
AXES = ("t", "c", "z", "y", "x")
#: Fast and still halves most microscope data; previews are read once or twice.
ZSTD_LEVEL = 1

#: OMERO's names of numpy's types.
_OTHER_NAMES = {"float": "float32", "double": "float64"}
_DEFAULT_COLORS = ("FFFFFF",), ("00FF00", "FF00FF", "00FFFF", "FFFF00", "FF0000", "0000FF")


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
        "axes": _axes(pixels),
        "datasets": [_dataset(pixels, level) for level in range(len(pixels.levels))],
    }
    omero = {
        "channels": [_channel(pixels, index) for index in range(pixels.size_c)],
        "rdefs": {"defaultT": 0, "defaultZ": pixels.size_z // 2, "model": "color"},
    }
    ome = {"version": OME_ZARR_VERSION, "multiscales": [multiscale], "omero": omero}
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
    if index < len(pixels.channels):
        return pixels.channels[index]
    colors = _DEFAULT_COLORS[pixels.size_c > 1]
    low, high = value_range(pixels)
    return Channel(f"Channel {index + 1}", colors[index % len(colors)], low, high)


def value_range(pixels: Pixels) -> tuple[float, float]:
    """Return the least and greatest value the pixel type holds; 0 to 1 for floats."""
    dtype = dtype_of(pixels)
    if dtype.kind not in "ui":
        return 0.0, 1.0
    limits = np.iinfo(dtype)
    return float(limits.min), float(limits.max)


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


def _axes(pixels: Pixels) -> list[dict[str, str]]:
    axes = [{"name": "t", "type": "time"}, {"name": "c", "type": "channel"}]
    for name, um in zip("zyx", pixels.pixel_size_um, strict=True):
        unit = {"unit": "micrometer"} if plausible_um(um) else {}
        axes.append({"name": name, "type": "space", **unit})
    return axes


def _dataset(pixels: Pixels, level: int) -> dict[str, Any]:
    z_um, y_um, x_um = (plausible_um(um) or 1.0 for um in pixels.pixel_size_um)
    down = _times_smaller([each.size_y for each in pixels.levels[: level + 1]])
    across = _times_smaller([each.size_x for each in pixels.levels[: level + 1]])
    scale = [1.0, 1.0, z_um, y_um * down, x_um * across]
    return {
        "path": str(level),
        "coordinateTransformations": [{"type": "scale", "scale": scale}],
    }


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


def _channel(pixels: Pixels, index: int) -> dict[str, Any]:
    channel = channel_of(pixels, index)
    low, high = value_range(pixels)
    start, end = plausible_window(channel.window_start, channel.window_end) or (low, high)
    return {
        "label": channel.name,
        "color": channel.color.removeprefix("#").upper(),
        "active": channel.active,
        "window": {
            "min": min(low, start),
            "max": max(high, end),
            "start": start,
            "end": end,
        },
    }


def _encode(document: dict[str, Any]) -> bytes:
    # NaN and infinity would make JSON that no other client can read.
    return json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
