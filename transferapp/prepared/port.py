"""The port to prepared files: what a worker made for an item of an export, until it is fetched.

A worker writes, the server reads; both may be killed. What was not published is of nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PreparedFile:
    """A file of an item: ``client_path`` is '/'-separated, ``sha1`` hex."""

    client_path: str
    size_bytes: int
    sha1: str


class Prepared(Protocol):
    """Prepared files of items. Every method raises Unavailable when the place is away."""

    async def begin(self, item_id: str) -> Path:
        """Return an empty folder to write into; what was begun before is forgotten."""

    async def publish(self, item_id: str) -> list[PreparedFile]:
        """Make what was written durable, hash it, and show it from now on, all or nothing.

        Repeated after a crash it returns what was published. Raises NoSuchFile for an item
        that was not begun, StorageFull.
        """

    async def path(self, item_id: str, client_path: str) -> Path:
        """Return where a published file lies; raises NoSuchFile."""

    async def discard(self, item_id: str) -> None:
        """Forget all of an item; unknown ids are fine."""

    async def free_bytes(self) -> int:
        """Return how many bytes more can be made now."""

    async def ids(self) -> list[str]:
        """List the items of which something is here, published or not."""
