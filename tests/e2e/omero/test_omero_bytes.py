"""While a large file goes into OMERO, its task tells how many bytes are there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_worker_env import (
    OmeroWorkerEnv,
    hand_in,
    in_states,
    noise,
    omero_env,
    until,
)
from transferapp.model.containers import ContainerKind
from transferapp.model.transfers import ItemState
from transferapp.repositories.omero.imports.uploads import _BLOCK
from transferapp.taskqueue.port import TaskState


@pytest.fixture
def env(tmp_path: Path) -> Iterator[OmeroWorkerEnv]:
    with omero_env(tmp_path) as running:
        running.installation.start("worker", wait=False)
        yield running


@pytest.mark.slow
async def test_bytes_are_reported_block_by_block(env: OmeroWorkerEnv) -> None:
    content = noise(1, edge=2048)
    assert len(content) > 4 * _BLOCK
    async with env.server() as server:
        client = await server.signed_in("alice")
        dataset = await client.create_container(ContainerKind.DATASET, "Bytes")
        # The first write is empty: it makes the file.
        hold = {"place": "RawFileStore.write", "done": True}
        env.sandbox.control("hold", number=1 + 3, **hold)
        handed = await hand_in(client, dataset.ref, [content])
        task_id = handed.items[0].id

        async def moved() -> bool:
            return (await server.parts.queue.get(task_id)).bytes_done > 0

        assert (await asyncio.to_thread(env.sandbox.control, "held", seconds=30))["held"]
        # The third block is not answered yet.
        await until(moved, env.installation.tail("worker"))
        task = await server.parts.queue.get(task_id)
        assert (task.state, task.step) == (TaskState.RUNNING, "store")
        assert task.bytes_done == 2 * _BLOCK
        assert 0.2 < task.progress < 0.4
        began = task.updated_at
        env.sandbox.control("let_go")
        await until(lambda: in_states(server, [handed], ItemState.IMPORTED), "imported")

        async def done() -> bool:
            return (await server.parts.queue.get(task_id)).state is TaskState.DONE

        await until(done, "done")
        task = await server.parts.queue.get(task_id)
        assert task.bytes_done == len(content)
        assert task.updated_at > began
