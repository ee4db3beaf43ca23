"""How OMERO says that its disk is full: there is no class for it, only the words of others."""

from __future__ import annotations

#: By Linux, and by OMERO itself, which takes nothing more from 95 % on.
_FULL = ("no space left", "disk quota exceeded", "disk full", "disk space usage")
NO_SPACE = (
    "The disk of the OMERO server is full. Nothing is lost; tell your OMERO administrator, and"
    " it goes on by itself once there is space"
)


def means_full(message: str) -> bool:
    """Say whether an exception with this message means a full disk, or a quota."""
    stated = message.lower()
    return any(sentence in stated for sentence in _FULL)
