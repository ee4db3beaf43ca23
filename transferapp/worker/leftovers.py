"""Queue what a server that crashed had received and not queued any more."""

from __future__ import annotations

import structlog

from transferapp.ledger.port import Ledger
from transferapp.model.transfers import ItemState, TransferItem
from transferapp.operations.imports import import_task
from transferapp.taskqueue.port import TaskQueue

_log = structlog.get_logger(__name__)

#: States of an item whose files may all be here while its task was never queued.
_BEFORE_THE_QUEUE = (
    ItemState.QUEUED,
    ItemState.UPLOADING,
    ItemState.RECEIVED,
    ItemState.STALLED,
)


async def queue_leftovers(ledger: Ledger, queue: TaskQueue) -> int:
    """Queue every received item that has no task; returns how many there were."""
    queued = 0
    for item in await ledger.items_in(_BEFORE_THE_QUEUE):
        if item.received and await _queue(ledger, queue, item):
            queued += 1
            _log.info("received item queued after a crash", item=item.id)
    return queued


async def _queue(ledger: Ledger, queue: TaskQueue, item: TransferItem) -> bool:
    work = await ledger.work(item.id)
    return await queue.enqueue(import_task(item.transfer_id, item.id, work.transfer.owner))
