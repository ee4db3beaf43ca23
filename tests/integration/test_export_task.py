"""prepare-export with the real ledger and repository; the queue is in memory."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.import_env import OWNER, ImportEnv
from transferapp.errors import PermissionDenied, RepositoryUnavailable
from transferapp.host.clock import SystemClock
from transferapp.host.resources import resource
from transferapp.ledger.port import ItemChange, NewTransfer, PlannedItem
from transferapp.model.transfers import ItemState, TransferDetails, TransferKind
from transferapp.operations.exports import export_task
from transferapp.operations.import_fileset import import_fileset_kind
from transferapp.operations.imports import import_task
from transferapp.operations.prepare_export import prepare_export_kind
from transferapp.taskqueue.port import NewTask, RetryPolicy, Task, TaskState
from transferapp.testing.memory_queue import MemoryTaskQueue, MemoryTaskWorker
from transferapp.testing.moves import PUT
from transferapp.testing.queue_journal import reach

CELL = resource("sample-data", "png-cells") / "cell.png"
QUICK = RetryPolicy(max_attempts=4, first_delay_s=0.02, factor=1.0)


class Env(ImportEnv):
    """An import house with a queue that works, and one image in it."""

    queue: MemoryTaskQueue
    image_ids: tuple[int, ...]

    async def run(self, task: NewTask, *states: TaskState) -> Task:
        """Queue a task and wait for its end, and for its owner to be told."""
        await self.queue.enqueue(task)
        reached = await reach(self.queue, task.id, *states)
        run = self.queue.entry(task.id).run
        if run is not None:
            await asyncio.wait({run})
        return reached

    async def fill(self) -> None:
        """Import one image."""
        made = await self.add_import([CELL])
        await self.run(import_task(made.transfer.id, made.items[0].id, OWNER), TaskState.DONE)
        self.image_ids = (await self.ledger.work(made.items[0].id)).item.image_ids

    async def export(self, image_ids: tuple[int, ...], *states: TaskState) -> TransferDetails:
        """Export images and wait for the task to be in one of these states."""
        added = await self.ledger.add(
            NewTransfer(
                kind=TransferKind.EXPORT,
                name="export",
                owner=OWNER,
                request_key=f"export {image_ids}",
                items=(PlannedItem("cell", (), image_ids),),
            )
        )
        await self.run(export_task(added.transfer, added.items[0].id), *states)
        return await self.ledger.details(added.transfer.id)


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[Env]:
    """Return a bench with a worker and an image."""
    env = Env(tmp_path)
    await env.open()
    env.queue = MemoryTaskQueue()
    clock = SystemClock()
    kinds = [
        import_fileset_kind(env.ledger, env.staging, env.repository, clock),
        prepare_export_kind(env.ledger, env.repository, clock),
    ]
    worker = MemoryTaskWorker(env.queue, [replace(kind, retry=QUICK) for kind in kinds])
    await worker.start()
    await env.fill()
    yield env
    await worker.stop()
    await env.close()


async def test_original_files_are_resolved(env: Env) -> None:
    details = await env.export(env.image_ids, TaskState.DONE)
    assert details.items[0].state is ItemState.READY
    content = CELL.read_bytes()
    sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    assert [(f.client_path, f.size_bytes, f.sha1) for f in details.files] == [
        ("cell.png", len(content), sha1)
    ]
    work = await env.ledger.work(details.items[0].id)
    assert None not in work.repository_file_ids


@pytest.mark.export_bad_input
async def test_image_that_is_gone_fails(env: Env) -> None:
    details = await env.export((99_999,), TaskState.DEAD)
    item = details.items[0]
    assert item.state is ItemState.FAILED
    assert item.trouble is not None


async def test_outage_waits_and_goes_on(env: Env) -> None:
    env.faults["session"] = [RepositoryUnavailable()]
    details = await env.export(env.image_ids, TaskState.DONE)
    assert details.items[0].state is ItemState.READY
    states = [event.state for event in await env.ledger.events(OWNER, 0)]
    assert ItemState.WAITING in states


@pytest.mark.export_bad_input
async def test_lost_permission_asks_a_person(env: Env) -> None:
    env.faults["session"] = [PermissionDenied()]
    details = await env.export(env.image_ids, TaskState.DEAD)
    assert details.items[0].state is ItemState.NEEDS_ATTENTION
    item_id = details.items[0].id
    await env.ledger.move(item_id, PUT, ItemChange(ItemState.QUEUED))
    await env.queue.redrive(item_id)
    await reach(env.queue, item_id, TaskState.DONE)
    assert (await env.ledger.work(item_id)).item.state is ItemState.READY


async def test_cancelled_item_stays_cancelled(env: Env) -> None:
    await env.queue.pause_resource("repository", paused=True)
    details = await env.export(env.image_ids, TaskState.QUEUED)
    item_id = details.items[0].id
    await env.ledger.move(item_id, PUT, ItemChange(ItemState.CANCELLED))
    await env.queue.pause_resource("repository", paused=False)
    await reach(env.queue, item_id, TaskState.DONE)
    assert (await env.ledger.work(item_id)).item.state is ItemState.CANCELLED
