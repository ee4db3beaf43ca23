"""Queue what a server that crashed had received and not queued any more."""

from __future__ import annotations

import structlog

from transferapp.ledger.port import Ledger
from transferapp.model.transfers import ItemState, TransferItem
from transferapp.operations.imports import import_task
from transferapp.taskqueue.port import TaskQueue

_log = structlog.get_logger(__name__)

#: States of an item whose files may all be here while nobody said that it is queued.
_BEFORE_THE_QUEUE = (ItemState.QUEUED, ItemState.UPLOADING, ItemState.STALLED)


async def queue_leftovers(ledger: Ledger, queue: TaskQueue, *, thorough: bool = True) -> int:
    """Queue every received item that has no task; returns how many there were.

    ``thorough`` looks also at those of which it was said: there may be thousands in line.
    """
    states = (*_BEFORE_THE_QUEUE, ItemState.RECEIVED) if thorough else _BEFORE_THE_QUEUE
    queued = 0
    for item in await ledger.items_in(states, received=True):
        if await _queue(ledger, queue, item):
            queued += 1
            _log.info("received item queued after a crash", item=item.id)
    return queued


async def _queue(ledger: Ledger, queue: TaskQueue, item: TransferItem) -> bool:
    work = await ledger.work(item.id)
    return await queue.enqueue(import_task(item.transfer_id, item.id, work.transfer.owner))
