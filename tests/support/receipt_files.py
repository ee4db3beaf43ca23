"""Files that are not what they were."""

from __future__ import annotations

from pathlib import Path


def change_one_byte(path: Path) -> None:
    """Make one bit in the middle another; twice is as before."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
