"""attach-files with the real ledger, staging and repository; the queue is in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.import_bench import Bench, working_bench
from tests.support.import_house import OWNER
from transferapp.errors import (
    ChecksumMismatch,
    NoSuchFile,
    PermissionDenied,
    RepositoryUnavailable,
    TargetNotFound,
)
from transferapp.host.clock import SystemClock
from transferapp.ledger.port import ItemChange
from transferapp.model.attachments import Attachment
from transferapp.model.transfers import ItemRole, ItemState, TransferDetails
from transferapp.operations.transfers import TransferControl
from transferapp.repositories.local.repository import LocalRepository
from transferapp.taskqueue.port import TaskState
from transferapp.testing.moves import PUT, PUT_ANYHOW
from transferapp.testing.queue_journal import reach


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """Return a bench with a worker."""
    async with working_bench(tmp_path) as bench:
        yield bench


@pytest.fixture
def notes(tmp_path: Path) -> list[Path]:
    """Three files to attach."""
    made = [tmp_path / "in" / f"note {n}.txt" for n in range(3)]
    made[0].parent.mkdir()
    for number, path in enumerate(made):
        path.write_text(f"note {number} " * 1000, encoding="utf-8")
    return made


async def sent(bench: Bench, notes: list[Path]) -> TransferDetails:
    return await bench.add_import(notes, role=ItemRole.ATTACHMENTS)


async def attached(bench: Bench) -> list[Attachment]:
    assert bench.target is not None
    async with bench.repository.session(OWNER) as session:
        return await session.attachments.of(bench.target.ref)


async def test_attaches_and_promises(bench: Bench, notes: list[Path]) -> None:
    details = await sent(bench, notes)
    task = await bench.finish(details)
    assert task.bytes_done == sum(path.stat().st_size for path in notes)
    now = await bench.ledger.details(details.transfer.id)
    item = now.items[0]
    assert (item.state, item.verified, item.trouble) == (ItemState.IMPORTED, True, None)
    assert item.note == "attached to 'Monday'"
    assert (now.transfer.attached, now.transfer.files_verified) == (3, 3)
    found = await attached(bench)
    assert [one.client_path for one in found] == [path.name for path in notes]
    assert [one.sha1 for one in found] == [file.sha1 for file in now.files]
    for file in details.files:
        with pytest.raises(NoSuchFile):
            await bench.staging.path(file.id)
    said = [event.message for event in await bench.ledger.events(OWNER, 0)]
    assert "attaching file 2 of 3: note 1.txt" in said


async def test_outage_waits_and_attaches_no_second_copy(
    bench: Bench, notes: list[Path]
) -> None:
    async def fails_later() -> None:
        if bench.calls["attach"] == 2:
            bench.faults["attach"] = [RepositoryUnavailable("down for maintenance")]

    bench.after["attach"] = fails_later
    details = await sent(bench, notes)
    await bench.finish(details)
    assert (await bench.item(details)).verified
    assert len(await attached(bench)) == 3
    assert bench.calls["attach"] == 4, "what was done is not done again"


async def test_a_worker_killed_before_its_checkpoint_attaches_no_second_copy(
    bench: Bench, notes: list[Path]
) -> None:
    details = await sent(bench, notes)
    bench.faults["get"] = [RepositoryUnavailable("gone")]
    await bench.finish(details)
    first = await attached(bench)
    # All checkpoints are lost; ledger and repository are as they were.
    bench.queue.entries.clear()
    await bench.ledger.move(details.items[0].id, PUT_ANYHOW, ItemChange(ItemState.IMPORTING))
    for file, path in zip(details.files, notes, strict=True):
        await bench.restage(file.id, path.read_bytes())
    await bench.finish(details)
    assert await attached(bench) == first
    assert (await bench.item(details)).verified


async def test_damaged_copies_are_sent_again_then_a_person_is_asked(
    bench: Bench, notes: list[Path]
) -> None:
    bench.faults["attach"] = [ChecksumMismatch("Other bytes.")]
    details = await sent(bench, notes[:1])
    await bench.finish(details)
    assert (await bench.item(details)).verified
    bench.faults["attach"] = [ChecksumMismatch("Other bytes.") for _ in range(9)]
    other = await sent(bench, notes[1:])
    task = await bench.finish(other, TaskState.DEAD)
    item = await bench.item(other)
    assert (task.error_code, item.state) == ("corrupt", ItemState.NEEDS_ATTENTION)
    assert item.trouble is not None
    assert "press Retry. Other bytes." in item.trouble.message
    assert not item.verified


@pytest.mark.parametrize(
    "error", [PermissionDenied("You may not attach files to 'Monday'."), TargetNotFound()]
)
async def test_what_a_person_must_put_right_is_told_and_retried(
    bench: Bench, notes: list[Path], error: Exception
) -> None:
    bench.faults["attach"] = [error]
    details = await sent(bench, notes)
    await bench.finish(details, TaskState.DEAD)
    item = await bench.item(details)
    assert item.state is ItemState.NEEDS_ATTENTION
    assert item.trouble is not None
    assert str(error) in item.trouble.message
    transfer = (await bench.ledger.details(details.transfer.id)).transfer
    assert (transfer.attached, transfer.promises.safe_to_delete_source) == (0, False)
    control = TransferControl(bench.ledger, bench.queue, bench.staging)
    await control.retry(OWNER, details.transfer.id)
    await reach(bench.queue, item.id, TaskState.DONE)
    assert (await bench.item(details)).verified
    assert len(await attached(bench)) == 3


async def test_cancelled_in_the_middle_says_what_stays(bench: Bench, notes: list[Path]) -> None:
    details = await sent(bench, notes)

    async def cancel() -> None:
        if bench.calls["attach"] == 2:
            change = ItemChange(ItemState.CANCELLED)
            await bench.ledger.move(details.items[0].id, PUT, change)

    bench.after["attach"] = cancel
    await bench.finish(details)
    item = await bench.item(details)
    assert (item.state, item.verified) == (ItemState.CANCELLED, False)
    assert item.note == (
        "2 of 3 files were attached to 'Monday' before you cancelled. They stay there; delete"
        " there what you do not want."
    )
    assert len(await attached(bench)) == 2
    for file in details.files:
        with pytest.raises(NoSuchFile):
            await bench.staging.path(file.id)


async def test_what_is_deleted_meanwhile_is_attached_again(
    bench: Bench, notes: list[Path]
) -> None:
    """The last step asks the repository: a checkpoint alone promises nothing."""
    details = await sent(bench, notes)

    async def spoil() -> None:
        if bench.calls["attach"] == 3:
            for path in (bench.folder / "repository" / "originals").rglob("*"):
                if path.is_file():
                    path.unlink()

    bench.after["attach"] = spoil
    await bench.finish(details)
    assert (await bench.item(details)).verified
    found = await attached(bench)
    plain = LocalRepository(bench.folder / "repository", SystemClock())
    async with plain.session(OWNER) as session:
        held = [
            b"".join([piece async for piece in session.attachments.read(one.id)])
            for one in found
        ]
    await plain.close()
    assert held == [path.read_bytes() for path in notes]


async def test_item_without_its_bytes_is_refused(bench: Bench, notes: list[Path]) -> None:
    details = await bench.add_import(notes, role=ItemRole.ATTACHMENTS, seal=False)
    task = await bench.finish(details, TaskState.DEAD)
    assert task.error_code == "state-conflict"
    assert bench.calls["attach"] == 0
