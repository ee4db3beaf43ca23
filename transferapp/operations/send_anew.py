"""A file that was sent is another one now: forget the old bytes, so that it comes again.

Asked by the workstation before a person's *Retry* reaches the queue: an item whose file was
damaged, half written or the wrong one is then imported as the file is now.
"""

from __future__ import annotations

from transferapp.errors import NoSuchFile, StateConflict
from transferapp.ledger.port import ItemWork
from transferapp.model.moves import SEND_ANEW
from transferapp.model.transfers import PROBLEM_STATES, TransferItem, TransferKind
from transferapp.operations.import_cleanup import ImportCleanup
from transferapp.operations.imports import RequestRecords
from transferapp.repositories.port import Repository
from transferapp.staging.port import Staging


class SendingAnew:
    """What a workstation may ask for a file that has changed."""

    def __init__(
        self, ledger: RequestRecords, staging: Staging, repository: Repository
    ) -> None:
        """Forget in ``staging`` and ``repository`` what ``ledger`` does not count any more."""
        self._ledger = ledger
        self._staging = staging
        self._repository = repository
        self._cleanup = ImportCleanup(ledger, staging, repository)

    async def forget_sent(
        self, transfer_id: str, file_id: str, size_bytes: int
    ) -> TransferItem:
        """Forget what was sent of a file, which has this size now. May be repeated.

        Raises NoSuchFile when it is none of this import, StateConflict when its item neither
        waits for files nor for a person, or has come into the repository, and what the
        repository raises when a failed import's rest cannot be taken away.
        """
        found = await self._ledger.file_work(file_id)
        if found.transfer_id != transfer_id or found.kind is not TransferKind.IMPORT:
            raise NoSuchFile
        work = await self._ledger.work(found.file.item_id)
        if work.item.state not in SEND_ANEW.start:
            raise _goes_on(work.item)
        if work.item.state in PROBLEM_STATES and work.item.received:
            # Its task keeps what it has done: nothing of the old bytes may be found by it.
            await self._forget_in_repository(work, file_id)
        # The ledger first: who finds the old bytes afterwards finds them uncounted.
        if not await self._ledger.send_file_anew(file_id, size_bytes):
            raise _goes_on(await self._ledger.item(work.item.id))
        await self._staging.discard(file_id)
        return await self._ledger.item(work.item.id)

    async def _forget_in_repository(self, work: ItemWork, file_id: str) -> None:
        if work.item.attaches:
            owner = work.transfer.owner
            async with self._repository.session(owner, work.group_id) as session:
                stays = await session.attachments.discard(file_id)
        else:
            stays = bool(await self._cleanup.discard_fileset(work))
        if stays:
            raise StateConflict(
                f"{self._repository.name} holds it already, as it was when it was sent."
                " Import the changed file anew."
            )


def _goes_on(item: TransferItem) -> StateConflict:
    return StateConflict(f"What was sent of it is used: it is {item.state}.")
