"""The task that prepares an export: find out which files belong to the chosen images."""

from __future__ import annotations

from pydantic import BaseModel

from transferapp.errors import NoSuchFile, NotFound
from transferapp.host.clock import Clock
from transferapp.ledger.port import ItemChange, ItemMoves, ItemWork, PlannedTransferFile
from transferapp.model.images import OriginalFile
from transferapp.model.moves import PREPARE
from transferapp.model.transfers import ItemState
from transferapp.operations.item_reports import (
    OUTAGE_POLICY,
    error_of,
    report_dead,
    report_waiting,
)
from transferapp.operations.other_people import owners_session
from transferapp.repositories.port import Repository
from transferapp.taskqueue.port import Context, Task, TaskKind

KIND = "prepare-export"


class PrepareExport(BaseModel):
    """Prepare this item; the task's id is the item's."""

    transfer_id: str
    item_id: str


def prepare_export_kind(
    ledger: ItemMoves,
    repository: Repository,
    clock: Clock,  # noqa: ARG001  # all kinds are made alike
) -> TaskKind:
    """Return the kind of task that prepares an export; its payload is PrepareExport.

    What is retryable is retried for days (OUTAGE_POLICY), and the item shows as waiting.
    NotFound ends it: the item has failed; any other error asks its person.
    """
    handler = ExportPreparation(ledger, repository)
    return TaskKind(
        name=KIND,
        payload=PrepareExport,
        handler=handler.run,
        retry=OUTAGE_POLICY,
        on_dead=handler.dead,
        on_waiting=handler.waiting,
    )


class ExportPreparation:
    """The handler of prepare-export and what is told about it."""

    def __init__(self, ledger: ItemMoves, repository: Repository) -> None:
        """Look files up in ``repository``, and tell ``ledger``."""
        self._ledger = ledger
        self._repository = repository

    async def run(self, context: Context, wanted: PrepareExport) -> None:
        """Store the item's files and make it ready; stops when the item was cancelled."""
        change = ItemChange(ItemState.PREPARING, "looking up the files")
        if await self._ledger.move(wanted.item_id, PREPARE, change):
            await context.step("resolve", self._resolve, wanted.item_id)
            ready = ItemChange(ItemState.READY)
            await self._ledger.move(wanted.item_id, PREPARE, ready)

    async def dead(self, task: Task) -> None:
        """Give up where the images are gone; else ask a person."""
        gone = isinstance(error_of(task), NotFound)
        state = ItemState.FAILED if gone else ItemState.NEEDS_ATTENTION
        await report_dead(self._ledger, task, state, PREPARE)

    async def waiting(self, task: Task) -> None:
        """Show that the item waits for the repository."""
        await report_waiting(self._ledger, task, PREPARE)

    async def _resolve(self, item_id: str) -> int:
        work = await self._ledger.work(item_id)
        files = await self._files(work)
        if not files:
            raise NoSuchFile(
                "The repository holds no original files of this image, so there is nothing"
                " to export."
            )
        await self._ledger.set_files(item_id, [_planned(file) for file in files])
        return len(files)

    async def _files(self, work: ItemWork) -> list[OriginalFile]:
        async with owners_session(self._repository, work) as session:
            return await session.images.files(work.item.image_ids)


def sha1_of(file: OriginalFile) -> str:
    """Return a file's SHA-1; empty where the repository keeps another kind of checksum."""
    # OMERO calls it SHA1-160. Other hashes cannot be checked after the download.
    is_sha1 = file.hasher.lower().replace("-", "").startswith("sha1")
    return file.hash.lower() if is_sha1 else ""


def _planned(file: OriginalFile) -> PlannedTransferFile:
    return PlannedTransferFile(file.client_path, file.size_bytes, file.id, sha1_of(file))
