"""The port to half-arrived files: parts arrive at an offset, a seal ends the file.

An upload's id is the id of its transfer file, so creating it twice finds the first one.
What ``offset`` answers is durable: those bytes survive kill -9 and power cuts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A file on its way. ``offset`` bytes of ``size_bytes`` are durable."""

    id: str
    size_bytes: int
    offset: int
    sealed: bool


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a part's bytes must hash to; ``algorithm`` is one of ``checksums.ALGORITHMS``."""

    algorithm: str
    digest: bytes


class PartWriter(Protocol):
    """Takes one part's bytes; durable only after ``commit``. Used from one task.

    Every method raises StateConflict once a newer part of the same upload has begun.
    """

    async def write(self, pieces: Sequence[bytes]) -> None:
        """Write a batch (1-2 MiB) at the end; raises Invalid beyond the file's size.

        Returns while the batch is being written, so StorageFull may come one call later.
        """

    async def commit(self) -> int:
        """Sync, advance and return the offset; more may be written after it.

        Raises StorageFull. With a checksum the part ends here, and raises ChecksumMismatch
        and advances nothing when it differs.
        """

    async def abandon(self, *, keep: bool) -> None:
        """End the part; called in every case, also after ``commit``, and never raises.

        ``keep`` makes durable what was written since (not where a checksum was asked).
        """


class Staging(Protocol):
    """Where half-arrived files live."""

    async def create(self, upload_id: str, size_bytes: int) -> StagedFile:
        """Make or find; raises Conflict when it is there with another size."""

    async def get(self, upload_id: str) -> StagedFile:
        """Return what is there; raises NoSuchFile."""

    async def open_part(
        self, upload_id: str, offset: int, checksum: Checksum | None = None
    ) -> PartWriter:
        """Start a part at ``offset``; raises OffsetMismatch, NoSuchFile, StateConflict
        (complete). A newer part for the same upload ends an older one (its client is gone).
        """

    async def seal(self, upload_id: str) -> Path:
        """End a complete file and return its path; idempotent. Raises StateConflict
        when bytes are missing.
        """

    async def path(self, upload_id: str) -> Path:
        """Return the path of a sealed file; raises NoSuchFile, StateConflict."""

    async def discard(self, upload_id: str) -> None:
        """Forget an upload and its bytes; unknown ids are fine."""

    async def ids(self) -> list[str]:
        """List the uploads that are here, in any state."""

    async def free_bytes(self) -> int:
        """Return the free space where files are staged."""
