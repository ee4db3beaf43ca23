"""What every ledger must keep of a drop: what was left out, and how the source looks now.

A subclass gives the fixtures ``ledger`` and ``clock`` (the clock of this ledger).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from transferapp.errors import StateConflict, TransferNotFound
from transferapp.ledger.port import ItemChange, Ledger
from transferapp.model.drops import Drop, LeftOut, LeftOutReason, SourceScan
from transferapp.model.events import EventKind
from transferapp.model.transfers import ItemState, Transfer, TransferDetails
from transferapp.testing.ledger_suite import an_export, an_import, seal_all
from transferapp.testing.moved_clock import MovedClock
from transferapp.testing.moves import PUT

CUT = LeftOut("day 3/cut.tif", LeftOutReason.REFUSED, "damaged-file", "'cut.tif' is cut off.")
NOTES = LeftOut("day 3/notes.txt", LeftOutReason.IGNORED)
IMPORTED = ItemChange(ItemState.IMPORTED, verified=True)


def a_drop(*left_out: LeftOut) -> Drop:
    """Return what was dropped."""
    missed = sum(one.file_count for one in left_out if one.reason.counts)
    return Drop(("day 3",), left_out, missed, len(left_out) - missed)


async def imported(ledger: Ledger, drop: Drop | None) -> TransferDetails:
    """Add an import and bring it all into the repository."""
    added = await ledger.add(replace(an_import(), drop=drop))
    await seal_all(ledger, added)
    for item in added.items:
        await ledger.move(item.id, PUT, IMPORTED)
    return await ledger.details(added.transfer.id)


class LedgerDropSuite:
    """Promises about the source, from facts of both sides."""

    async def test_what_was_left_out_is_kept_by_name(self, ledger: Ledger) -> None:
        """In the details, counted in the list, and said at the end."""
        details = await imported(ledger, a_drop(CUT, NOTES))
        assert details.left_out == (CUT, NOTES)
        (listed,) = await ledger.transfers("ada")
        assert (listed.left_out_files, listed.left_out_names) == (1, ("day 3/cut.tif",))
        ended = [e for e in await ledger.events("ada", 0) if e.kind is EventKind.TRANSFER_ENDED]
        assert ended[0].message == (
            "2 imported. 1 file was left out and not imported: 'day 3/cut.tif'."
        )

    @pytest.mark.parametrize(
        ("drop", "source"),
        [
            (a_drop(), True),
            (a_drop(NOTES), True),
            (a_drop(CUT), False),
            (a_drop(replace(CUT, reason=LeftOutReason.NOT_CHOSEN)), False),
            (a_drop(replace(CUT, reason=LeftOutReason.HELD)), True),
            (None, False),
        ],
        ids=["all of it", "ignored by name", "refused", "not ticked", "held", "nobody said"],
    )
    async def test_only_a_whole_drop_may_be_deleted(
        self,
        ledger: Ledger,
        clock: MovedClock,
        drop: Drop | None,
        source: bool,  # noqa: FBT001 - a parameter of the test
    ) -> None:
        """And nothing before the workstation has looked at it again."""
        transfer = (await imported(ledger, drop)).transfer
        assert transfer.files_verified == 4
        assert _deletable(transfer) == (False, False)
        scan = SourceScan(clock.now(), files=4)
        assert _deletable(await ledger.source_scanned(transfer.id, scan)) == (source, True)
        assert (await ledger.details(transfer.id)).transfer.look == scan

    @pytest.mark.parametrize(
        ("field", "number", "deletable"),
        [
            ("changed", 1, (False, False)),
            ("comparing", 1, (False, False)),
            ("unreadable", 1, (False, False)),
            ("away", 1, (False, False)),
            ("added", 1, (False, True)),
            ("held_changed", 1, (False, True)),
            ("files", 3, (False, False)),
        ],
    )
    async def test_a_source_that_scans_other_now_takes_promises_back(
        self,
        ledger: Ledger,
        clock: MovedClock,
        field: str,
        number: int,
        deletable: tuple[bool, bool],
    ) -> None:
        """Each change is told, the same look again is not."""
        transfer = (await imported(ledger, a_drop())).transfer
        fine = SourceScan(clock.now(), files=4)
        await ledger.source_scanned(transfer.id, fine)
        last = await ledger.last_event_id()
        await ledger.source_scanned(transfer.id, fine)
        assert await ledger.last_event_id() == last
        values: Any = {field: number}
        other = replace(fine, **values)
        assert _deletable(await ledger.source_scanned(transfer.id, other)) == deletable
        assert await ledger.last_event_id() == last + 1

    async def test_a_part_that_was_cancelled_is_reported(self, ledger: Ledger) -> None:
        """A transfer with cancelled items is not called imported."""
        added = await ledger.add(replace(an_import(), drop=a_drop()))
        await seal_all(ledger, added)
        await ledger.move(added.items[0].id, PUT, IMPORTED)
        await ledger.move(added.items[1].id, PUT, ItemChange(ItemState.CANCELLED))
        transfer = (await ledger.details(added.transfer.id)).transfer
        assert transfer.state is ItemState.CANCELLED
        assert (transfer.items_done, transfer.item_count) == (1, 2)
        assert transfer.files_verified == 2
        (ended,) = [
            e for e in await ledger.events("ada", 0) if e.kind is EventKind.TRANSFER_ENDED
        ]
        assert (ended.state, ended.message) == (ItemState.CANCELLED, "1 imported, 1 cancelled")

    async def test_only_an_import_has_a_source(self, ledger: Ledger, clock: MovedClock) -> None:
        """Others are refused."""
        scan = SourceScan(clock.now())
        with pytest.raises(StateConflict):
            await ledger.source_scanned((await ledger.add(an_export())).transfer.id, scan)
        with pytest.raises(TransferNotFound):
            await ledger.source_scanned("unknown", scan)


def _deletable(transfer: Transfer) -> tuple[bool, bool]:
    promises = transfer.promises
    return promises.safe_to_delete_source, promises.safe_to_delete_imported
