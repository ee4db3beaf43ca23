"""Dates as files say them, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

#: Earlier ones are clocks that nobody set.
_FIRST_YEAR = 1970


def in_utc(stated: datetime | None) -> datetime | None:
    """Return a date in UTC; one without a zone is taken as it stands. None for nonsense."""
    if stated is None:
        return None
    found = stated.replace(tzinfo=UTC) if stated.tzinfo is None else stated.astimezone(UTC)
    return found if found.year >= _FIRST_YEAR else None


def moment_of(text: str) -> datetime | None:
    """Return an ISO 8601 date in UTC; None for what is none."""
    try:
        return in_utc(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError):
        return None
