"""The channels of colour pictures: red, green and blue light, and transparency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from transferapp.repositories.local.readers.port import ChannelHint

if TYPE_CHECKING:
    import numpy.typing as npt

RED, GREEN, BLUE = "FF0000", "00FF00", "0000FF"
_WHITE = "FFFFFF"


def rgb_channels(dtype: npt.DTypeLike, *, alpha: bool = False) -> tuple[ChannelHint, ...]:
    """Return red, green, blue (and alpha, which is not shown at first), in this order.

    Integers show their whole range: a window of each channel's own would change colours.
    """
    window = _whole_range(dtype)
    lights = tuple(
        ChannelHint(name, color, window)
        for name, color in (("Red", RED), ("Green", GREEN), ("Blue", BLUE))
    )
    return (*lights, alpha_channel(dtype)) if alpha else lights


def alpha_channel(dtype: npt.DTypeLike) -> ChannelHint:
    """Return the channel that says how opaque a pixel is."""
    return ChannelHint("Alpha", _WHITE, _whole_range(dtype), active=False)


def _whole_range(dtype: npt.DTypeLike) -> tuple[float, float] | None:
    kind = np.dtype(dtype)
    if kind.kind not in "ui":
        return None
    limits = np.iinfo(kind)
    return float(limits.min), float(limits.max)
