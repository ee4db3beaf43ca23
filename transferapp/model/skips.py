"""What an image repository may leave undone when it imports, where the facility allows it.

Never its checksums: they are compared with the source's before anybody is told that this may
be deleted.
"""

from __future__ import annotations

from enum import StrEnum


class Skip(StrEnum):
    """Work of the repository that is not done for an import."""

    THUMBNAILS = "thumbnails"
    #: The least and the largest value of each channel, by which it is displayed.
    MINMAX = "minmax"


def skips_of(text: str) -> frozenset[Skip]:
    """Read ``thumbnails, minmax``; raises ValueError for another word."""
    return frozenset(Skip(word) for word in text.replace(",", " ").split())


def not_allowed(asked: frozenset[Skip], allowed: frozenset[Skip]) -> str:
    """Say that something may not be skipped here; empty when all of it may."""
    if asked <= allowed:
        return ""
    refused = ", ".join(sorted(asked - allowed))
    may = ", ".join(sorted(allowed)) or "nothing"
    return (
        f"This facility does not let imports skip {refused}. What may be skipped: {may}. Import"
        " without it, or ask its administrator (TRANSFERAPP_IMPORT_SKIP)."
    )
