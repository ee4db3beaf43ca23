"""What every ledger must do with files that are attached instead of imported."""

from __future__ import annotations

from dataclasses import replace

from transferapp.ledger.port import ItemChange, Ledger, PlannedItem, PlannedTransferFile
from transferapp.model.events import EventKind
from transferapp.model.transfers import ItemRole, ItemState, TransferDetails
from transferapp.testing.ledger_suite import an_import, seal_all
from transferapp.testing.moves import PUT

_DONE = ItemChange(ItemState.IMPORTED, verified=True)


async def with_notes(ledger: Ledger, *, items: int = 2) -> TransferDetails:
    """Add an import with three files to attach, everything sealed."""
    new = an_import(items=items, files=1)
    notes = tuple(PlannedTransferFile(f"notes/{n}.txt", 5) for n in range(3))
    attached = PlannedItem("Attachments", notes, role=ItemRole.ATTACHMENTS)
    added = await ledger.add(replace(new, items=(*new.items, attached)))
    await seal_all(ledger, added)
    return added


async def _ends(ledger: Ledger) -> list[str]:
    events = await ledger.events("ada", 0)
    return [e.message for e in events if e.kind is EventKind.TRANSFER_ENDED]


class LedgerAttachmentSuite:
    """An item of attachments is an item like others, told of by its files."""

    async def test_the_role_is_kept(self, ledger: Ledger) -> None:
        added = await with_notes(ledger)
        roles = [ItemRole.FILESET, ItemRole.FILESET, ItemRole.ATTACHMENTS]
        assert [item.role for item in added.items] == roles
        details = await ledger.details(added.transfer.id)
        assert [item.role for item in details.items] == roles
        assert (await ledger.work(added.items[2].id)).item.role is ItemRole.ATTACHMENTS
        assert (details.transfer.to_attach, details.transfer.attached) == (3, 0)

    async def test_attached_files_are_counted_and_reported(self, ledger: Ledger) -> None:
        added = await with_notes(ledger)
        for item in added.items[:2]:
            await ledger.move(item.id, PUT, _DONE)
        before = (await ledger.details(added.transfer.id)).transfer
        assert (before.attached, before.files_verified) == (0, 2)
        assert await _ends(ledger) == []
        await ledger.move(added.items[2].id, PUT, _DONE)
        after = (await ledger.details(added.transfer.id)).transfer
        assert (after.to_attach, after.attached, after.files_verified) == (3, 3, 5)
        assert (after.state, after.items_done) == (ItemState.IMPORTED, 3)
        assert await _ends(ledger) == ["2 imported, 3 files attached"]

    async def test_cancelled_attachments_are_reported(self, ledger: Ledger) -> None:
        added = await with_notes(ledger, items=1)
        await ledger.move(added.items[0].id, PUT, _DONE)
        await ledger.move(added.items[1].id, PUT, ItemChange(ItemState.CANCELLED))
        assert await _ends(ledger) == ["1 imported, 3 files not attached"]
        assert (await ledger.details(added.transfer.id)).transfer.attached == 0
