"""What a person takes away from a place while an export is brought there: real ledger, folder,
repository; the queue is in memory.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.import_env import OWNER, ImportEnv
from transferapp.host.clock import SystemClock
from transferapp.host.resources import resource
from transferapp.ledger.port import NewTransfer, PlannedItem
from transferapp.ledger.stores.brought import SqlBroughtItems
from transferapp.model.transfers import ItemState, TransferKind
from transferapp.operations.bring_export import bring_export_kind
from transferapp.operations.bring_parts import BringParts, then_bring
from transferapp.operations.exports import export_task
from transferapp.operations.import_fileset import import_fileset_kind
from transferapp.operations.imports import import_task
from transferapp.operations.prepare_export import prepare_export_kind
from transferapp.operations.transfers import TransferControl
from transferapp.places.settings import FileRights, OfferedPlaces, PlaceSettings
from transferapp.places.wiring import open_place
from transferapp.taskqueue.port import RetryPolicy, TaskState
from transferapp.testing.memory_queue import MemoryTaskQueue, MemoryTaskWorker
from transferapp.testing.queue_journal import reach

CELL = resource("sample-data", "png-cells") / "cell.png"
QUICK = RetryPolicy(max_attempts=4, first_delay_s=0.02, factor=1.0)


class Env(ImportEnv):
    """An import house with a queue that works, two images, and a place."""

    queue: MemoryTaskQueue
    image_ids: tuple[int, ...] = ()

    @property
    def home(self) -> Path:
        return self.folder / "cluster" / OWNER / "out"

    async def offered(self) -> OfferedPlaces:
        place = PlaceSettings(folder=self.folder / "cluster", rights=FileRights.WORKER)
        return OfferedPlaces(places={"cluster": place})

    async def delivered(self, item_id: str) -> None:
        async with asyncio.timeout(60):
            while (await self.ledger.item(item_id)).state is not ItemState.DELIVERED:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def fill(self) -> None:
        for number in range(2):
            source = self.folder / f"cell{number}.png"
            shutil.copy(CELL, source)
            made = await self.add_import([source])
            item_id = made.items[0].id
            await self.queue.enqueue(import_task(made.transfer.id, item_id, OWNER))
            await reach(self.queue, item_id, TaskState.DONE)
            self.image_ids += (await self.ledger.work(item_id)).item.image_ids


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[Env]:
    """Return a bench with a worker, two images and a place."""
    env = Env(tmp_path)
    (tmp_path / "cluster").mkdir()
    await env.open()
    env.queue = MemoryTaskQueue()
    clock = SystemClock()
    parts = BringParts(
        env.ledger, SqlBroughtItems(env.engine, clock), env.repository, env.prepared,
        env.offered, open_place, clock,
    )  # fmt: skip
    kinds = [
        import_fileset_kind(env.ledger, env.staging, env.repository, clock),
        then_bring(
            prepare_export_kind(env.ledger, env.repository, clock), env.ledger, env.queue
        ),
        bring_export_kind(parts),
    ]
    worker = MemoryTaskWorker(env.queue, [replace(kind, retry=QUICK) for kind in kinds])
    await worker.start()
    await env.fill()
    yield env
    await worker.stop()
    await env.close()


@pytest.mark.parametrize("changed", ["deleted", "cut", "all deleted"])
@pytest.mark.export_bad_input
async def test_it_is_told_with_the_last_item_and_brought_again(env: Env, changed: str) -> None:
    details = await env.ledger.add(
        NewTransfer(
            kind=TransferKind.EXPORT,
            name="out",
            owner=OWNER,
            request_key="out",
            items=tuple(PlannedItem(f"cell{n}", (), (n,)) for n in env.image_ids),
            brought_to="cluster:out",
        )
    )
    first, last = details.items
    await env.queue.enqueue(export_task(details.transfer, first.id))
    await env.delivered(first.id)
    [brought] = env.home.rglob("*.png")
    if changed == "deleted":
        brought.unlink()
    elif changed == "cut":
        brought.write_bytes(b"mine")
    else:
        shutil.rmtree(env.home)
    await env.queue.enqueue(export_task(details.transfer, last.id))
    await env.delivered(last.id)

    after = await env.ledger.details(details.transfer.id)
    assert [item.state for item in after.items] == [
        ItemState.NEEDS_ATTENTION, ItemState.DELIVERED,
    ]  # fmt: skip
    assert after.transfer.state is ItemState.NEEDS_ATTENTION
    problem = after.items[0].trouble
    assert problem is not None
    assert (problem.code, "Press Retry to bring it again" in problem.message) == (
        "vanished-file", True,
    )  # fmt: skip

    control = TransferControl(env.ledger, env.queue, env.staging, env.prepared)
    await control.retry(OWNER, details.transfer.id)
    await env.delivered(first.id)
    found = sorted(path.read_bytes() for path in env.home.rglob("*.png"))
    mine = [b"mine"] if changed == "cut" else []
    assert found == sorted([CELL.read_bytes()] * 2 + mine)
