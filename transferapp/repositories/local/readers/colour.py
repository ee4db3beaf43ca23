"""The channels of colour pictures: red, green and blue light, and transparency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from transferapp.repositories.local.readers.port import ChannelHint

if TYPE_CHECKING:
    import numpy.typing as npt

RED, GREEN, BLUE = "FF0000", "00FF00", "0000FF"
WHITE = "FFFFFF"
#: Of one bit: measured, the window of a mask that is full would show it as black.
MASK_WINDOW = (0.0, 1.0)
#: How far, in parts of its brightest entry, a colour table may be from an even ramp.
_RAMP_TOLERANCE = 0.1
_BYTE = 1


def rgb_channels(dtype: npt.DTypeLike, *, alpha: bool = False) -> tuple[ChannelHint, ...]:
    """Return red, green, blue (and alpha, which is not shown at first), in this order.

    A window of each channel's own would change colours. Bytes show their whole range; larger
    types seldom fill theirs (12-bit cameras), so one window is measured for all three.
    """
    window = _whole_range(dtype) if np.dtype(dtype).itemsize == _BYTE else None
    lights = tuple(
        ChannelHint(name, color, window, shares_window=window is None)
        for name, color in (("Red", RED), ("Green", GREEN), ("Blue", BLUE))
    )
    return (*lights, alpha_channel(dtype)) if alpha else lights


def alpha_channel(dtype: npt.DTypeLike) -> ChannelHint:
    """Return the channel that says how opaque a pixel is."""
    return ChannelHint("Alpha", WHITE, _whole_range(dtype), active=False)


def ramp_color(table: npt.NDArray[np.generic]) -> str | None:
    """Return the colour of a table (3, entries) that runs evenly from black to one colour.

    None for any other: its entries are no brightness of one light.
    """
    numbers: npt.NDArray[np.float64] = table.astype(np.float64)
    brightest = numbers.max()
    if brightest <= 0 or numbers.shape[1] < 2:  # noqa: PLR2004 - a ramp has two ends
        return None
    shares = numbers / brightest
    even = shares[:, -1:] * np.linspace(0, 1, shares.shape[1])
    if np.abs(shares - even).max() > _RAMP_TOLERANCE:
        return None
    return "".join(f"{round(255 * part):02X}" for part in shares[:, -1])


def _whole_range(dtype: npt.DTypeLike) -> tuple[float, float] | None:
    kind = np.dtype(dtype)
    if kind.kind not in "ui":
        return None
    limits = np.iinfo(kind)
    return float(limits.min), float(limits.max)
