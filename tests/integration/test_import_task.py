"""import-fileset with the real ledger, staging and repository; the queue is in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.import_bench import Bench, cells, working_bench
from tests.support.import_house import OWNER
from transferapp.errors import (
    ChecksumMismatch,
    NoSuchFile,
    RepositoryUnavailable,
    TargetNotFound,
    UnreadableFile,
    UploadLost,
)
from transferapp.ledger.port import ItemChange
from transferapp.model.moves import RETRY
from transferapp.model.transfers import ItemState, TransferItem
from transferapp.taskqueue.port import TaskState
from transferapp.testing.moves import PUT
from transferapp.testing.queue_journal import reach


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """Return a bench with a worker."""
    async with working_bench(tmp_path) as bench:
        yield bench


async def test_imports_and_promises(bench: Bench) -> None:
    details = await bench.add_import([cells()])
    await bench.finish(details)
    now = await bench.ledger.details(details.transfer.id)
    item = now.items[0]
    assert (item.state, item.verified, item.trouble) == (ItemState.IMPORTED, True, None)
    assert (now.transfer.files_verified, now.transfer.look) == (1, None)
    assert list(item.image_ids) == await bench.filesets(details)
    async with bench.repository.session(OWNER) as session:
        files = await session.images.files(item.image_ids)
        content = b"".join([piece async for piece in session.images.read(files[0].id)])
    assert content == cells().read_bytes()
    with pytest.raises(NoSuchFile):
        await bench.staging.path(details.files[0].id)


async def test_notes_say_in_words_how_far_it_is(bench: Bench) -> None:
    details = await bench.add_import([cells()])
    await bench.finish(details)
    notes: list[str] = []
    for event in await bench.ledger.events(OWNER, 0):
        if event.state == ItemState.IMPORTING and event.message not in notes:
            notes.append(event.message)
    assert [note.partition(":")[0] for note in notes if note.startswith("step")] == [
        f"step {number} of 5" for number in range(1, 6)
    ]


async def test_a_retry_after_a_file_was_refused_stores_it_again(bench: Bench) -> None:
    """What was refused is taken away at once, and a reader may have had a bad moment."""
    bench.faults["register"] = [UnreadableFile("Bio-Formats broke down.")]
    details = await bench.add_import([cells()])
    await bench.finish(details, TaskState.DEAD)
    assert not await bench.reserved(details)
    item = await bench.item(details)
    assert item.state is ItemState.FAILED
    received = ItemChange(ItemState.RECEIVED)
    assert await bench.ledger.move(item.id, RETRY, received)
    await bench.queue.redrive(item.id)
    await reach(bench.queue, item.id, TaskState.DONE)
    assert (await bench.item(details)).state is ItemState.IMPORTED
    assert len(await bench.filesets(details)) == 1


async def test_repository_outage_waits_and_goes_on(bench: Bench) -> None:
    bench.faults["store"] = [RepositoryUnavailable("down for maintenance")]
    seen: list[TransferItem] = []

    async def look() -> None:
        seen.append(await bench.item(details))

    details = await bench.add_import([cells()])
    task = asyncio.create_task(bench.finish(details))
    while not seen or seen[-1].state is not ItemState.WAITING:
        await look()
        await asyncio.sleep(0)
    problem = seen[-1].trouble
    assert problem is not None
    assert (problem.code, problem.retryable) == ("repository-unavailable", True)
    assert problem.retry_at is not None
    await task
    item = await bench.item(details)
    assert (item.state, item.trouble) == (ItemState.IMPORTED, None)
    assert (bench.calls["reserve"], bench.calls["store"]) == (1, 2)


async def test_damaged_copy_is_brought_in_again(bench: Bench) -> None:
    bench.faults["verify"] = [ChecksumMismatch()]
    details = await bench.add_import([cells()])
    await bench.finish(details)
    assert (await bench.item(details)).verified
    assert (bench.calls["store"], bench.calls["discard"]) == (2, 1)


async def test_copies_that_are_always_damaged_ask_a_person(bench: Bench) -> None:
    bench.faults["verify"] = [ChecksumMismatch("OMERO holds other bytes.") for _ in range(9)]
    details = await bench.add_import([cells()])
    task = await bench.finish(details, TaskState.DEAD)
    item = await bench.item(details)
    assert (task.error_code, item.state) == ("corrupt", ItemState.NEEDS_ATTENTION)
    assert item.trouble is not None
    assert "press Retry. OMERO holds other bytes." in item.trouble.message
    assert bench.calls["store"] == 4
    async with bench.repository.session(OWNER) as session:
        assert await session.imports.find(item.id) is None


@pytest.mark.parametrize("step", ["verify", "register"])
async def test_forgotten_upload_is_brought_in_again(bench: Bench, step: str) -> None:
    bench.faults[step] = [UploadLost()]
    details = await bench.add_import([cells()])
    await bench.finish(details)
    assert (await bench.item(details)).verified
    assert (bench.calls["store"], bench.calls["discard"]) == (2, 1)
    assert len(await bench.filesets(details)) == 1


async def test_unsupported_file_fails_and_leaves_nothing(bench: Bench, tmp_path: Path) -> None:
    odd = tmp_path / "notes.xyz"
    odd.write_bytes(b"this is no image" * 100)
    details = await bench.add_import([odd])
    task = await bench.finish(details, TaskState.DEAD)
    item = await bench.item(details)
    assert task.error_code == "unsupported-file"
    assert item.state is ItemState.FAILED
    assert item.trouble is not None
    assert item.trouble.code == "unsupported-file"
    assert not await bench.reserved(details)
    # The bytes stay, so that Retry needs no second upload.
    assert (await bench.staging.path(details.files[0].id)).exists()


async def test_missing_target_asks_a_person_who_retries(bench: Bench) -> None:
    bench.faults["reserve"] = [TargetNotFound()]
    details = await bench.add_import([cells()])
    await bench.finish(details, TaskState.DEAD)
    item = await bench.item(details)
    assert item.state is ItemState.NEEDS_ATTENTION
    assert item.trouble is not None
    assert "Retry" in item.trouble.message
    await bench.ledger.move(item.id, PUT, ItemChange(ItemState.RECEIVED))
    await bench.queue.redrive(item.id)
    await reach(bench.queue, item.id, TaskState.DONE)
    assert (await bench.item(details)).verified


async def test_crash_after_registering_makes_no_second_fileset(bench: Bench) -> None:
    details = await bench.add_import([cells()])
    # What a worker leaves that was killed before it could write its checkpoint.
    bench.faults["files"] = [RepositoryUnavailable("gone")]
    await bench.finish(details)
    first = await bench.filesets(details)
    bench.queue.entries.clear()
    await bench.finish(details)
    assert await bench.filesets(details) == first
    async with bench.repository.session(OWNER) as session:
        assert bench.target is not None
        assert len(await session.images.find(bench.target.ref)) == 1


async def test_cancelled_item_stops_and_leaves_nothing(bench: Bench) -> None:
    details = await bench.add_import([cells()])
    item_id = details.items[0].id

    async def cancel() -> None:
        await bench.ledger.move(item_id, PUT, ItemChange(ItemState.CANCELLED))

    bench.after["store"] = cancel
    await bench.finish(details)
    assert (await bench.item(details)).state is ItemState.CANCELLED
    assert not await bench.reserved(details)
    assert bench.calls["register"] == 0
    with pytest.raises(NoSuchFile):
        await bench.staging.path(details.files[0].id)


async def test_cancelled_task_is_cleaned_up(bench: Bench) -> None:
    details = await bench.add_import([cells()])
    item_id = details.items[0].id

    async def cancel() -> None:
        await bench.ledger.move(item_id, PUT, ItemChange(ItemState.CANCELLED))
        await bench.queue.cancel(item_id)
        await asyncio.sleep(0)

    bench.after["reserve"] = cancel
    await bench.finish(details, TaskState.CANCELLED)
    async with asyncio.timeout(5):
        while await bench.reserved(details):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_item_without_its_bytes_is_refused(bench: Bench) -> None:
    details = await bench.add_import([cells()], seal=False)
    task = await bench.finish(details, TaskState.DEAD)
    assert task.error_code == "state-conflict"
    assert bench.calls["reserve"] == 0


async def test_missing_bytes_are_never_promised(bench: Bench) -> None:
    """The repository says it registered, and has lost the bytes: the source must stay."""
    details = await bench.add_import([cells()])
    size = cells().stat().st_size

    async def spoil() -> None:
        root = bench.folder / "repository"
        for path in [one for one in root.rglob("*") if one.is_file()]:
            if path.stat().st_size == size:
                path.chmod(0o600)
                path.write_bytes(b"lost")

    bench.after["register"] = spoil
    await bench.finish(details, TaskState.DEAD)
    now = await bench.ledger.details(details.transfer.id)
    assert now.items[0].state is ItemState.NEEDS_ATTENTION
    assert not now.items[0].verified
    assert not now.transfer.promises.safe_to_delete_source
