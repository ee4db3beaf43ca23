"""Mixes the channels of a tile into one picture, in the channels' colours and windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from transferapp.model.images import Pixels
from transferapp.preview.zarr_metadata import channel_of, dtype_of, value_range

if TYPE_CHECKING:
    import numpy.typing as npt

#: Shares of the pixels that automatic contrast lets go dark and bright.
_DARK_PERCENT, _BRIGHT_PERCENT = 0.5, 99.8
_ENOUGH_PIXELS = 200_000


@dataclass(frozen=True, slots=True)
class ChannelDisplay:
    """How one channel is shown: colour 0-255 and the window of values from dark to bright."""

    name: str
    color: tuple[int, int, int]
    low: float
    high: float
    visible: bool = True


def displays_of(pixels: Pixels) -> tuple[ChannelDisplay, ...]:
    """Return how the repository wants the channels shown."""
    displays = []
    for index in range(pixels.size_c):
        channel = channel_of(pixels, index)
        displays.append(
            ChannelDisplay(
                channel.name or f"Channel {index + 1}",
                _color(channel.color),
                channel.window_start,
                channel.window_end,
                channel.active,
            )
        )
    return tuple(displays)


def window_shows_nothing(pixels: Pixels, display: ChannelDisplay) -> bool:
    """Tell whether a window is empty or just the whole range of a deep pixel type."""
    if not display.high > display.low:
        return True
    return dtype_of(pixels).itemsize > 1 and (display.low, display.high) == value_range(pixels)


def compose(
    planes: Sequence[npt.NDArray[Any]], displays: Sequence[ChannelDisplay]
) -> npt.NDArray[np.uint8]:
    """Add the planes (height, width) in their colours: (height, width, 4), RGB and 255."""
    height, width = planes[0].shape
    mixed = np.zeros((height, width, 3), dtype=np.float32)
    for plane, display in zip(planes, displays, strict=True):
        brightness = _brightness(plane, display)
        for part, value in enumerate(display.color):
            if value:
                mixed[..., part] += brightness * np.float32(value)
    picture = np.full((height, width, 4), 255, dtype=np.uint8)
    picture[..., :3] = np.clip(mixed, 0, 255, out=mixed)
    return picture


def auto_window(planes: Sequence[npt.NDArray[Any]]) -> tuple[float, float]:
    """Return a window that shows most pixels well, leaving out few at both ends."""
    values = np.concatenate([plane.ravel() for plane in planes])
    values = values[:: max(1, values.size // _ENOUGH_PIXELS)]
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 1.0
    low, high = np.percentile(values, (_DARK_PERCENT, _BRIGHT_PERCENT))
    if high <= low:
        low, high = float(values.min()), float(values.max())
    return float(low), float(high) if high > low else float(low) + 1.0


def _brightness(plane: npt.NDArray[Any], display: ChannelDisplay) -> npt.NDArray[np.float32]:
    span = display.high - display.low
    brightness = plane.astype(np.float32)
    brightness -= np.float32(display.low)
    brightness *= np.float32(1.0 / span if span > 0 else 1.0)
    np.nan_to_num(brightness, copy=False, nan=0.0)
    return np.clip(brightness, 0.0, 1.0, out=brightness)


def _color(text: str) -> tuple[int, int, int]:
    try:
        red, green, blue = bytes.fromhex(text.removeprefix("#"))
    except ValueError:
        return 255, 255, 255
    return red, green, blue
