"""A worker process that links files into OMERO, killed on the way; the staging is emptied."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_worker_env import (
    HUMAN,
    OmeroWorkerEnv,
    assert_arrived,
    assert_clean,
    hand_in,
    noise,
    omero_env,
    states_seen,
    until,
)
from transferapp.model.containers import ContainerKind
from transferapp.taskqueue.port import TaskState

HELD_WITHIN_S = 25


@pytest.fixture(params=["hardlink", "symlink"])
def env(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OmeroWorkerEnv]:
    with omero_env(tmp_path) as running:
        named = {"IN_PLACE": request.param}
        named["MANAGED_REPOSITORY"] = str(running.sandbox.repository_folder)
        if request.param == "symlink":
            (tmp_path / "vault").mkdir()
            named["IN_PLACE_VAULT"] = str(tmp_path / "vault")
        # The worker's only: the server does not see OMERO's files.
        running.installation.environment |= {
            f"TRANSFERAPP_OMERO_{name}": value for name, value in named.items()
        }
        running.installation.start("worker", wait=False)
        yield running


@pytest.mark.slow
async def test_killed_while_omero_hashes_the_link(env: OmeroWorkerEnv) -> None:
    content = noise(1)
    async with env.server() as server:
        client = await server.signed_in("alice")
        dataset = await client.create_container(ContainerKind.DATASET, "In place")
        control = env.sandbox.control
        control("hold", place="RawFileStore.save")
        handed = await hand_in(client, dataset.ref, [content])
        held = await asyncio.to_thread(control, "held", seconds=HELD_WITHIN_S)
        assert held["held"], env.installation.tail("worker")
        env.installation.kill("worker")
        control("let_go", refused=True)
        env.installation.start("worker", wait=False)

        async def done() -> bool:
            task = await server.parts.queue.get(handed.items[0].id)
            return task.state is TaskState.DONE

        await until(done, f"imported in place: {env.installation.tail('worker')}")
        assert await states_seen(server) & HUMAN == set()
        await until(lambda: asyncio.sleep(0, not env.staged), "the staging is empty")
    assert_clean(env, 1)
    await assert_arrived(env, "alice", dataset.ref, [content])
    files = [p for p in env.sandbox.repository_folder.rglob("*.tif") if not p.is_dir()]
    assert [(p.read_bytes(), oct(p.stat().st_mode & 0o777)) for p in files] == [
        (content, "0o444")
    ]
