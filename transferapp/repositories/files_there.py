"""What a disk says of an original file, without reading it."""

from __future__ import annotations

import stat
from pathlib import Path


def lies_at(path: Path, size_bytes: int) -> bool:
    """Say whether a file of this size is there. One that only an archive has is there, too:
    its name and size are on the disk.
    """
    try:
        found = path.stat()
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size == size_bytes
