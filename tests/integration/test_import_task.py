"""import-fileset with the real ledger, staging and repository; the queue is in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.support.import_env import OWNER
from tests.support.import_task_env import Env, cells, working_env
from transferapp.errors import (
    ChecksumMismatch,
    NoSuchFile,
    RepositoryUnavailable,
    TargetNotFound,
    UnreadableFile,
    UploadLost,
)
from transferapp.ledger.port import ItemChange
from transferapp.model.annotations import annotations_of
from transferapp.model.image_annotations import ImageAnnotations
from transferapp.model.moves import RETRY
from transferapp.model.transfers import ItemState, TransferItem
from transferapp.operations.annotate_images import annotate_images
from transferapp.repositories.local.accounts.administration import Administration
from transferapp.taskqueue.port import TaskState
from transferapp.testing.moves import PUT
from transferapp.testing.queue_journal import reach

#: What images are called by a person, of those in ``series``.
SERIES = ("Position 1", "#2", "T", "Position 9", "run.ome.tif [Position 5]")


def series(path: Path) -> Path:
    """Make a file of five images, two of them with one name."""
    with tifffile.TiffWriter(path, ome=True) as writer:
        for number, name in enumerate(["Position 1", "Position 2", "T", "T", "Position 5"]):
            plane = np.full((8, 9), number, np.uint8)
            writer.write(plane, metadata={"axes": "YX", "Name": name})
    return path


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[Env]:
    """Return a bench with a worker."""
    async with working_env(tmp_path) as env:
        yield env


async def test_imports_and_promises(env: Env) -> None:
    details = await env.add_import([cells()])
    await env.finish(details)
    now = await env.ledger.details(details.transfer.id)
    item = now.items[0]
    assert (item.state, item.verified, item.trouble) == (ItemState.IMPORTED, True, None)
    assert (now.transfer.files_verified, now.transfer.look) == (1, None)
    assert list(item.image_ids) == await env.filesets(details)
    async with env.repository.session(OWNER) as session:
        files = await session.images.files(item.image_ids)
        content = b"".join([piece async for piece in session.images.read(files[0].id)])
    assert content == cells().read_bytes()
    with pytest.raises(NoSuchFile):
        await env.staging.path(details.files[0].id)


async def test_notes_show_in_text_how_far_it_is(env: Env) -> None:
    details = await env.add_import([cells()])
    await env.finish(details)
    notes: list[str] = []
    for event in await env.ledger.events(OWNER, 0):
        if event.state == ItemState.IMPORTING and event.message not in notes:
            notes.append(event.message)
    assert [note.partition(":")[0] for note in notes if note.startswith("step")] == [
        f"step {number} of 5" for number in range(1, 6)
    ]


async def test_single_images_are_annotated_and_what_fits_none_is_told(
    env: Env, tmp_path: Path
) -> None:
    given = {name: annotations_of((), pairs=[("named", name)]) for name in SERIES}
    single = tuple(ImageAnnotations(name, notes) for name, notes in given.items())
    path = series(tmp_path / "run.ome.tif")
    details = await env.add_import([path], image_annotations=single)
    await env.finish(details)
    item = await env.item(details)
    assert (item.state, item.verified) == (ItemState.IMPORTED, True)
    assert "No image is called 'T', 'Position 9': what was to be written on it" in item.note
    assert "'run.ome.tif [Position 2]'" in item.note
    work = await env.ledger.work(item.id)
    async with env.repository.session(OWNER) as session:
        # As a task whose worker was killed after it: each is written once.
        again = await annotate_images(session.images, session.images, work, item.image_ids)
        images = [await session.images.get(one) for one in item.image_ids]
    assert again == item.note
    assert [one.annotations for one in images] == [
        given["Position 1"], given["#2"], (), (), given["run.ome.tif [Position 5]"],
    ]  # fmt: skip


async def test_who_asks_for_another_person_must_still_be_allowed_to(env: Env) -> None:
    people = Administration(env.folder / "repository")
    await people.add_experimenter("eve", "Eve", "secret-Eve")
    await people.add_member("eve", "lab")
    details = await env.add_import([cells()], asked_by="eve")
    task = await env.finish(details, TaskState.DEAD)
    item = await env.item(details)
    assert (task.error_code, item.state) == ("permission-denied", ItemState.NEEDS_ATTENTION)
    assert item.trouble is not None
    assert "You may not import for others" in item.trouble.message
    assert not await env.reserved(details)
    await people.add_member("eve", "lab", owner=True)
    path = env.folder / "led.png"
    path.write_bytes(cells().read_bytes())
    led = await env.add_import([path], asked_by="eve")
    await env.finish(led)
    assert (await env.item(led)).state is ItemState.IMPORTED
    await people.add_experimenter("root", "Root", "secret-Root", is_admin=True)
    path = env.folder / "again.png"
    path.write_bytes(cells().read_bytes())
    allowed = await env.add_import([path], asked_by="root")
    await env.finish(allowed)
    async with env.repository.session(OWNER) as session:
        made = [await session.images.get(one) for one in await env.filesets(allowed)]
    assert [one.summary.owner for one in made] == [OWNER]


async def test_a_retry_after_a_file_was_refused_stores_it_again(env: Env) -> None:
    """What was refused is taken away at once, and a reader may have had a bad moment."""
    env.faults["register"] = [UnreadableFile("Bio-Formats broke down.")]
    details = await env.add_import([cells()])
    await env.finish(details, TaskState.DEAD)
    assert not await env.reserved(details)
    item = await env.item(details)
    assert item.state is ItemState.FAILED
    received = ItemChange(ItemState.RECEIVED)
    assert await env.ledger.move(item.id, RETRY, received)
    await env.queue.redrive(item.id)
    await reach(env.queue, item.id, TaskState.DONE)
    assert (await env.item(details)).state is ItemState.IMPORTED
    assert len(await env.filesets(details)) == 1


async def test_repository_outage_waits_and_goes_on(env: Env) -> None:
    env.faults["store"] = [RepositoryUnavailable("down for maintenance")]
    seen: list[TransferItem] = []

    async def scan() -> None:
        seen.append(await env.item(details))

    details = await env.add_import([cells()])
    task = asyncio.create_task(env.finish(details))
    while not seen or seen[-1].state is not ItemState.WAITING:
        await scan()
        await asyncio.sleep(0)
    problem = seen[-1].trouble
    assert problem is not None
    assert (problem.code, problem.retryable) == ("repository-unavailable", True)
    assert problem.retry_at is not None
    await task
    item = await env.item(details)
    assert (item.state, item.trouble) == (ItemState.IMPORTED, None)
    assert (env.calls["reserve"], env.calls["store"]) == (1, 2)


async def test_damaged_copy_is_brought_in_again(env: Env) -> None:
    env.faults["verify"] = [ChecksumMismatch()]
    details = await env.add_import([cells()])
    await env.finish(details)
    assert (await env.item(details)).verified
    assert (env.calls["store"], env.calls["discard"]) == (2, 1)


async def test_copies_that_are_always_damaged_ask_a_person(env: Env) -> None:
    env.faults["verify"] = [ChecksumMismatch("OMERO holds other bytes.") for _ in range(9)]
    details = await env.add_import([cells()])
    task = await env.finish(details, TaskState.DEAD)
    item = await env.item(details)
    assert (task.error_code, item.state) == ("corrupt", ItemState.NEEDS_ATTENTION)
    assert item.trouble is not None
    assert "press Retry. OMERO holds other bytes." in item.trouble.message
    assert env.calls["store"] == 4
    async with env.repository.session(OWNER) as session:
        assert await session.imports.find(item.id) is None


@pytest.mark.parametrize("step", ["verify", "register"])
async def test_forgotten_upload_is_brought_in_again(env: Env, step: str) -> None:
    env.faults[step] = [UploadLost()]
    details = await env.add_import([cells()])
    await env.finish(details)
    assert (await env.item(details)).verified
    assert (env.calls["store"], env.calls["discard"]) == (2, 1)
    assert len(await env.filesets(details)) == 1


async def test_unsupported_file_fails_and_leaves_nothing(env: Env, tmp_path: Path) -> None:
    odd = tmp_path / "notes.xyz"
    odd.write_bytes(b"this is no image" * 100)
    details = await env.add_import([odd])
    task = await env.finish(details, TaskState.DEAD)
    item = await env.item(details)
    assert task.error_code == "unsupported-file"
    assert item.state is ItemState.FAILED
    assert item.trouble is not None
    assert item.trouble.code == "unsupported-file"
    assert not await env.reserved(details)
    # The bytes stay, so that Retry needs no second upload.
    assert (await env.staging.path(details.files[0].id)).exists()


async def test_missing_target_asks_a_person_who_retries(env: Env) -> None:
    env.faults["reserve"] = [TargetNotFound()]
    details = await env.add_import([cells()])
    await env.finish(details, TaskState.DEAD)
    item = await env.item(details)
    assert item.state is ItemState.NEEDS_ATTENTION
    assert item.trouble is not None
    assert "Retry" in item.trouble.message
    await env.ledger.move(item.id, PUT, ItemChange(ItemState.RECEIVED))
    await env.queue.redrive(item.id)
    await reach(env.queue, item.id, TaskState.DONE)
    assert (await env.item(details)).verified


async def test_crash_after_registering_makes_no_second_fileset(env: Env) -> None:
    details = await env.add_import([cells()])
    # What a worker leaves that was killed before it could write its checkpoint.
    env.faults["files"] = [RepositoryUnavailable("gone")]
    await env.finish(details)
    first = await env.filesets(details)
    env.queue.entries.clear()
    await env.finish(details)
    assert await env.filesets(details) == first
    async with env.repository.session(OWNER) as session:
        assert env.target is not None
        assert len(await session.images.find(env.target.ref)) == 1


async def test_cancelled_item_stops_and_leaves_nothing(env: Env) -> None:
    details = await env.add_import([cells()])
    item_id = details.items[0].id

    async def cancel() -> None:
        await env.ledger.move(item_id, PUT, ItemChange(ItemState.CANCELLED))

    env.after["store"] = cancel
    await env.finish(details)
    assert (await env.item(details)).state is ItemState.CANCELLED
    assert not await env.reserved(details)
    assert env.calls["register"] == 0
    with pytest.raises(NoSuchFile):
        await env.staging.path(details.files[0].id)


async def test_cancelled_task_is_cleaned_up(env: Env) -> None:
    details = await env.add_import([cells()])
    item_id = details.items[0].id

    async def cancel() -> None:
        await env.ledger.move(item_id, PUT, ItemChange(ItemState.CANCELLED))
        await env.queue.cancel(item_id)
        await asyncio.sleep(0)

    env.after["reserve"] = cancel
    await env.finish(details, TaskState.CANCELLED)
    async with asyncio.timeout(60):
        while await env.reserved(details):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_item_without_its_bytes_is_refused(env: Env) -> None:
    details = await env.add_import([cells()], seal=False)
    task = await env.finish(details, TaskState.DEAD)
    assert task.error_code == "state-conflict"
    assert env.calls["reserve"] == 0


async def test_missing_bytes_are_never_promised(env: Env) -> None:
    """The repository says it registered, and has lost the bytes: the source must stay."""
    details = await env.add_import([cells()])
    size = cells().stat().st_size

    async def spoil() -> None:
        root = env.folder / "repository"
        for path in [one for one in root.rglob("*") if one.is_file()]:
            if path.stat().st_size == size:
                path.chmod(0o600)
                path.write_bytes(b"lost")

    env.after["register"] = spoil
    await env.finish(details, TaskState.DEAD)
    now = await env.ledger.details(details.transfer.id)
    assert now.items[0].state is ItemState.NEEDS_ATTENTION
    assert not now.items[0].verified
    assert not now.transfer.promises.safe_to_delete_source
