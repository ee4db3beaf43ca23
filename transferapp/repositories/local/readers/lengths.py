"""Lengths in micrometres, of the names that microscope programs give their units."""

from __future__ import annotations

from math import isfinite

_MICROMETRES = {
    **dict.fromkeys(("pm", "picometer", "picometre"), 1e-6),
    **dict.fromkeys(("å", "Å".lower(), "angstrom", "ångström"), 1e-4),
    **dict.fromkeys(("nm", "nanometer", "nanometre"), 1e-3),
    **dict.fromkeys(("um", "µm", "μm", "micron", "micrometer", "micrometre"), 1.0),
    **dict.fromkeys(("mm", "millimeter", "millimetre"), 1e3),
    **dict.fromkeys(("cm", "centimeter", "centimetre"), 1e4),
    **dict.fromkeys(("m", "meter", "metre"), 1e6),
    **dict.fromkeys(("in", "inch", "inches", '"'), 25_400.0),
}
#: Below an atom's size a "length" is a number that was never set.
_SMALLEST_UM = 1e-6


def micrometres_per(unit: str) -> float | None:
    """Return how many micrometres a unit has; None for one that is no length ("pixel")."""
    # ImageJ escapes what its files cannot hold.
    name = unit.strip().lower().replace("\\u00b5", "µ").replace("\\u03bc", "μ")
    found = _MICROMETRES.get(name)
    return _MICROMETRES.get(name.removesuffix("s")) if found is None else found


def pixel_size(length: float | None) -> float | None:
    """Return a pixel's edge in micrometres; None for what can be none (zero, NaN, endless).

    A sign only tells the direction of the axis.
    """
    if length is None or not isfinite(length):
        return None
    return abs(length) if abs(length) >= _SMALLEST_UM else None
