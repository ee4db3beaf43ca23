"""What a ledger does when a file is another one than the one that was sent, to inherit.

A subclass gives the fixture ``ledger``.
"""

from __future__ import annotations

import pytest

from transferapp.errors import NoSuchFile
from transferapp.ledger.port import ItemChange, Ledger
from transferapp.model.transfers import ItemState
from transferapp.testing.ledger_suite import PROBLEM, SHA1, an_export, an_import, seal_all
from transferapp.testing.moves import PUT_ANYHOW


class LedgerChangedFileSuite:
    """Sent anew, counted anew."""

    @pytest.mark.parametrize("state", [ItemState.FAILED, ItemState.NEEDS_ATTENTION])
    async def test_what_failed_waits_for_its_file_again(
        self, ledger: Ledger, state: ItemState
    ) -> None:
        """The other files stay as they are."""
        added = await ledger.add(an_import(items=1))
        await seal_all(ledger, added)
        [item], [file, other] = added.items, added.files
        await ledger.move(item.id, PUT_ANYHOW, ItemChange(state, trouble=PROBLEM))
        assert await ledger.send_file_anew(file.id, 25)
        details = await ledger.details(added.transfer.id)
        [now] = details.items
        assert (now.state, now.trouble, now.received) == (ItemState.UPLOADING, None, False)
        assert (now.size_bytes, now.bytes_done) == (35, 10)
        assert (details.transfer.size_bytes, details.transfer.bytes_done) == (35, 10)
        assert details.transfer.trouble is None
        assert not details.transfer.promises.safe_to_switch_off
        assert [f.sealed for f in details.files] == [False, True]
        # Sent again, with another checksum, it is complete.
        assert await ledger.file_sealed(file.id, "b" * 40)
        assert (await ledger.item(item.id)).received
        assert (await ledger.file(other.id)).sha1 == SHA1

    async def test_it_may_be_asked_twice(self, ledger: Ledger) -> None:
        """Its answer may be lost."""
        added = await ledger.add(an_import(items=1, files=1))
        await ledger.file_progress(added.files[0].id, 4)
        for size in (30, 20):
            assert await ledger.send_file_anew(added.files[0].id, size)
            item = await ledger.item(added.items[0].id)
            assert (item.state, item.size_bytes, item.bytes_done) == (
                ItemState.QUEUED, size, 0,
            )  # fmt: skip

    async def test_what_is_used_stays(self, ledger: Ledger) -> None:
        """A worker may have begun, and what has ended has ended."""
        added = await ledger.add(an_import(items=1, files=1))
        [item], [file] = added.items, added.files
        await ledger.file_sealed(file.id, SHA1)
        for state in set(ItemState) - {ItemState.FAILED, ItemState.NEEDS_ATTENTION}:
            await ledger.move(item.id, PUT_ANYHOW, ItemChange(state))
            assert not await ledger.send_file_anew(file.id, 7), state
        assert (await ledger.file(file.id)).sha1 == SHA1

    async def test_an_export_sends_nothing(self, ledger: Ledger) -> None:
        """Nor does a file that nobody knows."""
        added = await ledger.add(an_export())
        from_repository = await ledger.details(added.transfer.id)
        assert from_repository.files == ()
        with pytest.raises(NoSuchFile):
            await ledger.send_file_anew("0" * 32, 1)
