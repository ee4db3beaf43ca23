"""What a cancelled import leaves behind: nothing, or it is told once, in words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.support.import_env import OWNER
from tests.support.import_task_env import Env, cells, working_env
from transferapp.errors import (
    Corrupt,
    NoSuchFile,
    PermissionDenied,
    RepositoryUnavailable,
    TargetNotFound,
    UnsupportedFile,
)
from transferapp.host.clock import SystemClock
from transferapp.ledger.port import ItemChange
from transferapp.model.moves import CANCEL
from transferapp.model.transfers import ItemRole, ItemState, TransferDetails, TransferItem
from transferapp.operations.import_fileset import import_fileset_kind
from transferapp.operations.imports import item_task
from transferapp.operations.transfers import TransferControl
from transferapp.taskqueue.port import TaskState
from transferapp.testing.moves import PUT_ANYHOW
from transferapp.testing.queue_journal import reach


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[Env]:
    """Return a bench with a worker."""
    async with working_env(tmp_path) as env:
        yield env


async def cancel(env: Env, details: TransferDetails) -> None:
    """Press Cancel."""
    control = TransferControl(env.ledger, env.queue, env.staging, env.prepared)
    await control.cancel(OWNER, details.transfer.id)


async def cancelled(env: Env, details: TransferDetails) -> TransferItem:
    """Press Cancel on what had failed, and wait until its task has cleaned up."""
    await cancel(env, details)
    await reach(env.queue, details.items[0].id, TaskState.DONE)
    return await env.item(details)


async def is_staged(env: Env, details: TransferDetails) -> bool:
    try:
        await env.staging.path(details.files[0].id)
    except NoSuchFile:
        return False
    return True


async def assert_nothing_staged(env: Env, details: TransferDetails) -> None:
    with pytest.raises(NoSuchFile):
        await env.staging.path(details.files[0].id)


async def test_closed_account_is_reported_once_and_the_staging_is_empty(env: Env) -> None:
    details = await env.add_import([cells()])
    item_id = details.items[0].id
    closed: list[Exception] = [PermissionDenied("The account is closed.") for _ in range(9)]

    async def close_and_cancel() -> None:
        env.faults["session"] = closed
        await cancel(env, details)
        # Let the cancellation of this very run come through.
        await asyncio.sleep(0)

    env.after["reserve"] = close_and_cancel
    with capture_logs() as logged:
        await env.finish(details, TaskState.CANCELLED)
        async with asyncio.timeout(60):
            while not (await env.item(details)).note:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    item = await env.item(details)
    assert item.state is ItemState.CANCELLED
    assert "may still hold a fileset of it, without images" in item.note
    assert f"its key is {item_id}" in item.note
    assert len(closed) == 8, "asked once, not again and again"
    (warning,) = [one for one in logged if one["log_level"] == "warning"]
    assert (warning["item"], warning["error"]) == (item_id, "The account is closed.")
    await assert_nothing_staged(env, details)


async def test_what_failed_and_may_not_be_removed_is_not_tried_again(env: Env) -> None:
    details = await env.add_import([cells()])
    env.faults["store"] = [UnsupportedFile()]
    env.faults["discard"] = [PermissionDenied("The account is closed.") for _ in range(9)]
    task = await env.finish(details, TaskState.DEAD)
    assert (await env.item(details)).state is ItemState.FAILED
    kind = import_fileset_kind(env.ledger, env.staging, env.repository, SystemClock())
    assert kind.on_dead is not None
    with capture_logs() as logged:
        await kind.on_dead(task)  # What it raises, the queue would repeat for ever.
    (warning,) = logged
    assert (warning["item"], warning["error"]) == (task.id, "The account is closed.")


async def test_an_outage_is_waited_for(env: Env) -> None:
    details = await env.add_import([cells()])
    env.faults["store"] = [TargetNotFound()]
    env.faults["discard"] = [RepositoryUnavailable(), RepositoryUnavailable()]
    await env.finish(details, TaskState.DEAD)
    assert await env.reserved(details), "the repository was away when it failed"
    item = await cancelled(env, details)
    assert (item.state, item.note) == (ItemState.CANCELLED, "")
    assert not await env.reserved(details)
    await assert_nothing_staged(env, details)


async def failed_with_images(env: Env) -> TransferDetails:
    """Import so far that the images are there and a person is asked about the rest."""
    env.faults["files"] = [Corrupt("The copies differ.")]
    details = await env.add_import([cells()])
    await env.finish(details, TaskState.DEAD)
    assert (await env.item(details)).state is ItemState.NEEDS_ATTENTION
    return details


async def test_images_in_the_target_stay_and_are_reported(env: Env) -> None:
    details = await failed_with_images(env)
    (image_id,) = await env.filesets(details)
    item = await cancelled(env, details)
    assert item.note == (
        f"Imported before you cancelled, and still in 'Monday': 1 image with the id {image_id}."
        " Delete there what you do not want."
    )
    assert (item.state, item.image_ids) == (ItemState.CANCELLED, (image_id,))
    assert not item.verified
    assert await env.filesets(details) == [image_id]
    await assert_nothing_staged(env, details)


@pytest.mark.parametrize("gone", [False, True])
async def test_images_without_a_place_are_reported_with_their_ids(
    env: Env, *, gone: bool
) -> None:
    details = await failed_with_images(env)
    (image_id,) = await env.filesets(details)
    assert env.target is not None
    async with env.repository.session(OWNER) as session:
        other = await session.containers.create(env.target.ref.kind, "Other")
        if gone:
            await session.containers.delete(env.target.ref)
    if not gone:
        await env.ledger.retarget(details.transfer.id, other.ref, "Other")
    item = await cancelled(env, details)
    name = "Monday" if gone else "Other"
    assert item.note == (
        "Imported before you cancelled, and in local without a place"
        f" ('{name}' does not hold them): 1 image with the id {image_id}. Move them into a"
        " dataset, or delete what you do not want."
    )
    assert item.image_ids == (image_id,)
    assert await env.filesets(details) == [image_id]


@pytest.mark.parametrize("state", [ItemState.IMPORTED, ItemState.CANCELLED])
async def test_a_task_that_is_buried_leaves_no_staged_files(env: Env, state: ItemState) -> None:
    """Its workers were killed as often as a task may: after the item had ended."""
    details = await env.add_import([cells()])
    env.faults["store"] = [TargetNotFound()]
    task = await env.finish(details, TaskState.DEAD)
    assert (await env.staging.path(details.files[0].id)).exists()
    await env.ledger.move(task.id, PUT_ANYHOW, ItemChange(state))
    kind = import_fileset_kind(env.ledger, env.staging, env.repository, SystemClock())
    assert kind.on_dead is not None
    await kind.on_dead(task)
    assert (await env.item(details)).state is state
    await assert_nothing_staged(env, details)


@pytest.mark.parametrize("role", [ItemRole.FILESET, ItemRole.ATTACHMENTS])
async def test_what_no_worker_had_is_not_looked_up_in_the_repository(
    env: Env, role: ItemRole
) -> None:
    details = await env.add_import([cells()], role=role)
    item = details.items[0]
    task = item_task(item, OWNER)
    await env.queue.pause_resource(task.target, paused=True)
    await env.queue.enqueue(task)
    # The staged files are left to the task's listener.
    await env.ledger.move(item.id, CANCEL, ItemChange(ItemState.CANCELLED))
    await env.queue.cancel(item.id)
    async with asyncio.timeout(60):
        while await is_staged(env, details):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert not env.calls, "it asked the repository"
