"""How a worker shows that an item of an import moves, and hears that it shall not."""

from __future__ import annotations

from transferapp.errors import Cancelled, StateConflict
from transferapp.ledger.port import ItemChange, ItemMoves, ItemWork
from transferapp.model.moves import IMPORT
from transferapp.model.transfers import ItemState


async def begin(ledger: ItemMoves, work: ItemWork) -> None:
    """Return when an item may go on, or is done; raises Cancelled, StateConflict."""
    if work.item.state is ItemState.IMPORTED:
        return
    if work.item.state not in IMPORT.start or not work.item.received:
        await refuse(ledger, work.item.id)


async def note(ledger: ItemMoves, item_id: str, text: str) -> bool:
    """Say what is done now; False when the item does not go on."""
    change = ItemChange(ItemState.IMPORTING, text)
    return await ledger.move(item_id, IMPORT, change)


async def conclude(ledger: ItemMoves, item_id: str, change: ItemChange) -> None:
    """Note that all of an item is done; raises Cancelled, StateConflict."""
    if not await ledger.move(item_id, IMPORT, change):
        await refuse(ledger, item_id)


async def refuse(ledger: ItemMoves, item_id: str) -> None:
    """Raise why an item does not go on: Cancelled, or StateConflict."""
    item = await ledger.item(item_id)
    if item.state is ItemState.CANCELLED:
        raise Cancelled
    raise StateConflict(f"This item cannot be imported: it is {item.state}.")
