"""What every adapter of the ledger's port must do, as tests to inherit.

A subclass gives the fixtures ``ledger`` and ``clock`` (the clock of this ledger).
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from transferapp.errors import NoSuchFile, StateConflict, TransferNotFound
from transferapp.ledger.port import (
    ItemChange,
    Ledger,
    NewTransfer,
    PlannedItem,
    PlannedTransferFile,
)
from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.model.drops import Drop, SourceScan
from transferapp.model.events import EventKind
from transferapp.model.image_annotations import ImageAnnotations
from transferapp.model.images import Annotation, AnnotationKind
from transferapp.model.moves import CANCEL, GO_ON, IMPORT, PREPARE, REPORT_LEFT, RETRY
from transferapp.model.promises import Promises
from transferapp.model.transfers import (
    ItemProblem,
    ItemState,
    TransferDetails,
    TransferKind,
)
from transferapp.testing.moved_clock import MovedClock
from transferapp.testing.moves import PUT, PUT_ANYHOW
from transferapp.testing.restored_items import RESTORED

SHA1 = "a" * 40
PROBLEM = ItemProblem("vanished-file", "The file is gone", "Put it back.")


OWN = Annotation(AnnotationKind.TAG, value="own")


def an_import(
    *, key: str = "k", owner: str = "ada", items: int = 2, files: int = 2, size: int = 10
) -> NewTransfer:
    """Return a new import of small files."""
    return NewTransfer(
        kind=TransferKind.IMPORT,
        name="Cells 🔬",
        owner=owner,
        request_key=key,
        items=tuple(
            PlannedItem(
                f"item {i}",
                tuple(PlannedTransferFile(f"{i}/{j}.tif", size) for j in range(files)),
                annotations=(OWN,) if i else (),
                image_annotations=(ImageAnnotations("#2", (OWN,)),) if i else (),
                restored=RESTORED if i else None,
            )
            for i in range(items)
        ),
        target=ContainerRef(ContainerKind.DATASET, 5),
        target_name="Kidney",
        group_id=3,
        annotations=(Annotation(AnnotationKind.KEY_VALUE, "ns", "", (("stain", "DAPI"),)),),
    )


def an_export(*, key: str = "e") -> NewTransfer:
    """Return a new export whose files are not known yet."""
    items = (PlannedItem("image", (), (7,)),)
    return NewTransfer(TransferKind.EXPORT, "out", "ada", key, items)


async def seal_all(ledger: Ledger, details: TransferDetails) -> None:
    """Seal every file of a transfer."""
    for file in details.files:
        await ledger.file_sealed(file.id, SHA1)


class LedgerSuite:
    """Transfers, items, files, events."""

    async def test_what_is_added_is_found(self, ledger: Ledger) -> None:
        """Details, list and work all tell the same."""
        added = await ledger.add(an_import())
        transfer = added.transfer
        assert (transfer.item_count, transfer.file_count, transfer.size_bytes) == (2, 4, 40)
        assert transfer.state is ItemState.QUEUED
        assert transfer.promises == Promises(
            safe_to_log_off=False, safe_to_switch_off=False, safe_to_delete_source=False
        )
        assert await ledger.details(transfer.id) == added
        assert await ledger.details(transfer.id, owner="ada", with_files=False) == (
            TransferDetails(transfer, added.items)
        )
        assert await ledger.transfers("ada") == [transfer]
        work = await ledger.work(added.items[1].id)
        assert work.files == added.files[2:]
        assert (work.group_id, work.transfer) == (3, transfer)
        assert work.annotations[0].pairs == (("stain", "DAPI"),)
        assert [note.value for note in work.annotations] == ["", "own"]
        first = await ledger.work(added.items[0].id)
        assert first.annotations == work.annotations[:1]
        assert work.image_annotations == (ImageAnnotations("#2", (OWN,)),)
        assert first.image_annotations == ()
        assert (work.restored, first.restored) == (RESTORED, None)
        file_work = await ledger.file_work(added.files[0].id)
        assert file_work.file == added.files[0] == await ledger.file(added.files[0].id)
        assert (file_work.transfer_id, file_work.owner) == (transfer.id, "ada")
        assert await ledger.item(added.items[0].id) == added.items[0]

    async def test_the_same_request_finds_the_first(self, ledger: Ledger) -> None:
        """Also when it comes many times at once; another person's key is another one."""
        added = await asyncio.gather(*(ledger.add(an_import()) for _ in range(8)))
        assert len({one.transfer.id for one in added}) == 1
        assert added[0].files == added[-1].files
        assert len(await ledger.transfers("ada")) == 1
        other = await ledger.add(an_import(owner="bob"))
        assert other.transfer.id != added[0].transfer.id

    async def test_nobody_sees_another_persons_transfers(self, ledger: Ledger) -> None:
        """They are not there."""
        added = await ledger.add(an_import())
        assert await ledger.transfers("bob") == []
        with pytest.raises(TransferNotFound):
            await ledger.details(added.transfer.id, owner="bob")

    async def test_unknown_ids(self, ledger: Ledger) -> None:
        """Each raises its own error."""
        unknown = "0" * 32
        with pytest.raises(TransferNotFound):
            await ledger.details(unknown)
        with pytest.raises(TransferNotFound):
            await ledger.work(unknown)
        with pytest.raises(TransferNotFound):
            await ledger.item(unknown)
        with pytest.raises(TransferNotFound):
            await ledger.move(unknown, PUT, ItemChange(ItemState.FAILED))
        for scan in (ledger.file, ledger.file_work):
            with pytest.raises(NoSuchFile):
                await scan(unknown)
        with pytest.raises(NoSuchFile):
            await ledger.file_progress(unknown, 1)

    async def test_lists_are_paged_newest_first(self, ledger: Ledger) -> None:
        """No transfer is left out or comes twice."""
        ids = [(await ledger.add(an_import(key=f"k{n}"))).transfer.id for n in range(5)]
        await ledger.add(an_export())
        first = await ledger.transfers("ada", kind=TransferKind.IMPORT, limit=3)
        rest = await ledger.transfers("ada", kind=TransferKind.IMPORT, after=first[-1].id)
        assert [one.id for one in first + rest] == ids[::-1]

    async def test_progress_is_counted_up_to_the_transfer(self, ledger: Ledger) -> None:
        """Bytes can also go back, when an upload begins again."""
        added = await ledger.add(an_import())
        file = added.files[0]
        await ledger.file_progress(file.id, 8)
        await ledger.file_progress(file.id, 4)
        await ledger.file_progress(file.id, 4)
        details = await ledger.details(added.transfer.id)
        assert details.files[0].bytes_done == details.items[0].bytes_done == 4
        assert details.transfer.bytes_done == 4
        assert [item.state for item in details.items] == [
            ItemState.UPLOADING,
            ItemState.QUEUED,
        ]
        assert details.transfer.state is ItemState.UPLOADING
        await ledger.file_progress(file.id, 999)
        assert (await ledger.file(file.id)).bytes_done == 10

    async def test_the_last_seal_reports(self, ledger: Ledger) -> None:
        """Also when it is repeated, so that a crash after it can be healed."""
        added = await ledger.add(an_import())
        first, last = added.files[:2]
        assert not await ledger.file_sealed(first.id, SHA1)
        assert await ledger.file_sealed(last.id, SHA1)
        assert await ledger.file_sealed(first.id, SHA1)
        with pytest.raises(StateConflict):
            await ledger.file_sealed(first.id, "b" * 40)
        details = await ledger.details(added.transfer.id)
        assert details.items[0].received
        assert not details.items[1].received
        assert details.transfer.bytes_done == 20
        await ledger.file_progress(first.id, 0)
        assert (await ledger.file(first.id)).bytes_done == 10

    async def test_promises_come_one_after_the_other(
        self, ledger: Ledger, clock: MovedClock
    ) -> None:
        """Sealed: switch off. Imported and verified, all of them, and looked at: delete."""
        added = await ledger.add(replace(an_import(), drop=Drop()))
        one, two = added.items

        async def promises() -> tuple[bool, bool, bool]:
            found = (await ledger.details(added.transfer.id)).transfer.promises
            return (
                found.safe_to_log_off,
                found.safe_to_switch_off,
                found.safe_to_delete_source,
            )

        await ledger.file_sealed(added.files[0].id, SHA1)
        await ledger.file_sealed(added.files[1].id, SHA1)
        assert await promises() == (False, False, False)
        await seal_all(ledger, added)
        assert await promises() == (True, True, False)
        await ledger.move(one.id, PUT, ItemChange(ItemState.IMPORTED, verified=True))
        await ledger.move(two.id, PUT, ItemChange(ItemState.IMPORTED))
        assert await promises() == (True, True, False)
        await ledger.move(two.id, PUT_ANYHOW, ItemChange(ItemState.IMPORTED, verified=True))
        assert await promises() == (True, True, False)
        await ledger.source_scanned(added.transfer.id, SourceScan(clock.now(), files=4))
        assert await promises() == (True, True, True)

    async def test_an_item_that_failed_needs_no_workstation(self, ledger: Ledger) -> None:
        """But its source must stay."""
        added = await ledger.add(an_import(items=1))
        await ledger.move(added.items[0].id, PUT, ItemChange(ItemState.FAILED))
        found = (await ledger.details(added.transfer.id)).transfer.promises
        assert found.safe_to_switch_off
        assert not found.safe_to_delete_source

    async def test_moves_are_guarded(self, ledger: Ledger) -> None:
        """By where they start and where they end."""
        item = (await ledger.add(an_import())).items[0]
        importing = ItemChange(ItemState.IMPORTING)
        assert not await ledger.move(item.id, GO_ON, ItemChange(ItemState.QUEUED))
        assert not await ledger.move(item.id, PREPARE, ItemChange(ItemState.PREPARING))
        assert await ledger.move(item.id, IMPORT, importing)
        cancelled = ItemChange(ItemState.CANCELLED)
        assert await ledger.move(item.id, CANCEL, cancelled)
        assert not await ledger.move(item.id, IMPORT, importing)
        assert await ledger.move(item.id, REPORT_LEFT, cancelled)
        with pytest.raises(ValueError, match="does not end in importing"):
            await ledger.move(item.id, RETRY, importing)
        assert (await ledger.item(item.id)).state is ItemState.CANCELLED

    async def test_problem_shows_on_the_transfer_until_it_is_over(self, ledger: Ledger) -> None:
        """Another item's problem takes its place."""
        added = await ledger.add(an_import())
        one, two = added.items
        other = ItemProblem("empty-file", "The file is empty", "Save it again.")

        async def shown() -> str:
            problem = (await ledger.details(added.transfer.id)).transfer.trouble
            return problem.code if problem else ""

        await ledger.move(one.id, PUT, ItemChange(ItemState.NEEDS_ATTENTION, trouble=PROBLEM))
        await ledger.move(two.id, PUT, ItemChange(ItemState.NEEDS_ATTENTION, trouble=other))
        assert await shown() == "empty-file"
        assert (await ledger.details(added.transfer.id)).transfer.items_in_trouble == 2
        await ledger.move(two.id, PUT, ItemChange(ItemState.UPLOADING))
        assert await shown() == "vanished-file"
        await ledger.move(one.id, PUT, ItemChange(ItemState.UPLOADING))
        assert await shown() == ""

    async def test_problem_keeps_its_time(self, ledger: Ledger, clock: MovedClock) -> None:
        """The time of the next try is read back in UTC."""
        item = (await ledger.add(an_import())).items[0]
        at = clock.now() + timedelta(minutes=5)
        waits = ItemProblem("repository-unavailable", "Away", "It comes back.", True, at)  # noqa: FBT003
        await ledger.move(item.id, PUT, ItemChange(ItemState.WAITING, "later", waits))
        found = await ledger.item(item.id)
        assert (found.trouble, found.note) == (waits, "later")

    async def test_every_change_has_its_event(self, ledger: Ledger) -> None:
        """In order, with ids that grow; progress of bytes is told at most once a second."""
        added = await ledger.add(an_import(items=1, files=2))
        item = added.items[0]
        for done in range(1, 9):
            await ledger.file_progress(added.files[0].id, done)
        await ledger.move(item.id, PUT, ItemChange(ItemState.NEEDS_ATTENTION, trouble=PROBLEM))
        events = await ledger.events("ada", 0)
        assert [event.id for event in events] == sorted({event.id for event in events})
        assert [(event.kind, event.state) for event in events] == [
            (EventKind.TRANSFER_CHANGED, "queued"),
            (EventKind.ITEM_CHANGED, "uploading"),
            (EventKind.TRANSFER_CHANGED, "uploading"),
            (EventKind.ITEM_CHANGED, "needs-attention"),
            (EventKind.ITEM_PROBLEM, "needs-attention"),
            (EventKind.TRANSFER_CHANGED, "needs-attention"),
        ]
        problem = events[4]
        assert problem.title == PROBLEM.title
        assert PROBLEM.message in problem.message
        assert {event.transfer_id for event in events} == {added.transfer.id}
        assert await ledger.last_event_id() == events[-1].id
        assert await ledger.events("ada", events[-2].id) == events[-1:]
        assert await ledger.events("bob", 0) == []
        assert await ledger.events(None, 0, limit=2) == events[:2]

    async def test_an_event_of_a_person_is_no_transfers(self, ledger: Ledger) -> None:
        """It stands in line with the others, and another person does not hear it."""
        await ledger.add(an_import())
        before = await ledger.last_event_id()
        await ledger.publish("ada", EventKind.INBOX_CHANGED)
        (reported,) = await ledger.events("ada", before)
        assert (reported.kind, reported.owner) == (EventKind.INBOX_CHANGED, "ada")
        assert (reported.transfer_id, reported.item_id, reported.title) == ("", "", "")
        assert await ledger.events("bob", before) == []

    async def test_progress_is_reported_again_after_a_second(
        self, ledger: Ledger, clock: MovedClock
    ) -> None:
        """So that a watcher sees it move."""
        added = await ledger.add(an_import(items=1, files=1))
        await ledger.file_progress(added.files[0].id, 1)
        before = await ledger.last_event_id()
        await ledger.file_progress(added.files[0].id, 2)
        assert await ledger.last_event_id() == before
        clock.advance(seconds=1)
        await ledger.file_progress(added.files[0].id, 3)
        (reported,) = await ledger.events("ada", before)
        assert reported.kind is EventKind.TRANSFER_CHANGED

    async def test_the_end_is_reported_once(self, ledger: Ledger) -> None:
        """However many items end at the same time; and again only after a retry."""
        added = await ledger.add(an_import(items=12, files=1))
        failed, *others = added.items
        done = ItemChange(ItemState.IMPORTED, verified=True)

        async def ends() -> list[str]:
            events = await ledger.events("ada", 0)
            return [e.message for e in events if e.kind is EventKind.TRANSFER_ENDED]

        await asyncio.gather(*(ledger.move(item.id, PUT, done) for item in others))
        assert await ends() == []
        await ledger.move(failed.id, PUT, ItemChange(ItemState.FAILED, trouble=PROBLEM))
        assert await ends() == ["11 imported, 1 failed"]
        await ledger.move(failed.id, RETRY, ItemChange(ItemState.RECEIVED))
        await ledger.move(failed.id, PUT, done)
        assert await ends() == ["11 imported, 1 failed", "12 imported"]
        transfer = (await ledger.details(added.transfer.id)).transfer
        assert (transfer.state, transfer.items_done) == (ItemState.IMPORTED, 12)
        assert transfer.trouble is None

    async def test_counters_are_right_when_many_write(self, ledger: Ledger) -> None:
        """Parts of many files arrive and are sealed at the same time."""
        added = await ledger.add(an_import(items=4, files=5, size=100))

        async def upload(file_id: str) -> bool:
            for done in (20, 60, 100):
                await ledger.file_progress(file_id, done)
            return await ledger.file_sealed(file_id, SHA1)

        lasts = await asyncio.gather(*(upload(file.id) for file in added.files))
        assert sum(lasts) == 4
        details = await ledger.details(added.transfer.id)
        assert details.transfer.bytes_done == details.transfer.size_bytes == 2000
        assert all(item.bytes_done == 500 and item.received for item in details.items)
        assert details.transfer.promises.safe_to_switch_off

    async def test_an_export_resolves_once(self, ledger: Ledger) -> None:
        """Its files, hashes and repository ids are kept; delivered means all bytes."""
        item = (await ledger.add(an_export())).items[0]
        assert item.image_ids == (7,)
        files = [PlannedTransferFile("a/b.czi", 6, 41, SHA1), PlannedTransferFile("c", 4, 42)]
        await ledger.set_files(item.id, files)
        await ledger.set_files(item.id, files)
        work = await ledger.work(item.id)
        assert [file.client_path for file in work.files] == ["a/b.czi", "c"]
        assert work.repository_file_ids == (41, 42)
        assert (work.files[0].sha1, work.item.size_bytes) == (SHA1, 10)
        assert (await ledger.file_work(work.files[1].id)).repository_file_id == 42
        await ledger.move(item.id, PUT, ItemChange(ItemState.DELIVERED))
        transfer = (await ledger.details(work.transfer.id)).transfer
        assert (transfer.state, transfer.bytes_done) == (ItemState.DELIVERED, 10)
        assert transfer.promises.safe_to_switch_off
        assert not transfer.promises.safe_to_delete_source

    async def test_items_are_found_by_state(self, ledger: Ledger) -> None:
        """Everyone's, oldest first: what a worker looks for when it starts."""
        added = [await ledger.add(an_import(owner=owner)) for owner in ("ada", "bob")]
        wanted = [details.items[0].id for details in added]
        for item_id in reversed(wanted):
            await ledger.move(item_id, PUT, ItemChange(ItemState.IMPORTING))
        found = await ledger.items_in([ItemState.IMPORTING, ItemState.WAITING])
        assert [item.id for item in found] == wanted

    async def test_a_transfer_can_go_elsewhere(self, ledger: Ledger) -> None:
        """The next look of a worker finds the new target."""
        added = await ledger.add(an_import())
        there = ContainerRef(ContainerKind.DATASET, 6)
        await ledger.retarget(added.transfer.id, there, "Liver")
        work = await ledger.work(added.items[0].id)
        assert (work.transfer.target, work.transfer.target_name) == (there, "Liver")
