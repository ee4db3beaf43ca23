"""The task that imports one fileset: every byte, exactly once, checked at the end.

Each step adopts what an earlier attempt left: the item's id is the repository's key for
the fileset, and it is looked up before anything is made.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

from pydantic import BaseModel

from transferapp.errors import (
    Cancelled,
    ChecksumMismatch,
    Corrupt,
    Internal,
    SourceProblem,
    TransferAppError,
    UploadLost,
)
from transferapp.host.clock import Clock
from transferapp.ledger.port import ItemChange, ItemMoves, ItemWork
from transferapp.model.filesets import Fileset, FilesetPlan, PlannedFile
from transferapp.model.images import Annotation
from transferapp.model.moves import IMPORT
from transferapp.model.restoring import RestoredItem
from transferapp.model.skips import CHECKSUM_SKIPPED, Skip
from transferapp.model.transfers import ItemState
from transferapp.operations.annotate_images import annotate_images
from transferapp.operations.duplicates import same_bytes_note
from transferapp.operations.import_cleanup import ImportCleanup
from transferapp.operations.import_health import REGISTER_STEP
from transferapp.operations.item_progress import begin, conclude, note, refuse
from transferapp.operations.item_reports import (
    OUTAGE_POLICY,
    error_of,
    report_dead,
    report_waiting,
)
from transferapp.operations.make_tags import make_tags
from transferapp.operations.other_people import owners_session
from transferapp.operations.reconcile import check_reconciled, held_files
from transferapp.operations.restore_images import ImageRestoring
from transferapp.operations.throttled_progress import throttled_progress
from transferapp.repositories.heartbeat import Heartbeat
from transferapp.repositories.port import Imports, Repository
from transferapp.staging.port import Staging
from transferapp.taskqueue.port import Context, Task, TaskKind

KIND = "import-fileset"
STEPS = 5
_STORING = "copying the files into the repository"
_CHECKING = "checking the checksums of the copies"
#: After this step the repository has every byte.
_STORE = 2

#: How often files are sent again that came out damaged, before a person is asked.
_SENT_AGAIN = 3


class ImportFileset(BaseModel):
    """Import this item; the task's id is the item's."""

    transfer_id: str
    item_id: str


def import_fileset_kind(
    ledger: ItemMoves,
    staging: Staging,
    repository: Repository,
    clock: Clock,
) -> TaskKind:
    """Return the kind of task that imports a fileset; its payload is ImportFileset.

    What is retryable is retried for days (OUTAGE_POLICY), and the item shows as waiting. A
    SourceProblem ends it: the item has failed; any other error asks its person.
    """
    handler = FilesetImport(ledger, staging, repository, clock)
    return TaskKind(
        name=KIND,
        payload=ImportFileset,
        handler=handler.run,
        retry=OUTAGE_POLICY,
        on_dead=handler.dead,
        on_waiting=handler.waiting,
        on_cancelled=handler.cancelled,
    )


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What all steps of one attempt share."""

    context: Context
    work: ItemWork
    plan: FilesetPlan


class FilesetImport:
    """The handler of import-fileset and what is told about it."""

    def __init__(
        self, ledger: ItemMoves, staging: Staging, repository: Repository, clock: Clock
    ) -> None:
        """Import from ``staging`` into ``repository``, and tell ``ledger``."""
        self._ledger = ledger
        self._staging = staging
        self._repository = repository
        self._clock = clock
        self._cleanup = ImportCleanup(ledger, staging, repository)

    async def run(self, context: Context, wanted: ImportFileset) -> None:
        """Run all steps that are not done yet; stops when a person cancels the item."""
        work = await self._ledger.work(wanted.item_id)
        try:
            await begin(self._ledger, work)
            await self._import(_Attempt(context, work, _plan(work)))
        except Cancelled:
            await self._cleanup.after_cancel(work)
            return
        await self._cleanup.discard_staged(work)

    async def dead(self, task: Task) -> None:
        """Ask a person, or give up where the files themselves are the reason."""
        work = await self._ledger.work(task.id)
        if work.item.state is ItemState.IMPORTED:
            # Its workers died again and again, but not before all was done.
            await self._cleanup.discard_staged(work)
            return
        if work.item.state is ItemState.CANCELLED:
            await self._cleanup.after_cancel(work)
            return
        if not work.item.received:
            return  # A file of it is sent anew; its seal wakes the task.
        if isinstance(error_of(task), SourceProblem):
            await report_dead(self._ledger, task, ItemState.FAILED, IMPORT)
            # The staged files stay: a person may retry with another reader installed.
            await self._cleanup.after_failure(work)
            return
        # Before a person is told: afterwards a retry may be at work on it. Where it is not
        # possible (no repository, a closed account) the retry adopts what is there.
        with suppress(TransferAppError):
            await self._cleanup.discard_fileset(work)
        await report_dead(self._ledger, task, ItemState.NEEDS_ATTENTION, IMPORT)

    async def waiting(self, task: Task) -> None:
        """Show that the item waits for the repository."""
        await report_waiting(self._ledger, task, IMPORT)

    async def cancelled(self, task: Task) -> None:
        """Take away what a cancelled item left behind."""
        work = await self._ledger.work(task.id)
        if work.item.state is not ItemState.CANCELLED:
            return
        if task.begun:
            await self._cleanup.after_cancel(work)
        else:
            # Thousands may be cancelled before their turn: none is looked up in a repository
            # that never heard of it.
            await self._cleanup.discard_staged(work)

    async def _import(self, attempt: _Attempt) -> None:
        if attempt.work.item.state is ItemState.IMPORTED:
            return
        await attempt.context.step("reserve", self._reserve, attempt)
        await attempt.context.step("store", self._store, attempt)
        await attempt.context.step("verify", self._verify, attempt)
        await attempt.context.step(REGISTER_STEP, self._register, attempt)
        # Asked of the ledger: a task of before has the steps that it began with.
        unmatched = ""
        if attempt.work.image_annotations:
            unmatched = await attempt.context.step("annotate", self._annotate, attempt)
        if attempt.work.restored is not None:
            unknown = await self._restore(attempt, attempt.work.restored)
            unmatched = " ".join(filter(None, (unmatched, unknown)))
        image_ids = await attempt.context.step("reconcile", self._reconcile, attempt)
        skipped = Skip.CHECKSUM in attempt.plan.skip
        same = await self._duplicate_note(attempt, image_ids)
        change = ItemChange(
            ItemState.IMPORTED,
            " ".join(filter(None, (unmatched, same, CHECKSUM_SKIPPED if skipped else ""))),
            image_ids=tuple(image_ids),
            verified=not skipped,
        )
        await conclude(self._ledger, attempt.work.item.id, change)

    async def _reserve(self, attempt: _Attempt) -> int:
        await self._note_step(attempt, 1, "preparing the place in the repository")
        async with self._imports(attempt.work) as imports:
            return (await _adopt(imports, attempt.plan)).id

    async def _store(self, attempt: _Attempt) -> int:
        await self._note_step(attempt, 2, _STORING)
        async with self._imports(attempt.work) as imports:
            return await self._store_files(imports, attempt)

    async def _verify(self, attempt: _Attempt) -> int:
        await self._note_step(attempt, 3, _CHECKING)
        async with self._imports(attempt.work) as imports:
            fileset = await _adopt(imports, attempt.plan)
            try:
                async with throttled_progress(partial(self._checked, attempt)) as checked:
                    await imports.verify(fileset, attempt.plan, checked)
            except (ChecksumMismatch, UploadLost):
                fileset = await self._store_again(imports, attempt, fileset)
        return fileset.id

    async def _register(self, attempt: _Attempt) -> list[int]:
        await self._note_step(attempt, 4, "reading the images")
        await self._make_tags(attempt, attempt.work.annotations)
        async with throttled_progress(partial(self._reported, attempt)) as report:
            heartbeat = Heartbeat(report, self._clock)
            async with self._imports(attempt.work) as imports:
                fileset = await _adopt(imports, attempt.plan)
                try:
                    registered = await imports.register(fileset, attempt.plan, heartbeat)
                except (ChecksumMismatch, UploadLost):
                    fileset = await self._store_again(imports, attempt, fileset)
                    registered = await imports.register(fileset, attempt.plan, heartbeat)
        return list(registered.image_ids)

    async def _annotate(self, attempt: _Attempt) -> str:
        """Write on single images; returns what is to be told of those that were not found."""
        work = attempt.work
        of_images = [note for one in work.image_annotations for note in one.annotations]
        await self._make_tags(attempt, of_images)
        async with owners_session(self._repository, work) as session:
            fileset = await _adopt(session.imports, attempt.plan)
            return await annotate_images(
                session.images, session.images, work, fileset.image_ids
            )

    async def _restore(self, attempt: _Attempt, item: RestoredItem) -> str:
        """Write what an archive says; returns what is to be told of it."""
        async with self._imports(attempt.work) as imports:
            image_ids = (await _adopt(imports, attempt.plan)).image_ids

        async def report(text: str) -> None:
            await self._note_step(attempt, 4, text)

        restoring = ImageRestoring(
            self._repository, attempt.context, attempt.work, image_ids, report
        )
        return await restoring.restore(item)

    async def _make_tags(self, attempt: _Attempt, notes: Sequence[Annotation]) -> None:
        await make_tags(self._repository, attempt.context, attempt.work, notes)

    async def _reconcile(self, attempt: _Attempt) -> list[int]:
        """Compare with the seals, once more and from the repository's own records: what
        follows is the promise that the source may be deleted.
        """
        await self._note_step(attempt, 5, "comparing the repository with the source")
        async with self._imports(attempt.work) as imports:
            fileset = await _adopt(imports, attempt.plan)
            held = await imports.files(fileset)
        check_reconciled(fileset, attempt.plan, held)
        files = held_files(fileset, attempt.work.files, held)
        await self._ledger.keep_held(attempt.work.item.id, files)
        return list(fileset.image_ids)

    async def _duplicate_note(self, attempt: _Attempt, image_ids: list[int]) -> str:
        """Return a note when the same bytes were there before this import."""
        owner = attempt.work.transfer.owner
        return await same_bytes_note(self._repository, owner, attempt.plan, image_ids)

    async def _store_again(
        self, imports: Imports, attempt: _Attempt, fileset: Fileset
    ) -> Fileset:
        """Begin again with what was damaged on the way in, or forgotten by the repository
        in an outage: the steps before are done and are not repeated.
        """
        damaged = ""
        for _ in range(_SENT_AGAIN):
            await imports.discard(fileset)
            await self._store_files(imports, attempt)
            fileset = await _adopt(imports, attempt.plan)
            try:
                await imports.verify(fileset, attempt.plan)
            except ChecksumMismatch as error:
                damaged = error.message
            else:
                return fileset
        # No outage that passes by itself: a disk, a memory or a cable is broken.
        raise Corrupt(
            f"The files were sent to the repository {_SENT_AGAIN} times more, and each time"
            " other bytes arrived. Nothing is lost: the server still holds the right ones. Ask"
            " the administrator of the repository to check its disks, then press Retry."
            f" {damaged}"
        )

    async def _store_files(self, imports: Imports, attempt: _Attempt) -> int:
        fileset = await _adopt(imports, attempt.plan)
        paths = [await self._staging.path(file.id) for file in attempt.work.files]
        async with throttled_progress(partial(self._stored, attempt)) as stored:
            await imports.store(fileset, attempt.plan, paths, stored)
        return fileset.id

    async def _reported(self, attempt: _Attempt, news: tuple[int, int, str]) -> None:
        done, steps, text = news
        await attempt.context.progress((3 + done / max(1, steps)) / STEPS, text)
        await note(self._ledger, attempt.work.item.id, f"step 4 of {STEPS}: {text}")

    async def _stored(self, attempt: _Attempt, stored: int) -> None:
        share = stored / max(1, attempt.work.item.size_bytes)
        await attempt.context.progress((1 + share) / STEPS, _STORING, bytes_done=stored)

    async def _checked(self, attempt: _Attempt, checked: int) -> None:
        share = checked / max(1, attempt.work.item.size_bytes)
        await attempt.context.progress((2 + share) / STEPS, _CHECKING)

    async def _note_step(self, attempt: _Attempt, step: int, text: str) -> None:
        held = attempt.work.item.size_bytes if step > _STORE else 0
        await attempt.context.progress((step - 1) / STEPS, text, bytes_done=held)
        item_id = attempt.work.item.id
        if not await note(self._ledger, item_id, f"step {step} of {STEPS}: {text}"):
            await refuse(self._ledger, item_id)

    @asynccontextmanager
    async def _imports(self, work: ItemWork) -> AsyncIterator[Imports]:
        async with owners_session(self._repository, work) as session:
            yield session.imports


async def _adopt(imports: Imports, plan: FilesetPlan) -> Fileset:
    """Return what is there under the plan's key, or reserve it."""
    return await imports.find(plan.key) or await imports.reserve(plan)


def _plan(work: ItemWork) -> FilesetPlan:
    if work.group_id is None:
        raise Internal("This import has no group; it cannot be sent to the repository.")
    return FilesetPlan(
        key=work.item.id,
        name=work.item.name,
        files=tuple(
            PlannedFile(file.client_path, file.size_bytes, file.sha1) for file in work.files
        ),
        target=work.transfer.target,
        group_id=work.group_id,
        annotations=work.annotations,
        skip=work.skip,
    )
