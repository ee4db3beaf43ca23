"""The task that makes one portion of a large image's conversion (docs/adr/0032).

What it has made is durable before it says so in the notes, and is not made again whatever
kills whom. The task of the item waits for all portions, and makes the rest.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

import structlog
from pydantic import BaseModel

from transferapp.errors import Cancelled, Internal, NoSuchFile
from transferapp.ledger.port import ItemChange, ItemMoves, ItemWork
from transferapp.model.moves import FINAL_STATES, PREPARE
from transferapp.model.transfers import ItemState
from transferapp.operations.exported_image import Forms, exported_image
from transferapp.operations.imports import REPOSITORY_RESOURCE
from transferapp.operations.item_reports import OUTAGE_POLICY, report_waiting
from transferapp.operations.portion_plan import (
    PortionPlan,
    count_made,
    is_made,
    note_made,
    plan_in,
)
from transferapp.operations.throttled_progress import throttled_progress
from transferapp.prepared.port import Begun, Prepared
from transferapp.repositories.port import Repository
from transferapp.taskqueue.port import (
    Context,
    NewTask,
    RetryPolicy,
    Task,
    TaskKind,
    WorkClass,
)

KIND = "convert-portion"
_log = structlog.get_logger(__name__)


class ConvertPortion(BaseModel):
    """Make a portion (counted from 0) of an item by a plan."""

    item_id: str
    plan_id: str
    number: int


def portion_task(work: ItemWork, plan: PortionPlan, number: int) -> NewTask:
    """Return the task of a portion; the id begins with the item's."""
    return NewTask(
        id=f"{work.item.id}.{plan.id}-{number}",
        kind=KIND,
        payload=ConvertPortion(item_id=work.item.id, plan_id=plan.id, number=number),
        target=REPOSITORY_RESOURCE,
        owner=work.transfer.owner,
        lane=WorkClass.CONVERSIONS,
    )


def convert_portion_kind(
    ledger: ItemMoves,
    prepared: Prepared,
    repository: Repository,
    forms: Forms,
    *,
    retry: RetryPolicy = OUTAGE_POLICY,
) -> TaskKind:
    """Return the kind of task that makes a portion; its payload is ConvertPortion.

    What is retryable is retried for days, and the item shows as waiting. Whatever else ends
    it ends the task of the item too, which tells of it.
    """
    handler = PortionConversion(ledger, prepared, repository, forms)
    return TaskKind(
        name=KIND,
        payload=ConvertPortion,
        handler=handler.run,
        retry=retry,
        on_waiting=handler.waiting,
        on_cancelled=handler.cancelled,
    )


class PortionConversion:
    """The handler of convert-portion and what is told about it."""

    def __init__(
        self, ledger: ItemMoves, prepared: Prepared, repository: Repository, forms: Forms
    ) -> None:
        """Read from ``repository``, write into ``prepared``, and tell ``ledger``."""
        self._ledger = ledger
        self._prepared = prepared
        self._repository = repository
        self._forms = forms

    async def run(self, context: Context, wanted: ConvertPortion) -> None:
        """Make the portion, unless it is made or nobody wants it any more."""
        if await self._is_over(wanted.item_id):
            await self._prepared.discard(wanted.item_id)
            return
        try:
            begun = await self._prepared.begun(wanted.item_id)
            plan = await asyncio.to_thread(plan_in, begun.notes)
            if plan is None or plan.id != wanted.plan_id or is_made(begun.notes, wanted.number):
                return
            await context.step("portion", self._make, context, wanted, begun, plan)
        except NoSuchFile:
            return
        except Cancelled:
            await self._prepared.discard(wanted.item_id)

    async def waiting(self, task: Task) -> None:
        """Show that the item waits for the repository."""
        await report_waiting(self._ledger, replace(task, id=_item_of(task)), PREPARE)

    async def cancelled(self, task: Task) -> None:
        """Take away what was written after the item was cancelled."""
        item_id = _item_of(task)
        if await self._is_over(item_id):
            await self._prepared.discard(item_id)

    async def _make(
        self, context: Context, wanted: ConvertPortion, begun: Begun, plan: PortionPlan
    ) -> int:
        work = await self._ledger.work(wanted.item_id)
        async with exported_image(self._repository, self._forms, work) as image:
            portions = image.form.portions(image.cut, plan.most_pixels)
            if portions is None or portions.count != plan.count:
                raise Internal("The image is not divided as it was. Export it again.")
            async with throttled_progress(
                partial(self._made, context, work, begun, plan)
            ) as made:
                files = await portions.write(wanted.number, begun.files, begun.notes, made)
        await asyncio.to_thread(note_made, begun.notes, wanted.number, files)
        _log.info("portion made", item=work.item.id, portion=wanted.number, files=len(files))
        return wanted.number

    async def _made(
        self, context: Context, work: ItemWork, begun: Begun, plan: PortionPlan, share: float
    ) -> None:
        await context.progress(share, "making a portion of the files")
        made = await asyncio.to_thread(count_made, begun.notes, plan)
        text = f"making the files: {made} of {plan.count} portions"
        change = ItemChange(ItemState.PREPARING, text)
        await self._ledger.move(work.item.id, PREPARE, change)

    async def _is_over(self, item_id: str) -> bool:
        return (await self._ledger.item(item_id)).state in FINAL_STATES


def _item_of(task: Task) -> str:
    return task.id.partition(".")[0]
