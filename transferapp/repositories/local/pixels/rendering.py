"""Turn planes of any pixel type into a small colour picture, and find display windows."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from transferapp.display.composing import as_bytes, default_color, rgb, stretched
from transferapp.model.images import Channel, Level, TileRegion
from transferapp.repositories.local.pixels.levels import Plane
from transferapp.repositories.local.readers.port import ChannelHint, ImageHeader

#: Display windows leave this share of the darkest and brightest pixels out, in percent.
_DARK, _BRIGHT = 1.0, 99.8
#: Windows are measured on a level of about this size.
_MEASURED_EDGE_PX = 512
#: More channels than these only make a thumbnail grey.
_MOST_CHANNELS = 6
_JPEG_QUALITY = 85
_BLACK = "000000"

Reader = Callable[[TileRegion], Plane]


def middle_plane(level: int, size: Level, channel: int, size_z: int) -> TileRegion:
    """Return the region of a whole plane: first time point, middle z."""
    return TileRegion(level, 0, channel, size_z // 2, 0, 0, size.size_y, size.size_x)


def level_for(levels: Sequence[Level], edge_px: int) -> int:
    """Return the smallest level whose longer edge is at least ``edge_px``."""
    fitting = [n for n, s in enumerate(levels) if max(s.size_y, s.size_x) >= edge_px]
    return fitting[-1] if fitting else 0


def measure_channels(
    header: ImageHeader, levels: Sequence[Level], read: Reader
) -> tuple[Channel, ...]:
    """Fill what the file does not say of its channels: names, colours, windows."""
    number = level_for(levels, _MEASURED_EDGE_PX)
    unsaid = (ChannelHint(),) * (header.size_c - len(header.channels))
    hints = (*header.channels, *unsaid)[: header.size_c]
    windows = []
    for index, hint in enumerate(hints):
        region = middle_plane(number, levels[number], index, header.size_z)
        windows.append(hint.window or window_of(read(region)))
    common = _common_window([w for w, h in zip(windows, hints, strict=True) if h.shares_window])
    made = []
    for index, (hint, own) in enumerate(zip(hints, windows, strict=True)):
        start, end = common if hint.shares_window else own
        # Black light shows nothing: a program wrote its bytes in another order, or none.
        visible = hint.color if hint.color != _BLACK else ""
        color = visible or default_color(index, header.size_c)
        name = hint.name or f"Channel {index + 1}"
        waves = hint.excitation_nm, hint.emission_nm
        made.append(Channel(name, color, start, end, hint.active, *waves))
    return tuple(made)


def window_of(plane: Plane) -> tuple[float, float]:
    """Return the display window (start < end) of a plane by percentiles."""
    numbers: npt.NDArray[np.float64] = plane.astype(np.float64)
    finite = numbers[np.isfinite(numbers)]
    if not finite.size:
        return 0.0, 1.0
    start, end = (float(v) for v in np.percentile(finite, (_DARK, _BRIGHT)))
    if end > start:
        return start, end
    lowest, highest = float(finite.min()), float(finite.max())
    return (lowest, highest) if highest > lowest else (lowest, lowest + 1.0)


def _common_window(windows: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return the window that shows red, green and blue light in their own proportions."""
    # From no light on: a darkest value that is taken off would make colours fuller.
    start = min((start for start, _ in windows), default=0.0)
    return min(0.0, start), max((end for _, end in windows), default=1.0)


def thumbnail_size(level: Level, edge_px: int) -> tuple[int, int]:
    """Return (width, height) with the longer edge ``edge_px``, the other at least 1."""
    longer = max(level.size_y, level.size_x)
    width, height = (max(1, round(n * edge_px / longer)) for n in (level.size_x, level.size_y))
    return width, height


def render_thumbnail(
    planes: Sequence[Plane], channels: Sequence[Channel], edge_px: int
) -> bytes:
    """Return a JPEG of the planes, one for each channel, laid over each other."""
    height, width = planes[0].shape
    size = thumbnail_size(Level(height, width), edge_px)
    picture = np.zeros((size[1], size[0], 3), np.float32)
    for plane, channel in zip(planes, channels, strict=False):
        if not channel.active:
            continue
        grey = Image.fromarray(stretched(plane, channel))
        small = np.asarray(grey.resize(size, Image.Resampling.BOX), np.float32)
        picture += small[..., None] * rgb(channel.color)
    out = io.BytesIO()
    Image.fromarray(as_bytes(picture)).save(out, "JPEG", quality=_JPEG_QUALITY)
    return out.getvalue()


def shown_channels(channels: Sequence[Channel]) -> Sequence[Channel]:
    """Return the channels that a thumbnail shows."""
    return channels[:_MOST_CHANNELS]
