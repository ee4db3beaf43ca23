"""The port to a place: a folder or bucket of the facility that exports are brought to.

Each person has a folder of her own there, and each item a folder in that. A worker brings an
item's files, possibly in many attempts; whatever kills it, what is begun is found again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an item goes at a place; folders are '/'-separated.

    ``export`` is the folder of the whole export below the person's own, ``inside`` that of
    the item in it.
    """

    item_id: str
    username: str
    export: str
    inside: str

    @property
    def folder(self) -> str:
        """The item's folder below the person's own."""
        return "/".join(filter(None, (self.export, self.inside)))


@dataclass(frozen=True, slots=True)
class BroughtFile:
    """A file of an item: ``path`` is '/'-separated below the item's folder, ``sha1`` hex."""

    path: str
    size_bytes: int
    sha1: str = ""


class FacilityPlace(Protocol):
    """One place. Every method raises PlaceUnavailable when it is away, Denied where its
    rights forbid it, StorageFull.
    """

    async def check(self) -> None:
        """Raise what is in the way of bringing anything there now."""

    async def is_free(self, spot: Spot) -> bool:
        """Say whether nothing has the spot's name."""

    async def begun(self, spot: Spot, file: BroughtFile) -> int:
        """Return how many bytes of a file are there from an earlier attempt."""

    async def write(
        self, spot: Spot, file: BroughtFile, offset: int, pieces: AsyncIterator[bytes]
    ) -> None:
        """Bring a file's bytes from ``offset`` on, which ``begun`` has returned, or 0."""

    async def sha1(self, spot: Spot, file: BroughtFile) -> str:
        """Read back what was written and return its SHA-1 in hex; raises NoSuchFile."""

    async def publish(self, spot: Spot, files: Sequence[BroughtFile]) -> str:
        """Give the item its name, all of its files written; returns the mark by which
        ``remove`` knows them. Repeated after a crash it returns the same.

        Raises NameTaken for a name that something else has, NoSuchFile where one is missing.
        """

    async def remove(self, spot: Spot, files: Sequence[BroughtFile], mark: str) -> int:
        """Remove what was published, and nothing else: no file that was changed since, and
        no folder that has more in it. Returns how many of the files stay. May be repeated.
        """

    async def discard(self, spot: Spot) -> None:
        """Forget what is begun of an item and not published; unknown ones are fine."""
