"""The hash functions a part may be checked with, by their names on the wire."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Protocol

import blake3


class Hasher(Protocol):
    """What hashlib and blake3 have in common."""

    def update(self, data: bytes, /) -> object:
        """Take more bytes."""

    def digest(self) -> bytes:
        """Return the hash of all bytes so far."""


#: SHA-1 finds damage, it does not keep secrets: OMERO and tus name files by it.
ALGORITHMS: dict[str, Callable[[], Hasher]] = {
    "blake3": blake3.blake3,
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
}
