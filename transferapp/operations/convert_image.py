"""The task that makes the files of an export's image in the form that is asked for.

Nothing of it is seen before all of it is written, read back and published. Whatever kills it, a
small image is begun anew. A large one is made in portions by tasks of their own
(``convert_portion``), which are not made again.
"""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from pydantic import BaseModel

from transferapp.conversion.annotation_files import write_annotation_files
from transferapp.conversion.cut_image import CutImage
from transferapp.conversion.port import Form, Portions, ShareListener
from transferapp.errors import (
    Cancelled,
    ChecksumMismatch,
    Invalid,
    NoSuchFile,
    NotFound,
    Unavailable,
    UnsupportedFile,
)
from transferapp.ledger.port import ItemChange, ItemMoves, ItemWork, PlannedTransferFile
from transferapp.model.moves import FINAL_STATES, PREPARE
from transferapp.model.transfers import ItemState
from transferapp.operations.convert_portion import portion_task
from transferapp.operations.exported_image import ExportedImage, Forms, exported_image
from transferapp.operations.item_reports import (
    OUTAGE_POLICY,
    error_of,
    report_dead,
    report_waiting,
)
from transferapp.operations.portion_plan import (
    PortionPlan,
    count_made,
    files_made,
    new_plan,
    plan_in,
    store_plan,
)
from transferapp.operations.throttled_progress import throttled_progress
from transferapp.prepared.port import Prepared, PreparedFile
from transferapp.repositories.port import Repository
from transferapp.taskqueue.port import Context, RetryPolicy, Task, TaskKind

KIND = "convert-image"
#: Writing takes most of the time, reading back the rest.
_WRITING = 0.7
#: Pixels of a portion; only images of more than four portions are divided.
PORTION_PIXELS = 1 << 26
_UNDIVIDED = 4


class ConvertImage(BaseModel):
    """Make the files of this item; the task's id is the item's."""

    transfer_id: str
    item_id: str


def convert_image_kind(
    ledger: ItemMoves,
    prepared: Prepared,
    repository: Repository,
    forms: Forms,
    *,
    portion_pixels: int = PORTION_PIXELS,
    retry: RetryPolicy = OUTAGE_POLICY,
) -> TaskKind:
    """Return the kind of task that converts an image; its payload is ConvertImage.

    What is retryable is retried for days (``retry``), and the item shows as waiting. An
    image that is gone, or that the form cannot hold, ends it: the item has failed; any other
    error asks its person.
    """
    handler = ImageConversion(ledger, prepared, repository, forms, portion_pixels)
    return TaskKind(
        name=KIND,
        payload=ConvertImage,
        handler=handler.run,
        retry=retry,
        on_dead=handler.dead,
        on_waiting=handler.waiting,
        on_cancelled=handler.cancelled,
    )


class ImageConversion:
    """The handler of convert-image and what is told about it."""

    def __init__(
        self,
        ledger: ItemMoves,
        prepared: Prepared,
        repository: Repository,
        forms: Forms,
        portion_pixels: int,
    ) -> None:
        """Read from ``repository``, write into ``prepared``, and tell ``ledger``; divide what
        is large into portions of ``portion_pixels``.
        """
        self._portion_pixels = portion_pixels
        self._ledger = ledger
        self._prepared = prepared
        self._repository = repository
        self._forms = forms

    async def run(self, context: Context, wanted: ConvertImage) -> None:
        """Convert the image and make its item ready; stops when the item was cancelled."""
        work = await self._ledger.work(wanted.item_id)
        if not await self._note(work, "reading the image"):
            # Ready already, and killed before the task was done: the files are waited for.
            if (await self._ledger.item(work.item.id)).state in FINAL_STATES:
                await self._prepared.discard(work.item.id)
            return
        try:
            if not await context.step("convert", self._convert, context, work):
                await self._in_portions(context, work)
            known = await self._known(work)
            files = await self._prepared.publish(work.item.id, known)
        except Cancelled:
            await self._prepared.discard(work.item.id)
            return
        await self._ledger.set_files(work.item.id, [_planned(file) for file in files])
        await self._ledger.move(work.item.id, PREPARE, ItemChange(ItemState.READY))

    async def dead(self, task: Task) -> None:
        """Give up where the image itself is the reason; else ask a person.

        Portions that are made are kept for a retry.
        """
        error = error_of(task)
        hopeless = isinstance(error, NotFound | UnsupportedFile | Invalid)
        if hopeless or await self._plan(task.id) is None:
            await self._prepared.discard(task.id)
        state = ItemState.FAILED if hopeless else ItemState.NEEDS_ATTENTION
        await report_dead(self._ledger, task, state, PREPARE)

    async def waiting(self, task: Task) -> None:
        """Show that the item waits for the repository."""
        await report_waiting(self._ledger, task, PREPARE)

    async def cancelled(self, task: Task) -> None:
        """Take away what a cancelled item left behind."""
        await self._prepared.discard(task.id)

    async def _convert(self, context: Context, work: ItemWork) -> bool:
        """Make all of an image; False for one that is divided, now or before."""
        if await self._plan(work.item.id):
            return False
        async with exported_image(self._repository, self._forms, work) as image:
            portions = self._divided(image)
            begun = await self._prepared.begin(work.item.id)
            if portions is None:
                await self._make_all(context, work, image, begun)
            else:
                await self._begin_portions(work, portions)
        return portions is None

    def _divided(self, image: ExportedImage) -> Portions | None:
        cut = image.cut
        pixels = cut.size_t * cut.size_c * cut.size_z * cut.size_y * cut.size_x
        if pixels <= _UNDIVIDED * self._portion_pixels:
            return None
        return image.form.portions(cut, self._portion_pixels)

    async def _make_all(
        self, context: Context, work: ItemWork, image: ExportedImage, folder: Path
    ) -> None:
        cut = await image.with_rois(work)
        async with throttled_progress(partial(self._made, context, work)) as made:
            await _write_and_verify(image.form, cut, folder, made)
        await self._describe(work, image, cut, folder)

    async def _describe(
        self, work: ItemWork, image: ExportedImage, cut: CutImage, folder: Path
    ) -> None:
        """Write what is known of the image beside it, where that is asked for."""
        if work.export.with_annotations:
            about = (cut, image.details, self._repository.name, work.export.form, folder)
            await asyncio.to_thread(write_annotation_files, *about)

    async def _begin_portions(self, work: ItemWork, portions: Portions) -> PortionPlan:
        begun = await self._prepared.begun(work.item.id)
        plan = new_plan(portions.count, self._portion_pixels)
        await portions.begin(begun.files)
        await asyncio.to_thread(store_plan, begun.notes, plan)
        return plan

    async def _in_portions(self, context: Context, work: ItemWork) -> None:
        """Have the portions made by tasks of their own, and make the rest."""
        plan = await self._plan(work.item.id) or await self._divide_again(work)
        await context.portions(
            [portion_task(work, plan, number) for number in range(plan.count)]
        )
        await context.step("finish", self._finish, context, work)

    async def _divide_again(self, work: ItemWork) -> PortionPlan:
        """Divide an image whose portions were discarded, after an error, for a retry."""
        async with exported_image(self._repository, self._forms, work) as image:
            await self._prepared.begin(work.item.id)
            portions = image.form.portions(image.cut, self._portion_pixels)
            assert portions is not None  # noqa: S101  # it was divided before
            return await self._begin_portions(work, portions)

    async def _finish(self, context: Context, work: ItemWork) -> bool:
        begun, plan = await self._prepared.begun(work.item.id), await self._plan(work.item.id)
        if plan is None or count_made(begun.notes, plan) < plan.count:
            raise Unavailable("The files that were made so far are gone. They are made again.")
        async with exported_image(self._repository, self._forms, work) as image:
            cut = await image.with_rois(work)
            portions = image.form.portions(cut, plan.most_pixels)
            assert portions is not None  # noqa: S101  # all of them are made
            async with throttled_progress(partial(self._made, context, work)) as made:
                try:
                    await portions.finish(begun.files, begun.notes, made)
                except ChecksumMismatch:
                    # What the portions made may be the reason: they are made again.
                    await self._prepared.discard(work.item.id)
                    raise
            await self._describe(work, image, cut, begun.files)
        return True

    async def _plan(self, item_id: str) -> PortionPlan | None:
        try:
            begun = await self._prepared.begun(item_id)
        except NoSuchFile:
            return None
        return await asyncio.to_thread(plan_in, begun.notes)

    async def _known(self, work: ItemWork) -> dict[str, PreparedFile]:
        """Return the files that portions made durable and hashed."""
        plan = await self._plan(work.item.id)
        if plan is None:
            return {}
        begun = await self._prepared.begun(work.item.id)
        return await asyncio.to_thread(files_made, begun.notes, plan)

    async def _made(self, context: Context, work: ItemWork, share: float) -> None:
        what = "making the files" if share < _WRITING else "reading the files back"
        await context.progress(share, what)
        await self._note(work, f"{what}: {share:.0%}")

    async def _note(self, work: ItemWork, text: str) -> bool:
        change = ItemChange(ItemState.PREPARING, text)
        return await self._ledger.move(work.item.id, PREPARE, change)


async def _write_and_verify(
    form: Form, image: CutImage, folder: Path, made: ShareListener
) -> None:
    await form.write(image, folder, lambda share: made(share * _WRITING))
    await form.verify(image, folder, lambda share: made(_WRITING + share * (1 - _WRITING)))


def _planned(file: PreparedFile) -> PlannedTransferFile:
    return PlannedTransferFile(file.client_path, file.size_bytes, None, file.sha1)
