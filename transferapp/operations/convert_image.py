"""The task that makes the files of an export's image in the form that is asked for.

Whatever kills it, it begins the image anew: nothing of an attempt is seen before all of it is
written, read back and published.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from pydantic import BaseModel

from transferapp.conversion.annotation_files import write_annotation_files
from transferapp.conversion.cut_image import CutImage, cut_image
from transferapp.conversion.port import Form, ShareListener
from transferapp.errors import Cancelled, Internal, Invalid, NotFound, UnsupportedFile
from transferapp.ledger.port import ItemChange, ItemMoves, ItemWork, PlannedTransferFile
from transferapp.model.export_specs import ExportForm
from transferapp.model.moves import PREPARE
from transferapp.model.transfers import ItemState
from transferapp.operations.item_reports import (
    OUTAGE_POLICY,
    error_of,
    report_dead,
    report_waiting,
)
from transferapp.operations.read_rois import read_rois
from transferapp.operations.throttled_progress import throttled_progress
from transferapp.prepared.port import Prepared, PreparedFile
from transferapp.repositories.port import Repository
from transferapp.taskqueue.port import Context, RetryPolicy, Task, TaskKind

KIND = "convert-image"
#: Writing takes most of the time, reading back the rest.
_WRITING = 0.7


class ConvertImage(BaseModel):
    """Make the files of this item; the task's id is the item's."""

    transfer_id: str
    item_id: str


def convert_image_kind(
    ledger: ItemMoves,
    prepared: Prepared,
    repository: Repository,
    forms: Mapping[ExportForm, Callable[[], Form]],
    *,
    retry: RetryPolicy = OUTAGE_POLICY,
) -> TaskKind:
    """Return the kind of task that converts an image; its payload is ConvertImage.

    What is retryable is retried for days (``retry``), and the item shows as waiting. An
    image that is gone, or that the form cannot hold, ends it: the item has failed; any other
    error asks its person.
    """
    handler = ImageConversion(ledger, prepared, repository, forms)
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
        forms: Mapping[ExportForm, Callable[[], Form]],
    ) -> None:
        """Read from ``repository``, write into ``prepared``, and tell ``ledger``."""
        self._ledger = ledger
        self._prepared = prepared
        self._repository = repository
        self._forms = forms

    async def run(self, context: Context, wanted: ConvertImage) -> None:
        """Convert the image and make its item ready; stops when the item was cancelled."""
        work = await self._ledger.work(wanted.item_id)
        if not await self._note(work, "reading the image"):
            await self._prepared.discard(work.item.id)
            return
        try:
            await context.step("convert", self._convert, context, work)
            files = await self._prepared.publish(work.item.id)
        except Cancelled:
            await self._prepared.discard(work.item.id)
            return
        await self._ledger.set_files(work.item.id, [_planned(file) for file in files])
        await self._ledger.move(work.item.id, PREPARE, ItemChange(ItemState.READY))

    async def dead(self, task: Task) -> None:
        """Give up where the image itself is the reason; else ask a person."""
        await self._prepared.discard(task.id)
        hopeless = isinstance(error_of(task), NotFound | UnsupportedFile | Invalid)
        state = ItemState.FAILED if hopeless else ItemState.NEEDS_ATTENTION
        await report_dead(self._ledger, task, state, PREPARE)

    async def waiting(self, task: Task) -> None:
        """Show that the item waits for the repository."""
        await report_waiting(self._ledger, task, PREPARE)

    async def cancelled(self, task: Task) -> None:
        """Take away what a cancelled item left behind."""
        await self._prepared.discard(task.id)

    async def _convert(self, context: Context, work: ItemWork) -> bool:
        make = self._forms.get(work.export.form)
        if make is None:
            raise Internal(f"This server cannot make {work.export.form}.")
        form, folder = make(), await self._prepared.begin(work.item.id)
        [image_id] = work.item.image_ids
        owner, wanted = work.transfer.owner, work.export
        async with self._repository.session(owner, work.group_id) as session:
            images = session.images
            details = await images.get(image_id)
            image = cut_image(details, wanted.cut, partial(images.tile, image_id))
            if wanted.with_annotations:
                rois = await read_rois(images, image_id, image.place)
                image = replace(image, rois=rois)
            async with throttled_progress(partial(self._made, context, work)) as made:
                await _write_and_verify(form, image, folder, made)
        if wanted.with_annotations:
            name = self._repository.name
            await asyncio.to_thread(
                write_annotation_files, image, details, name, wanted.form, folder
            )
        return True

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
