"""What the tus server asks of the rest of the server, so that it needs to know none of it."""

from __future__ import annotations

from typing import Protocol

from transferapp.staging.port import StagedFile


class UploadAuthorization(Protocol):
    """Decides who may upload what, and is told how far it is."""

    async def authorize(
        self,
        authorization_header: str,
        file_id: str | None,
        transfer_id: str | None,
        size: int | None,
    ) -> str:
        """Return the transfer file's id when the caller may touch it.

        Called before any byte of a body is read. A creation comes with all of them; later
        requests know the file id only. Raises GrantRefused, Denied, NoSuchFile, Conflict
        (wrong size).
        """

    async def begin(self, file_id: str, size: int) -> StagedFile:
        """Make or find the upload; raises StateConflict when its transfer has ended."""

    async def part_arrived(self, file_id: str, offset: int) -> None:
        """Take note that ``offset`` bytes of the file are durable."""

    async def discard(self, file_id: str) -> None:
        """Forget the upload and its bytes, because the sender asked for it."""
