"""Imports on the server: from the manifest to the task that brings the files in."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Protocol

import structlog

from transferapp.error_codes import from_code
from transferapp.errors import (
    Conflict,
    GrantRefused,
    ImageNotFound,
    Invalid,
    NoSuchFile,
    PermissionDenied,
    StateConflict,
    TransferNotFound,
    VanishedFile,
)
from transferapp.grants.port import Grant, Grants, Scope
from transferapp.ledger.port import (
    FileProgress,
    FileWork,
    ItemChange,
    ItemMoves,
    NewTransfer,
    PlannedItem,
    TransferRecords,
)
from transferapp.model.annotations import made_from
from transferapp.model.containers import IMPORT_TARGETS, Container, ContainerRef
from transferapp.model.drops import SourceScan
from transferapp.model.moves import COMPLETE, GO_ON, LOSE, RECEIVE, REPORT
from transferapp.model.retries import check_can_retarget
from transferapp.model.skips import Skip, not_allowed
from transferapp.model.transfers import (
    ENDED_STATES,
    ItemProblem,
    ItemRole,
    ItemState,
    Transfer,
    TransferItem,
    TransferKind,
)
from transferapp.operations.attach_files import AttachFiles
from transferapp.operations.formats import Formats
from transferapp.operations.import_fileset import ImportFileset
from transferapp.operations.manifest import planned_items
from transferapp.operations.other_people import Owner, allowed_owner
from transferapp.protocol.messages import Accepted, ImportRequest, Report
from transferapp.repositories.port import Capability, Repository
from transferapp.staging.port import StagedFile, Staging
from transferapp.taskqueue.port import NewTask, TaskControl

_log = structlog.get_logger(__name__)

#: Long enough for a workstation that is switched off over the holidays.
TRANSFER_GRANT_LIFETIME = timedelta(days=30)
#: The queue's name for the repository: limits and pauses count per target.
REPOSITORY_RESOURCE = "repository"
_LONGEST_REPORT = 2000


class RequestRecords(TransferRecords, ItemMoves, FileProgress, Protocol):
    """What of the ledger requests of people and their agents need: no events, nothing old.

    It joins three small ports, because one request goes through all of them: a sealed file
    is progress, moves its item and is read back. Imports use all three, exports as well (a
    transfer is added, its items move, a file's work is asked for); three arguments that are
    always one ledger would hide nothing, and cut by who asks, people or agents, each half
    would still join two.
    """


class ImportRequests:
    """What people and agents may ask for an import."""

    def __init__(  # noqa: PLR0913 - each is a port, or the facility's word
        self,
        ledger: RequestRecords,
        staging: Staging,
        queue: TaskControl,
        grants: Grants,
        repository: Repository,
        formats: Formats | None = None,
        *,
        may_skip: frozenset[Skip] = frozenset(),
    ) -> None:
        """``may_skip``: what the facility lets people skip, where the repository can."""
        can_skip = Capability.SKIPPING in repository.capabilities
        self._may_skip = may_skip if can_skip else frozenset()
        self._formats = formats or Formats(repository)
        self._ledger = ledger
        self._staging = staging
        self._queue = queue
        self._grants = grants
        self._repository = repository

    async def submit(self, username: str, request: ImportRequest, request_key: str) -> Accepted:
        """Take an import on; the same key gives the first one, with a fresh grant.

        Raises TargetNotFound, PermissionDenied, NameNotAllowed, UnsupportedFile,
        Invalid; Conflict where the key is that of somebody else's request.
        """
        owner, items = await self._admitted(username, request)
        attaches = bool(request.attachments)
        source = made_from(request.annotations) if attaches else None
        container = await self._target(
            owner, request.target, attaches=attaches, image_id=source
        )
        details = await self._ledger.add(
            NewTransfer(
                kind=TransferKind.IMPORT,
                name=request.name,
                owner=owner.username,
                request_key=request_key,
                items=items,
                target=container.ref,
                target_name=container.name,
                group_id=container.group_id,
                annotations=tuple(request.annotations),
                drop=request.drop,
                skip=frozenset(request.skip),
                asked_by="" if owner.username == username else username,
            )
        )
        if details.transfer.sender != username:
            raise Conflict("This Idempotency-Key was used for another import. Take a new one.")
        if owner.username != username:
            _log.info(
                "import for another person",
                transfer=details.transfer.id,
                owner=owner.username,
                asked_by=username,
            )
        minted = await self._grants.mint(
            Scope.TRANSFER,
            username,
            TRANSFER_GRANT_LIFETIME,
            transfer_id=details.transfer.id,
        )
        return Accepted(details=details, grant=minted.token)

    async def check(self, username: str, request: ImportRequest) -> None:
        """Raise what ``submit`` would, but for the target, which may be missing: for who makes
        one only for an import that is possible.
        """
        owner, _ = await self._admitted(username, request)
        if request.target:
            attaches = bool(request.attachments)
            source = made_from(request.annotations) if attaches else None
            await self._target(owner, request.target, attaches=attaches, image_id=source)

    async def retarget(self, username: str, transfer_id: str, target: str) -> None:
        """Send what is not imported yet elsewhere; a retry then goes on from there.

        Raises TransferNotFound, TargetNotFound, PermissionDenied, StateConflict when nothing
        of it is left to import, Invalid (other group: the files may already be in the place
        of the first).
        """
        details = await self._ledger.details(transfer_id, owner=username, with_files=False)
        check_can_retarget(details)
        attaches = details.transfer.to_attach > details.transfer.attached
        owner = await allowed_owner(self._repository, username, details.transfer.owner)
        container = await self._target(owner, target, attaches=attaches)
        if details.transfer.group_id != container.group_id:
            raise Invalid("Choose a target in the group that the import was made for.")
        await self._ledger.retarget(transfer_id, container.ref, container.name)

    async def may_upload(
        self, grant: Grant, file_id: str, *, transfer_id: str | None = None
    ) -> FileWork:
        """Return the file when this grant may upload it now.

        Raises GrantRefused, NoSuchFile, StateConflict when its item has ended.
        """
        if grant.scope is not Scope.TRANSFER:
            raise GrantRefused
        if transfer_id is not None and transfer_id != grant.transfer_id:
            raise GrantRefused
        found = await self._ledger.file_work(file_id)
        if found.transfer_id != grant.transfer_id or found.kind is not TransferKind.IMPORT:
            raise NoSuchFile
        refuse_ended(found.item_state)
        return found

    async def begin_upload(
        self, grant: Grant, transfer_id: str, file_id: str, size: int
    ) -> StagedFile:
        """Make or find the upload of a file; raises Conflict for another size."""
        found = await self.may_upload(grant, file_id, transfer_id=transfer_id)
        check_size(found, size)
        return await self._staging.create(file_id, size)

    async def part_arrived(self, file_id: str, offset: int) -> None:
        """Note that the file's first ``offset`` bytes are durable."""
        await self._ledger.file_progress(file_id, offset)

    async def seal(self, transfer_id: str, file_id: str, sha1: str) -> TransferItem:
        """End an upload; the item's last one queues its import. May be repeated.

        Raises NoSuchFile when the file is none of this import, StateConflict when bytes are
        missing or the item has ended.
        """
        found = await self._ledger.file_work(file_id)
        if found.transfer_id != transfer_id or found.kind is not TransferKind.IMPORT:
            raise NoSuchFile
        if not found.file.sealed:
            refuse_ended(found.item_state)
            await self._staging.seal(file_id)
        if await self._ledger.file_sealed(file_id, sha1):
            await self._received(found, is_first=not found.file.sealed)
        return await self._ledger.item(found.file.item_id)

    async def source_scanned(self, transfer_id: str, scan: SourceScan) -> Transfer:
        """Note what the workstation found when it looked at what was dropped.

        Raises TransferNotFound, StateConflict for an export.
        """
        return await self._ledger.source_scanned(transfer_id, scan)

    async def report(self, transfer_id: str, item_id: str, reported: Report) -> TransferItem:
        """Note that the agent cannot go on with an item, or (no code) that it can again; of a
        delivered one that its files are gone.

        Nothing changes when the workstation is not needed for the item any more. Raises
        TransferNotFound when the item is none of this transfer.
        """
        item = await self._ledger.item(item_id)
        if item.transfer_id != transfer_id:
            raise TransferNotFound("This item of a transfer does not exist.")
        gone = item.state is ItemState.DELIVERED and reported.code == VanishedFile.code
        if not gone and (item.received or item.state in ENDED_STATES):
            return item
        if reported.code:
            change = ItemChange(ItemState.NEEDS_ATTENTION, trouble=problem_of(reported))
            await self._ledger.move(item_id, LOSE if gone else REPORT, change)
        else:
            work = await self._ledger.work(item_id)
            change = ItemChange(going_on(item, work.transfer.kind))
            await self._ledger.move(item_id, GO_ON, change)
        return await self._ledger.item(item_id)

    async def _admitted(
        self, username: str, request: ImportRequest
    ) -> tuple[Owner, tuple[PlannedItem, ...]]:
        """Return whose it will be and what is imported; raises for what is not possible."""
        owner = await allowed_owner(self._repository, username, request.owner)
        await self._check_skips(owner, frozenset(request.skip))
        items = await asyncio.to_thread(planned_items, request)
        await self._formats.admit([one for one in items if one.role is ItemRole.FILESET])
        if request.attachments:
            self._check_takes_attachments()
        self._check_restores(items)
        return owner, items

    async def _check_skips(self, owner: Owner, skip: frozenset[Skip]) -> None:
        if refused := not_allowed(skip, self._may_skip):
            raise PermissionDenied(refused)
        if skip:
            async with self._repository.session(owner.username) as session:
                await session.imports.check_skips(skip)

    async def _target(
        self, owner: Owner, text: str, *, attaches: bool, image_id: int | None = None
    ) -> Container:
        """Return where an import goes; ``image_id``: files are attached to that image, not to
        the target.
        """
        ref = ContainerRef.parse(text)
        if ref.kind not in IMPORT_TARGETS:
            raise Invalid(f"Nothing can be imported into a {ref.kind}. Choose a dataset.")
        async with self._repository.session(owner.username) as session:
            container = owner.check_container(await session.containers.get(ref))
            if image_id is not None and not await session.images.summaries([image_id]):
                raise ImageNotFound
        if not container.can_link:
            raise PermissionDenied
        if attaches:
            self._check_takes_attachments()
            if image_id is None:
                self._check_attaching(container)
        return container

    def _check_takes_attachments(self) -> None:
        if Capability.ATTACHMENTS not in self._repository.capabilities:
            raise Invalid(
                f"{self._repository.name} takes no attachments. Import without attaching files."
            )

    def _check_restores(self, items: tuple[PlannedItem, ...]) -> None:
        can_restore = Capability.RESTORING in self._repository.capabilities
        if not can_restore and any(one.restored is not None for one in items):
            raise Invalid(f"{self._repository.name} takes no archives. Import the files alone.")

    @staticmethod
    def _check_attaching(container: Container) -> None:
        if not container.can_annotate:
            raise PermissionDenied(
                f"You may not attach files to '{container.name}'. Import without attaching"
                f" them, choose another target, or ask {container.owner}."
            )

    async def _received(self, found: FileWork, *, is_first: bool) -> None:
        """Queue the import, then say so: a crash between the two is healed by repeating."""
        item_id = found.file.item_id
        if is_first:
            # A problem that the agent told of is over: all its files are here.
            await self._ledger.move(item_id, COMPLETE, ItemChange(ItemState.UPLOADING))
        item = await self._ledger.item(item_id)
        is_new = await self._queue.enqueue(item_task(item, found.owner))
        if not is_new and item.state in RECEIVE.start:
            with suppress(StateConflict):  # Its task is on its way.
                # It had failed, and its files were sent anew.
                await self._queue.redrive(item_id)
        # The worker may be faster than this line: it is not set back.
        await self._ledger.move(item_id, RECEIVE, ItemChange(ItemState.RECEIVED))


def import_task(transfer_id: str, item_id: str, owner: str) -> NewTask:
    """Return the task that imports a fileset; its id is the item's."""
    return NewTask(
        id=item_id,
        kind="import-fileset",
        payload=ImportFileset(transfer_id=transfer_id, item_id=item_id),
        target=REPOSITORY_RESOURCE,
        owner=owner,
    )


def attach_task(transfer_id: str, item_id: str, owner: str) -> NewTask:
    """Return the task that attaches an item's files; its id is the item's."""
    return NewTask(
        id=item_id,
        kind="attach-files",
        payload=AttachFiles(transfer_id=transfer_id, item_id=item_id),
        target=REPOSITORY_RESOURCE,
        owner=owner,
    )


def item_task(item: TransferItem, owner: str) -> NewTask:
    """Return the task that brings an item of an import into the repository."""
    make = attach_task if item.attaches else import_task
    return make(item.transfer_id, item.id, owner)


def going_on(item: TransferItem, kind: TransferKind) -> ItemState:
    """Return the state of an item whose agent goes on after a problem."""
    if kind is TransferKind.EXPORT:
        return ItemState.READY
    return ItemState.UPLOADING if item.bytes_done else ItemState.QUEUED


def check_size(found: FileWork, size: int) -> None:
    """Raise Conflict when a file has not the size that was announced."""
    if found.file.size_bytes != size:
        raise Conflict(
            f"'{found.file.client_path}' was announced with {found.file.size_bytes:,}"
            f" bytes and now has {size:,}. It changed. When it has been written completely,"
            " press Retry."
        )


def refuse_ended(state: ItemState) -> None:
    """Raise StateConflict for an item that has ended."""
    if state in ENDED_STATES:
        raise StateConflict(f"This part of the transfer has ended: {state}.")


def problem_of(reported: Report) -> ItemProblem:
    """Return what a report says, under the title that belongs to its code."""
    error = from_code(reported.code, reported.message[:_LONGEST_REPORT])
    return ItemProblem(reported.code, error.title, error.message, error.retryable)
