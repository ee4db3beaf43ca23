"""attach-files with the real ledger, staging and repository; the queue is in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.import_env import OWNER
from tests.support.import_task_env import Env, cells, working_env
from transferapp.errors import (
    ChecksumMismatch,
    NoSuchFile,
    PermissionDenied,
    RepositoryUnavailable,
    TargetNotFound,
)
from transferapp.host.clock import SystemClock
from transferapp.ledger.port import ItemChange
from transferapp.model.annotations import MADE_FROM, MADE_FROM_KEY
from transferapp.model.attachments import Attachment
from transferapp.model.images import Annotation, AnnotationKind
from transferapp.model.transfers import ItemRole, ItemState, TransferDetails
from transferapp.operations.transfers import TransferControl
from transferapp.repositories.local.repository import LocalRepository
from transferapp.taskqueue.port import TaskState
from transferapp.testing.moves import PUT, PUT_ANYHOW
from transferapp.testing.queue_journal import reach


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[Env]:
    """Return a bench with a worker."""
    async with working_env(tmp_path) as env:
        yield env


@pytest.fixture
def notes(tmp_path: Path) -> list[Path]:
    """Three files to attach."""
    made = [tmp_path / "in" / f"note {n}.txt" for n in range(3)]
    made[0].parent.mkdir()
    for number, path in enumerate(made):
        path.write_text(f"note {number} " * 1000, encoding="utf-8")
    return made


async def sent(env: Env, notes: list[Path]) -> TransferDetails:
    return await env.add_import(notes, role=ItemRole.ATTACHMENTS)


async def attached(env: Env) -> list[Attachment]:
    assert env.target is not None
    async with env.repository.session(OWNER) as session:
        return await session.attachments.of(env.target.ref)


async def test_attaches_and_promises(env: Env, notes: list[Path]) -> None:
    details = await sent(env, notes)
    task = await env.finish(details)
    assert task.bytes_done == sum(path.stat().st_size for path in notes)
    now = await env.ledger.details(details.transfer.id)
    item = now.items[0]
    assert (item.state, item.verified, item.trouble) == (ItemState.IMPORTED, True, None)
    assert item.note == "attached to 'Monday'"
    assert (now.transfer.attached, now.transfer.files_verified) == (3, 3)
    found = await attached(env)
    assert [one.client_path for one in found] == [path.name for path in notes]
    assert [one.sha1 for one in found] == [file.sha1 for file in now.files]
    for file in details.files:
        with pytest.raises(NoSuchFile):
            await env.staging.path(file.id)
    stated = [event.message for event in await env.ledger.events(OWNER, 0)]
    assert "attaching file 2 of 3: note 1.txt" in stated


async def test_results_are_attached_to_the_image_that_they_were_made_from(
    env: Env, notes: list[Path]
) -> None:
    made = await env.add_import([cells()])
    await env.finish(made)
    [image_id] = (await env.item(made)).image_ids
    pairs = ((MADE_FROM_KEY, f"Image:{image_id}"),)
    link = Annotation(AnnotationKind.KEY_VALUE, MADE_FROM, pairs=pairs)
    details = await env.add_import(notes[:1], role=ItemRole.ATTACHMENTS, annotations=(link,))
    await env.finish(details)
    item = await env.item(details)
    assert (item.verified, item.note) == (True, f"attached to Image:{image_id}")
    assert await attached(env) == []
    async with env.repository.session(OWNER) as session:
        [one] = await session.attachments.of_image(image_id)
    assert one.client_path == notes[0].name


async def test_outage_waits_and_attaches_no_second_copy(env: Env, notes: list[Path]) -> None:
    async def fails_later() -> None:
        if env.calls["attach"] == 2:
            env.faults["attach"] = [RepositoryUnavailable("down for maintenance")]

    env.after["attach"] = fails_later
    details = await sent(env, notes)
    await env.finish(details)
    assert (await env.item(details)).verified
    assert len(await attached(env)) == 3
    assert env.calls["attach"] == 4, "what was done is not done again"


async def test_a_worker_killed_before_its_checkpoint_attaches_no_second_copy(
    env: Env, notes: list[Path]
) -> None:
    details = await sent(env, notes)
    env.faults["get"] = [RepositoryUnavailable("gone")]
    await env.finish(details)
    first = await attached(env)
    # All checkpoints are lost; ledger and repository are as they were.
    env.queue.entries.clear()
    await env.ledger.move(details.items[0].id, PUT_ANYHOW, ItemChange(ItemState.IMPORTING))
    for file, path in zip(details.files, notes, strict=True):
        await env.restage(file.id, path.read_bytes())
    await env.finish(details)
    assert await attached(env) == first
    assert (await env.item(details)).verified


async def test_damaged_copies_are_sent_again_then_a_person_is_asked(
    env: Env, notes: list[Path]
) -> None:
    env.faults["attach"] = [ChecksumMismatch("Other bytes.")]
    details = await sent(env, notes[:1])
    await env.finish(details)
    assert (await env.item(details)).verified
    env.faults["attach"] = [ChecksumMismatch("Other bytes.") for _ in range(9)]
    other = await sent(env, notes[1:])
    task = await env.finish(other, TaskState.DEAD)
    item = await env.item(other)
    assert (task.error_code, item.state) == ("corrupt", ItemState.NEEDS_ATTENTION)
    assert item.trouble is not None
    assert "press Retry. Other bytes." in item.trouble.message
    assert not item.verified


@pytest.mark.parametrize(
    "error", [PermissionDenied("You may not attach files to 'Monday'."), TargetNotFound()]
)
async def test_what_a_person_must_put_right_is_reported_and_retried(
    env: Env, notes: list[Path], error: Exception
) -> None:
    env.faults["attach"] = [error]
    details = await sent(env, notes)
    await env.finish(details, TaskState.DEAD)
    item = await env.item(details)
    assert item.state is ItemState.NEEDS_ATTENTION
    assert item.trouble is not None
    assert str(error) in item.trouble.message
    transfer = (await env.ledger.details(details.transfer.id)).transfer
    assert (transfer.attached, transfer.promises.safe_to_delete_source) == (0, False)
    control = TransferControl(env.ledger, env.queue, env.staging, env.prepared)
    await control.retry(OWNER, details.transfer.id)
    await reach(env.queue, item.id, TaskState.DONE)
    assert (await env.item(details)).verified
    assert len(await attached(env)) == 3


async def test_cancelled_in_the_middle_states_what_stays(env: Env, notes: list[Path]) -> None:
    details = await sent(env, notes)

    async def cancel() -> None:
        if env.calls["attach"] == 2:
            change = ItemChange(ItemState.CANCELLED)
            await env.ledger.move(details.items[0].id, PUT, change)

    env.after["attach"] = cancel
    await env.finish(details)
    item = await env.item(details)
    assert (item.state, item.verified) == (ItemState.CANCELLED, False)
    assert item.note == (
        "2 of 3 files were attached to 'Monday' before you cancelled. They stay there; delete"
        " there what you do not want."
    )
    assert len(await attached(env)) == 2
    for file in details.files:
        with pytest.raises(NoSuchFile):
            await env.staging.path(file.id)


async def test_what_is_deleted_meanwhile_is_attached_again(env: Env, notes: list[Path]) -> None:
    """The last step asks the repository: a checkpoint alone promises nothing."""
    details = await sent(env, notes)

    async def spoil() -> None:
        if env.calls["attach"] == 3:
            for path in (env.folder / "repository" / "originals").rglob("*"):
                if path.is_file():
                    path.unlink()

    env.after["attach"] = spoil
    await env.finish(details)
    assert (await env.item(details)).verified
    found = await attached(env)
    plain = LocalRepository(env.folder / "repository", SystemClock())
    async with plain.session(OWNER) as session:
        held = [
            b"".join([piece async for piece in session.attachments.read(one.id)])
            for one in found
        ]
    await plain.close()
    assert held == [path.read_bytes() for path in notes]


async def test_item_without_its_bytes_is_refused(env: Env, notes: list[Path]) -> None:
    details = await env.add_import(notes, role=ItemRole.ATTACHMENTS, seal=False)
    task = await env.finish(details, TaskState.DEAD)
    assert task.error_code == "state-conflict"
    assert env.calls["attach"] == 0
