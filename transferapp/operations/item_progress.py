"""How a worker shows that an item of an import moves, and hears that it shall not."""

from __future__ import annotations

from transferapp.errors import Cancelled, StateConflict
from transferapp.ledger.port import ItemChange, ItemWork, Ledger
from transferapp.model.transfers import ItemState

#: States from which a received item goes on. The first two, because the worker may be
#: faster than the request that still writes "received".
GOES_ON = (
    ItemState.QUEUED,
    ItemState.UPLOADING,
    ItemState.RECEIVED,
    ItemState.IMPORTING,
    ItemState.WAITING,
    ItemState.STALLED,
)


async def begin(ledger: Ledger, work: ItemWork) -> None:
    """Return when an item may go on, or is done; raises Cancelled, StateConflict."""
    if work.item.state is ItemState.IMPORTED:
        return
    if work.item.state not in GOES_ON or not work.item.received:
        await refuse(ledger, work.item.id)


async def note(ledger: Ledger, item_id: str, words: str) -> bool:
    """Say what is done now; False when the item does not go on."""
    change = ItemChange(ItemState.IMPORTING, words)
    return await ledger.set_state(item_id, change, only_from=GOES_ON)


async def conclude(ledger: Ledger, item_id: str, change: ItemChange) -> None:
    """Note that all of an item is done; raises Cancelled, StateConflict."""
    if not await ledger.set_state(item_id, change, only_from=GOES_ON):
        await refuse(ledger, item_id)


async def refuse(ledger: Ledger, item_id: str) -> None:
    """Raise why an item does not go on: Cancelled, or StateConflict."""
    item = await ledger.item(item_id)
    if item.state is ItemState.CANCELLED:
        raise Cancelled
    raise StateConflict(f"This item cannot be imported: it is {item.state}.")
