"""Take care of what a crash left: received files nobody queued, staged ones of the past."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager

import structlog

from transferapp.errors import NoSuchFile, TransferAppError, TransferNotFound
from transferapp.host.sparing import sparing
from transferapp.host.supervise import supervised
from transferapp.ledger.port import FileProgress, ItemMoves
from transferapp.model.moves import FINAL_STATES, RECEIVE
from transferapp.model.transfers import TransferItem
from transferapp.operations.imports import item_task
from transferapp.prepared.port import Prepared
from transferapp.staging.port import Staging
from transferapp.taskqueue.port import TaskSubmission

_log = structlog.get_logger(__name__)

#: States of an item whose files may all be here while nobody said that it is queued.
_BEFORE_THE_QUEUE = RECEIVE.start
_SWEEP_EVERY_S = 24 * 3600.0


async def queue_leftovers(
    ledger: ItemMoves, queue: TaskSubmission, *, thorough: bool = True
) -> int:
    """Queue every received item that has no task; returns how many there were.

    ``thorough`` looks also at those of which it was said: there may be thousands in line.
    """
    states = _BEFORE_THE_QUEUE | RECEIVE.end if thorough else _BEFORE_THE_QUEUE
    queued = 0
    for item in await ledger.items_in(tuple(states), received=True):
        with sparing("received item", item.id):
            if await _queue(ledger, queue, item):
                queued += 1
                _log.info("received item queued after a crash", item=item.id)
    return queued


async def _queue(ledger: ItemMoves, queue: TaskSubmission, item: TransferItem) -> bool:
    work = await ledger.work(item.id)
    return await queue.enqueue(item_task(item, work.transfer.owner))


async def discard_leftovers(ledger: FileProgress, staging: Staging) -> int:
    """Discard staged files of items that are imported or cancelled; returns how many.

    What discards them first is their task, or the request that cancels: both can be killed.
    A file that the ledger does not know stays: it may be the ledger that is wrong.
    """
    discarded = 0
    for file_id in await staging.ids():
        with sparing("staged file", file_id):
            if await _is_over(ledger, file_id):
                await staging.discard(file_id)
                discarded += 1
                _log.info("staged file discarded: its item is over", upload=file_id)
    return discarded


async def discard_prepared(ledger: ItemMoves, prepared: Prepared) -> int:
    """Discard files that were made for items that are delivered or cancelled; returns how
    many items. Those of an item that the ledger does not know stay, as above.
    """
    discarded = 0
    for item_id in await prepared.ids():
        with sparing("prepared files", item_id):
            if await _has_ended(ledger, item_id):
                await prepared.discard(item_id)
                discarded += 1
                _log.info("prepared files discarded: their item is over", item=item_id)
    return discarded


async def _has_ended(ledger: ItemMoves, item_id: str) -> bool:
    try:
        return (await ledger.item(item_id)).state in FINAL_STATES
    except TransferNotFound:
        return False


async def _is_over(ledger: FileProgress, file_id: str) -> bool:
    try:
        return (await ledger.file_work(file_id)).item_state in FINAL_STATES
    except NoSuchFile:
        return False


def sweeping(
    discards: Sequence[Callable[[], Awaitable[int]]], every_s: float = _SWEEP_EVERY_S
) -> AbstractAsyncContextManager[None]:
    """Discard leftovers now and every ``every_s`` seconds while the block runs."""
    return supervised("sweep of leftovers", lambda: _sweep(discards, every_s))


async def _sweep(discards: Sequence[Callable[[], Awaitable[int]]], every_s: float) -> None:
    while True:
        for discard in discards:
            try:
                await discard()
            except TransferAppError as error:
                _log.warning("leftovers stay for now", error=error.message)
        await asyncio.sleep(every_s)
