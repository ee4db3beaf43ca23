"""What bringing exports to places works with, and how its tasks are called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pydantic import BaseModel

from transferapp.host.clock import Clock
from transferapp.ledger.port import BroughtItems, ItemMoves
from transferapp.model.brought import BroughtTo
from transferapp.model.transfers import ItemState, Transfer
from transferapp.operations.places import OffersPlaces
from transferapp.places.port import FacilityPlace
from transferapp.places.settings import PlaceSettings
from transferapp.prepared.port import Prepared
from transferapp.repositories.port import Repository
from transferapp.taskqueue.port import Context, NewTask, TaskKind, TaskSubmission

KIND = "bring-export"
_SUFFIX = "-bring"

#: Opens a place by its name and settings.
OpensPlace = Callable[[str, PlaceSettings], FacilityPlace]


class BringExport(BaseModel):
    """Bring this item to the place of its transfer."""

    transfer_id: str
    item_id: str


@dataclass(frozen=True, slots=True)
class BringParts:
    """Whence, whither, and who is told."""

    ledger: ItemMoves
    brought: BroughtItems
    repository: Repository
    prepared: Prepared
    offered: OffersPlaces
    open_place: OpensPlace
    clock: Clock

    async def place_of(self, brought_to: str) -> tuple[FacilityPlace, PlaceSettings]:
        """Open the place that an export goes to; raises TargetNotFound, SettingsInvalid."""
        name = BroughtTo.parse(brought_to).place
        settings = (await self.offered()).place(name)
        return self.open_place(name, settings), settings


def place_resource(name: str) -> str:
    """Return what the tasks of a place are counted under."""
    return f"place:{name}"


def bring_task(transfer: Transfer, item_id: str, number: int = 1) -> NewTask:
    """Return the task that brings an item to the place of its transfer; the next ``number``
    where it was brought and is gone.
    """
    return NewTask(
        id=bring_task_id(item_id) + (f"-{number}" if number > 1 else ""),
        kind=KIND,
        payload=BringExport(transfer_id=transfer.id, item_id=item_id),
        target=place_resource(BroughtTo.parse(transfer.brought_to).place),
        owner=transfer.owner,
    )


def bring_task_id(item_id: str) -> str:
    """Return the id of the task that brings an item; the item's own prepares it."""
    return f"{item_id}{_SUFFIX}"


def item_of_task(task_id: str) -> str:
    """Return the item that a task brings."""
    return task_id.partition(_SUFFIX)[0]


def then_bring(kind: TaskKind, ledger: ItemMoves, queue: TaskSubmission) -> TaskKind:
    """Return a kind of task that prepares an item and then has it brought to its place.

    Its payload (with an ``item_id``) and what is retried are those of ``kind``. An item that
    is ready is not prepared again.
    """

    async def run(context: Context, wanted: BringExport) -> None:
        if (await ledger.item(wanted.item_id)).state is not ItemState.READY:
            await kind.handler(context, wanted)
        await bring_ready(ledger, queue, wanted.item_id)

    return replace(kind, handler=run)


async def bring_ready(ledger: ItemMoves, queue: TaskSubmission, item_id: str) -> bool:
    """Queue an item that is ready to be brought; False where nothing was to do."""
    work = await ledger.work(item_id)
    if not work.transfer.brought_to or work.item.state is not ItemState.READY:
        return False
    return await queue.enqueue(bring_task(work.transfer, item_id))
