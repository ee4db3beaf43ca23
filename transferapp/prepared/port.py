"""The port to prepared files: what a worker made for an item of an export, until it is fetched.

A worker writes, the server reads; both may be killed. What was not published is of nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PreparedFile:
    """A file of an item: ``client_path`` is '/'-separated, ``sha1`` hex."""

    client_path: str
    size_bytes: int
    sha1: str


NOTHING_KNOWN: Mapping[str, PreparedFile] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Begun:
    """What is being made of an item: ``files`` are published, ``notes`` never; both are on
    one file system.
    """

    files: Path
    notes: Path


class Prepared(Protocol):
    """Prepared files of items. Every method raises Unavailable when the place is away."""

    async def begin(self, item_id: str) -> Path:
        """Return an empty folder to write into; what was begun before is forgotten."""

    async def begun(self, item_id: str) -> Begun:
        """Return the folders of what was begun, by any process, and what is in them; also when
        it is published meanwhile. Raises NoSuchFile for an item that was not begun.
        """

    async def publish(
        self, item_id: str, known: Mapping[str, PreparedFile] = NOTHING_KNOWN
    ) -> list[PreparedFile]:
        """Make what was written durable, hash it, and show it from now on, all or nothing.

        ``known`` are durable and hashed already, by ``client_path``: where the size is right
        they are not read again.

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
