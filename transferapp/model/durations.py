"""How long something takes, in words for people."""

from __future__ import annotations

_UNITS = (("day", 86_400.0), ("hour", 3600.0), ("minute", 60.0))


def about_text(seconds: float) -> str:
    """Say a time in its largest unit, rounded: ``5 hours``, ``a minute`` for less."""
    for unit, length_s in _UNITS:
        count = round(seconds / length_s)
        if count > 1 or (count == 1 and seconds >= length_s):
            return f"{count:,} {unit}{'s' if count != 1 else ''}"
    return "a minute"
