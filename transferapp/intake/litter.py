"""What operating systems, file servers and Office leave in folders."""

from __future__ import annotations

#: Litter of operating systems, file servers and Office; never part of an image.
LITTER_NAMES = frozenset(
    {
        ".ds_store",
        ".localized",
        ".apdisk",
        ".directory",
        ".documentrevisions-v100",
        ".fseventsd",
        ".spotlight-v100",
        ".temporaryitems",
        ".trashes",
        ".volumeicon.icns",
        "thumbs.db",
        "ehthumbs.db",
        "desktop.ini",
        "__macosx",
        "@eadir",
        "$recycle.bin",
        "system volume information",
    }
)
