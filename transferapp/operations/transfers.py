"""Cancel and retry: what a person may do to a transfer that is on its way."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from typing import Protocol

from transferapp.errors import StateConflict, TransferNotFound
from transferapp.ledger.port import ItemChange, ItemMoves, TransferLists
from transferapp.model.moves import CANCEL, IN_LINE_STATES, RETRY, can_cancel
from transferapp.model.retries import check_can_retry
from transferapp.model.transfers import (
    ItemState,
    Transfer,
    TransferDetails,
    TransferItem,
    TransferKind,
)
from transferapp.operations.bring_parts import bring_task, bring_task_id
from transferapp.operations.exports import export_item_task
from transferapp.operations.imports import going_on, item_task
from transferapp.prepared.port import Prepared
from transferapp.staging.port import Staging
from transferapp.taskqueue.moves import REDRIVE, RESUME
from transferapp.taskqueue.port import NewTask, TaskControl, TaskState


class _Records(TransferLists, ItemMoves, Protocol):
    """What of the ledger is used here."""


class TransferControl:
    """Stops and restarts transfers and their items, for their owner."""

    def __init__(
        self, ledger: _Records, queue: TaskControl, staging: Staging, prepared: Prepared
    ) -> None:
        self._prepared = prepared
        self._ledger = ledger
        self._queue = queue
        self._staging = staging

    async def cancel(
        self, owner: str, transfer_id: str, item_id: str | None = None
    ) -> TransferDetails:
        """Stop what has not ended; may be repeated. Raises TransferNotFound."""
        details = await self._ledger.details(transfer_id, owner=owner)
        items = _chosen(details, item_id)
        kind = details.transfer.kind
        cancelled = [item for item in items if await self._cancel(kind, item)]
        await self._forget_bytes(details, {item.id for item in cancelled})
        return await self._ledger.details(transfer_id, owner=owner, with_files=False)

    async def retry(
        self, owner: str, transfer_id: str, item_id: str | None = None
    ) -> TransferDetails:
        """Let failed items go on from where they failed; raises StateConflict for one
        item that did not.
        """
        details = await self._ledger.details(transfer_id, owner=owner, with_files=False)
        if item_id is not None:
            check_can_retry(details, item_id)
        for item in _chosen(details, item_id):
            if item.state in RETRY.start | IN_LINE_STATES:
                await self._retry(details, item)
        return await self._ledger.details(transfer_id, owner=owner, with_files=False)

    async def _cancel(self, kind: TransferKind, item: TransferItem) -> bool:
        """Cancel in the ledger first: from then on no byte is taken for this item."""
        if not (can_cancel(item.state) or item.state is ItemState.CANCELLED):
            return False
        if not await self._ledger.move(item.id, CANCEL, ItemChange(ItemState.CANCELLED)):
            now = await self._ledger.item(item.id)
            if now.state is not ItemState.CANCELLED:
                return False
        if kind is TransferKind.IMPORT and not item.received:
            # Not queued. A task that a seal adds just now finds the item cancelled.
            return True
        # It may never have been queued, or its task ended a moment ago.
        with suppress(TransferNotFound, StateConflict):
            await self._stop(kind, item.id)
        if kind is TransferKind.EXPORT:
            with suppress(TransferNotFound, StateConflict):
                await self._stop(kind, bring_task_id(item.id))
        return True

    async def _stop(self, kind: TransferKind, task_id: str) -> None:
        """Stop a task. One that ended in failure runs once more: it finds its item cancelled,
        and takes away, or tells, what its import left in the repository.
        """
        try:
            await self._queue.cancel(task_id)
        except StateConflict:
            if kind is TransferKind.IMPORT:
                await self._queue.redrive(task_id)

    async def _forget_bytes(self, details: TransferDetails, item_ids: set[str]) -> None:
        if details.transfer.kind is TransferKind.EXPORT:
            for item_id in item_ids:
                await self._prepared.discard(item_id)
            return
        for file in details.files:
            if file.item_id in item_ids:
                await self._staging.discard(file.id)

    async def _retry(self, details: TransferDetails, item: TransferItem) -> None:
        kind = details.transfer.kind
        if kind is TransferKind.IMPORT and not item.received:
            # The files are on the workstation: the agent goes on when it looks next.
            change = ItemChange(going_on(item, kind))
            await self._ledger.move(item.id, RETRY, change)
            return
        # The ledger before the queue: a worker cannot move an item that has ended.
        state = ItemState.RECEIVED
        if kind is TransferKind.EXPORT:
            state = ItemState.READY if item.file_count else ItemState.QUEUED
        await self._ledger.move(item.id, RETRY, ItemChange(state))
        if state is not ItemState.READY:
            await self._wake(_task(details, item))
        elif details.transfer.brought_to:
            await self._bring(details.transfer, item.id)

    async def _bring(self, transfer: Transfer, item_id: str) -> None:
        for number in count(1):
            task = bring_task(transfer, item_id, number)
            if await self._queue.enqueue(task):
                return
            # One that is done has brought what is gone now.
            if (await self._queue.get(task.id)).state is not TaskState.DONE:
                await self._wake(task)
                return

    async def _wake(self, task: NewTask) -> None:
        if await self._queue.enqueue(task):
            return
        state = (await self._queue.get(task.id)).state
        if state in REDRIVE.start:
            await self._queue.redrive(task.id)
        elif state in RESUME.start:
            await self._queue.resume(task.id)
        # Else it is on its way already.


def _task(details: TransferDetails, item: TransferItem) -> NewTask:
    if details.transfer.kind is TransferKind.IMPORT:
        return item_task(item, details.transfer.owner)
    return export_item_task(details.transfer, item)


def _chosen(details: TransferDetails, item_id: str | None) -> Sequence[TransferItem]:
    """Return the one item, or all; raises TransferNotFound."""
    if item_id is None:
        return details.items
    chosen = [item for item in details.items if item.id == item_id]
    if not chosen:
        raise TransferNotFound("This item of a transfer does not exist.")
    return chosen
