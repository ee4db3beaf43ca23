"""How OMERO says that its disk is full: there is no class for it, only the words of others."""

from __future__ import annotations

_QUOTA = "disk quota exceeded"
#: By Linux, and by OMERO itself, which takes nothing more from 95 % on.
_FULL = ("no space left", "disk full", "disk space usage")
_NO_SPACE = (
    "The disk of the OMERO server is full. Nothing is lost; tell your OMERO administrator, and"
    " it goes on by itself once there is space"
)
_NO_QUOTA = (
    "The quota of disk space that OMERO may use is used up; the disk itself need not be full."
    " Nothing is lost; tell your OMERO administrator, and it goes on by itself once the quota"
    " is raised or there is space"
)


def no_space(*messages: str) -> str:
    """Return what exceptions with these messages mean where that is a full disk, or a quota
    that is used up, without a full stop; "" where they mean something else.
    """
    stated = " ".join(messages).lower()
    if _QUOTA in stated:
        return _NO_QUOTA
    return _NO_SPACE if any(sentence in stated for sentence in _FULL) else ""
