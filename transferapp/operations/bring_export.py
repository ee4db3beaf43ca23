"""The task that brings an item of an export to a place: every byte checked there, one name.

Where it goes is noted before its first byte, and a file goes on where an earlier attempt was;
so whatever kills it, the next attempt finds all that is there, and nothing comes twice.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate, count
from pathlib import Path

from transferapp.errors import (
    Cancelled,
    Corrupt,
    NameTaken,
    NoSuchFile,
    NotFound,
    TargetNotFound,
    Unavailable,
)
from transferapp.ledger.port import ItemChange, ItemWork
from transferapp.model.brought import BroughtItem
from transferapp.model.moves import BRING
from transferapp.model.transfers import ENDED_STATES, ItemState
from transferapp.operations.archives import is_made
from transferapp.operations.bring_parts import KIND, BringExport, BringParts, item_of_task
from transferapp.operations.brought_lost import is_last, set_lost_aside
from transferapp.operations.brought_spots import brought_files, spot_of, wanted_spot
from transferapp.operations.item_reports import (
    OUTAGE_POLICY,
    error_of,
    report_dead,
    report_waiting,
)
from transferapp.operations.other_people import owners_session
from transferapp.operations.throttled_progress import throttled_progress
from transferapp.places.port import BroughtFile, FacilityPlace, Spot
from transferapp.places.settings import PlaceSettings
from transferapp.taskqueue.port import Context, RetryPolicy, Task, TaskKind

_PIECE = 1 << 20
#: How often a file is brought again that came out damaged, before a person is asked.
_BROUGHT_AGAIN = 3


def bring_export_kind(parts: BringParts, *, retry: RetryPolicy = OUTAGE_POLICY) -> TaskKind:
    """Return the kind of task that brings an item to a place; its payload is BringExport.

    What is retryable is retried for days (``retry``), and the item shows as waiting: a place
    that is away, or full. Files that are gone end it; any other error asks its person.
    """
    handler = ExportBringing(parts)
    return TaskKind(
        name=KIND,
        payload=BringExport,
        handler=handler.run,
        retry=retry,
        on_dead=handler.dead,
        on_waiting=handler.waiting,
        on_cancelled=handler.cancelled,
    )


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What all files of one attempt share. ``before``: bytes of the files before each."""

    context: Context
    work: ItemWork
    place: FacilityPlace
    spot: Spot
    files: tuple[BroughtFile, ...]
    before: tuple[int, ...]


class ExportBringing:
    """The handler of bring-export and what is told about it."""

    def __init__(self, parts: BringParts) -> None:
        """Bring with ``parts``."""
        self._parts = parts
        self._ledger, self._brought = parts.ledger, parts.brought

    async def run(self, context: Context, wanted: BringExport) -> None:
        """Bring the item; stops when a person cancels it."""
        work = await self._ledger.work(wanted.item_id)
        if work.item.state is not ItemState.DELIVERED:
            if not await self._note(work, "bringing the files"):
                await self._after_cancel(work)
                return
            try:
                await context.step("bring", self._bring_all, context, work)
            except Cancelled:
                await self._after_cancel(work)
                return
            await self._deliver(work)
        if is_made(work):
            await self._parts.prepared.discard(work.item.id)

    async def _deliver(self, work: ItemWork) -> None:
        """Tell that an item is there; with the last one the export ends well, or not."""
        transfer = (await self._ledger.work(work.item.id)).transfer
        checked = is_last(transfer)
        if checked:
            await set_lost_aside(self._parts, transfer)
        await self._ledger.move(work.item.id, BRING, ItemChange(ItemState.DELIVERED))
        after = (await self._ledger.work(work.item.id)).transfer
        # Two that were the last ones at the same time, or others were cancelled.
        if not checked and after.state in ENDED_STATES:
            await set_lost_aside(self._parts, after)

    async def dead(self, task: Task) -> None:
        """Give up where the files are gone; else ask a person."""
        error = error_of(task)
        hopeless = isinstance(error, NotFound) and not isinstance(error, TargetNotFound)
        state = ItemState.FAILED if hopeless else ItemState.NEEDS_ATTENTION
        await report_dead(self._ledger, _of_item(task), state, BRING)

    async def waiting(self, task: Task) -> None:
        """Show that the item waits, for the place or for the repository."""
        await report_waiting(self._ledger, _of_item(task), BRING)

    async def cancelled(self, task: Task) -> None:
        """Take away what a cancelled item left half done."""
        await self._after_cancel(await self._ledger.work(item_of_task(task.id)))

    async def _bring_all(self, context: Context, work: ItemWork) -> bool:
        """Bring every file and give the item its name. Repeated it does what is missing."""
        place, settings = await self._parts.place_of(work.transfer.brought_to)
        await place.check()
        files = brought_files(work)
        before = (0, *accumulate(file.size_bytes for file in files))
        noted = await self._brought.brought_item(work.item.id)
        mark = ""
        while not mark:
            again = noted is not None and noted.removed_at is None
            item = noted if again and noted else await self._free_spot(work, place, settings)
            attempt = _Attempt(context, work, place, spot_of(item), files, before)
            try:
                mark = await self._published(attempt, again=again)
            except NameTaken:
                # A person, or another program, was faster: the next name.
                await place.discard(attempt.spot)
                noted = None
        await self._brought.brought(work.item.id, mark, self._expiry(settings))
        return True

    async def _free_spot(
        self, work: ItemWork, place: FacilityPlace, settings: PlaceSettings
    ) -> BroughtItem:
        """Return the first spot that nothing has, noted from now on."""
        wanted = wanted_spot(work)
        for number in count(2):
            if await place.is_free(spot_of(wanted)) and await self._brought.reserve(
                wanted, settings.quota_bytes
            ):
                break
            wanted = replace(wanted, inside=f"{wanted_spot(work).inside} ({number})")
        return wanted

    async def _published(self, attempt: _Attempt, *, again: bool) -> str:
        """Bring what is missing, and give the item its name; returns the place's mark."""
        if again:
            # A crash may have come after the name and before our note of it.
            with suppress(NoSuchFile):
                return await mark_of_published(attempt.place, attempt.spot, attempt.files)
        for number in range(len(attempt.files)):
            await self._bring(attempt, number)
        return await attempt.place.publish(attempt.spot, attempt.files)

    async def _bring(self, attempt: _Attempt, number: int) -> None:
        """Bring one file and read it back."""
        place, spot, file = attempt.place, attempt.spot, attempt.files[number]
        for _ in range(1 + _BROUGHT_AGAIN):
            begun = await place.begun(spot, file)
            offset = begun if begun <= file.size_bytes else 0
            if offset < file.size_bytes or not file.size_bytes:
                await self._write(attempt, number, offset)
            expected = file.sha1 or await self._source_sha1(attempt, number)
            if await place.sha1(spot, file) == expected:
                return
            await place.write(spot, file, 0, _nothing())
        raise Corrupt(
            f"'{file.path}' was brought to the place {1 + _BROUGHT_AGAIN} times, and each time"
            " other bytes lay there. Tell the administrator of the server, then press Retry."
            " Nothing is lost."
        )

    async def _write(self, attempt: _Attempt, number: int, offset: int) -> None:
        file, shown = attempt.files[number], f"file {number + 1} of {len(attempt.files)}"

        async def show(moved: int) -> None:
            done = attempt.before[number] + moved
            # Never the whole: that is said when it has its name.
            share = done / (attempt.before[-1] + 1)
            await attempt.context.progress(share, shown, bytes_done=done)
            await self._note(attempt.work, f"bringing {shown}")

        async with throttled_progress(show) as moved:
            pieces = _counted(self._source(attempt, number, offset), offset, moved)
            async with aclosing(pieces):
                await attempt.place.write(attempt.spot, file, offset, pieces)

    async def _source(
        self, attempt: _Attempt, number: int, offset: int
    ) -> AsyncGenerator[bytes]:
        """Yield a file's bytes: from where it was prepared, or as its person may read it."""
        work, file = attempt.work, attempt.work.files[number]
        repository_id = work.repository_file_ids[number]
        if repository_id is None:
            path = await self._parts.prepared.path(work.item.id, file.client_path)
            async for piece in _read(path, offset):
                yield piece
            return
        async with owners_session(self._parts.repository, work) as session:
            pieces = session.images.read(repository_id, offset)
            async with aclosing(pieces):  # type: ignore[type-var]  # they are generators
                async for piece in pieces:
                    yield piece

    async def _source_sha1(self, attempt: _Attempt, number: int) -> str:
        """Hash the source, where the repository keeps another kind of checksum."""
        digest = hashlib.sha1(usedforsecurity=False)
        async with aclosing(self._source(attempt, number, 0)) as pieces:
            async for piece in pieces:
                digest.update(piece)
        return digest.hexdigest()

    async def _note(self, work: ItemWork, text: str) -> bool:
        """Show what is done; False where the item is not to be brought any more."""
        change = ItemChange(ItemState.DOWNLOADING, text)
        return await self._ledger.move(work.item.id, BRING, change)

    async def _after_cancel(self, work: ItemWork) -> None:
        with suppress(Unavailable):  # Housekeeping tries it again.
            await abandon(self._parts, work.item.id)

    def _expiry(self, settings: PlaceSettings) -> datetime | None:
        if not settings.keep_days:
            return None
        return self._parts.clock.now() + timedelta(days=settings.keep_days)


async def mark_of_published(
    place: FacilityPlace, spot: Spot, files: tuple[BroughtFile, ...]
) -> str:
    """Return the mark of an item that has its name already; raises NoSuchFile for others."""
    begun = bool(files) and bool(await place.begun(spot, files[0]))
    if begun or await place.is_free(spot):
        raise NoSuchFile
    return await place.publish(spot, files)


async def abandon(parts: BringParts, item_id: str) -> bool:
    """Take away what a cancelled item has at its place; False where there is nothing.

    May be repeated. What lies at a place that is offered no more stays there.
    """
    work, noted = await parts.ledger.work(item_id), await parts.brought.brought_item(item_id)
    if work.item.state is not ItemState.CANCELLED or noted is None:
        return False
    if noted.mark or noted.removed_at is not None:
        return False
    with suppress(TargetNotFound):
        place, _ = await parts.place_of(work.transfer.brought_to)
        spot, files = spot_of(noted), brought_files(work)
        with suppress(NoSuchFile):
            await place.remove(spot, files, await mark_of_published(place, spot, files))
        await place.discard(spot)
    await parts.brought.removed([item_id])
    return True


def _of_item(task: Task) -> Task:
    """Return a task as if it were its item's own, which is told of by its id."""
    return replace(task, id=item_of_task(task.id))


async def _counted(
    pieces: AsyncGenerator[bytes], offset: int, moved: Callable[[int], None]
) -> AsyncGenerator[bytes]:
    async with aclosing(pieces):
        async for piece in pieces:
            yield piece
            offset += len(piece)
            moved(offset)


async def _read(path: Path, offset: int) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    try:
        await asyncio.to_thread(file.seek, offset)
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece
    finally:
        file.close()


async def _nothing() -> AsyncIterator[bytes]:
    for piece in list[bytes]():
        yield piece
