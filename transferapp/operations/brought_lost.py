"""Look once more at what an export has brought to a place, before its last item is told of.

What a person has deleted or changed there meanwhile has not come.
"""

from __future__ import annotations

from contextlib import suppress

import structlog

from transferapp.errors import NoSuchFile, VanishedFile
from transferapp.ledger.port import ItemChange, ItemWork
from transferapp.model.brought import BroughtItem
from transferapp.model.moves import LOSE
from transferapp.model.transfers import ItemProblem, ItemState, Transfer
from transferapp.operations.bring_parts import BringParts
from transferapp.operations.brought_spots import brought_files, spot_of
from transferapp.places.port import FacilityPlace

_log = structlog.get_logger(__name__)

_ONCE_MORE = "Press Retry to bring it again; what is there stays as it is."
_ANEW = "It was made for this export and is kept nowhere else: export the image again."


def is_last(transfer: Transfer) -> bool:
    """Say whether at most one of its items is still to come."""
    return transfer.items_done + transfer.items_in_trouble >= transfer.item_count - 1


async def set_lost_aside(parts: BringParts, transfer: Transfer) -> int:
    """Ask the person of an export about the delivered items that are not there any more;
    returns how many. May be repeated; raises what places raise.
    """
    place, _ = await parts.place_of(transfer.brought_to)
    # A place that is away has lost nothing.
    await place.check()
    lost = 0
    for item in await parts.brought.brought_of(transfer.id):
        work = await parts.ledger.work(item.item_id)
        delivered = work.item.state is ItemState.DELIVERED
        if (
            delivered
            and not _has_expired(parts, item)
            and not await _is_there(place, item, work)
        ):
            lost += await _lose(parts, item, work)
    return lost


def _has_expired(parts: BringParts, item: BroughtItem) -> bool:
    return item.expires_at is not None and item.expires_at <= parts.clock.now()


async def _is_there(place: FacilityPlace, item: BroughtItem, work: ItemWork) -> bool:
    spot = spot_of(item)
    # Asked first: publishing makes the folders that the spot is in.
    if item.removed_at is None and not await place.is_free(spot):
        with suppress(NoSuchFile):
            return await place.publish(spot, brought_files(work)) == item.mark
    return False


async def _lose(parts: BringParts, item: BroughtItem, work: ItemWork) -> bool:
    path = f"{item.place}:{item.export}/{item.inside}"
    sentence = (
        f"'{work.item.name}' was brought to {path}, and is gone from there or was changed."
        f" {_ANEW if work.export.form.converts else _ONCE_MORE}"
    )
    problem = ItemProblem(VanishedFile.code, VanishedFile.title, sentence, retryable=False)
    change = ItemChange(ItemState.NEEDS_ATTENTION, trouble=problem)
    moved = await parts.ledger.move(item.item_id, LOSE, change)
    if moved:
        await parts.brought.removed([item.item_id])
        _log.info("brought item lost", item=item.item_id, target=item.place)
    return moved
