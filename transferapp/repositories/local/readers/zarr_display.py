"""Read how OME-Zarr wants its channels shown; what is not understood is left out.

The metadata ``omero`` is optional and written by hand and by many programs: nothing in it
may keep pixels from being shown.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

from transferapp.repositories.local.readers.colour import MASK_WINDOW
from transferapp.repositories.local.readers.port import ChannelHint

_SHORT = frozenset({3, 4})
_COLOR = re.compile(r"[0-9A-F]{6}(?:[0-9A-F]{2})?")


def channel_hints(omero: object) -> tuple[ChannelHint, ...]:
    """Return what is said of the channels, in their order."""
    channels = omero.get("channels") if isinstance(omero, dict) else None
    if not isinstance(channels, list):
        return ()
    hints = [_hint(channel if isinstance(channel, dict) else {}) for channel in channels]
    if not any(hint.active for hint in hints):
        # Else the image would be black.
        hints = [replace(hint, active=True) for hint in hints]
    return tuple(hints)


def of_masks(stated: tuple[ChannelHint, ...], count: int) -> tuple[ChannelHint, ...]:
    """Return ``count`` channels of one bit: whatever is said, their numbers are 0 and 1."""
    unsaid = (ChannelHint(),) * (count - len(stated))
    return tuple(replace(hint, window=MASK_WINDOW) for hint in (*stated, *unsaid))


def _hint(channel: dict[str, Any]) -> ChannelHint:
    label = channel.get("label")
    return ChannelHint(
        "" if label is None else str(label),
        _color(channel.get("color")),
        _window(channel.get("window")),
        active=channel.get("active") is not False,
    )


def _color(value: object) -> str | None:
    """Return ``RRGGBB``, also of the web's ``#RGB`` and ``#RRGGBBAA``."""
    text = value.strip().removeprefix("#").upper() if isinstance(value, str) else ""
    if len(text) in _SHORT:
        text = "".join(digit * 2 for digit in text)
    return text[:6] if _COLOR.fullmatch(text) else None


def _window(value: object) -> tuple[float, float] | None:
    """Return what is shown; an empty or reversed window is measured instead."""
    if not isinstance(value, dict):
        return None
    start, end = (_number(value.get(key)) for key in ("start", "end"))
    return (start, end) if start < end else None


def _number(value: object) -> float:
    """Return a finite number, or NaN; some programs write numbers as text."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return math.nan
    return number if math.isfinite(number) else math.nan
