"""Finds a round length for a scale bar and writes it in the unit people use."""

from __future__ import annotations

import math
from dataclasses import dataclass

_UNITS = ((1000.0, "mm"), (1.0, "\N{MICRO SIGN}m"), (0.001, "nm"))
_ROUND = (5.0, 2.0, 1.0)


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """A bar of this many screen pixels and the length it stands for."""

    width_px: float
    label: str


def scale_bar(um_per_px: float, longest_px: float) -> ScaleBar | None:
    """Return the longest round bar that fits; None when there is no room or no size.

    ``um_per_px`` is micrometres per screen pixel.
    """
    room_um = um_per_px * longest_px
    if not (math.isfinite(room_um) and room_um > 0):
        return None
    decade = 10.0 ** math.floor(math.log10(room_um))
    length_um = next(step * decade for step in _ROUND if step * decade <= room_um * (1 + 1e-9))
    return ScaleBar(length_um / um_per_px, _in_text(length_um))


def _in_text(length_um: float) -> str:
    factor, unit = next(
        ((factor, unit) for factor, unit in _UNITS if length_um >= factor * (1 - 1e-9)),
        _UNITS[-1],
    )
    return f"{length_um / factor:.6g} {unit}"
