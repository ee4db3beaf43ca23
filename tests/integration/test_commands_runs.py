"""Commands as a facility runs them: a real server, real workers, real processes."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from tests.support.command_env import (
    ALLOW_LIST,
    CommandEnv,
    alive,
    command_env,
    gone,
    pids_of,
)
from transferapp.errors import StateConflict


@pytest.fixture
async def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[CommandEnv]:
    async with command_env(tmp_path, ALLOW_LIST, monkeypatch) as env:
        yield env


@pytest.mark.slow
async def test_stopped_worker_ends_it_and_states_so(env: CommandEnv) -> None:
    client = await env.client()
    async with env.worker() as worker:
        run = await client.run_command("family", {})
        pids = pids_of(await env.printed(client, run.id, "pid"))
        worker.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(worker.wait(), 20) == 0
        assert not any(alive(pid) for pid in pids)
    assert (await client.command_run(run.id)).state == "queued"
    async with env.worker():
        view = await env.ended(client, run.id)
    assert view.state == "failed"
    assert "worker was stopped" in view.message
    assert view.attempts == 1


@pytest.mark.slow
async def test_a_pause_is_no_failed_attempt(env: CommandEnv) -> None:
    """Without retries too it begins again when it is resumed, also by another worker."""
    client, queue = await env.client(), env.server.parts.queue
    async with env.worker() as worker:
        run = await client.run_command("count", {"times": "12"})
        for _ in range(2):
            await env.until(client, run.id, lambda view: view.state == "running")
            await asyncio.sleep(0.5)
            await queue.pause(run.id)
            view = await env.until(client, run.id, lambda view: "goes on" in view.message)
            assert (view.state, view.ended_at) == ("paused", None)
            assert not psutil.Process(worker.pid).children(recursive=True)
            await queue.resume(run.id)
        await env.until(client, run.id, lambda view: view.state == "running")
        await queue.pause(run.id)
        await env.until(client, run.id, lambda view: "goes on" in view.message)
    await queue.resume(run.id)
    async with env.worker():
        view = await env.ended(client, run.id)
        assert (view.state, view.exit_code, view.attempts) == ("done", 0, 1)
        assert (await client.command_output(run.id)).rstrip().endswith("line 12")


@pytest.mark.slow
async def test_killed_worker_leaves_no_orphan_and_it_is_not_run_twice(
    env: CommandEnv,
) -> None:
    client = await env.client()
    async with env.worker() as worker:
        run = await client.run_command("family", {})
        pids = pids_of(await env.printed(client, run.id, "pid"))
        assert all(alive(pid) for pid in pids)
        worker.kill()
        await gone(*pids)
    async with env.worker():
        view = await env.ended(client, run.id)
        assert (view.state, view.attempts) == ("failed", 1)
        assert "nobody knows how far it came" in view.message
    assert len(pids_of(await client.command_output(run.id))) == 2


async def test_only_one_at_a_time(env: CommandEnv) -> None:
    client = await env.client()
    async with env.worker(), env.worker():
        wanted = [await client.run_command("count", {"times": "4"}) for _ in range(3)]
        views = [await env.ended(client, run.id) for run in wanted]
    spans = sorted((view.started_at, view.ended_at) for view in views)
    for (_, ended), (began, _) in pairwise(spans):
        assert began is not None
        assert ended is not None
        assert began >= ended


async def redriven(env: CommandEnv, run_id: str) -> None:
    """Redrive a run's task, which ends a moment after the run."""
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(StateConflict):
                await env.server.parts.queue.redrive(run_id)
                return
            await asyncio.sleep(0.05)


async def test_an_administrator_lets_a_failed_run_go_again(env: CommandEnv) -> None:
    client = await env.client()
    async with env.worker():
        run = await client.run_command("missing", {})
        first = await env.ended(client, run.id)
        file = env.folder / "commands.toml"
        file.write_text(ALLOW_LIST.replace("/opt/nothing/here", "/bin/true"))
        await redriven(env, run.id)
        view = await env.until(client, run.id, lambda view: view.state == "done")
    assert (first.state, view.exit_code, view.attempts) == ("failed", 0, 1)


async def test_a_frozen_workers_command_mixes_nothing_in(env: CommandEnv) -> None:
    """It is thought dead, its run ends as failed, and when it thaws it stops its command."""
    client = await env.client()
    async with env.worker(TRANSFERAPP_WORKER_DEAD_AFTER_S="2") as frozen:
        run = await client.run_command("count", {"times": "999"})
        await env.printed(client, run.id, "line 2")
        frozen.send_signal(signal.SIGSTOP)
        children = psutil.Process(frozen.pid).children(recursive=True)
        async with env.worker(TRANSFERAPP_WORKER_DEAD_AFTER_S="2"):
            view = await env.ended(client, run.id)
            assert view.state == "failed"
            frozen.send_signal(signal.SIGCONT)
            await gone(*(child.pid for child in children))
        assert (await client.command_run(run.id)).output_bytes == view.output_bytes


async def test_the_worker_decides_by_its_own_list(env: CommandEnv) -> None:
    """What the server took and the worker's file does not allow is refused."""
    other = env.folder / "other.toml"
    other.write_text('[commands.count]\nargv = ["/bin/true"]\n')
    other.chmod(0o600)
    client = await env.client()
    run = await client.run_command("count", {"times": "1"})
    async with env.worker(TRANSFERAPP_COMMANDS_FILE=str(other)):
        view = await env.ended(client, run.id)
    assert view.state == "failed"
    assert "no command 'count' that you may run" in view.message
