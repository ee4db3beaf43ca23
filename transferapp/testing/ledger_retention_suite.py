"""What a ledger must forget and what it must keep, as tests to inherit.

A subclass gives the fixtures ``ledger`` and ``clock`` (the clock of this ledger).
"""

from __future__ import annotations

import pytest

from transferapp.errors import TransferNotFound
from transferapp.ledger.port import ItemChange, Ledger
from transferapp.model.transfers import ItemState, TransferDetails
from transferapp.testing.ledger_suite import PROBLEM, an_import, seal_all
from transferapp.testing.moved_clock import MovedClock
from transferapp.testing.moves import PUT

_FAR = 10**9


async def _end(ledger: Ledger, details: TransferDetails, state: ItemState) -> None:
    for item in details.items:
        await ledger.move(item.id, PUT, ItemChange(state, trouble=PROBLEM))


async def _ids(ledger: Ledger) -> list[int]:
    return [event.id for event in await ledger.events(None, 0, _FAR)]


class LedgerRetentionSuite:
    """Events, transfers, and what is asked of the rest."""

    async def test_old_events_are_forgotten(self, ledger: Ledger, clock: MovedClock) -> None:
        """Those from before, and none of those after."""
        assert await ledger.first_event_id() == 0
        await _end(ledger, await ledger.add(an_import(key="old")), ItemState.IMPORTED)
        old = await _ids(ledger)
        assert await ledger.first_event_id() == old[0]
        clock.advance(hours=24)
        await ledger.add(an_import(key="young"))
        young = (await _ids(ledger))[len(old) :]
        clock.advance(hours=1)
        border = clock.now()
        clock.advance(hours=1)
        await ledger.add(an_import(key="new"))
        new = (await _ids(ledger))[len(old) + len(young) :]
        assert await ledger.forget_events(border, _FAR) == len(old) + len(young)
        assert await _ids(ledger) == new
        assert await ledger.first_event_id() == new[0]
        assert await ledger.forget_events(border, _FAR) == 0

    async def test_events_that_nobody_was_reported_of_stay(
        self, ledger: Ledger, clock: MovedClock
    ) -> None:
        """However old they are."""
        await _end(ledger, await ledger.add(an_import(items=3)), ItemState.IMPORTED)
        ids = await _ids(ledger)
        clock.advance(hours=24)
        assert await ledger.forget_events(clock.now(), ids[2]) == 3
        assert await _ids(ledger) == ids[3:]
        assert await ledger.forget_events(clock.now(), 0) == 0

    async def test_the_newest_event_stays(self, ledger: Ledger, clock: MovedClock) -> None:
        """The ids go on from it, whatever is forgotten."""
        await ledger.add(an_import(key="one"))
        await ledger.add(an_import(key="two"))
        newest = await ledger.last_event_id()
        clock.advance(hours=24)
        assert await ledger.forget_events(clock.now(), _FAR) > 0
        assert await _ids(ledger) == [newest]
        await ledger.add(an_import(key="three"))
        assert (await _ids(ledger))[1] > newest

    @pytest.mark.parametrize("state", [ItemState.IMPORTED, ItemState.CANCELLED])
    async def test_a_transfer_that_is_over_is_forgotten(
        self, ledger: Ledger, clock: MovedClock, state: ItemState
    ) -> None:
        """With items and files; its request may then be made anew."""
        new = an_import()
        details = await ledger.add(new)
        await _end(ledger, details, state)
        border = clock.now()
        clock.advance(seconds=1)
        assert await ledger.forget_transfers(border) == 0
        assert await ledger.forget_transfers(clock.now()) == 1
        assert await ledger.transfers("ada") == []
        with pytest.raises(TransferNotFound):
            await ledger.item(details.items[0].id)
        again = await ledger.add(new)
        assert again.transfer.id != details.transfer.id
        assert len(again.files) == len(details.files)

    @pytest.mark.parametrize(
        "state", [ItemState.UPLOADING, ItemState.NEEDS_ATTENTION, ItemState.FAILED]
    )
    async def test_a_transfer_that_may_go_on_is_kept(
        self, ledger: Ledger, clock: MovedClock, state: ItemState
    ) -> None:
        """One such item is enough; a failed one may be retried."""
        details = await ledger.add(an_import(items=3))
        await _end(ledger, details, ItemState.CANCELLED)
        other = await ledger.add(an_import(key="other"))
        done, still = other.items
        await ledger.move(done.id, PUT, ItemChange(ItemState.IMPORTED))
        await ledger.move(still.id, PUT, ItemChange(state, trouble=PROBLEM))
        clock.advance(hours=24)
        assert await ledger.forget_transfers(clock.now()) == 1
        assert [one.id for one in await ledger.transfers("ada")] == [other.transfer.id]

    async def test_many_transfers(self, ledger: Ledger, clock: MovedClock) -> None:
        """All of them."""
        for number in range(5):
            details = await ledger.add(an_import(key=f"k{number}", items=1, files=1))
            await _end(ledger, details, ItemState.IMPORTED)
        clock.advance(seconds=1)
        assert await ledger.forget_transfers(clock.now()) == 5

    async def test_items_that_are_all_here(self, ledger: Ledger) -> None:
        """Only those whose every file is sealed."""
        whole = await ledger.add(an_import(key="whole", items=1))
        await seal_all(ledger, whole)
        part = await ledger.add(an_import(key="part", items=1))
        await ledger.file_sealed(part.files[0].id, "b" * 40)
        states = tuple(ItemState)
        found = await ledger.items_in(states, received=True)
        assert [item.id for item in found] == [whole.items[0].id]
        assert len(await ledger.items_in(states)) == 2
