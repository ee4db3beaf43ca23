"""Read the axes of an OME-Zarr image and the size of its pixels, of all versions."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from transferapp.errors import DamagedFile, UnsupportedFile

PixelSize = tuple[float | None, float | None, float | None]
Axis = tuple[str, str]

_KNOWN = "tczyx"
#: SI prefixes as powers of ten.
_PREFIXES = {
    "yocto": -24, "zepto": -21, "atto": -18, "femto": -15, "pico": -12, "nano": -9,
    "micro": -6, "milli": -3, "centi": -2, "deci": -1, "": 0, "deca": 1, "hecto": 2,
    "kilo": 3, "mega": 6, "giga": 9, "tera": 12, "peta": 15, "exa": 18, "zetta": 21,
    "yotta": 24,
}  # fmt: skip
#: Units of space in micrometres: those that 0.4 and 0.5 list (names of UDUNITS-2), and the
#: symbols that are written instead.
_MICROMETRES = {f"{name}meter": 10.0 ** (power + 6) for name, power in _PREFIXES.items()} | {
    "angstrom": 1e-4,
    "inch": 25_400.0,
    "foot": 304_800.0,
    "yard": 914_400.0,
    "mile": 1_609_344_000.0,
    "parsec": 3.0856775814913673e22,
    "micron": 1.0,
    "um": 1.0,
    "\N{MICRO SIGN}m": 1.0,
    "\N{GREEK SMALL LETTER MU}m": 1.0,
    "nm": 1e-3,
    "mm": 1e3,
    "cm": 1e4,
    "m": 1e6,
}
#: Units of time in seconds, likewise.
_SECONDS = {f"{name}second": 10.0**power for name, power in _PREFIXES.items()} | {
    "minute": 60.0,
    "hour": 3600.0,
    "day": 86_400.0,
    "s": 1.0,
    "ms": 1e-3,
    "min": 60.0,
    "h": 3600.0,
}


def axes_of(multiscales: dict[str, Any], ndim: int) -> tuple[Axis, ...]:
    """Return letter (one of t, c, z, y, x) and unit of each dimension, in the arrays' order.

    0.1 and 0.2 have no axes: they are t, c, z, y, x; where there are fewer dimensions, the
    last of these. 0.3 has letters only. Since 0.4 names are free and the type counts, but
    nearly everybody writes the letters. 0.6 (dev4) has them in a coordinate system. Raises
    UnsupportedFile for other axes, DamagedFile when there are not ``ndim`` of them.
    """
    listed = multiscales.get("axes") or _system_axes(multiscales) or list(_KNOWN[-ndim:])
    if not isinstance(listed, list):
        listed = []
    axes = [axis if isinstance(axis, dict) else {"name": axis} for axis in listed]
    names = [str(axis.get("name", "")).lower() for axis in axes]
    shown = ", ".join(names)
    letters = names if set(names) <= set(_KNOWN) else _letters_by_type(axes)
    if len(set(letters)) < len(letters) or not {"y", "x"} <= set(letters) <= set(_KNOWN):
        raise UnsupportedFile(
            f"Its axes are '{shown}', which cannot be shown. Write it with the axes t, c, z, y"
            " and x, then import that."
        )
    if len(letters) != ndim:
        raise DamagedFile(f"Its arrays have {ndim} dimensions, and its axes are '{shown}'.")
    return tuple(
        (letter, str(axis.get("unit") or ""))
        for letter, axis in zip(letters, axes, strict=True)
    )


def pixel_size_um(
    multiscales: dict[str, Any], level: dict[str, Any], axes: tuple[Axis, ...]
) -> PixelSize:
    """Return the size of a level's pixels (z, y, x) in micrometres; None where unknown.

    A scale beside the levels multiplies the level's own (0.4 and 0.5, "multiscales"). One
    with ``output`` leads to another coordinate system and is no size.
    """
    steps = _scales(multiscales, level)
    sizes: dict[str, float | None] = {}
    for place, (letter, unit) in enumerate(axes):
        micrometres = _MICROMETRES.get(unit.replace("metre", "meter"))
        if micrometres is not None:
            sizes[letter] = _size(steps, place, len(axes), micrometres)
    return sizes.get("z"), sizes.get("y"), sizes.get("x")


def time_step_s(
    multiscales: dict[str, Any], level: dict[str, Any], axes: tuple[Axis, ...]
) -> float | None:
    """Return the seconds from one time point to the next; None where unknown."""
    for place, (letter, unit) in enumerate(axes):
        if letter == "t" and unit in _SECONDS:
            return _size(_scales(multiscales, level), place, len(axes), _SECONDS[unit])
    return None


def _scales(multiscales: dict[str, Any], level: dict[str, Any]) -> list[dict[str, Any]]:
    return [*_steps(level), *(s for s in _steps(multiscales) if "output" not in s)]


def _system_axes(multiscales: dict[str, Any]) -> object:
    """Return the axes of the coordinate system that the first level leads to (0.6)."""
    systems = multiscales.get("coordinateSystems")
    if not isinstance(systems, list):
        return None
    steps = _steps(multiscales["datasets"][0])
    output = steps[0].get("output") if steps else None
    name = output.get("name") if isinstance(output, dict) else output
    found = (s for s in systems if isinstance(s, dict) and s.get("name") == name)
    return next(found, {}).get("axes")


def _letters_by_type(axes: list[dict[str, Any]]) -> list[str]:
    """Name axes by their types: the last of space is x."""
    types = [axis.get("type") for axis in axes]
    space = iter("zyx"[-types.count("space") :])
    others = {"time": "t", "channel": "c"}
    return [next(space, "") if t == "space" else others.get(str(t), "c") for t in types]


def _steps(holder: dict[str, Any]) -> list[dict[str, Any]]:
    found = holder.get("coordinateTransformations")
    return [s for s in found if isinstance(s, dict)] if isinstance(found, list) else []


def _size(
    steps: Iterable[dict[str, Any]], place: int, count: int, micrometres: float
) -> float | None:
    scales = [step.get("scale") for step in steps if step.get("type") == "scale"]
    size = micrometres if scales else math.nan
    for scale in scales:
        if not isinstance(scale, list) or len(scale) != count:
            return None
        size *= _factor(scale[place])
    return size if 0 < size < math.inf else None


def _factor(value: object) -> float:
    """Return a number above 0, or NaN."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value) if value > 0 else math.nan
    except OverflowError:
        return math.nan
