"""The upload gate: lets a transfer grant upload the files of its transfer, nothing else."""

from __future__ import annotations

from typing_extensions import override

from transferapp.errors import NoSuchFile
from transferapp.grants.port import Grants
from transferapp.ledger.port import FileProgress
from transferapp.operations.imports import ImportRequests, check_size
from transferapp.server.auth import bearer_token
from transferapp.server.upload_authorization_port import UploadAuthorization
from transferapp.staging.port import StagedFile, Staging


class GrantUploadAuthorization(UploadAuthorization):
    """Answers the tus server's questions from grants and the ledger."""

    def __init__(
        self, imports: ImportRequests, grants: Grants, ledger: FileProgress, staging: Staging
    ) -> None:
        self._imports = imports
        self._grants = grants
        self._ledger = ledger
        self._staging = staging

    @override
    async def authorize(
        self,
        authorization_header: str,
        file_id: str | None,
        transfer_id: str | None,
        size: int | None,
    ) -> str:
        """Check the grant before any byte of a body is read; returns the file's id.

        ``size`` is what is announced (bytes), None when nothing is. Raises GrantRefused,
        NoSuchFile, StateConflict when the item has ended, Conflict for another size.
        """
        grant = await self._grants.check(bearer_token(authorization_header))
        if file_id is None:
            raise NoSuchFile
        found = await self._imports.may_upload(grant, file_id, transfer_id=transfer_id)
        if size is not None:
            check_size(found, size)
        return found.file.id

    @override
    async def begin(self, file_id: str, size: int) -> StagedFile:
        """Make or find an upload that was authorized."""
        return await self._staging.create(file_id, size)

    @override
    async def part_arrived(self, file_id: str, offset: int) -> None:
        """Move the transfer's progress."""
        await self._imports.part_arrived(file_id, offset)

    @override
    async def discard(self, file_id: str) -> None:
        """Forget the bytes; a sealed file stays, its import may be running."""
        if (await self._ledger.file(file_id)).sealed:
            return
        await self._staging.discard(file_id)
        await self._ledger.file_progress(file_id, 0)
