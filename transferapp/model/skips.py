"""What an image repository may leave undone when it imports, where the facility allows it.

Of an import without the repository's checksums nobody is ever told that its source may be
deleted: sizes are compared only.
"""

from __future__ import annotations

from enum import StrEnum


class Skip(StrEnum):
    """Work of the repository that is not done for an import."""

    THUMBNAILS = "thumbnails"
    #: The least and the largest value of each channel, by which it is displayed.
    MINMAX = "minmax"
    #: The checksums of what it stores; what arrives in the staging is compared all the same.
    CHECKSUM = "checksum"


def skips_of(text: str) -> frozenset[Skip]:
    """Read ``thumbnails, minmax``; raises ValueError for another word."""
    return frozenset(Skip(word) for word in text.replace(",", " ").split())


#: Of an item that was imported so, behind what else there is to say.
CHECKSUM_SKIPPED = (
    "Its checksums were skipped: of the repository's copy only the size was compared. Keep the"
    " source."
)


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
