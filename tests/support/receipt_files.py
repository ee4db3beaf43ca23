"""Files that are not what they were."""

from __future__ import annotations

import hashlib
from pathlib import Path


def change_one_byte(path: Path) -> None:
    """Make one bit in the middle another, read-only or not; twice is as before."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)


def sha1_of(content: bytes) -> str:
    """Return a SHA-1 as receipts state it."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()
