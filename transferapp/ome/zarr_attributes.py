"""What an OME-Zarr says of an image beside its pixels: axes, sizes, channels."""

from __future__ import annotations

from typing import Any

import numpy as np

from transferapp.model.images import Channel
from transferapp.model.plausible import plausible_positive, plausible_um, plausible_window

AXES = ("t", "c", "z", "y", "x")
_DEFAULT_COLORS = ("FFFFFF",), ("00FF00", "FF00FF", "00FFFF", "FFFF00", "FF0000", "0000FF")

#: Pixel sizes in micrometres (z, y, x); None where unknown.
PixelSize = tuple[float | None, float | None, float | None]


def axes(pixel_size_um: PixelSize, time_step_s: float | None = None) -> list[dict[str, str]]:
    """Return the axes t, c, z, y, x; one whose size or step is unknown has no unit."""
    timed = {"unit": "second"} if plausible_positive(time_step_s) else {}
    made = [{"name": "t", "type": "time", **timed}, {"name": "c", "type": "channel"}]
    for name, um in zip("zyx", pixel_size_um, strict=True):
        unit = {"unit": "micrometer"} if plausible_um(um) else {}
        made.append({"name": name, "type": "space", **unit})
    return made


def dataset(
    path: str,
    pixel_size_um: PixelSize,
    down: float,
    across: float,
    position_um: tuple[float | None, float | None] = (None, None),
    time_step_s: float | None = None,
) -> dict[str, Any]:
    """Return the entry of a level whose pixels are so many times as high and wide.

    ``position_um``: where its first pixel is (x, y), as far as anybody knows.
    """
    z_um, y_um, x_um = (plausible_um(um) or 1.0 for um in pixel_size_um)
    scale = [plausible_positive(time_step_s) or 1.0, 1.0, z_um, y_um * down, x_um * across]
    transformations: list[dict[str, Any]] = [{"type": "scale", "scale": scale}]
    if position_um != (None, None):
        right, low = position_um
        translation = [0.0, 0.0, 0.0, low or 0.0, right or 0.0]
        transformations.append({"type": "translation", "translation": translation})
    return {"path": path, "coordinateTransformations": transformations}


def omero(channels: list[Channel], dtype: np.dtype[Any], size_z: int) -> dict[str, Any]:
    """Return how the image is shown at first: names, colours and windows of its channels."""
    return {
        "channels": [_channel(channel, dtype) for channel in channels],
        "rdefs": {"defaultT": 0, "defaultZ": size_z // 2, "model": "color"},
    }


def channel_at(
    known: tuple[Channel, ...], index: int, size_c: int, dtype: np.dtype[Any]
) -> Channel:
    """Return a channel with a name, colour and window, also where the image has none."""
    if index < len(known):
        return known[index]
    colors = _DEFAULT_COLORS[size_c > 1]
    low, high = value_limits(dtype)
    return Channel(f"Channel {index + 1}", colors[index % len(colors)], low, high)


def value_limits(dtype: np.dtype[Any]) -> tuple[float, float]:
    """Return the least and greatest value the pixel type holds; 0 to 1 for floats."""
    if dtype.kind not in "ui":
        return 0.0, 1.0
    limits = np.iinfo(dtype)
    return float(limits.min), float(limits.max)


def _channel(channel: Channel, dtype: np.dtype[Any]) -> dict[str, Any]:
    low, high = value_limits(dtype)
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
