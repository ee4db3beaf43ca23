"""kill -9 between "imported" in the ledger and the discarding of the staged files.

OMERO has no part in this boundary, so the worker itself is held there.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_worker_env import (
    OmeroWorkerEnv,
    assert_arrived,
    assert_clean,
    hand_in,
    in_states,
    noise,
    omero_env,
    until,
)
from transferapp.ledger.port import ItemChange
from transferapp.model.containers import ContainerKind
from transferapp.model.transfers import ItemState
from transferapp.protocol.messages import ImportRequest, NewFile, NewItem
from transferapp.taskqueue.port import TaskState
from transferapp.testing.moves import PUT

ROOT = Path(__file__).parents[3]


@pytest.fixture
def env(tmp_path: Path) -> Iterator[OmeroWorkerEnv]:
    with omero_env(tmp_path) as running:
        yield running


@asynccontextmanager
async def held_worker(env: OmeroWorkerEnv, place: str) -> AsyncIterator[None]:
    """Run a worker until it is held at ``place``; kill -9 it at the end of the block."""
    marker = env.data / "held"
    log = env.installation.logs / "held.log"
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: ASYNC220 - it only starts
            [sys.executable, "-m", "tests.support.held_worker", str(marker), place],
            env=env.installation.environment,
            cwd=ROOT,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:

        async def is_held() -> bool:
            assert process.poll() is None, log.read_text()
            return marker.exists()

        await until(is_held, f"the worker is held: {log.read_text()}")
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        marker.unlink(missing_ok=True)


async def struck(
    env: OmeroWorkerEnv, place: str, *, times: int = 1, omero: bool = False
) -> None:
    """Import one image through the blow (or blows), and check that nothing is left."""
    content = noise(times)
    async with env.server() as server:
        client = await server.signed_in("alice")
        dataset = await client.create_container(ContainerKind.DATASET, "Killed")
        handed = await hand_in(client, dataset.ref, [content])
        for _ in range(times):
            async with held_worker(env, place):
                # The person is told already, and the source may be gone.
                assert await in_states(server, [handed], ItemState.IMPORTED)
                assert len(env.staged) == (0 if place == "done" else 1)
        if omero:
            env.sandbox.kill()
        env.installation.start("worker", wait=False)
        task_id = handed.items[0].id
        ends = (TaskState.DONE, TaskState.DEAD)

        async def is_over() -> bool:
            return (await server.parts.queue.get(task_id)).state in ends

        async def is_empty() -> bool:
            return not env.staged

        await until(is_over, f"the task ends: {env.installation.tail('worker')}")
        await until(is_empty, "the staging is empty")
        if omero:
            env.sandbox.start()
        (item,) = (await client.transfer(handed.transfer.id)).items
        assert (item.state, item.verified, item.trouble) == (ItemState.IMPORTED, True, None)
        assert (await server.parts.queue.get(task_id)).crashes == times
    await assert_arrived(env, "alice", dataset.ref, [content])
    assert_clean(env, 1)


@pytest.mark.slow
async def test_killed_before_the_staging_is_emptied(env: OmeroWorkerEnv) -> None:
    await struck(env, "before")


@pytest.mark.slow
async def test_killed_there_until_its_task_is_buried(env: OmeroWorkerEnv) -> None:
    """The third time the queue takes the task for a poison pill; its files go all the same."""
    await struck(env, "before", times=3)


@pytest.mark.slow
async def test_server_killed_while_it_cancels(env: OmeroWorkerEnv) -> None:
    """It had written "cancelled" and discarded nothing yet; no task knows of the item."""
    async with env.server() as server:
        client = await server.signed_in("alice")
        dataset = await client.create_container(ContainerKind.DATASET, "Cancelled")
        new = NewItem(name="a", files=[NewFile(client_path="a.tif", size_bytes=9)])
        request = ImportRequest(name="a", target=str(dataset.ref), items=[new])
        details = (await client.submit_import(request)).details
        await server.parts.staging.create(details.files[0].id, 9)
        change = ItemChange(ItemState.CANCELLED)
        assert await server.parts.ledger.move(details.items[0].id, PUT, change)
        assert env.staged
        env.installation.start("worker", wait=False)

        async def is_empty() -> bool:
            return not env.staged

        await until(is_empty, f"it is swept: {env.installation.tail('worker')}")


@pytest.mark.chaos
@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("omero", [False, True])
@pytest.mark.parametrize("place", ["before", "done"])
async def test_killed_at_every_moment_after_imported(
    env: OmeroWorkerEnv, place: str, *, times: int, omero: bool
) -> None:
    await struck(env, place, times=times, omero=omero)
