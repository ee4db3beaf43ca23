"""What files say of their images and cannot be true is unknown, not shown."""

from __future__ import annotations

import math
from datetime import UTC, datetime

#: Programs write their zero where no date was set: year 1 (.NET), 1601 (Windows), 1899 (OLE),
#: 1904 (Macintosh). No computer kept images before 1970. Near the ends of the calendar there
#: is no local time either.
_YEARS = range(1970, 9999)
#: More micrometres than the longest unit of OME (a yottametre), and more seconds; sums and
#: ratios of such sizes are finite.
_LONGEST = 1e36


def plausible_um(size_um: float | None) -> float | None:
    """Return a pixel size in micrometres; None unless it is finite and above zero."""
    return plausible_positive(size_um)


def plausible_positive(value: float | None) -> float | None:
    """Return a wavelength, a duration or a size; None unless it is finite and above zero."""
    if value is None or not 0 < value < _LONGEST:
        return None
    return float(value)


def plausible_moment(when: datetime | None) -> datetime | None:
    """Return when something was recorded, in UTC; a time without a zone is taken as UTC.

    None for a date that no microscope can have written on purpose.
    """
    if when is None or when.year not in _YEARS:
        return None
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def plausible_window(start: float, end: float) -> tuple[float, float] | None:
    """Return a display window; None unless both ends are finite and in order."""
    if not (math.isfinite(start) and math.isfinite(end) and start < end):
        return None
    return float(start), float(end)
