"""The task that makes ``archive.jsonl``: what an archive says of all that a person owns.

It is made in pages, each written whole or not at all, a thousand images in one; whatever kills
it, the next attempt goes on behind the pages that are there. So a run that was cut off and one
that took over may even write the same page: either is right.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import uuid4

from pydantic import BaseModel

from transferapp import __version__
from transferapp.archive.lines import ARCHIVE_NAME, VERSION, ArchiveLine, EndLine, Line, Person
from transferapp.archive.writing import line_bytes
from transferapp.conversion.disk_errors import disk_errors
from transferapp.errors import Cancelled, NoSuchFile, NotFound
from transferapp.host.clock import Clock
from transferapp.ledger.port import (
    ArchiveRecords,
    ItemChange,
    ItemMoves,
    ItemWork,
    PlannedTransferFile,
)
from transferapp.model.moves import FINAL_STATES, PREPARE
from transferapp.model.transfers import ItemState, Transfer
from transferapp.operations.archive_lines import (
    AT_ONCE,
    ArchivedImages,
    archived_images,
    container_lines,
    image_lines,
)
from transferapp.operations.imports import REPOSITORY_RESOURCE
from transferapp.operations.item_reports import (
    OUTAGE_POLICY,
    error_of,
    report_dead,
    report_waiting,
)
from transferapp.operations.other_people import owners_session
from transferapp.prepared.port import Begun, Prepared
from transferapp.repositories.port import Repository
from transferapp.taskqueue.port import Context, NewTask, RetryPolicy, Task, TaskKind, WorkClass

KIND = "describe-export"
_CONTAINERS = "containers"
#: Images between two signs of life.
_REPORTED_EVERY = 100
_COPIED_AT_ONCE = 1 << 20
_CANNOT = "the archive cannot be described"


class DescribeExport(BaseModel):
    """Describe the export of this item; the task's id is the item's."""

    transfer_id: str
    item_id: str


class DescribeRecords(ItemMoves, ArchiveRecords, Protocol):
    """What of the ledger is used here."""


def describe_task(transfer: Transfer, item_id: str) -> NewTask:
    """Return the task that describes an archive; its id is the item's."""
    return NewTask(
        id=item_id,
        kind=KIND,
        payload=DescribeExport(transfer_id=transfer.id, item_id=item_id),
        target=REPOSITORY_RESOURCE,
        owner=transfer.owner,
        lane=WorkClass.CONVERSIONS,
    )


def describe_export_kind(
    ledger: DescribeRecords,
    prepared: Prepared,
    repository: Repository,
    clock: Clock,
    *,
    retry: RetryPolicy = OUTAGE_POLICY,
) -> TaskKind:
    """Return the kind of task that describes an archive; its payload is DescribeExport.

    What is retryable is retried for days (``retry``), and the item shows as waiting. Any other
    error asks its person; what is made so far is kept for a retry.
    """
    handler = ExportDescription(ledger, prepared, repository, clock)
    return TaskKind(
        name=KIND,
        payload=DescribeExport,
        handler=handler.run,
        retry=retry,
        on_dead=handler.dead,
        on_waiting=handler.waiting,
        on_cancelled=handler.cancelled,
    )


class ExportDescription:
    """The handler of describe-export and what is told about it."""

    def __init__(
        self, ledger: DescribeRecords, prepared: Prepared, repository: Repository, clock: Clock
    ) -> None:
        """Read from ``repository``, write into ``prepared``, and tell ``ledger``."""
        self._ledger = ledger
        self._prepared = prepared
        self._repository = repository
        self._clock = clock

    async def run(self, context: Context, wanted: DescribeExport) -> None:
        """Describe everything and make the item ready; stops when it was cancelled."""
        work = await self._ledger.work(wanted.item_id)
        if not await self._note(work, "reading what there is"):
            # Ready already, and killed before the task was done: the file is waited for.
            if (await self._ledger.item(work.item.id)).state in FINAL_STATES:
                await self._prepared.discard(work.item.id)
            return
        items = await self._ledger.items_of_images(wanted.transfer_id)
        images = archived_images(items, work.item.image_ids)
        try:
            await self._in_steps(context, work, images)
            files = await self._prepared.publish(work.item.id)
        except Cancelled:
            await self._prepared.discard(work.item.id)
            return
        planned = [
            PlannedTransferFile(one.client_path, one.size_bytes, None, one.sha1)
            for one in files
        ]
        await self._ledger.set_files(work.item.id, planned)
        await self._ledger.move(work.item.id, PREPARE, ItemChange(ItemState.READY))

    async def dead(self, task: Task) -> None:
        """Give up where what was made is gone; else ask a person."""
        hopeless = isinstance(error_of(task), NotFound)
        state = ItemState.FAILED if hopeless else ItemState.NEEDS_ATTENTION
        await report_dead(self._ledger, task, state, PREPARE)

    async def waiting(self, task: Task) -> None:
        """Show that the item waits for the repository."""
        await report_waiting(self._ledger, task, PREPARE)

    async def cancelled(self, task: Task) -> None:
        """Take away what a cancelled item left behind."""
        await self._prepared.discard(task.id)

    async def _in_steps(self, context: Context, work: ItemWork, images: ArchivedImages) -> None:
        await context.step(_CONTAINERS, self._containers, work, images)
        for number in range(images.page_count):
            await context.step(f"images {number}", self._page, context, work, images, number)
        await context.step("put together", self._whole, context, work, images)
        begun = await self._begun(work.item.id)
        if not (begun.files / ARCHIVE_NAME).exists():
            # Forgotten since, after an error; the queue does not repeat a step.
            await self._whole(context, work, images)

    async def _containers(self, work: ItemWork, images: ArchivedImages) -> bool:
        """Write the first page: what it is an archive of, and the containers."""
        path = _page_path(await self._begun(work.item.id), _CONTAINERS)
        if path.exists():
            return True
        async with owners_session(self._repository, work) as session:
            person = session.identity.experimenter
            head = ArchiveLine(
                version=VERSION,
                id=work.transfer.id,
                repository=self._repository.name,
                owner=Person(username=person.username, full_name=person.full_name),
                application=f"transferapp {__version__}",
                made_at=self._clock.now(),
            )
            lines = await container_lines(session, images)
        await asyncio.to_thread(_write_page, path, [head, *lines])
        return True

    async def _page(
        self, context: Context, work: ItemWork, images: ArchivedImages, number: int
    ) -> bool:
        """Write one page of images, line by line: one image may have 100,000 shapes."""
        path = _page_path(await self._begun(work.item.id), _page_name(number))
        if path.exists():
            return True
        count, total = number * AT_ONCE, len(images.ids)
        async with owners_session(self._repository, work) as session:
            with _growing(path) as file:
                async for line in image_lines(session, images, images.page(number)):
                    if not count % _REPORTED_EVERY:
                        await self._described(context, work, count, total)
                    await asyncio.to_thread(_write_line, file, line)
                    count += 1
                await asyncio.to_thread(_finish, file, path)
        return True

    async def _whole(self, context: Context, work: ItemWork, images: ArchivedImages) -> bool:
        """Put the pages together, and make those again that are gone."""
        await self._containers(work, images)
        for number in range(images.page_count):
            await self._page(context, work, images, number)
        begun = await self._begun(work.item.id)
        await asyncio.to_thread(_put_together, begun, images)
        return True

    async def _begun(self, item_id: str) -> Begun:
        try:
            return await self._prepared.begun(item_id)
        except NoSuchFile:
            await self._prepared.begin(item_id)
            return await self._prepared.begun(item_id)

    async def _described(
        self, context: Context, work: ItemWork, count: int, total: int
    ) -> None:
        text = f"describing images: {count:,} of {total:,}"
        await context.progress(count / total, text)
        await self._note(work, text)

    async def _note(self, work: ItemWork, text: str) -> bool:
        change = ItemChange(ItemState.PREPARING, text)
        return await self._ledger.move(work.item.id, PREPARE, change)


def _page_name(number: int) -> str:
    """Name a page also by how many images are in one: another release may want others."""
    return f"images-{AT_ONCE}-{number:06}"


def _page_path(begun: Begun, name: str) -> Path:
    return begun.notes / f"{name}.jsonl"


@contextmanager
def _growing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that becomes ``path`` when it is finished, under a name that no other run
    writes under; what is not finished goes.
    """
    part = path.with_suffix(f".{uuid4().hex}.part")
    with disk_errors(_CANNOT):
        file = part.open("wb")
    try:
        with file:
            yield file
    finally:
        with disk_errors(_CANNOT):
            part.unlink(missing_ok=True)


def _write_page(path: Path, lines: Iterable[Line]) -> None:
    with _growing(path) as file:
        for line in lines:
            _write_line(file, line)
        _finish(file, path)


def _write_line(file: BinaryIO, line: Line) -> None:
    content = line_bytes(line)
    with disk_errors(_CANNOT):
        file.write(content)


def _finish(file: BinaryIO, path: Path) -> None:
    """Make what has grown durable and give it its name, which it has from then on."""
    with disk_errors(_CANNOT):
        file.flush()
        os.fsync(file.fileno())
        Path(file.name).replace(path)


def _put_together(begun: Begun, images: ArchivedImages) -> None:
    """Make the file of its pages; where another run has made it, there is nothing to do."""
    target = begun.files / ARCHIVE_NAME
    if target.exists():
        return
    first = _page_path(begun, _CONTAINERS)
    pages = (_page_path(begun, _page_name(number)) for number in range(images.page_count))
    with _growing(begun.notes / ARCHIVE_NAME) as file:
        with disk_errors(_CANNOT):
            for page in (first, *pages):
                with page.open("rb") as source:
                    shutil.copyfileobj(source, file, _COPIED_AT_ONCE)
            with first.open("rb") as source:
                containers = sum(1 for _ in source) - 1
        items = len(set(images.items.values()))
        end = EndLine(containers=containers, images=len(images.ids), items=items)
        _write_line(file, end)
        _finish(file, target)
