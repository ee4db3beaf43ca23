"""What every ledger must keep for receipts.

A subclass gives the fixtures ``ledger`` and ``clock`` (the clock of this ledger).
"""

from __future__ import annotations

import pytest

import transferapp
from transferapp.errors import StateConflict, TransferNotFound
from transferapp.ledger.port import HeldFiles, ItemChange, Ledger, ReceiptFacts
from transferapp.model.moves import CANCEL
from transferapp.model.origins import Origin
from transferapp.model.transfers import ItemState
from transferapp.testing.ledger_suite import an_export, an_import, seal_all
from transferapp.testing.moved_clock import MovedClock
from transferapp.testing.moves import PUT

SCOPE = Origin("scope-3", ("/data/day 3", "/data/ä.tif"))


class LedgerReceiptSuite:
    """When, by what, from where, and what the repository calls it."""

    async def test_an_item_that_ended_well_says_when_and_by_which_version(
        self, ledger: Ledger, clock: MovedClock
    ) -> None:
        """Also when its transfer changes later; one that did not end well says nothing."""
        added = await ledger.add(an_import())
        await seal_all(ledger, added)
        done, cancelled = added.items
        at = clock.now()
        await ledger.move(done.id, PUT, ItemChange(ItemState.IMPORTED, verified=True))
        clock.advance(hours=1)
        await ledger.move(cancelled.id, CANCEL, ItemChange(ItemState.CANCELLED))
        found = (await ledger.details(added.transfer.id)).items
        assert [(i.done_at, i.done_by) for i in found] == [
            (at, transferapp.__version__),
            (None, ""),
        ]

    async def test_what_the_repository_calls_it(self, ledger: Ledger) -> None:
        """May be said again; a file of another item is not touched."""
        added = await ledger.add(an_import())
        first, second = added.items
        mine = [file.id for file in added.files if file.item_id == first.id]
        others = next(file.id for file in added.files if file.item_id == second.id)
        for number in (6, 7):
            held = HeldFiles(number, {mine[0]: 41, mine[1]: 42, others: 43})
            await ledger.keep_held(first.id, held)
        assert await ledger.receipt_facts(added.transfer.id) == ReceiptFacts(
            None, {mine[0]: 41, mine[1]: 42}
        )
        found = (await ledger.details(added.transfer.id)).items
        assert [item.fileset_id for item in found] == [7, None]
        await ledger.keep_held(second.id, HeldFiles(None, {}))
        with pytest.raises(TransferNotFound):
            await ledger.keep_held("0" * 32, HeldFiles(7, {}))

    async def test_where_the_files_lay_is_said_once(self, ledger: Ledger) -> None:
        """What is said later changes nothing."""
        added = await ledger.add(an_import())
        for origin in (SCOPE, Origin("other")):
            await ledger.keep_origin(added.transfer.id, origin)
        assert (await ledger.receipt_facts(added.transfer.id)).origin == SCOPE
        with pytest.raises(TransferNotFound):
            await ledger.keep_origin("0" * 32, SCOPE)
        export = await ledger.add(an_export())
        with pytest.raises(StateConflict):
            await ledger.keep_origin(export.transfer.id, SCOPE)
