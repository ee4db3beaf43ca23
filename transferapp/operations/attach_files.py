"""The task that attaches an import's other files to its target: every byte, each file once.

Each file is a step of its own, and its id in the ledger is the repository's key for it: what
an earlier attempt attached is found and not attached again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import accumulate

from pydantic import BaseModel

from transferapp.errors import (
    Cancelled,
    ChecksumMismatch,
    Corrupt,
    Internal,
    NoSuchFile,
    TransferAppError,
)
from transferapp.ledger.port import HeldFiles, ItemChange, ItemMoves, ItemWork
from transferapp.model.annotations import made_from
from transferapp.model.attachments import Attachment, AttachmentPlan
from transferapp.model.moves import IMPORT, REPORT_LEFT
from transferapp.model.transfers import ItemState, TransferFile
from transferapp.operations.import_cleanup import ImportCleanup
from transferapp.operations.item_progress import begin, conclude, note, refuse
from transferapp.operations.item_reports import OUTAGE_POLICY, report_dead, report_waiting
from transferapp.operations.other_people import owners_session
from transferapp.operations.throttled_progress import throttled_progress
from transferapp.repositories.port import Attachments, Repository
from transferapp.staging.port import Staging
from transferapp.taskqueue.port import Context, Task, TaskKind

KIND = "attach-files"
#: How often a file is sent again that came out damaged, before a person is asked.
_SENT_AGAIN = 3


class AttachFiles(BaseModel):
    """Attach this item's files; the task's id is the item's."""

    transfer_id: str
    item_id: str


def attach_files_kind(ledger: ItemMoves, staging: Staging, repository: Repository) -> TaskKind:
    """Return the kind of task that attaches files; its payload is AttachFiles.

    What is retryable is retried for days (OUTAGE_POLICY), and the item shows as waiting. Any
    other error asks its person; the files stay staged.
    """
    handler = FileAttaching(ledger, staging, repository)
    return TaskKind(
        name=KIND,
        payload=AttachFiles,
        handler=handler.run,
        retry=OUTAGE_POLICY,
        on_dead=handler.dead,
        on_waiting=handler.waiting,
        on_cancelled=handler.cancelled,
    )


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What all steps of one attempt share. ``before``: bytes of the files before each."""

    context: Context
    work: ItemWork
    before: tuple[int, ...]


class FileAttaching:
    """The handler of attach-files and what is told about it."""

    def __init__(self, ledger: ItemMoves, staging: Staging, repository: Repository) -> None:
        """Attach from ``staging`` in ``repository``, and tell ``ledger``."""
        self._ledger = ledger
        self._staging = staging
        self._repository = repository
        self._cleanup = ImportCleanup(ledger, staging, repository)

    async def run(self, context: Context, wanted: AttachFiles) -> None:
        """Attach what is not attached yet; stops when a person cancels the item."""
        work = await self._ledger.work(wanted.item_id)
        sizes = (file.size_bytes for file in work.files)
        try:
            await begin(self._ledger, work)
            attempt = _Attempt(context, work, (0, *accumulate(sizes)))
            await self._attach_all(attempt)
        except Cancelled:
            await self._after_cancel(work)
            return
        await self._cleanup.discard_staged(work)

    async def dead(self, task: Task) -> None:
        """Ask a person; the files stay staged, so that a retry goes on with them."""
        work = await self._ledger.work(task.id)
        if work.item.state is ItemState.IMPORTED:
            await self._cleanup.discard_staged(work)
            return
        if work.item.state is ItemState.CANCELLED:
            await self._after_cancel(work)
            return
        if not work.item.received:
            return  # A file of it is sent anew; its seal wakes the task.
        # Where that is not possible a retry adopts what was begun.
        with suppress(TransferAppError):
            await self._discard_begun(work)
        await report_dead(self._ledger, task, ItemState.NEEDS_ATTENTION, IMPORT)

    async def waiting(self, task: Task) -> None:
        """Show that the item waits for the repository."""
        await report_waiting(self._ledger, task, IMPORT)

    async def cancelled(self, task: Task) -> None:
        """Take away what a cancelled item left half done."""
        work = await self._ledger.work(task.id)
        if work.item.state is not ItemState.CANCELLED:
            return
        if task.begun:
            await self._after_cancel(work)
        else:
            await self._cleanup.discard_staged(work)

    async def _attach_all(self, attempt: _Attempt) -> None:
        work = attempt.work
        if work.item.state is ItemState.IMPORTED:
            return
        ids = [
            await attempt.context.step(f"attach {number + 1}", self._attach, attempt, number)
            for number in range(len(work.files))
        ]
        await attempt.context.step("check", self._check, attempt, ids)
        where = f"attached to {_target_text(work)}"
        change = ItemChange(ItemState.IMPORTED, where, verified=True)
        await conclude(self._ledger, work.item.id, change)

    async def _attach(self, attempt: _Attempt, number: int) -> int:
        file = attempt.work.files[number]
        await self._note_step(attempt, number, f"attaching {_which(attempt, number)}")
        return (
            await self._within(attempt, partial(self._attach_file, attempt, file, number))
        ).id

    async def _check(self, attempt: _Attempt, ids: list[int]) -> int:
        """Compare with the seals once more, from the repository's own records: what follows
        is the promise that the sources may be deleted. What a person has deleted there
        meanwhile is attached again.
        """
        found = {}
        for number, (file, attached) in enumerate(zip(attempt.work.files, ids, strict=True)):
            await self._note_step(
                attempt, number, f"checking {_which(attempt, number)}", done=True
            )
            there = partial(self._found, attempt, file, number, attached)
            found[file.id] = (await self._within(attempt, there)).id
        await self._ledger.keep_held(attempt.work.item.id, HeldFiles(None, found))
        return len(ids)

    async def _found(
        self,
        attempt: _Attempt,
        file: TransferFile,
        number: int,
        attached: int,
        attachments: Attachments,
    ) -> Attachment:
        with suppress(NoSuchFile):
            found = await attachments.get(attached)
            if (found.sha1, found.size_bytes) == (file.sha1, file.size_bytes):
                return found
        return await self._attach_file(attempt, file, number, attachments)

    async def _attach_file(
        self, attempt: _Attempt, file: TransferFile, number: int, attachments: Attachments
    ) -> Attachment:
        plan, path = _plan(attempt.work, file), await self._staging.path(file.id)
        damaged = ""
        for _ in range(1 + _SENT_AGAIN):
            try:
                async with throttled_progress(partial(self._stored, attempt, number)) as stored:
                    return await attachments.attach(plan, path, stored)
            except ChecksumMismatch as error:
                damaged = error.message
        raise Corrupt(
            f"'{plan.name}' was sent to the repository {_SENT_AGAIN} times more, and each time"
            " other bytes arrived. Nothing is lost: the server still holds the right ones. Ask"
            " the administrator of the repository to check its disks, then press Retry."
            f" {damaged}"
        )

    async def _within(
        self, attempt: _Attempt, act: Callable[[Attachments], Awaitable[Attachment]]
    ) -> Attachment:
        async with owners_session(self._repository, attempt.work) as session:
            return await act(session.attachments)

    async def _stored(self, attempt: _Attempt, number: int, stored: int) -> None:
        text = f"attaching {_which(attempt, number)}"
        await self._show(attempt, attempt.before[number] + stored, text)

    async def _note_step(
        self, attempt: _Attempt, number: int, text: str, *, done: bool = False
    ) -> None:
        await self._show(attempt, attempt.before[-1 if done else number], text)
        if not await note(self._ledger, attempt.work.item.id, text):
            await refuse(self._ledger, attempt.work.item.id)

    async def _show(self, attempt: _Attempt, moved: int, text: str) -> None:
        # Never the whole: that is said when it is checked.
        share = moved / (attempt.before[-1] + 1)
        await attempt.context.progress(share, text, bytes_done=moved)

    async def _discard_begun(self, work: ItemWork) -> list[str]:
        """Remove what is half done; returns the names of what is attached, which stays."""
        owner = work.transfer.owner
        async with self._repository.session(owner, work.group_id) as session:
            return [
                file.client_path
                for file in work.files
                if await session.attachments.discard(file.id)
            ]

    async def _after_cancel(self, work: ItemWork) -> None:
        """Take away what is half done, and tell once what was attached before."""
        # First, and with nobody's leave: the files are no use to anybody any more.
        await self._cleanup.discard_staged(work)
        try:
            attached = await self._discard_begun(work)
        except TransferAppError as error:
            if error.retryable:
                raise
            return  # A closed account: nothing changes by trying again.
        if attached:
            change = ItemChange(ItemState.CANCELLED, _stays(work, attached))
            await self._ledger.move(work.item.id, REPORT_LEFT, change)


def _plan(work: ItemWork, file: TransferFile) -> AttachmentPlan:
    if work.group_id is None or work.transfer.target is None:
        raise Internal("This import has no target; nothing can be attached to it.")
    return AttachmentPlan(
        key=file.id,
        client_path=file.client_path,
        size_bytes=file.size_bytes,
        sha1=file.sha1,
        target=work.transfer.target,
        group_id=work.group_id,
        image_id=made_from(work.annotations),
    )


def _target_text(work: ItemWork) -> str:
    image_id = made_from(work.annotations)
    return f"'{work.transfer.target_name}'" if image_id is None else f"Image:{image_id}"


def _which(attempt: _Attempt, number: int) -> str:
    files = attempt.work.files
    name = files[number].client_path.rpartition("/")[2]
    return f"file {number + 1} of {len(files)}: {name}"


def _stays(work: ItemWork, attached: list[str]) -> str:
    count, of = len(attached), len(work.files)
    were, they_stay = ("was", "It stays") if count == 1 else ("were", "They stay")
    return (
        f"{count} of {of} files {were} attached to {_target_text(work)} before you"
        f" cancelled. {they_stay} there; delete there what you do not want."
    )
