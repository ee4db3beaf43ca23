"""Hash a file of this computer as it is now, or say why that says nothing."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from transferapp.client.source import inode_of, reading
from transferapp.errors import ChangedFile, UnreadableFile

_sha1 = partial(hashlib.sha1, usedforsecurity=False)


@dataclass(frozen=True, slots=True)
class FileContent:
    """What a file holds."""

    size_bytes: int
    sha1: str


def hash_file(path: Path) -> FileContent:
    """Read all of a file; blocking, for as long as its disk takes.

    Raises VanishedFile, UnreadableFile (also for what is no plain file), and ChangedFile when
    size, time or inode were others afterwards.
    """
    with reading(path):
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with open(handle, "rb") as file:  # noqa: PTH123 - a handle
            before = os.fstat(handle)
            if not stat.S_ISREG(before.st_mode):
                raise UnreadableFile(f"'{path}' is no plain file.")
            sha1 = hashlib.file_digest(file, _sha1).hexdigest()
        after = path.stat()
    if _state(before) != _state(after):
        raise ChangedFile(f"'{path}' changed while it was read. Try again when it is complete.")
    return FileContent(before.st_size, sha1)


def _state(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_size, found.st_mtime_ns, inode_of(found)
