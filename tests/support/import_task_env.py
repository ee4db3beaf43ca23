"""An import house whose tasks are run by a queue in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from tests.support.import_env import OWNER, ImportEnv
from transferapp.host.clock import SystemClock
from transferapp.host.resources import resource
from transferapp.model.transfers import TransferDetails, TransferItem
from transferapp.operations.attach_files import attach_files_kind
from transferapp.operations.import_fileset import import_fileset_kind
from transferapp.operations.imports import item_task
from transferapp.taskqueue.port import RetryPolicy, Task, TaskState
from transferapp.testing.memory_queue import MemoryTaskQueue, MemoryTaskWorker
from transferapp.testing.queue_journal import reach

CELLS = resource("sample-data", "png-cells")
QUICK = RetryPolicy(max_attempts=4, first_delay_s=0.02, factor=1.0)


class Env(ImportEnv):
    """An import house with a queue that works."""

    queue: MemoryTaskQueue

    async def finish(self, details: TransferDetails, *states: TaskState) -> Task:
        """Queue the transfer's first item and wait for its task."""
        item = details.items[0]
        await self.queue.enqueue(item_task(item, OWNER))
        task = await reach(self.queue, item.id, *(states or (TaskState.DONE,)))
        run = self.queue.entry(item.id).run
        if run is not None:
            # The ledger is told after the task's state is written.
            await asyncio.wait({run})
        return task

    async def item(self, details: TransferDetails) -> TransferItem:
        """Return the transfer's first item as it is now."""
        return (await self.ledger.work(details.items[0].id)).item

    async def filesets(self, details: TransferDetails) -> list[int]:
        """Return the ids of images that the repository made of the first item."""
        async with self.repository.session(OWNER) as session:
            found = await session.imports.find(details.items[0].id)
        return [] if found is None else list(found.image_ids)

    async def reserved(self, details: TransferDetails) -> bool:
        """Say whether the repository holds a fileset of the first item."""
        async with self.repository.session(OWNER) as session:
            return await session.imports.find(details.items[0].id) is not None


@asynccontextmanager
async def working_env(folder: Path) -> AsyncIterator[Env]:
    """Yield a bench with a worker."""
    env = Env(folder)
    await env.open()
    env.queue = MemoryTaskQueue()
    kind = import_fileset_kind(env.ledger, env.staging, env.repository, SystemClock())
    attach = attach_files_kind(env.ledger, env.staging, env.repository)
    kinds = [replace(one, retry=QUICK) for one in (kind, attach)]
    worker = MemoryTaskWorker(env.queue, kinds)
    await worker.start()
    try:
        yield env
    finally:
        await worker.stop()
        await env.close()


def cells() -> Path:
    """Return a small real image."""
    return min(CELLS.glob("*.png"))
