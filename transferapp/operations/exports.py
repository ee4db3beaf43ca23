"""Exports on the server: from the chosen images to bytes that the agent confirmed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import structlog

from transferapp.errors import (
    ChecksumMismatch,
    Conflict,
    Invalid,
    NoSuchFile,
    QuotaExceeded,
    StateConflict,
    TransferNotFound,
)
from transferapp.grants.port import Grants, Scope
from transferapp.ledger.port import (
    FileWork,
    ItemChange,
    ItemWork,
    NewTransfer,
    PlannedItem,
)
from transferapp.model.brought import BroughtTo
from transferapp.model.containers import ContainerRef
from transferapp.model.export_specs import ExportForm, ExportSpec
from transferapp.model.images import ImageSummary
from transferapp.model.moves import DELIVER, DOWNLOAD
from transferapp.model.transfers import (
    ItemState,
    Transfer,
    TransferDetails,
    TransferItem,
    TransferKind,
)
from transferapp.operations.archives import (
    archive_item,
    check_asker,
    exported_for,
    is_made,
    without_originals,
)
from transferapp.operations.convert_image import ConvertImage
from transferapp.operations.describe_export import describe_task
from transferapp.operations.export_places import ANY_WELL, image_places, placed_items
from transferapp.operations.export_selection import chosen_images, size_of_originals
from transferapp.operations.imports import (
    REPOSITORY_RESOURCE,
    TRANSFER_GRANT_LIFETIME,
    RequestRecords,
)
from transferapp.operations.manifest import check_title
from transferapp.operations.places import PlaceOffers, too_much
from transferapp.operations.prepare_export import PrepareExport
from transferapp.prepared.port import Prepared
from transferapp.protocol.export_requests import ExportRequest
from transferapp.protocol.messages import Accepted, Delivered
from transferapp.repositories.port import Repository
from transferapp.taskqueue.port import NewTask, TaskSubmission, WorkClass

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file that can be downloaded; ``etag`` is its SHA-1 where that is known."""

    name: str
    size_bytes: int
    etag: str
    owner: str
    group_id: int | None
    #: None for a file that was made: it lies at ``path``.
    repository_file_id: int | None
    path: Path | None = None


class ExportRequests:
    """What people and agents may ask for an export."""

    def __init__(
        self,
        ledger: RequestRecords,
        queue: TaskSubmission,
        grants: Grants,
        repository: Repository,
        prepared: Prepared,
        places: PlaceOffers,
    ) -> None:
        self._places = places
        self._ledger = ledger
        self._queue = queue
        self._grants = grants
        self._repository = repository
        self._prepared = prepared

    async def submit(self, username: str, request: ExportRequest, request_key: str) -> Accepted:
        """Take an export on; the same key gives the first one, with a fresh grant.

        Raises ImageNotFound, TargetNotFound for what this person cannot see, Invalid for
        nothing, or too much, TargetNotFound, QuotaExceeded for where it goes, PermissionDenied
        for whose archive it is; Conflict where the key is that of somebody else's request.
        """
        check_title(request.name)
        spec = request.spec()
        owner = await exported_for(self._repository, username, request.owner)
        items = await self._planned(owner, request)
        details = await self._ledger.add(
            NewTransfer(
                kind=TransferKind.EXPORT,
                name=request.name,
                owner=owner,
                request_key=request_key,
                items=items,
                export=spec,
                brought_to=await self._brought_to(owner, request),
                asked_by="" if owner == username else username,
            )
        )
        if details.transfer.sender != username:
            raise Conflict("This Idempotency-Key was used for another export. Take a new one.")
        if owner != username:
            _log.info(
                "archive for another person",
                transfer=details.transfer.id,
                owner=owner,
                asked_by=username,
            )
        await self._enqueue(details)
        minted = await self._grants.mint(
            Scope.TRANSFER,
            username,
            TRANSFER_GRANT_LIFETIME,
            transfer_id=details.transfer.id,
        )
        return Accepted(details=details, grant=minted.token)

    async def content(self, transfer_id: str, file_id: str) -> ExportFile:
        """Return what is known of a file before it is read; its item is downloading now.

        Raises NoSuchFile, StateConflict when it is not ready or no longer there, and
        PermissionDenied where who asked for it may not act for its owner any more.
        """
        found = await self._ledger.file_work(file_id)
        if found.transfer_id != transfer_id or found.kind is not TransferKind.EXPORT:
            raise NoSuchFile
        if found.item_state not in DELIVER.start:
            raise StateConflict(f"This file cannot be downloaded now: {found.item_state}.")
        await check_asker(self._repository, found.asked_by, found.owner)
        path = None
        if found.repository_file_id is None:
            path = await self._prepared.path(found.file.item_id, found.file.client_path)
        await self._downloading(found)
        return ExportFile(
            name=found.file.client_path.rpartition("/")[2],
            size_bytes=found.file.size_bytes,
            etag=found.file.sha1 or found.file.id,
            owner=found.owner,
            group_id=found.group_id,
            repository_file_id=found.repository_file_id,
            path=path,
        )

    async def read(self, file: ExportFile, offset: int, length: int) -> AsyncIterator[bytes]:
        """Yield a range of a file of the repository as its owner may read it now; raises
        NoSuchFile for a file that was made.
        """
        if file.repository_file_id is None:
            raise NoSuchFile
        async with self._repository.session(file.owner, file.group_id) as session:
            pieces = session.images.read(file.repository_file_id, offset, length)
            # A client that goes away ends the reading at once.
            async with aclosing(pieces):  # type: ignore[type-var]  # they are generators
                async for piece in pieces:
                    yield piece

    async def delivered(
        self, transfer_id: str, item_id: str, reported: Delivered
    ) -> TransferItem:
        """Note that the agent has every file of an item. May be repeated.

        Raises ChecksumMismatch, Invalid when it is no export, TransferNotFound, and
        StateConflict when the item cannot be delivered now.
        """
        work = await self._ledger.work(item_id)
        if work.transfer.id != transfer_id:
            raise TransferNotFound("This item of a transfer does not exist.")
        if work.transfer.kind is not TransferKind.EXPORT:
            raise Invalid("Only files of an export can be delivered.")
        if work.transfer.brought_to:
            raise Invalid("This export is brought to a place. Nobody else delivers it.")
        if work.item.state is ItemState.DELIVERED:
            return work.item
        _check_hashes(work, reported)
        moved = await self._ledger.move(item_id, DELIVER, ItemChange(ItemState.DELIVERED))
        if not moved:
            raise StateConflict(f"This item cannot be delivered now: {work.item.state}.")
        if is_made(work):
            await self._prepared.discard(item_id)
        return await self._ledger.item(item_id)

    async def _planned(self, owner: str, request: ExportRequest) -> tuple[PlannedItem, ...]:
        """Return the items with their places; raises as ``submit``."""
        spec, chosen = request.spec(), _chosen(request)
        room = await self._places.room_bytes(owner, request.to)
        lone: frozenset[int] = frozenset()
        async with self._repository.session(owner) as session:
            images = await chosen_images(session, request)
            size = 0
            if room is not None and not spec.form.converts:
                size = await size_of_originals(session, images)
            if refused := too_much(room, request.to, size, estimated=spec.form.converts):
                raise QuotaExceeded(refused)
            known = await image_places(session.containers, images, chosen)
            if request.owner:
                lone = await without_originals(session, images)
        with_files = [image for image in images if image.id not in lone]
        # A second of work for 100,000 images: others get their answers meanwhile.
        items = await asyncio.to_thread(
            lambda: placed_items(_items(with_files, spec), known, spec, chosen)
        )
        return (*items, archive_item(lone, known)) if request.owner else items

    async def _brought_to(self, username: str, request: ExportRequest) -> str:
        if not request.to:
            return ""
        asked = BroughtTo.parse(request.to)
        return str(await self._places.destination(username, asked, request.name))

    async def _downloading(self, found: FileWork) -> None:
        if found.item_state is ItemState.READY:
            await self._ledger.move(
                found.file.item_id, DOWNLOAD, ItemChange(ItemState.DOWNLOADING)
            )

    async def _enqueue(self, details: TransferDetails) -> None:
        tasks = [export_item_task(details.transfer, item) for item in details.items]
        await self._queue.enqueue_all(tasks)


def export_item_task(transfer: Transfer, item: TransferItem) -> NewTask:
    """Return the task that an item of an export begins with; its id is the item's."""
    make = describe_task if item.describes else export_task
    return make(transfer, item.id)


def export_task(transfer: Transfer, item_id: str) -> NewTask:
    """Return the task that prepares an item, or makes its files; its id is the item's."""
    if ExportForm(transfer.form).converts:
        return NewTask(
            id=item_id,
            kind="convert-image",
            payload=ConvertImage(transfer_id=transfer.id, item_id=item_id),
            target=REPOSITORY_RESOURCE,
            owner=transfer.owner,
            lane=WorkClass.CONVERSIONS,
        )
    return NewTask(
        id=item_id,
        kind="prepare-export",
        payload=PrepareExport(transfer_id=transfer.id, item_id=item_id),
        target=REPOSITORY_RESOURCE,
        owner=transfer.owner,
    )


def _chosen(request: ExportRequest) -> list[str]:
    """Return the containers that were asked for, as their images' places name them."""
    containers = [str(ContainerRef.parse(text)) for text in request.containers]
    return [*containers, *([ANY_WELL] if request.wells else [])]


def _items(images: Sequence[ImageSummary], spec: ExportSpec) -> tuple[PlannedItem, ...]:
    """Make an item of each fileset whose files are exported, or of each image to convert."""
    if spec.form.converts:
        return tuple(_planned([image]) for image in images)
    return _by_fileset(images)


def _by_fileset(images: Sequence[ImageSummary]) -> tuple[PlannedItem, ...]:
    """Make an item of each fileset: its images share their files."""
    ordered = sorted(images, key=lambda image: (image.fileset_id, image.id))
    return tuple(
        _planned(list(group)) for _, group in groupby(ordered, lambda image: image.fileset_id)
    )


def _planned(images: Sequence[ImageSummary]) -> PlannedItem:
    more = f" and {len(images) - 1} more" if len(images) > 1 else ""
    return PlannedItem(images[0].name + more, (), tuple(image.id for image in images))


def _check_hashes(work: ItemWork, reported: Delivered) -> None:
    for file in work.files:
        sha1 = reported.sha1_by_file.get(file.id)
        if sha1 is None:
            raise Invalid(f"'{file.client_path}' is missing in what was delivered.")
        # A repository that hashes otherwise gives no SHA-1 to compare with.
        if file.sha1 and sha1 != file.sha1:
            raise ChecksumMismatch(
                f"'{file.client_path}' arrived damaged. It is downloaded again."
            )
