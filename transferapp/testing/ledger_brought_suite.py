"""What a record of things at places must do: fixtures ``ledger``, ``brought`` and ``clock``."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

import pytest

from transferapp.errors import QuotaExceeded
from transferapp.ledger.port import (
    BroughtItems,
    ItemChange,
    Ledger,
    NewTransfer,
    OldBroughtItems,
    PlannedItem,
)
from transferapp.model.brought import BroughtItem
from transferapp.model.events import EventKind
from transferapp.model.transfers import ItemState, TransferKind
from transferapp.testing.moved_clock import MovedClock
from transferapp.testing.moves import PUT


class Brought(BroughtItems, OldBroughtItems, Protocol):
    """Both ports of one record."""


async def an_item(ledger: Ledger, key: str = "e", size_bytes: int = 10) -> BroughtItem:
    """Add an export of one item to the place 'cluster'; returns where the item goes."""
    new = NewTransfer(
        kind=TransferKind.EXPORT,
        name="out",
        owner="ada",
        request_key=key,
        items=(PlannedItem("cells", (), (12,)),),
        brought_to="cluster:out",
    )
    details = await ledger.add(new)
    item, transfer = details.items[0], details.transfer
    return BroughtItem(item.id, transfer.id, "ada", "cluster", "out", f"12_{key}", size_bytes)


class LedgerBroughtSuite:
    """The behaviour of ``ledger.port.BroughtItems`` and ``OldBroughtItems``."""

    async def test_what_is_in_the_way_is_known_for_a_while(
        self, brought: Brought, clock: MovedClock
    ) -> None:
        assert await brought.hindrances() == {}
        for message in ("away", "away", "full"):
            await brought.note_hindrance("cluster", message)
        await brought.note_hindrance("lake", "away")
        assert await brought.hindrances() == {"cluster": "full", "lake": "away"}
        for _ in range(2):
            await brought.note_hindrance("cluster", "")
        assert await brought.hindrances() == {"lake": "away"}
        clock.advance(hours=2)
        assert await brought.hindrances() == {}

    async def test_a_spot_is_one_items(self, ledger: Ledger, brought: Brought) -> None:
        """Until it is removed; asked again, it is still that item's."""
        first, other = await an_item(ledger, "a"), await an_item(ledger, "b")
        taken = replace(other, inside=first.inside)
        for _ in range(2):
            assert await brought.reserve(first, 0)
        assert not await brought.reserve(taken, 0)
        assert await brought.reserve(replace(taken, owner="bob"), 0)
        await brought.removed([first.item_id, other.item_id])
        assert await brought.reserve(taken, 0)

    async def test_a_quota_is_kept_by_many_at_once(
        self, ledger: Ledger, brought: Brought
    ) -> None:
        """Ten times ten bytes, room for three."""
        items = [await an_item(ledger, str(number)) for number in range(10)]
        tried = await asyncio.gather(
            *(brought.reserve(item, 35) for item in items), return_exceptions=True
        )
        assert tried.count(True) == 3
        assert sum(isinstance(one, QuotaExceeded) for one in tried) == 7
        assert await brought.used_bytes("ada", "cluster") == 30
        assert await brought.used_bytes("bob", "cluster") == 0

    async def test_exports_of_one_name_get_folders_of_their_own(
        self, ledger: Ledger, brought: Brought
    ) -> None:
        await an_item(ledger)
        assert await brought.free_export("ada", "cluster", "out") == "out (2)"
        assert await brought.free_export("ada", "cluster", "OUT") == "OUT (2)"
        assert await brought.free_export("ada", "lake", "out") == "out"
        assert await brought.free_export("bob", "cluster", "out") == "out"

    async def test_people_are_notified_once(
        self, ledger: Ledger, brought: Brought, clock: MovedClock
    ) -> None:
        item = await an_item(ledger)
        assert await brought.reserve(item, 0)
        await brought.brought(item.item_id, "mark", clock.now() + timedelta(days=5))
        soon = clock.now() + timedelta(days=3)
        assert await brought.notify_expiry("cluster", soon) == 0
        clock.advance(hours=72)
        soon = clock.now() + timedelta(days=3)
        done = await asyncio.gather(*(brought.notify_expiry("cluster", soon) for _ in range(4)))
        assert sum(done) >= 1
        kinds = [event.kind for event in await ledger.events("ada", 0)]
        assert kinds.count(EventKind.ITEM_PROBLEM) == 1

    async def test_what_has_expired_is_listed_until_it_is_removed(
        self, ledger: Ledger, brought: Brought, clock: MovedClock
    ) -> None:
        item = await an_item(ledger)
        assert await brought.reserve(item, 0)
        await brought.brought(item.item_id, "mark", clock.now() + timedelta(days=1))
        assert await brought.expired("cluster", clock.now()) == []
        clock.advance(hours=25)
        [found] = await brought.expired("cluster", clock.now())
        assert (found.item_id, found.mark) == (item.item_id, "mark")
        assert await brought.expired("lake", clock.now()) == []
        assert await brought.exports_at("cluster") == [("ada", "out")]
        await brought.removed([item.item_id])
        assert await brought.expired("cluster", clock.now()) == []
        assert await brought.used_bytes("ada", "cluster") == 0

    async def test_a_transfer_whose_files_lie_there_is_not_forgotten(
        self, ledger: Ledger, brought: Brought, clock: MovedClock
    ) -> None:
        """Nobody would know what to remove."""
        item = await an_item(ledger)
        assert await brought.reserve(item, 0)
        await brought.brought(item.item_id, "mark", None)
        await ledger.move(item.item_id, PUT, ItemChange(ItemState.DELIVERED))
        clock.advance(hours=1)
        assert await ledger.forget_transfers(clock.now()) == 0
        assert await brought.export_gone("ada", "cluster", "out") == 1
        assert await ledger.forget_transfers(clock.now()) == 1
        assert await brought.brought_item(item.item_id) is None

    @pytest.mark.parametrize("state", [ItemState.CANCELLED, ItemState.DELIVERED])
    async def test_what_was_on_its_way_is_abandoned(
        self, ledger: Ledger, brought: Brought, state: ItemState
    ) -> None:
        item = await an_item(ledger)
        assert await brought.reserve(item, 0)
        assert await brought.abandoned() == []
        await ledger.move(item.item_id, PUT, ItemChange(state))
        assert [one.item_id for one in await brought.abandoned()] == [item.item_id]

    async def test_what_is_ready_is_to_be_brought(
        self, ledger: Ledger, brought: Brought
    ) -> None:
        item = await an_item(ledger)
        assert await brought.unbrought() == []
        await ledger.move(item.item_id, PUT, ItemChange(ItemState.READY))
        assert await brought.unbrought() == [item.item_id]
